//! Hands that misbehave, under the real spawner: what the brain makes of them.
//!
//! A program of its own without the test harness, because the spawner must be forked while the
//! process has one thread. It speaks enough of the harness's command line for cargo and nextest.

// Helpers of tests fail by panic.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod bad;
mod embed;
mod keeper;
mod net;
mod secrets;
mod server;
mod shell;
mod ways;

use std::os::fd::AsFd;
use std::process::ExitCode;
use std::time::Duration;

use hearth::base::Code;
use hearth::sandbox::{Class, Hands, Holder};
use hearth::wire::hand::{Outcome, Work};

type Test = (&'static str, fn(Hands, &tokio::runtime::Runtime));

/// Tests in files of their own; all but those of `shell` are of the bodies that Hearth ships.
const REAL: &[&[Test]] = &[embed::TESTS, net::TESTS, secrets::TESTS, shell::TESTS, ways::TESTS];

const TESTS: &[Test] = &[
    ("a_good_hand_answers", a_good_hand_answers),
    ("a_hand_that_hangs_is_ended_and_the_next_one_works", hang),
    ("a_hand_that_answers_garbage_is_ended", garbage),
    ("a_hand_that_dies_panics_or_leaves_is_told_by_how", deaths),
    ("a_forbidden_call_ends_the_hand_and_is_told", forbidden),
    ("every_thread_of_a_hand_of_each_class_is_sealed", sealed),
    ("a_lines_hand_cannot_change_the_address_of_its_i2c_descriptor", address),
    ("more_hands_than_allowed_wait_and_are_refused", crowd),
    ("a_holder_makes_its_hand_again_but_not_forever", holder),
    ("no_hand_survives_its_link", no_survivor),
    ("a_bomb_in_any_class_is_bounded_and_told", bombs),
    ("a_file_that_was_handed_over_grows_to_its_bound_only", large_file),
    ("no_test_of_hands_runs_as_root", unprivileged),
];

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let has = |word: &str| arguments.iter().any(|argument| argument == word);
    let all = || TESTS.iter().chain(REAL.iter().copied().flatten());
    let chosen = |test: &&Test| {
        let words: Vec<_> = arguments.iter().filter(|word| !word.starts_with("--")).collect();
        words.is_empty()
            || words.iter().any(|word| if has("--exact") { *word == test.0 } else { test.0.contains(*word) })
    };
    if has("--list") {
        if !has("--ignored") {
            all().for_each(|(name, _)| println!("{name}: test"));
        }
        return ExitCode::SUCCESS;
    }
    if has("--ignored") {
        return ExitCode::SUCCESS;
    }
    let mut passed = 0;
    // A test may leave threads behind, and a spawner is made by a process of one: each has its own.
    if all().filter(chosen).count() > 1 {
        for (name, _) in all().filter(chosen) {
            let program = std::env::current_exe().expect("this program");
            let status = std::process::Command::new(program).args(["--exact", name]).status().expect("started");
            assert!(status.success(), "{name} failed");
        }
        return ExitCode::SUCCESS;
    }
    for (name, test) in all().filter(chosen) {
        leave_root();
        let bad = TESTS.iter().chain(shell::TESTS).any(|(of, _)| of == name);
        let bodies = if bad { bad::BODIES } else { hearth::tools::bodies() };
        let spawner = hearth::sandbox::start(bodies, shell::lowered(name)).expect("a spawner, while one thread is");
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        let hands = runtime.block_on(async { Hands::attach(spawner) }).expect("attached");
        test(hands, &runtime);
        println!("test {name} ... ok");
        passed += 1;
    }
    println!("\ntest result: ok. {passed} passed; 0 failed; 0 ignored; 0 measured; 0 filtered out");
    ExitCode::SUCCESS
}

/// The uid of the agent where the tests run as root, as in `tests/it/kit`.
const UID: u32 = 54_321;

