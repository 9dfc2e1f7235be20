//! The order in which a hand is sealed, as the kernel sees it: strace(1) on the real program.

use std::collections::BTreeMap;
use std::os::unix::process::CommandExt as _;
use std::process::{Command, Stdio};

use crate::kit::{Home, Output, is_root};

/// What a sealing hand does, in this order, before it reads its first byte; and the wall without which a
/// step is left out.
const ORDER: [(&str, &str, Option<&str>); 10] = [
    ("own descriptors only", "close_range(", None),
    ("its ids are mapped", "prctl(PR_SET_DUMPABLE, SUID_DUMP_USER", Some("user_ns")),
    ("mounts", "mount(", Some("mount_ns")),
    ("a root of its own", "pivot_root(", Some("mount_ns")),
    ("no new privileges", "prctl(PR_SET_NO_NEW_PRIVS", None),
    ("Landlock", "landlock_restrict_self(", Some("landlock_files")),
    ("limits", "prlimit64(0, RLIMIT_NPROC, {", None),
    ("no capability", "capset(", None),
    ("not dumpable", "prctl(PR_SET_DUMPABLE, SUID_DUMP_DISABLE", None),
    ("its filter, on all threads", "seccomp(SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC", None),
];

/// The calls of each process, in order.
fn traced(home: &Home, arguments: &[&str]) -> BTreeMap<String, Vec<String>> {
    let file = home.root().join("run/trace");
    let plain = home.command(arguments);
    let mut command = Command::new("strace");
    command.args(["-f", "-qq", "-o"]).arg(&file).arg(plain.get_program()).args(plain.get_args());
    command.current_dir(home.root()).env_clear();
    command.envs(plain.get_envs().filter_map(|(key, value)| Some((key, value?))));
    command.env("PATH", std::env::var_os("PATH").unwrap_or_default());
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    if is_root() {
        command.uid(54_321).gid(54_321);
    }
    let output = Output::of(command, b"");
    assert!(output.ok && output.out.contains("42"), "{output:?}");
    let text = std::fs::read_to_string(&file).expect("a trace");
    let mut calls: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for line in text.lines() {
        let Some((pid, call)) = line.split_once(' ') else { continue };
        calls.entry(pid.to_owned()).or_default().push(call.trim().to_owned());
    }
    calls
}

#[test]
fn a_hand_is_sealed_in_order_before_it_reads_its_first_byte() {
    if Command::new("strace").arg("-V").output().is_err() {
        assert!(std::env::var_os("CI").is_none(), "there is no strace");
        eprintln!("SKIPPED: there is no strace (Debian: apt-get install strace)");
        return;
    }
    let home = Home::new();
    let calls = traced(&home, &["tool", "call", "calculate", r#"{"expression": "6*7"}"#, "--json"]);
    // The probe's children raise walls as well, but hold no socket and are given nothing.
    let is_hand = |calls: &&Vec<String>| ["close_range(", "recvmsg(3"].iter().all(|of| has(calls, of).is_some());
    let hands: Vec<_> = calls.values().filter(is_hand).filter(|calls| has(calls, "setsid(").is_none()).collect();
    assert!(!hands.is_empty(), "no hand in {} processes", calls.len());
    let report = home.run(&["doctor", "--json"]).json();
    let stands = |wall: &str| report["classes"]["pure"]["walls"][wall]["standing"] == "holds";
    for hand in hands {
        let mut last = 0;
        for (what, call, _) in ORDER.iter().filter(|(_, _, wall)| wall.is_none_or(stands)) {
            let place = has(hand, call).unwrap_or_else(|| panic!("{what}: no {call} in {hand:#?}"));
            assert!(place >= last, "{what} came too early: {hand:#?}");
            last = place;
        }
        let heard = has(hand, "recvmsg(3").expect("it was given work");
        assert!(heard > last, "it read before it was sealed: {hand:#?}");
        assert!(hand[last + 1..].iter().all(|call| !call.contains("open")), "{hand:#?}");
    }
}

fn has(calls: &[String], call: &str) -> Option<usize> {
    calls.iter().position(|of| of.starts_with(call))
}
