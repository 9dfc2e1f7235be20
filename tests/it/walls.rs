//! Every role is sealed, every wall is tried by attack, and what is missing is said and refused.

use std::os::unix::process::CommandExt as _;
use std::process::Command;

use nix::sys::signal::Signal;
use serde_json::Value;

use crate::inject::{self, Answer};
use crate::kit::{Home, Output, Running, is_root, wait_for};

const ENOSYS: i64 = -38;
/// Calls on x86_64 that no role may make.
const FORBIDDEN: [(&str, i64); 8] = [
    ("ptrace", 101),
    ("bpf", 321),
    ("io_uring_setup", 425),
    ("keyctl", 250),
    ("userfaultfd", 323),
    ("init_module", 175),
    ("kexec_load", 246),
    ("setns", 308),
];
/// What the spawner needs for its hands, and brain and keeper never.
const PROCESSES: [(&str, i64); 4] = [("execve", 59), ("fork", 57), ("unshare", 272), ("mount", 165)];

fn with_lines() -> (Home, Running) {
    let home = Home::new();
    let running = home.start();
    assert!(home.run(&["ask", "turn on the kitchen lamp"]).ok);
    (home, running)
}

fn status(pid: u32, thread: &str, field: &str) -> String {
    let text = std::fs::read_to_string(format!("/proc/{pid}/task/{thread}/status")).expect("a status");
    let line = text.lines().find_map(|line| line.strip_prefix(field)).unwrap_or_else(|| panic!("no {field}"));
    line.trim_start_matches(':').trim().to_owned()
}

/// A keeper that answers: it is sealed then, which it is not yet when its socket is there.
fn keeping(home: &Home) -> Running {
    let keeper = Running::start(home.binary("hearth-keeper", &["--socket", "run/keeper.sock"]));
    let socket = home.root().join("run/keeper.sock").display().to_string();
    wait_for("the keeper", || home.run(&["keeper", "status", "--socket", &socket]).ok.then_some(()));
    keeper
}

/// The processes of a running Hearth that stay: the probe ends when it has reported.
pub(crate) fn roles(running: &Running) -> Vec<(u32, String)> {
    wait_for("the probe to end", || running.descendant("hearth-probe").is_none().then_some(()));
    let mut roles = running.descendants();
    roles.push((running.pid(), "brain".into()));
    for wanted in ["brain", "hearth-spawner", "hearth-lines"] {
        assert!(roles.iter().any(|(_, name)| name == wanted), "no {wanted} in {roles:?}");
    }
    roles
}

#[test]
fn every_thread_of_every_role_is_sealed() {
    let (home, running) = with_lines();
    let keeper = keeping(&home);
    let mut all = roles(&running);
    all.push((keeper.pid(), "keeper".into()));
    let mut threads = 0;
    for (pid, name) in all {
        for thread in inject::threads(pid) {
            let thread = thread.to_string();
            for (field, wanted) in [("NoNewPrivs", "1"), ("Seccomp", "2"), ("CapEff", "0000000000000000")] {
                assert_eq!(status(pid, &thread, field), wanted, "{field} of {name}, thread {thread}");
            }
            threads += 1;
        }
    }
    assert!(threads >= 6, "only {threads} threads: the store, the keeper's timer and others are missing");
}

#[test]
fn a_forbidden_call_of_any_thread_of_any_role_is_refused() {
    if !inject::possible() {
        return;
    }
    let (home, running) = with_lines();
    let keeper = keeping(&home);
    let spawner = running.descendant("hearth-spawner").expect("a spawner");
    for (pid, name) in [(running.pid(), "brain"), (spawner, "spawner"), (keeper.pid(), "keeper")] {
        for thread in inject::threads(pid) {
            let own = inject::call(thread, 39, [0; 3]);
            assert_eq!(own, Answer::Returned(i64::from(pid)), "getpid shows that the injection works");
            let processes = if name == "spawner" { [].iter() } else { PROCESSES.iter() };
            for (call, number) in FORBIDDEN.iter().chain(processes) {
                assert_eq!(inject::call(thread, *number, [0; 3]), Answer::Returned(ENOSYS), "{call} of {name}");
            }
        }
    }
    assert!(home.run(&["ask", "turn off the kitchen lamp"]).ok, "the agent goes on");
}

