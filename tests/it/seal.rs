//! The order in which every role is sealed, as the kernel sees it: strace(1) on the real programs.

use std::collections::BTreeMap;
use std::os::unix::process::CommandExt as _;
use std::process::{Command, Stdio};

use crate::kit::{Home, Kept, Model, Output, Running, Step, is_root, wait_for};

/// What a sealing hand does, in this order, before it reads its first byte; and the wall without which a
/// step is left out.
const ORDER: [(&str, &str, Option<&str>); 11] = [
    ("own descriptors only", "close_range(", None),
    ("its ids are mapped", "prctl(PR_SET_DUMPABLE, SUID_DUMP_USER", Some("user_ns")),
    ("mounts", "mount(", Some("mount_ns")),
    ("a root of its own", "pivot_root(", Some("mount_ns")),
    ("no new privileges", "prctl(PR_SET_NO_NEW_PRIVS", None),
    ("Landlock", "landlock_restrict_self(", Some("landlock_files")),
    ("limits", "prlimit64(0, RLIMIT_NPROC, {", None),
    ("own descriptors only, again", "close_range(", None),
    ("no capability", "capset(", None),
    ("not dumpable", "prctl(PR_SET_DUMPABLE, SUID_DUMP_DISABLE", None),
    ("its filter, on all threads", "seccomp(SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC", None),
];

/// A program of the home under strace, which writes what it did to `run/trace`.
fn under_strace(home: &Home, plain: &Command) -> Command {
    let file = home.root().join("run/trace");
    let mut command = Command::new("strace");
    command.args(["-f", "-qq", "-o"]).arg(&file).arg(plain.get_program()).args(plain.get_args());
    command.current_dir(home.root()).env_clear();
    command.envs(plain.get_envs().filter_map(|(key, value)| Some((key, value?))));
    command.env("PATH", std::env::var_os("PATH").unwrap_or_default());
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    if is_root() {
        command.uid(54_321).gid(54_321);
    }
    command
}

/// The calls of each process, in order, the first process first.
fn calls(home: &Home) -> (Vec<String>, BTreeMap<String, Vec<String>>) {
    let text = std::fs::read_to_string(home.root().join("run/trace")).expect("a trace");
    let mut calls: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut order = Vec::new();
    for line in text.lines() {
        let Some((pid, call)) = line.split_once(' ') else { continue };
        if !calls.contains_key(pid) {
            order.push(pid.to_owned());
        }
        calls.entry(pid.to_owned()).or_default().push(call.trim().to_owned());
    }
    (order, calls)
}

fn has_strace() -> bool {
    let there = Command::new("strace").arg("-V").output().is_ok();
    if !there {
        assert!(std::env::var_os("CI").is_none(), "there is no strace");
        eprintln!("SKIPPED: there is no strace (Debian: apt-get install strace)");
    }
    there
}

/// A call without arguments and answer, and the answer: a tool, which has a brain, a spawner and a hand.
fn traced(home: &Home, tool: &str, arguments: &str, told: &str) {
    let output =
        Output::of(under_strace(home, &home.command(&["tool", "call", tool, arguments, "--yes", "--json"])), b"");
    assert!(output.ok && output.out.contains(told), "{output:?}");
}

