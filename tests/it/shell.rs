//! The `shell` tool: what a command may, what ends it, and that nothing of it is left.

mod commands;
mod secrets;

use serde_json::{Value, json};

use crate::kit::{Home, Output, shared, wait_for};

fn call(home: &Home, command: &str, seconds: u64, more: &[&str]) -> Output {
    let arguments = json!({"command": command, "seconds": seconds}).to_string();
    home.run(&[&["tool", "call", "shell", &arguments, "--yes", "--json"], more].concat())
}

/// Runs it with the text guard off: what is seen is the walls.
fn run(home: &Home, command: &str, seconds: u64) -> Value {
    let output = call(home, command, seconds, &["--without-text-guard"]);
    assert!(output.ok, "{command}: {output:?}");
    output.json()
}

fn has_shell() -> bool {
    let there = std::path::Path::new("/bin/sh").exists();
    assert!(there || std::env::var_os("CI").is_none(), "there is no /bin/sh");
    there
}

#[test]
fn commands_of_sandbox_verify_do_as_expected() {
    let Some(path) = shared("vectors/sandbox_verify.json") else { return };
    let home = Home::new();
    let _service = with_guard_off(&home);
    let vectors: Value = serde_json::from_slice(&std::fs::read(path).expect("read")).expect("JSON");
    let (mut wrong, mut tried, mut skipped, mut without_network) = (Vec::new(), 0, Vec::new(), 0);
    for case in vectors["cases"].as_array().expect("cases") {
        let Some(command) = case["command"].as_str() else { continue };
        let text = |key: &str| case[key].as_str().map(str::to_owned);
        // The one disagreement: there is no network here by design, so what expects one has to fail.
        if case["requires_network"] == true {
            let ran = run(&home, command, 5);
            let words = ran["output"].as_str().unwrap_or_default().split_whitespace();
            let reached = words.filter(|word| *word == "200" || word.parse::<std::net::IpAddr>().is_ok()).count();
            assert_eq!(reached, 0, "{command}: {ran}");
            without_network += 1;
            continue;
        }
        // Programs that this machine does not have show nothing.
        let program = command.split_whitespace().next().unwrap_or_default();
        let missing = ["python3", "git", "jq", "curl", "bash"].iter().any(|name| {
            command.contains(name) && !["/usr/bin", "/bin"].iter().any(|d| std::path::Path::new(d).join(name).exists())
        });
        if missing || case.get("expect_success").is_none() {
            skipped.push(program.to_owned());
            continue;
        }
        let ran = run(&home, command, 5);
        let succeeded = ran["status"] == 0 && ran["ended_by"].is_null();
        // Of its shells only the first words differ: `echo -e` of dash prints the flag.
        let output =
            ran["output"].as_str().unwrap_or_default().to_owned() + ran["ended_by"].as_str().unwrap_or_default();
        let says = |key: &str| text(key).is_none_or(|part| output.contains(&part));
        if case["expect_success"] != succeeded || !says("expect_output_contains") || !says("expect_error_contains") {
            wrong.push(format!("{command}\n  expected {case}\n  got {ran}"));
        }
        tried += 1;
    }
    assert!(wrong.is_empty(), "{} of {tried}:\n{}", wrong.len(), wrong.join("\n"));
    eprintln!("{tried} tried, {without_network} without the network they want; not on this machine: {skipped:?}");
    assert_eq!(tried + skipped.len() + without_network, vectors["cases"].as_array().map_or(0, Vec::len));
    assert!(tried >= 36 && without_network == 3, "only {tried}; skipped {skipped:?}");
}

fn with_guard_off(home: &Home) -> crate::kit::Running {
    let running = crate::kit::Running::start(home.command(&["run", "--without-text-guard"]));
    let answers = || home.run(&["status", "--no-start"]).ok.then_some(());
    crate::kit::wait_for("the service to answer", answers);
    running
}

