//! How commands end that cannot go on: a full disk behind standard output, a reader that has gone, a file that cannot be
//! read, a terminal that is closed. None says «done» of what is not, none goes on for ever.

use std::fs::{OpenOptions, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt as _;
use std::process::{Command, Stdio};

use nix::sys::signal::{Signal, kill};
use serde_json::json;

use crate::kit::{Home, is_root, pid, wait_for};

/// Nothing makes vectors here.
const NO_MODEL: &str = "models_dir = \"/nowhere/at/all\"\n";

fn full() -> Stdio {
    OpenOptions::new().write(true).open("/dev/full").expect("a full disk").into()
}

#[test]
fn what_a_full_disk_did_not_take_is_no_success() {
    let home = Home::with_config(NO_MODEL);
    assert!(home.run(&["memory", "add", "The spare key is under the blue pot"]).ok);
    assert!(home.run(&["tool", "call", "calculate", "{\"expression\": \"1 + 1\"}"]).ok, "a record of the audit");
    std::fs::write(home.root().join("note.txt"), "a note").expect("a note");
    let note = home.root().join("note.txt").display().to_string();
    let kept = home.run(&["memory", "artefact", "add", &note, "--json"]).json();
    let id = kept["id"].as_str().or_else(|| kept["artefact"]["id"].as_str()).expect("an id").to_owned();
    let house = home.root().join("house.json");
    std::fs::write(&house, json!({"areas": [{"id": "k", "name": "Kitchen"}]}).to_string()).expect("a home");
    let cases = home.root().join("cases.jsonl");
    std::fs::write(&cases, "{\"sentence\": \"turn on the lamp\"}\n").expect("cases");
    let [house, cases] = [house, cases].map(|path| path.display().to_string());
    let commands: [&[&str]; 9] = [
        &["memory", "export"],
        &["memory", "artefact", "read", &id],
        &["audit", "export"],
        &["config", "print-default"],
        &["status", "--json"],
        &["tool", "list"],
        &["db", "status"],
        &["say", "--home", &house, "hello"],
        &["say", "--home", &house, "--batch", &cases],
    ];
    for arguments in commands {
        let done = home.command(arguments).stdout(full()).output().expect("run");
        let told = String::from_utf8_lossy(&done.stderr).into_owned();
        assert_eq!(done.status.code(), Some(1), "{arguments:?}: {told}");
        assert!(told.contains("standard output: No space left on device"), "{arguments:?}: {told}");
        // The same command where there is room is done, or the test would show nothing.
        assert!(home.run(arguments).ok || arguments[0] == "say", "{arguments:?}");
    }
}

#[test]
fn a_reader_that_has_seen_enough_is_no_fault() {
    let home = Home::with_config(NO_MODEL);
    for arguments in [&["memory", "export"][..], &["config", "print-default"], &["keeper", "status", "--help"]] {
        let mut command = home.command(arguments);
        let (reader, writer) = std::io::pipe().expect("a pipe");
        drop(reader);
        let done = command.stdout(writer).output().expect("run");
        assert!(done.status.success() && done.stderr.is_empty(), "{arguments:?}: {done:?}");
    }
}

#[test]
fn a_folder_or_a_failing_disk_ends_an_import_and_a_batch() {
    let home = Home::with_config(NO_MODEL);
    // What the kernel says of a bad card is said by a folder too: each further read fails again.
    let folder = home.data().display().to_string();
    for arguments in [&["memory", "import", &folder][..], &["memory", "search", "--batch", &folder]] {
        let mut command = home.command(arguments);
        let mut child = command.arg("--json").stdout(Stdio::piped()).spawn().expect("started");
        let ended = wait_for("the command to end", || child.try_wait().expect("asked"));
        let out = std::io::read_to_string(child.stdout.take().expect("a pipe")).expect("read");
        assert_eq!(ended.code(), Some(1), "{arguments:?}: {out}");
        let last = out.lines().last().unwrap_or_default();
        assert!(out.contains("Is a directory") && last.ends_with('}'), "{arguments:?}: {out}");
    }
    assert_eq!(home.run(&["memory", "stats", "--json"]).json()["memories"], 0);
}

#[test]
fn a_closed_terminal_ends_the_service_in_order_and_nohup_keeps_it() {
    let home = Home::new();
    let mut service = home.start();
    assert!(home.run(&["ask", "turn on the kitchen lamp"]).ok);
    service.signal(Signal::SIGHUP);
    wait_for("the end of the service", || (!service.lives()).then_some(()));
    assert!(service.log().contains("told to stop"), "{}", service.log());
    let said = home.run(&["memory", "talk", "--session", "admin:ask", "--json"]).json();
    assert_eq!(said["messages"].as_array().map(Vec::len), Some(2), "what was said is kept: {said}");

    let plain = home.command(&["run"]);
    let mut under = Command::new("/usr/bin/nohup");
    under.arg(plain.get_program()).args(plain.get_args()).current_dir(home.root()).env_clear();
    for (name, value) in plain.get_envs() {
        under.env(name, value.unwrap_or_default());
    }
    if is_root() {
        under.uid(home.uid()).gid(home.uid());
    }
    let mut service = under.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("started");
    let answers = || home.run(&["status", "--json", "--no-start"]).ok;
    wait_for("the service to answer", || answers().then_some(()));
    kill(pid(service.id()), Signal::SIGHUP).expect("a signal");
    for _ in 0..3 {
        assert!(answers(), "it outlives its terminal");
    }
    kill(pid(service.id()), Signal::SIGTERM).expect("a signal");
    assert_eq!(service.wait().expect("ended").code(), Some(0));
}

#[test]
fn an_interrupted_measuring_leaves_no_scratch_memory() {
    let home = Home::with_config(NO_MODEL);
    let temporary = home.data().join("tmp");
    std::fs::create_dir(&temporary).expect("a folder");
    std::fs::set_permissions(&temporary, Permissions::from_mode(0o777)).expect("open");
    let mut command = home.command(&["memory", "bench", "--items", "200000"]);
    let mut child = command.env("TMPDIR", &temporary).spawn().expect("started");
    let scratch = || std::fs::read_dir(&temporary).expect("listed").flatten().next().map(|entry| entry.path());
    let folder = wait_for("the scratch memory", || scratch().filter(|folder| folder.join("hearth.db").exists()));
    kill(pid(child.id()), Signal::SIGINT).expect("a signal");
    let ended = wait_for("its end", || child.try_wait().expect("asked"));
    assert_eq!(ended.code(), Some(130));
    assert!(!folder.exists(), "{}", folder.display());
}

#[test]
fn the_database_is_its_users_alone_even_in_a_folder_that_is_open() {
    let home = Home::with_config(NO_MODEL);
    std::fs::set_permissions(home.data(), Permissions::from_mode(0o755)).expect("open");
    let mode = |name: &str| {
        let about = std::fs::metadata(home.data().join(name)).expect(name);
        about.permissions().mode() & 0o777
    };
    assert!(home.run(&["memory", "add", "The safe opens with 4711"]).ok);
    assert_eq!(mode("hearth.db"), 0o600);
    // One that an earlier version made.
    std::fs::set_permissions(home.data().join("hearth.db"), Permissions::from_mode(0o644)).expect("set");
    let service = home.start();
    assert_eq!((mode("hearth.db"), mode("hearth.db-wal")), (0o600, 0o600));
    // To another disk it cannot be linked and is copied.
    let elsewhere = std::path::Path::new("/dev/shm").join(home.root().file_name().expect("a name"));
    assert!(home.run(&["db", "backup", &elsewhere.display().to_string()]).ok);
    let copied = std::fs::metadata(&elsewhere).expect("a backup").permissions().mode() & 0o777;
    std::fs::remove_file(&elsewhere).expect("removed");
    assert_eq!(copied, 0o600);
    service.stop();
}

#[test]
fn what_is_missing_is_called_by_its_name() {
    let home = Home::with_config(NO_MODEL);
    let cases: [(&[&str], &str); 5] = [
        (&["memory", "dag", "nosuch"], "no conversation «nosuch»"),
        (&["memory", "result", "nosuch"], "no result «nosuch»"),
        (&["memory", "artefact", "read", "nosuch"], "no artefact «nosuch»; `hearth memory artefact list`"),
        (&["memory", "artefact", "delete", "nosuch"], "no artefact «nosuch»"),
        (&["memory", "show", "nosuch"], "no memory «nosuch»; `hearth memory search`"),
    ];
    for (arguments, told) in cases {
        let done = home.run(arguments);
        assert!(done.code == Some(1) && done.err.contains(told), "{arguments:?}: {done:?}");
    }
    assert!(home.run(&["ask", "hello"]).out.contains("Hello"));
    let part = home.run(&["memory", "dag", "admin:ask", "c9"]);
    assert!(part.code == Some(1) && part.err.contains("no part «c9»"), "{part:?}");
}

#[test]
fn a_card_that_takes_no_writes_is_told_once_and_is_neither_damaged_nor_done() {
    let home = Home::with_config(NO_MODEL);
    assert!(home.run(&["memory", "add", "The spare key is under the blue pot"]).ok);
    std::fs::set_permissions(home.data(), Permissions::from_mode(0o555)).expect("closed");
    let check = home.run(&["db", "check"]);
    assert!(check.ok && check.out.contains("sound"), "{check:?}");
    let said = home.run(&["ask", "remember that the cat is black"]);
    assert!(said.code == Some(1) && said.out.contains("I could not write that down"), "{said:?}");
    let fact = home.run(&["memory", "fact", "cat", "black"]);
    let told = fact.err.lines().last().unwrap_or_default();
    assert_eq!((fact.code, told.matches("the disk refuses writes").count()), (Some(1), 1), "{told}");
    let found = home.run(&["memory", "export"]);
    assert!(found.ok && found.out.contains("blue pot") && !found.out.contains("cat"), "{found:?}");
    let copy = home.root().join("run/copy.db").display().to_string();
    let backup = home.run(&["db", "backup", &copy]);
    assert!(backup.ok, "such a card is one to take a copy of: {backup:?}");
    std::fs::set_permissions(home.data(), Permissions::from_mode(0o700)).expect("open again");
    assert!(home.run(&["db", "restore", &copy]).ok);
    assert!(home.run(&["memory", "export"]).out.contains("blue pot"));
    assert!(home.run(&["ask", "remember that the cat is black"]).ok);
}

#[test]
fn a_keepers_socket_that_is_shut_is_told_from_one_where_nobody_listens() {
    let home = Home::with_config(NO_MODEL);
    let socket = home.root().join("k.sock");
    let path = socket.display().to_string();
    let ask = || home.run(&["secret", "list", "--socket", &path]).err;
    assert!(ask().contains("start hearth-keeper"));
    let _keeper = std::os::unix::net::UnixListener::bind(&socket).expect("a socket");
    std::fs::set_permissions(&socket, Permissions::from_mode(0o000)).expect("shut");
    let told = ask();
    assert!(told.contains("chmod 660") && !told.contains("start hearth-keeper"), "{told}");
}
