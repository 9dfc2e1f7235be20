//! What the walls cost: a cold call per class and wall set beside a plain spawn, a warm call, memory, lengths.
//!
//! `cargo bench --bench walls`: prints Markdown; results are kept in `bench/results` by date and machine.

// A program that measures may end with a panic that says what was not there.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::fs::File;
use std::os::fd::AsFd;
use std::time::{Duration, Instant};

use hearth::sandbox::{Class, Hands, Role, Rule, Wall, Walls, filter_length};
use hearth::wire::hand::{LineGrant, LineKind, Work};
use hearth::wire::net::Ask;
use tokio::runtime::Runtime;

const COLD: usize = 200;
const WARM: usize = 2000;
const WITHIN: Duration = Duration::from_secs(10);

fn main() {
    println!("| call | min µs | p50 µs | p95 µs | max µs | p50 of a plain spawn |\n|---|---|---|---|---|---|");
    let plain = plain_spawn();
    let all: Walls = Wall::ALL.into_iter().collect();
    let sets = [
        ("every wall that is here", Walls::NONE),
        ("seccomp and rlimits only", all.without(Walls::of(&[Wall::Seccomp, Wall::Rlimits]))),
        ("no network namespace", Walls::of(&[Wall::NetNs])),
        ("no Landlock", Walls::of(&[Wall::LandlockFiles, Wall::LandlockTcp, Wall::LandlockScopes])),
        ("no wall", all),
    ];
    for (name, lowered) in sets {
        // The spawner is forked while there is one thread: the runtime of the set before is gone by now.
        let spawner = hearth::sandbox::start(hearth::tools::bodies(), lowered).expect("a spawner");
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        let hands = runtime.block_on(async { Hands::attach(spawner) }).expect("attached");
        for class in Class::ALL {
            // A shell is not made without a wall around files, and of links there is none yet.
            if class == Class::Link || class == Class::Shell && lowered.has(Wall::MountNs) {
                continue;
            }
            cold(&runtime, &hands, class, name, plain);
        }
        if lowered.is_empty() {
            warm(&runtime, &hands, plain);
        }
    }
    println!(
        "\n| role | filter, instructions | filter, bytes | policy, lines | policy, bytes |\n|---|---|---|---|---|"
    );
    for role in Role::ALL {
        let length = filter_length(role).expect("a filter");
        // Names, conditions and reasons, as they stand in the program.
        let text = |rule: &Rule| rule.why.len() + rule.calls.iter().map(|name| name.len()).sum::<usize>();
        let bytes: usize = role.lines().map(|rule| size_of_val(rule) + size_of_val(rule.when) + text(rule)).sum();
        println!("| {} | {length} | {} | {} | {bytes} |", role.word(), length * 8, role.lines().count());
    }
}

fn plain_spawn() -> Duration {
    let mut times = Vec::new();
    for _ in 0..COLD {
        let began = Instant::now();
        assert!(std::process::Command::new("/bin/true").status().expect("ran").success());
        times.push(began.elapsed());
    }
    times.sort();
    let plain = times[times.len() / 2];
    row("plain spawn of /bin/true, with its end", times, plain);
    plain
}

/// The work of a class, and what it is handed.
fn job(class: Class) -> (Work, Vec<File>) {
    let folder = std::env::temp_dir();
    let open = |name: &str| {
        let path = folder.join(format!("hearth-bench-{}-{name}", std::process::id()));
        std::fs::write(&path, "1       0       0       ").expect("written");
        let file = File::options().read(true).write(true).open(&path).expect("opened");
        std::fs::remove_file(path).expect("removed");
        file
    };
    match class {
        Class::Pure => (Work::Evaluate { expression: "6*7".into() }, Vec::new()),
        Class::Files => (Work::FileRead { offset: 0, length: 24 }, vec![open("file")]),
        Class::Lines => {
            let (kind, period_ns) = (LineKind::Simulated, 0);
            let grant = LineGrant { kind, period_ns, writable: false, active_low: false, register: 0 };
            (Work::Hold(vec![grant]), vec![open("line")])
        }
        Class::Net | Class::Link => (Work::Net(Ask::Greet), Vec::new()),
        Class::Shell => {
            let folder = folder.join(format!("hearth-bench-{}", std::process::id()));
            let _ = std::fs::create_dir(&folder);
            (
                Work::RunCommand { command: "exit".into(), wall_ms: 5000, vouchers: Vec::new() },
                vec![File::open(folder).expect("opened")],
            )
        }
    }
}

fn cold(runtime: &Runtime, hands: &Hands, class: Class, set: &str, plain: Duration) {
    let (work, files) = job(class);
    let mut times = Vec::new();
    runtime.block_on(async {
        for _ in 0..COLD {
            let passed: Vec<_> = files.iter().map(AsFd::as_fd).collect();
            let began = Instant::now();
            let mut link = hands.spawn(class, 4, &passed).await.expect("made");
            link.call(&work, WITHIN).await.expect("done");
            times.push(began.elapsed());
        }
    });
    row(&format!("cold {}, {set}", class.word()), times, plain);
}

fn warm(runtime: &Runtime, hands: &Hands, plain: Duration) {
    for class in [Class::Pure, Class::Files, Class::Lines] {
        let (first, files) = job(class);
        let next = if class == Class::Lines { Work::LineGet { line: 0 } } else { first.clone() };
        let mut times = Vec::new();
        let memory = runtime.block_on(async {
            let passed: Vec<_> = files.iter().map(AsFd::as_fd).collect();
            let mut link = hands.spawn(class, 0, &passed).await.expect("made");
            link.call(&first, WITHIN).await.expect("done");
            for _ in 0..WARM {
                let began = Instant::now();
                link.call(&next, WITHIN).await.expect("done");
                times.push(began.elapsed());
            }
            private_kib(hands)
        });
        row(&format!("warm {}", class.word()), times, plain);
        println!("| idle {}: private memory {memory} | | | | | |", class.word());
    }
}

/// Private memory of the one hand that lives (root reads it; others are told that they cannot).
fn private_kib(hands: &Hands) -> String {
    let pid = hands.status().alive.last().map_or(0, |(_, pid)| *pid);
    let Ok(text) = std::fs::read_to_string(format!("/proc/{pid}/smaps_rollup")) else {
        return "is root's to read".into();
    };
    let field = |name: &str| text.lines().find_map(|line| line.strip_prefix(name)).map_or("?", str::trim).to_owned();
    format!("{} dirty, {} proportional", field("Private_Dirty:"), field("Pss:"))
}

#[allow(clippy::cast_precision_loss, reason = "microseconds of one call")]
fn row(name: &str, mut times: Vec<Duration>, plain: Duration) {
    times.sort();
    let at = |part: usize| times[(times.len() - 1) * part / 100].as_micros();
    let ratio = at(50) as f64 / plain.as_micros().max(1) as f64;
    println!("| {name} | {} | {} | {} | {} | {ratio:.2} |", at(0), at(50), at(95), at(100));
}