/// Brain, spawner, hands and keeper under test are never root's: all of the test becomes an ordinary uid, for good.
/// Root stays where it looks at no hand: in the process that starts one such test after the other.
fn leave_root() {
    use nix::unistd::{Gid, Uid, setgroups, setresgid, setresuid};
    // By a descriptor, since the folder of the build may be one that only root can walk through.
    keeper::program();
    std::env::set_current_dir(env!("CARGO_MANIFEST_DIR")).ok();
    if !nix::unistd::geteuid().is_root() {
        return;
    }
    let (uid, gid) = (Uid::from_raw(UID), Gid::from_raw(UID));
    setgroups(&[]).expect("no groups");
    setresgid(gid, gid, gid).expect("an ordinary gid");
    setresuid(uid, uid, uid).expect("an ordinary uid");
    // As a program has it that was started under this uid.
    nix::sys::prctl::set_dumpable(true).expect("dumpable");
}

fn unprivileged(hands: Hands, runtime: &tokio::runtime::Runtime) {
    let privileges = |pid: u32| {
        let status = std::fs::read_to_string(format!("/proc/{pid}/status")).expect("a status");
        let fields = ["Uid:", "Gid:", "CapEff:", "CapPrm:"];
        let lines: Vec<_> = status.lines().filter(|line| fields.iter().any(|field| line.starts_with(field))).collect();
        lines.join("\n")
    };
    runtime.block_on(async {
        let mut link = hands.spawn(Class::Pure, 4, &[]).await.expect("made");
        assert_eq!(link.call(&ask("good"), SOON).await, Ok(Outcome::Number(42.0)));
        let hand = pid_of(&hands, Class::Pure).await;
        let spawner = hands.status().spawner_pid;
        for (who, pid) in [("brain", std::process::id()), ("spawner", spawner), ("hand", hand)] {
            let found = privileges(pid);
            assert!(!found.contains("\t0\t") && found.matches("0000000000000000").count() == 2, "{who}: {found}");
        }
    });
}

/// Comes at once on a machine that has nothing else to do.
const SOON: Duration = Duration::from_secs(120);

fn ask(what: &str) -> Work {
    Work::Evaluate { expression: what.to_owned() }
}

async fn fault_of(hands: &Hands, what: &str, within: Duration) -> hearth::base::Fault {
    fault_in(hands, Class::Pure, what, within).await
}

async fn fault_in(hands: &Hands, class: Class, what: &str, within: Duration) -> hearth::base::Fault {
    let mut link = hands.spawn(class, 4, &[]).await.expect("made");
    link.call(&ask(what), within).await.expect_err(what)
}

/// Every class but `shell`, which runs foreign programs: its bombs are commands (`tests/it/shell.rs`).
fn without_programs() -> impl Iterator<Item = Class> {
    Class::ALL.into_iter().filter(|class| *class != Class::Shell)
}

async fn works(hands: &Hands) {
    let mut link = hands.spawn(Class::Pure, 4, &[]).await.expect("made");
    assert_eq!(link.call(&ask("good"), SOON).await, Ok(Outcome::Number(42.0)));
}

fn a_good_hand_answers(hands: Hands, runtime: &tokio::runtime::Runtime) {
    runtime.block_on(works(&hands));
}

fn hang(hands: Hands, runtime: &tokio::runtime::Runtime) {
    runtime.block_on(async {
        let fault = fault_of(&hands, "hang", Duration::from_millis(200)).await;
        assert_eq!(fault.code, Code::Timeout, "{fault}");
        works(&hands).await;
    });
}

fn garbage(hands: Hands, runtime: &tokio::runtime::Runtime) {
    runtime.block_on(async {
        for what in ["noise", "other id", "empty reply", "version"] {
            let fault = fault_of(&hands, what, SOON).await;
            assert_eq!(fault.code, Code::Garbage, "{what}: {fault}");
        }
        works(&hands).await;
    });
}

fn deaths(hands: Hands, runtime: &tokio::runtime::Runtime) {
    runtime.block_on(async {
        for (what, code, how) in [
            ("leave", Code::Unavailable, "exit status 0"),
            ("panic", Code::Internal, "panicked"),
            ("spin", Code::Refused, "processor time"),
        ] {
            let mut link = hands.spawn(Class::Pure, 1, &[]).await.expect("made");
            let fault = link.call(&ask(what), SOON).await.expect_err(what);
            assert_eq!(fault.code, code, "{what}: {fault}");
            assert!(fault.message.contains(how), "{what}: {fault}");
        }
        works(&hands).await;
    });
}