/// socket(2): its number on x86_64, and a stream of IPv4.
const SOCKET: i64 = 41;
const INET_STREAM: [u64; 3] = [2, 1, 0];

#[test]
fn a_socket_of_the_network_is_refused_to_all_but_the_brain() {
    if !inject::possible() {
        return;
    }
    let (home, running) = with_lines();
    let keeper = keeping(&home);
    let spawner = running.descendant("hearth-spawner").expect("a spawner");
    for pid in [spawner, keeper.pid()] {
        for thread in inject::threads(pid) {
            assert_eq!(inject::call(thread, SOCKET, INET_STREAM), Answer::Returned(ENOSYS), "{pid}");
            // Its own family is let through, so it is the argument that was looked at.
            closed(thread, inject::call(thread, SOCKET, [1, 1, 0]));
        }
    }
    let brain = crate::kit::pid(running.pid());
    closed(brain, inject::call(brain, SOCKET, INET_STREAM));
}

/// It was a descriptor, and is none any more.
fn closed(thread: nix::unistd::Pid, answer: Answer) {
    let Answer::Returned(descriptor @ 0..) = answer else { panic!("{answer:?}") };
    let closed = inject::call(thread, 3, [descriptor.cast_unsigned(), 0, 0]);
    assert_eq!(closed, Answer::Returned(0), "close({descriptor})");
}

#[test]
fn a_forbidden_call_of_a_shell_hand_and_of_its_command_is_refused() {
    if !inject::possible() {
        return;
    }
    let (home, running) = with_lines();
    let command = serde_json::json!({"command": "exec sleep 25", "seconds": 25}).to_string();
    let mut caller = home.command(&["tool", "call", "shell", &command, "--yes"]).spawn().expect("started");
    let program = wait_for("the command", || running.descendant("sleep"));
    let hand = running.descendant("hearth-shell").expect("its hand");
    for pid in [hand, program] {
        for thread in inject::threads(pid) {
            assert!(matches!(inject::call(thread, 39, [0; 3]), Answer::Returned(1..)), "getpid");
            let more = [("unshare", 272), ("mount", 165), ("connect", 42), ("bind", 49), ("socket", SOCKET)];
            for (call, number) in FORBIDDEN.iter().chain(&more) {
                assert_eq!(inject::call(thread, *number, [0; 3]), Answer::Returned(ENOSYS), "{call} of {pid}");
            }
            for family in [1, 2, 10, 16, 17] {
                let answer = inject::call(thread, SOCKET, [family, 1, 0]);
                assert_eq!(answer, Answer::Returned(ENOSYS), "a socket of family {family}");
            }
        }
    }
    running.stop();
    caller.wait().expect("ended");
}

#[test]
fn the_brains_landlock_leaves_its_own_folders_and_with_it_off_everything_is_open() {
    if !inject::possible() {
        return;
    }
    for (lowered, outside) in [(&[][..], Err(nix::errno::Errno::EACCES)), (&["landlock_files"], Ok(()))] {
        let home = Home::new();
        let canary = home.root().join("canary");
        std::fs::write(&canary, "outside of every folder of the agent").expect("written");
        let mut arguments = vec!["run"];
        arguments.extend(lowered.iter().flat_map(|wall| ["--without-wall", *wall]));
        let running = Running::start(home.command(&arguments));
        wait_for("the service to answer", || home.run(&["status", "--no-start"]).ok.then_some(()));
        let brain = crate::kit::pid(running.pid());
        let opened = |path: &std::path::Path| match inject::open(brain, &path.display().to_string()) {
            Answer::Returned(number) if number >= 0 => Ok(()),
            Answer::Returned(error) => Err(nix::errno::Errno::from_raw(i32::try_from(-error).expect("an errno"))),
            other => panic!("{other:?}"),
        };
        assert_eq!(opened(&canary), outside, "without {lowered:?}");
        assert_eq!(opened(&home.data()), Ok(()), "its own folder, without {lowered:?}");
        // The spawner was forked before: what it makes needs mounts, which a domain of Landlock forbids.
        let ran = home.run(&["tool", "call", "shell", r#"{"command": "echo $((6*7))"}"#, "--yes"]);
        assert!(ran.ok && ran.out.contains("42"), "{ran:?}");
    }
}

#[test]
fn a_hand_that_opens_is_ended_reported_and_made_again() {
    if !inject::possible() {
        return;
    }
    let (home, running) = with_lines();
    let hand = running.descendant("hearth-lines").expect("a hand");
    let thread = inject::threads(hand)[0];
    let answer = inject::call(thread, 257, [u64::MAX, 0, 0]);
    assert_eq!(answer, Answer::Ended(Signal::SIGSYS));
    wait_for("the lamp to obey again", || home.run(&["ask", "turn off the kitchen lamp"]).ok.then_some(()));
    assert_ne!(running.descendant("hearth-lines"), Some(hand));
}

fn doctor(home: &Home, more: &[&str]) -> Value {
    let answer = home.run(&[&["doctor", "--json"], more].concat());
    assert!(answer.ok, "{answer:?}");
    answer.json()
}

fn standing<'a>(report: &'a Value, class: &str, wall: &str) -> &'a str {
    report["classes"][class]["walls"][wall]["standing"].as_str().unwrap_or_else(|| panic!("{class} {wall}"))
}