#[test]
fn a_hand_is_sealed_in_order_before_it_reads_its_first_byte() {
    if !has_strace() {
        return;
    }
    let home = Home::new();
    let report = home.run(&["doctor", "--json"]).json();
    for (class, tool, arguments, told) in [
        ("pure", "calculate", r#"{"expression": "6*7"}"#, "42"),
        ("shell", "shell", r#"{"command": "echo $((6*7))"}"#, "42"),
    ] {
        traced(&home, tool, arguments, told);
        let stands = |wall: &str| report["classes"][class]["walls"][wall]["standing"] == "holds";
        let (_, calls) = calls(&home);
        // The probe's children raise walls as well, but hold no socket and are given nothing.
        let is_hand = |calls: &&Vec<String>| ["close_range(", "recvmsg(3"].iter().all(|of| has(calls, of).is_some());
        let hands: Vec<_> = calls.values().filter(is_hand).filter(|calls| has(calls, "setsid(").is_none()).collect();
        assert!(!hands.is_empty(), "no hand in {} processes", calls.len());
        for hand in hands {
            let mut last = 0;
            for (what, call, _) in ORDER.iter().filter(|(_, _, wall)| wall.is_none_or(stands)) {
                let place = hand[last..].iter().position(|of| of.starts_with(call));
                last += place.unwrap_or_else(|| panic!("{what}: no {call} in its place: {hand:#?}")) + 1;
            }
            let heard = has(hand, "recvmsg(3").expect("it was given work");
            assert!(heard >= last, "it read before it was sealed: {hand:#?}");
            if class != "shell" {
                assert!(hand[last..].iter().all(|call| !call.contains("open")), "{hand:#?}");
            }
        }
    }
}

/// The filter of a role, on all threads.
const FILTER: &str = "seccomp(SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC";

/// In this process the filter comes before a second thread and before the first of `foreign`, all of which it does.
fn filter_first(role: &str, calls: &[String], threads: bool, foreign: &[&str]) {
    let sealed = has(calls, FILTER).unwrap_or_else(|| panic!("{role} has no filter: {calls:#?}"));
    let thread = calls.iter().position(|call| call.starts_with("clone") && call.contains("CLONE_THREAD"));
    assert_eq!(thread.is_some(), threads, "threads of {role}: {calls:#?}");
    assert!(thread.is_none_or(|place| place > sealed), "{role} had a second thread before its seal: {calls:#?}");
    for call in foreign {
        let place = has(calls, call).unwrap_or_else(|| panic!("{role} does no {call}: {calls:#?}"));
        assert!(place > sealed, "{role} did {call} before its seal: {calls:#?}");
    }
}

#[test]
fn brain_spawner_and_keeper_are_sealed_before_a_second_thread_or_a_foreign_byte() {
    if !has_strace() {
        return;
    }
    let home = Home::new();
    traced(&home, "calculate", r#"{"expression": "6*7"}"#, "42");
    let (order, all) = calls(&home);
    let brain = &all[&order[0]];
    // Its store's thread, and what a hand says.
    filter_first("the brain", brain, true, &["recvmsg("]);
    let spawner = all.values().find(|calls| has(calls, "setsid(").is_some()).expect("a spawner");
    filter_first("the spawner", spawner, false, &["recvmsg("]);
    let forked = brain.iter().position(|call| call.starts_with("clone") && !call.contains("CLONE_THREAD"));
    let landlock = has(brain, "landlock_restrict_self(");
    assert!(forked.is_some_and(|forked| landlock.is_none_or(|sealed| forked < sealed)), "the spawner comes first");

    let keeper = Running::start(under_strace(&home, &home.binary("hearth-keeper", &["--socket", "run/keeper.sock"])));
    wait_for("the keeper's socket", || home.root().join("run/keeper.sock").exists().then_some(()));
    let socket = home.root().join("run/keeper.sock").display().to_string();
    assert!(home.run(&["keeper", "status", "--socket", &socket]).ok);
    let pid = keeper.descendant("hearth-keeper").expect("the keeper");
    nix::sys::signal::kill(crate::kit::pid(pid), nix::sys::signal::Signal::SIGTERM).expect("asked to end");
    keeper.wait();
    let (order, all) = calls(&home);
    filter_first("the keeper", &all[&order[0]], true, &["accept4("]);
}

#[test]
fn a_hand_with_a_secret_connects_to_the_keeper_before_it_seals_and_says_nothing_until_then() {
    if !has_strace() {
        return;
    }
    let model = Model::start(vec![Step::Say("an answer")]);
    let url = model.url.clone();
    let home = Home::with_late_config(|root| {
        let keeper = Kept::settings(root);
        format!("{keeper}[net]\nlan = [\"127.0.0.1\"]\n[model]\nbase_url = \"{url}\"\nname = \"m\"\n")
    });
    let kept = Kept::beside(&home);
    kept.put("model", b"a secret that is long enough");
    let report = home.run(&["doctor", "--json"]).json();
    let asked = under_strace(&home, &home.command(&["ask", "please compose a limerick about entropy"]));
    let answer = Output::of(asked, b"");
    assert!(answer.ok && answer.out.contains("an answer"), "{answer:?}");
    assert_eq!(model.asked()[0].key, "Bearer a secret that is long enough", "the hand had it");

    let (_, calls) = calls(&home);
    // A process that is not dumpable is not looked into, so its socket's name is told by its length alone
    // (unix(7): the family before it, a NUL behind it).
    let length = (kept.socket().as_os_str().len() + 3).to_string();
    let door = |call: &String| {
        let arguments = call.strip_prefix("connect(").and_then(|rest| rest.rsplit_once(", "));
        // Behind it stands the answer, or that another process was shown before it came.
        arguments.is_some_and(|(_, last)| last.split([')', ' ']).next() == Some(&length))
    };
    let sealing = |calls: &&Vec<String>| has(calls, "close_range(").is_some() && calls.iter().any(door);
    let hand = calls.values().find(sealing).expect("a hand that connects to the keeper");
    let connected = hand.iter().position(door).expect("a connection");
    let number = hand[connected]["connect(".len()..].split(',').next().expect("a descriptor");
    let sealed = has(hand, FILTER).expect("a filter");
    let stands = |wall: &str| report["classes"]["net"]["walls"][wall]["standing"] == "holds";
    // Everything but the first closing of descriptors comes behind it, in the order of every hand.
    let mut last = connected;
    for (what, call, _) in ORDER.iter().skip(1).filter(|(_, _, wall)| wall.is_none_or(stands)) {
        let place = hand[last..].iter().position(|of| of.starts_with(call));
        last += place.unwrap_or_else(|| panic!("{what}: no {call} behind the connection: {hand:#?}")) + 1;
    }
    assert_eq!(last, sealed + 1, "the filter is the last of it");
    // To the keeper, to the brain, to the server: each is spoken to with these calls, behind the seal.
    let speaks = |call: &&String| {
        ["write", "writev", "sendto", "sendmsg", "send", "sendmmsg"].iter().any(|name| {
            let rest = call.strip_prefix(name).and_then(|rest| rest.strip_prefix('('));
            rest.is_some_and(|rest| rest.starts_with(&format!("{number},")) || rest.starts_with("3,"))
        })
    };
    assert_eq!(hand[..sealed].iter().find(speaks), None, "before its seal");
    let redeemed = hand[sealed..].iter().filter(speaks).any(|call| call.contains(&format!("({number},")));
    assert!(redeemed, "it speaks to the keeper on that connection: {hand:#?}");
    assert!(hand[sealed + 1..].iter().all(|call| !call.starts_with("connect(")), "{hand:#?}");
}

fn has(calls: &[String], call: &str) -> Option<usize> {
    calls.iter().position(|of| of.starts_with(call))
}

#[test]
fn a_vault_is_on_the_disk_before_it_is_acknowledged() {
    if !has_strace() {
        return;
    }
    let home = Home::new();
    let words = ["--socket", "run/keeper.sock", "--vault", "run/vault"];
    let keeper = Running::start(under_strace(&home, &home.binary("hearth-keeper", &words)));
    let socket = home.root().join("run/keeper.sock").display().to_string();
    wait_for("the keeper", || home.run(&["keeper", "status", "--socket", &socket]).ok.then_some(()));
    assert!(home.run(&["secret", "init", "--socket", &socket]).ok);
    assert!(home.run_with_input(&["secret", "add", "one", "--socket", &socket], b"value").ok);
    let pid = keeper.descendant("hearth-keeper").expect("the keeper");
    nix::sys::signal::kill(crate::kit::pid(pid), nix::sys::signal::Signal::SIGTERM).expect("asked to end");
    keeper.wait();
    // One thread does it all; what another does in the middle of a call splits the line, not the order. Names
    // are in memory that nobody may read: files are told by how they are opened, the key's own by O_EXCL.
    let (order, all) = calls(&home);
    let calls = &all[&order[0]];
    let begun = |call: &&String| call.starts_with("open") && call.contains("O_CREAT") && !call.contains("O_EXCL");
    assert!(calls.iter().filter(begun).count() >= 2, "one when it is made, one for the secret: {calls:#?}");
    for (begin, _) in calls.iter().enumerate().filter(|(_, call)| begun(call)) {
        let mut rest = calls[begin + 1..].iter();
        let mut then = |what: &str, wanted: &[&str], part: &str| {
            let is = |call: &&String| wanted.iter().any(|name| call.starts_with(name)) && call.contains(part);
            assert!(rest.any(|call| is(&call)), "no {what} in its place: {:#?}", &calls[begin..]);
        };
        then("flush of the file", &["fsync("], "");
        then("rename", &["rename"], "");
        then("opening of the folder", &["open"], "O_RDONLY");
        then("flush of the folder", &["fsync("], "");
        then("answer", &["sendto(", "write("], "");
    }
}