/// What no hand may, `shell` aside.
const ACTS: [&str; 5] = ["open", "socket", "fork", "exec", "trace"];

fn forbidden(hands: Hands, runtime: &tokio::runtime::Runtime) {
    runtime.block_on(async {
        for class in Class::ALL {
            // Foreign programs open files and make processes.
            let may: &[&str] = if class == Class::Shell { &["open", "fork", "exec"] } else { &[] };
            for what in ACTS.into_iter().filter(|what| !may.contains(what)) {
                let fault = fault_in(&hands, class, what, SOON).await;
                assert!(stopped(class, &fault), "{what} in {class:?}: {fault}");
            }
        }
    });
    // The same acts without the seal succeed: it is the wall that refuses them.
    for what in ACTS {
        assert!(bad::act(what), "{what} outside a hand");
    }
}

/// A call that its class lacks ends a hand. A foreign program is told that there is no such call, and so is an embed hand that there is no such call: its libraries ask
/// for the sizes of caches, and take defaults.
fn stopped(class: Class, fault: &hearth::base::Fault) -> bool {
    match class {
        Class::Embed | Class::Shell => fault.message.contains("was let through: false"),
        _ => fault.code == Code::Refused && fault.message.contains("seccomp"),
    }
}

fn sealed(hands: Hands, runtime: &tokio::runtime::Runtime) {
    let state = |pid: &str| std::fs::read_to_string(format!("/proc/{pid}/status")).expect("a status");
    let fields = ["NoNewPrivs:\t1", "Seccomp:\t2", "CapEff:\t0000000000000000", "Threads:\t1"];
    assert!(!state("self").contains(fields[1]), "this process has no filter, and that is seen");
    runtime.block_on(async {
        for class in Class::ALL {
            let mut link = hands.spawn(class, 4, &[]).await.expect("made");
            assert_eq!(link.call(&ask("good"), SOON).await, Ok(Outcome::Number(42.0)), "{class:?}");
            let pid = pid_of(&hands, class).await;
            let threads = std::fs::read_dir(format!("/proc/{pid}/task")).expect("threads").flatten();
            for thread in threads.map(|entry| entry.file_name().into_string().expect("a number")) {
                let state = state(&format!("{pid}/task/{thread}"));
                assert!(fields.iter().all(|field| state.contains(field)), "{class:?}: {state}");
            }
        }
    });
}

fn address(hands: Hands, runtime: &tokio::runtime::Runtime) {
    runtime.block_on(async {
        for what in ["i2c address", "i2c address by force", "i2c transfer to an address", "terminal"] {
            let mut link = hands.spawn(Class::Lines, 4, &[]).await.expect("made");
            let fault = link.call(&ask(what), SOON).await.expect_err(what);
            assert!(fault.code == Code::Refused && fault.message.contains("seccomp"), "{what}: {fault}");
        }
        // The one that carries no address gets to the kernel, whatever stands above its 32 bits.
        for what in ["i2c register", "i2c register, upper bits"] {
            let mut link = hands.spawn(Class::Lines, 4, &[]).await.expect("made");
            let fault = link.call(&ask(what), SOON).await.expect_err(what);
            assert!(fault.message.contains("was let through: true"), "{what}: {fault}");
            let fault = fault_of(&hands, what, SOON).await;
            assert!(fault.message.contains("seccomp"), "{what} in another class: {fault}");
        }
    });
}

