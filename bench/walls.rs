//! What the walls cost: a cold call per class and wall set beside a plain spawn, a warm call, memory, lengths.
//!
//! `cargo bench --bench walls`: prints Markdown; results are kept in `bench/results` by date and machine.

// A program that measures may end with a panic that says what was not there.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::fs::File;
use std::io::{BufRead, BufReader, Write};
use std::os::fd::AsFd;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use hearth::embed::{MODEL_SHA256, ModelFile};
use hearth::sandbox::{Class, Hands, Role, Rule, Wall, Walls, filter_length};
use hearth::wire::hand::{LineGrant, LineKind, Work};
use hearth::wire::net::Ask;
use tokio::runtime::Runtime;

const COLD: usize = 200;
const WARM: usize = 2000;
const WITHIN: Duration = Duration::from_secs(10);

/// What a line begins with that asks root for the memory of a process.
const ASKS: &str = "memory of ";
/// Set where root answers.
const BESIDE: &str = "HEARTH_BESIDE_ROOT";
/// Where the model lies: beside root this program runs from `/`.
const MODELS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/models");
/// The uid that the agent has where root measures.
const UID: u32 = 54_321;

fn main() {
    if nix::unistd::geteuid().is_root() {
        return beside_root();
    }
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
            // A shell is not made without a wall around files.
            if class == Class::Shell && lowered.has(Wall::MountNs) {
                continue;
            }
            cold(&runtime, &hands, class, name, plain);
        }
        if lowered.is_empty() {
            warm(&runtime, &hands, plain);
            for class in Class::ALL {
                idle(&runtime, &hands, class);
            }
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

/// Measures as an ordinary user, as agents run; root only reads how much memory its hands have.
fn beside_root() {
    let own = std::env::temp_dir().join(format!("hearth-bench-walls-{}", std::process::id()));
    std::fs::copy(std::env::current_exe().expect("this program"), &own).expect("a copy that everybody may run");
    let mut command = Command::new(&own);
    command.env(BESIDE, "1").uid(UID).gid(UID).current_dir("/").stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = command.spawn().expect("started");
    let mut answers = child.stdin.take().expect("a pipe");
    for line in BufReader::new(child.stdout.take().expect("a pipe")).lines().map_while(Result::ok) {
        match line.strip_prefix(ASKS) {
            Some(pid) => writeln!(answers, "{}", private(pid)).expect("answered"),
            None => println!("{line}"),
        }
    }
    assert!(child.wait().expect("ended").success());
    std::fs::remove_file(own).expect("removed");
}

/// Private and proportional memory of a process, where this user may read it.
fn private(pid: &str) -> String {
    let Ok(text) = std::fs::read_to_string(format!("/proc/{pid}/smaps_rollup")) else {
        return "is root's to read".into();
    };
    let field = |name: &str| text.lines().find_map(|line| line.strip_prefix(name)).map_or("?", str::trim).to_owned();
    format!("{} dirty, {} proportional", field("Private_Dirty:"), field("Pss:"))
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
        Class::Embed => {
            let model = ModelFile::open(Some(Path::new(MODELS))).expect("the model").into_file();
            (Work::LoadModel { sha256: MODEL_SHA256.into(), mapped: true }, vec![model])
        }
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
        runtime.block_on(async {
            let passed: Vec<_> = files.iter().map(AsFd::as_fd).collect();
            let mut link = hands.spawn(class, 0, &passed).await.expect("made");
            link.call(&first, WITHIN).await.expect("done");
            for _ in 0..WARM {
                let began = Instant::now();
                link.call(&next, WITHIN).await.expect("done");
                times.push(began.elapsed());
            }
        });
        row(&format!("warm {}", class.word()), times, plain);
    }
}

/// Memory of a hand that has done its first work and waits.
fn idle(runtime: &Runtime, hands: &Hands, class: Class) {
    let (work, files) = job(class);
    let memory = runtime.block_on(async {
        let passed: Vec<_> = files.iter().map(AsFd::as_fd).collect();
        let mut link = hands.spawn(class, 0, &passed).await.expect("made");
        link.call(&work, WITHIN).await.expect("done");
        let alive = |hands: &Hands| {
            let alive = hands.status().alive;
            alive.into_iter().find(|(word, pid)| word == class.word() && *pid > 0).map(|(_, pid)| pid)
        };
        while alive(hands).is_none() {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        let pid = alive(hands).expect("it lives");
        if std::env::var_os(BESIDE).is_none() {
            return private(&pid.to_string());
        }
        println!("{ASKS}{pid}");
        let mut answer = String::new();
        std::io::stdin().read_line(&mut answer).expect("an answer");
        answer
    });
    println!("| idle {}: private memory {} | | | | | |", class.word(), memory.trim());
}

#[allow(clippy::cast_precision_loss, reason = "microseconds of one call")]
fn row(name: &str, mut times: Vec<Duration>, plain: Duration) {
    times.sort();
    let at = |part: usize| times[(times.len() - 1) * part / 100].as_micros();
    let ratio = at(50) as f64 / plain.as_micros().max(1) as f64;
    println!("| {name} | {} | {} | {} | {} | {ratio:.2} |", at(0), at(50), at(95), at(100));
}
