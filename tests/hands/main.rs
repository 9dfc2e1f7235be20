//! Hands that misbehave, under the real spawner: what the brain makes of them.
//!
//! A program of its own without the test harness, because the spawner must be forked while the
//! process has one thread. It speaks enough of the harness's command line for cargo and nextest.

// Helpers of tests fail by panic.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod bad;
mod keeper;
mod net;
mod secrets;
mod server;
mod ways;

use std::process::ExitCode;
use std::time::Duration;

use hearth::base::Code;
use hearth::sandbox::{Class, Hands, Holder, Walls};
use hearth::wire::hand::{Outcome, Work};

type Test = (&'static str, fn(Hands, &tokio::runtime::Runtime));

/// Tests of the bodies that Hearth ships.
const REAL: &[&[Test]] = &[net::TESTS, secrets::TESTS, ways::TESTS];

const TESTS: &[Test] = &[
    ("a_good_hand_answers", a_good_hand_answers),
    ("a_hand_that_hangs_is_ended_and_the_next_one_works", hang),
    ("a_hand_that_answers_garbage_is_ended", garbage),
    ("a_hand_that_dies_panics_or_leaves_is_told_by_how", deaths),
    ("a_forbidden_call_ends_the_hand_and_is_told", forbidden),
    ("more_hands_than_allowed_wait_and_are_refused", crowd),
    ("a_holder_makes_its_hand_again_but_not_forever", holder),
    ("no_hand_survives_its_link", no_survivor),
    ("a_bomb_in_any_class_is_bounded_and_told", bombs),
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
        let bad = TESTS.iter().any(|(of, _)| of == name);
        let bodies = if bad { bad::BODIES } else { hearth::tools::bodies() };
        let spawner = hearth::sandbox::start(bodies, Walls::NONE).expect("a spawner, while there is one thread");
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        let hands = runtime.block_on(async { Hands::attach(spawner) }).expect("attached");
        test(hands, &runtime);
        println!("test {name} ... ok");
        passed += 1;
    }
    println!("\ntest result: ok. {passed} passed; 0 failed; 0 ignored; 0 measured; 0 filtered out");
    ExitCode::SUCCESS
}

const SOON: Duration = Duration::from_secs(5);

fn ask(what: &str) -> Work {
    Work::Evaluate { expression: what.to_owned() }
}

async fn fault_of(hands: &Hands, what: &str, within: Duration) -> hearth::base::Fault {
    let mut link = hands.spawn(Class::Pure, 4, &[]).await.expect("made");
    link.call(&ask(what), within).await.expect_err(what)
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

fn forbidden(hands: Hands, runtime: &tokio::runtime::Runtime) {
    runtime.block_on(async {
        for what in ["open", "socket", "fork", "exec"] {
            let fault = fault_of(&hands, what, SOON).await;
            assert_eq!(fault.code, Code::Refused, "{what}: {fault}");
            assert!(fault.message.contains("seccomp"), "{what}: {fault}");
        }
    });
    // The same acts without the seal succeed: it is the wall that refuses them.
    for what in ["open", "socket", "fork", "exec"] {
        assert!(bad::act(what), "{what} outside a hand");
    }
}

fn bombs(hands: Hands, runtime: &tokio::runtime::Runtime) {
    runtime.block_on(async {
        for class in [Class::Pure, Class::Files, Class::Lines] {
            for what in ["fork", "memory", "file", "descriptors", "output", "spin"] {
                let mut link = hands.spawn(class, 1, &[]).await.expect("made");
                let began = std::time::Instant::now();
                let fault = link.call(&ask(what), SOON).await.expect_err(what);
                assert!(began.elapsed() < SOON, "{what} in {class:?} took {:?}", began.elapsed());
                assert!(fault.code != Code::Timeout && !fault.message.contains("was let through"), "{what}: {fault}");
                drop(link);
                works(&hands).await;
            }
        }
    });
    for what in ["descriptors", "file"] {
        assert!(bad::act(what), "{what} outside a hand");
    }
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