/// The number of the one hand of a class, once the spawner has told it.
async fn pid_of(hands: &Hands, class: Class) -> u32 {
    for _ in 0..500 {
        let alive = hands.status().alive;
        if let Some((_, pid)) = alive.iter().find(|(word, pid)| word == class.word() && *pid > 0) {
            return *pid;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("no {} hand lives", class.word())
}

fn bombs(hands: Hands, runtime: &tokio::runtime::Runtime) {
    // What ended it is told by name: the call that its class lacks, the allocator's end, the processor time.
    let bombs = [
        ("fork", "seccomp"),
        ("memory", "more memory than its class may"),
        ("file", "seccomp"),
        ("descriptors", "seccomp"),
        ("output", "was ended"),
        ("spin", "processor time"),
    ];
    runtime.block_on(async {
        for class in without_programs() {
            for (what, how) in bombs {
                // An emulated machine fills memory slowly: only the one that spins is to be ended for its time.
                let seconds = if what == "spin" { 1 } else { 60 };
                let mut link = hands.spawn(class, seconds, &[]).await.expect("made");
                let fault = link.call(&ask(what), SOON).await.expect_err(what);
                let told = if how == "seccomp" { stopped(class, &fault) } else { fault.message.contains(how) };
                assert!(fault.code != Code::Timeout && told, "{what} in {class:?}: {fault}");
                drop(link);
                works(&hands).await;
            }
        }
    });
    for what in ["descriptors", "file", "fork"] {
        assert!(bad::act(what), "{what} outside a hand");
    }
}

fn large_file(hands: Hands, runtime: &tokio::runtime::Runtime) {
    let path = std::env::temp_dir().join(format!("hearth-large-{}", std::process::id()));
    let file = std::fs::File::options().read(true).write(true).create_new(true).open(&path).expect("made");
    std::fs::remove_file(path).expect("removed");
    runtime.block_on(async {
        for class in [Class::Files, Class::Lines] {
            let mut link = hands.spawn(class, 4, &[file.as_fd()]).await.expect("made");
            let fault = link.call(&ask("large file"), SOON).await.expect_err("too large");
            // The first process of a process namespace gets no SIGXFSZ: there the call fails, and the hand goes on.
            let told = ["wrote more than its class may", "was let through: false"];
            assert!(told.iter().any(|told| fault.message.contains(told)), "{class:?}: {fault}");
            works(&hands).await;
        }
    });
    assert_eq!(file.metadata().expect("of a file").len(), 0, "nothing was written");
    // The same place can be written by who has no limit.
    std::os::unix::fs::FileExt::write_at(&file, b"x", 1 << 30).expect("written");
}

fn crowd(hands: Hands, runtime: &tokio::runtime::Runtime) {
    runtime.block_on(async {
        let mut links = Vec::new();
        for _ in 0..hearth::base::limits::HANDS {
            links.push(hands.spawn(Class::Pure, 4, &[]).await.expect("made"));
        }
        let refused = hands.spawn(Class::Pure, 4, &[]).await.map(|_| ()).expect_err("one too many");
        assert_eq!(refused.code, Code::Full, "{refused}");
        links.clear();
        works(&hands).await;
    });
}

fn holder(hands: Hands, runtime: &tokio::runtime::Runtime) {
    runtime.block_on(async {
        let holder = Holder::new(hands.clone(), Class::Pure, Vec::new(), ask("good"));
        assert_eq!(holder.call(&ask("good"), SOON).await, Ok(Outcome::Number(42.0)));
        let mut faults = Vec::new();
        for _ in 0..hearth::base::limits::HAND_RESTARTS + 2 {
            faults.push(holder.call(&ask("leave"), SOON).await.expect_err("left").message);
        }
        assert!(faults.last().expect("some").contains("rests"), "{faults:?}");
        assert!(faults[0].contains("exit status"), "{faults:?}");
    });
}

fn no_survivor(hands: Hands, runtime: &tokio::runtime::Runtime) {
    runtime.block_on(async {
        let mut link = hands.spawn(Class::Pure, 4, &[]).await.expect("made");
        assert_eq!(link.call(&ask("good"), SOON).await, Ok(Outcome::Number(42.0)));
        assert_eq!(hands.status().alive.len(), 1);
        drop(link);
        for _ in 0..200 {
            if hands.status().alive.is_empty() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("a hand survived: {:?}", hands.status());
    });
}