/// Every class of hand.
const CLASSES: [&str; 7] = ["pure", "files", "lines", "net", "link", "embed", "shell"];

/// How the filter of a class refuses: libraries in `embed` and programs in `shell` are told, others end.
fn refusal(class: &str) -> &'static str {
    if ["embed", "shell"].contains(&class) { "ENOSYS: Function not implemented" } else { "ended by SIGSYS" }
}

#[test]
fn each_wall_is_the_one_that_holds() {
    let report = doctor(&Home::new(), &[]);
    // Each claim was tried with the wall alone; that the act succeeds with no wall is what makes it a claim.
    let anyway: Vec<_> = report["refused_without_walls"].as_array().expect("a list").iter().collect();
    assert!(anyway.iter().all(|act| **act == "bpf"), "this system refuses {anyway:?} to anybody");
    let mut claims = 0;
    for class in CLASSES {
        assert_eq!(report["classes"][class]["succeeded_with_all_walls"], serde_json::json!([]), "{class}");
        for (wall, found) in report["classes"][class]["walls"].as_object().expect("walls") {
            assert_ne!(found["standing"], "broken", "{class} {wall}: {found}");
            claims += found["tried"].as_object().expect("acts").values().filter(|how| **how != "succeeded").count();
        }
    }
    assert!(claims > 100, "only {claims} refusals");
    for class in CLASSES {
        assert_eq!(standing(&report, class, "seccomp"), "holds");
        let acts = report["classes"][class]["walls"]["seccomp"]["tried"].as_object().expect("acts");
        let refused = refusal(class);
        // Foreign programs read files, make processes and map what is executed; nobody else does.
        let programs = ["read_file", "fork", "exec", "map_executable"];
        for act in programs.into_iter().filter(|_| class != "shell").chain(["connect_tcp", "trace", "keys", "io_uring"])
        {
            assert_eq!(acts[act], refused, "{act} of {class}");
        }
    }
    let classes: Vec<_> = report["classes"].as_object().expect("classes").keys().collect();
    assert_eq!(classes.len(), CLASSES.len(), "each class is tried: {classes:?}");
}

#[test]
fn a_wall_that_was_taken_away_is_said_and_nothing_is_claimed_of_it() {
    let home = Home::new();
    for wall in ["seccomp", "rlimits", "net_ns", "landlock_files", "mount_ns", "user_ns"] {
        let report = doctor(&home, &["--without-wall", wall]);
        assert_eq!(standing(&report, "pure", wall), "taken_away");
        let tried = &report["classes"]["pure"]["walls"][wall]["tried"];
        assert_eq!(*tried, serde_json::json!({}), "{wall}");
    }
    let unknown = home.run(&["doctor", "--without-wall", "moat"]);
    assert!(!unknown.ok && unknown.err.contains("landlock_tcp"), "{unknown:?}");
}