#[test]
fn every_bomb_is_bounded_reported_and_leaves_nothing() {
    if !has_shell() {
        return;
    }
    let home = Home::new();
    let service = with_guard_off(&home);
    let file = home.data().join("workspace/big");
    // Name, command, what ended it, and the program's own words where a call was refused. The first process of the
    // command needs no other to go on, so nothing ends it but its caps.
    let bombs = [
        ("fork", "f() { f | f & }; f & exec sleep 99", "it had more than 64 processes", ""),
        (
            "many forks",
            "(for i in $(seq 500); do setsid sleep 99 & done) & exec sleep 99",
            "it had more than 64 processes",
            "",
        ),
        (
            "memory",
            "for i in 1 2 3 4; do dd if=/dev/zero bs=90000000 count=1 | sleep 99 & done; exec sleep 99",
            "it took more than 268435456 bytes of memory",
            "",
        ),
        ("memory of one", "dd if=/dev/zero bs=1200000000 count=1 | wc -c; echo ended", "", "emory"),
        ("file", "head -c 200000000 /dev/zero > big; echo status $?", "", "status 153\n"),
        ("descriptors", "paste $(yes /dev/null | head -n 300); echo status $?", "", "Too many open files"),
        ("output", "yes", "it wrote more than 655360 bytes", "y\ny\n"),
        (
            "processor",
            "for i in $(seq 40); do (while :; do :; done) & done; wait",
            "it used more than 10 s of processor time",
            "",
        ),
    ];
    for (name, command, ended_by, told) in bombs {
        let ran = run(&home, command, 30);
        let text = ran.to_string();
        assert_eq!(ran["ended_by"].as_str().unwrap_or_default(), ended_by, "{name}: {text:.400}");
        assert!(ran["output"].as_str().is_some_and(|output| output.contains(told)), "{name}: {text:.400}");
        assert!(text.len() < 300_000, "{name}: {} bytes", text.len());
        let ours = || service.descendants().iter().all(|(_, name)| name.starts_with("hearth"));
        wait_for(&format!("what {name} left to be gone"), || ours().then_some(()));
        assert!(home.run(&["ask", "turn on the kitchen lamp"]).ok, "the agent obeys after {name}");
    }
    assert_eq!(std::fs::metadata(file).expect("a file").len(), 64 << 20, "it grew to the bound and no further");
    assert_eq!(run(&home, "sleep 99", 2)["ended_by"], "it timed out", "one that only waits");
}

#[test]
fn a_command_may_wait_for_what_it_began() {
    if !has_shell() {
        return;
    }
    let home = Home::new();
    let ran = run(&home, "sleep 0.2 & wait; echo waited", 25);
    assert_eq!(ran["output"], "waited\n", "{ran}");
    assert!(ran["ended_by"].is_null(), "{ran}");
}

#[test]
fn what_is_left_running_ends_with_the_command_also_without_a_process_namespace() {
    if !has_shell() {
        return;
    }
    let mark = format!("7{:07}", std::process::id());
    for lowered in [&[][..], &["pid_ns"], &["user_ns"]] {
        let home = Home::new();
        let mut more = vec!["--without-text-guard"];
        more.extend(lowered.iter().flat_map(|wall| ["--without-wall", *wall]));
        let command = format!("(setsid sleep {mark} &) ; setsid sleep {mark} & echo started");
        let output = call(&home, &command, 5, &more);
        assert!(output.ok && output.out.contains("started"), "without {lowered:?}: {output:?}");
        let all = std::fs::read_dir("/proc").expect("processes").flatten();
        let alive = all.filter_map(|entry| std::fs::read_to_string(entry.path().join("cmdline")).ok());
        let left: Vec<_> = alive.filter(|line| line.starts_with("sleep") && line.contains(&mark)).collect();
        assert!(left.is_empty(), "without {lowered:?}: {left:?}");
    }
}

#[test]
fn a_command_sees_its_workspace_and_nothing_of_the_agent() {
    if !has_shell() {
        return;
    }
    let home = Home::new();
    std::fs::write(home.root().join("secret"), "canary-in-the-root").expect("written");
    for lowered in [&[][..], &["mount_ns"], &["landlock_files"]] {
        let more: Vec<_> = lowered.iter().flat_map(|wall| ["--without-wall", *wall]).collect();
        let mut more = more;
        more.push("--without-text-guard");
        let root = home.root().display();
        let command =
            format!("cat {root}/secret; ls {root}/data; env; cat /proc/*/environ; echo x > own && cat own; pwd");
        let output = call(&home, &command, 5, &more);
        assert!(output.ok, "{output:?}");
        assert!(
            !output.out.contains("canary-in-the-root") && !output.out.contains("hearth.db"),
            "{lowered:?}: {output:?}"
        );
        assert!(!output.out.contains("HEARTH_"), "the environment of the agent, without {lowered:?}: {output:?}");
        assert!(home.data().join("workspace/own").exists(), "the workspace can be written, without {lowered:?}");
    }
}

#[test]
fn the_guard_refuses_early_and_a_person_confirms() {
    let home = Home::new();
    let refused = call(&home, "rm -rf /", 5, &[]);
    assert!(!refused.ok && refused.out.contains("it deletes without asking"), "{refused:?}");
    let arguments = json!({"command": "echo hello"}).to_string();
    let asked = home.run(&["tool", "call", "shell", &arguments, "--json"]);
    assert_eq!(asked.json()["fault"]["code"], "needs_confirmation", "{asked:?}");
}