#[test]
fn a_tool_whose_walls_are_missing_is_refused_with_that_reason() {
    let home = Home::new();
    let call = |walls: &[&str], tool: &str, arguments: &str| {
        let lowered: Vec<_> = walls.iter().flat_map(|wall| ["--without-wall", wall]).collect();
        home.run(&[&["tool", "call", tool, arguments, "--yes", "--json"], lowered.as_slice()].concat())
    };
    let command = r#"{"command": "echo hello"}"#;
    let refused = call(&["mount_ns", "landlock_files"], "shell", command);
    assert!(!refused.ok && refused.out.contains("needs walls that do not stand here"), "{refused:?}");
    assert!(refused.out.contains("mount_ns was taken away, landlock_files was taken away"), "{refused:?}");
    for one in ["mount_ns", "landlock_files"] {
        let done = call(&[one], "shell", command);
        assert!(done.ok && done.out.contains("hello"), "without {one}: {done:?}");
    }
    let refused = call(&["seccomp"], "calculate", r#"{"expression": "6*7"}"#);
    assert!(!refused.ok && refused.out.contains("seccomp was taken away"), "{refused:?}");
}

#[test]
fn with_the_right_to_change_uids_every_hand_has_its_own() {
    let setpriv = Command::new("setpriv").arg("--version").output().is_ok();
    if !is_root() || !setpriv {
        eprintln!("SKIPPED: only root can give the right to change uids, with setpriv of util-linux");
        return;
    }
    let home = Home::new();
    let given = |arguments: &[&str]| {
        let plain = home.command(arguments);
        let mut command = Command::new("setpriv");
        command.args(["--reuid", "54321", "--regid", "54321", "--clear-groups"]);
        command.args(["--inh-caps", "+setuid,+setgid", "--ambient-caps", "+setuid,+setgid"]);
        command.arg(plain.get_program()).args(plain.get_args()).current_dir(home.root()).env_clear();
        command.envs(plain.get_envs().filter_map(|(key, value)| Some((key, value?))));
        command.stdin(std::process::Stdio::null()).stderr(std::process::Stdio::piped());
        command.stdout(std::process::Stdio::piped()).process_group(0);
        command
    };
    let report = Output::of(given(&["doctor", "--json"]), b"").json();
    for class in CLASSES.into_iter().filter(|class| *class != "shell") {
        assert_eq!(standing(&report, class, "uid"), "holds", "{report}");
    }
    assert_eq!(standing(&report, "shell", "uid"), "unused");
    let running = Running::start(given(&["run"]));
    wait_for("the service to answer", || home.run(&["status", "--no-start"]).ok.then_some(()));
    assert!(home.run(&["ask", "turn on the kitchen lamp"]).ok);
    let hand = wait_for("a hand", || running.descendant("hearth-lines"));
    let uids = status(hand, &hand.to_string(), "Uid");
    assert!(
        uids.split_whitespace().all(|uid| uid.parse::<u32>().is_ok_and(|uid| (64_800..64_816).contains(&uid))),
        "{uids}"
    );
    assert_eq!(status(running.pid(), &running.pid().to_string(), "CapEff"), "0000000000000000", "of the brain");
    // A hand of another uid can still be ended: the next call of a killed service finds none of them.
    running.stop();
    wait_for("the hand to be gone", || (!std::path::Path::new(&format!("/proc/{hand}")).exists()).then_some(()));
}

#[test]
fn without_a_delegated_control_group_nothing_is_claimed_of_that_wall() {
    let report = doctor(&Home::new(), &[]);
    for class in CLASSES {
        let found = &report["classes"][class]["walls"]["cgroup"];
        assert_eq!(found["standing"], "missing", "{class}: {found}");
        assert_eq!(found["tried"], serde_json::json!({}), "{class}");
    }
    eprintln!(
        "A group is delegated in the guest of tests/heavy/walls-qemu, where this wall is tried with and without."
    );
}

#[test]
fn a_policy_knows_no_debug_build() {
    // What a filter allows must not hang on how the program was built: nothing of the sandbox asks.
    let mut read = 0;
    let mut folders = vec![std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/sandbox")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).expect("a folder").flatten() {
            if entry.path().is_dir() {
                folders.push(entry.path());
                continue;
            }
            let text = std::fs::read_to_string(entry.path()).expect("readable");
            assert!(!text.contains("debug_assertions"), "{}", entry.path().display());
            read += 1;
        }
    }
    assert!(read > 10, "{read} files");
}
