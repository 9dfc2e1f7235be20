//! What tests/run does with the boards' programs in the time that it has: no fault passes, and what was not tried is told.
//!
//! Its script runs in a folder with stand-ins for the builds; what they build and boot is shown by tests/run itself.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

/// What tests/run has around its steps, without the other steps.
const AROUND: &str = r#"set -euo pipefail
exec < /dev/null
. tests/boards
trap 'exit 143' TERM
trap 'end_running' EXIT
"$@"
trap - EXIT
printf '%s\n' "told again" "${skipped[@]-}""#;

/// Each thing that the script calls.
const CALLED: [&str; 6] = ["bin/cargo", "cross/setup", "cross/build", "cross/smoke", "cross/sizes", "images/qemu/run"];

/// A project of stand-ins for one test.
struct Project(PathBuf);

impl Project {
    fn new(test: &str) -> Self {
        let root = std::env::temp_dir().join(format!("hearth-in-time-{test}-{}", std::process::id()));
        for folder in ["bin", "cross", "images/qemu", "tests"] {
            std::fs::create_dir_all(root.join(folder)).expect("a folder");
        }
        let here = Path::new(env!("CARGO_MANIFEST_DIR"));
        std::fs::copy(here.join("tests/boards"), root.join("tests/boards")).expect("the script");
        std::fs::write(root.join("images/qemu/lib"), "needs() { :; }\n").expect("a script");
        let made = Self(root);
        for name in CALLED {
            made.stand_in(name, "");
        }
        made.stand_in("bin/df", "echo 6000000");
        made
    }

    /// A program that says its name and arguments, then does as told.
    fn stand_in(&self, name: &str, does: &str) {
        let path = self.0.join(name);
        std::fs::write(&path, format!("#!/bin/bash\necho \"did ${{0#$PWD/}} $*\"\n{does}\n")).expect("a script");
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).expect("a mode");
    }

    fn command(&self, seconds: u32, what: &[&str]) -> Command {
        let path = format!("{}:{}", self.0.join("bin").display(), std::env::var("PATH").expect("a PATH"));
        let mut command = Command::new("bash");
        command.args(["-c", AROUND, "tests/run"]).args(what).current_dir(&self.0);
        command.env("PATH", path).env("CI", "true").env("RUN_SECONDS", seconds.to_string());
        command
    }

    fn run(&self, seconds: u32, what: &[&str]) -> (Output, String) {
        let ran = self.command(seconds, what).output().expect("bash");
        let told = String::from_utf8_lossy(&ran.stdout).into_owned();
        (ran, told)
    }

    /// The process that a stand-in wrote down, as soon as it has.
    fn written(&self, name: &str) -> i32 {
        let until = Instant::now() + Duration::from_secs(60);
        loop {
            let text = std::fs::read_to_string(self.0.join(name)).unwrap_or_default();
            if let Some(pid) = text.strip_suffix('\n') {
                return pid.parse().expect("a number");
            }
            assert!(Instant::now() < until, "nothing was started");
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for Project {
    fn drop(&mut self) {
        // Where a test fails its child is still there.
        let pid = std::fs::read_to_string(self.0.join("pid")).ok().and_then(|text| text.trim().parse().ok());
        if let Some(pid) = pid.filter(|pid: &i32| is_sleep(*pid)) {
            let _ = kill(Pid::from_raw(pid), Signal::SIGKILL);
        }
        drop(std::fs::remove_dir_all(&self.0));
    }
}

fn is_sleep(pid: i32) -> bool {
    std::fs::read_to_string(format!("/proc/{pid}/comm")).is_ok_and(|name| name == "sleep\n")
}

/// Waits until a process is gone, or only its entry is left for who has to read it.
fn gone(pid: i32) -> bool {
    let until = Instant::now() + Duration::from_secs(60);
    while Instant::now() < until {
        match std::fs::read_to_string(format!("/proc/{pid}/stat")) {
            Ok(stat) if !stat.contains(") Z ") => std::thread::sleep(Duration::from_millis(20)),
            _ => return true,
        }
    }
    false
}

/// Starts a child that heeds no signal, writes its number down, and waits for it.
const STUBBORN: &str = "(trap '' TERM INT HUP; exec sleep 3600) & echo $! > pid; wait";

#[test]
fn with_all_that_it_needs_nothing_is_left_out() {
    let project = Project::new("all");
    let (ran, told) = project.run(100_000, &["boards"]);
    assert!(ran.status.success(), "{ran:?}");
    for did in ["build x86_64", "smoke x86_64", "build aarch64", "smoke aarch64", "run --fetch arm64", "run arm64"] {
        assert!(told.contains(did), "no {did}: {told}");
    }
    assert!(!told.contains("SKIPPED"), "{told}");
}

#[test]
fn a_fault_is_none_that_is_left_out() {
    for name in ["cross/build", "cross/smoke", "cross/sizes", "images/qemu/run"] {
        let project = Project::new(&format!("fault-{}", name.replace('/', "-")));
        project.stand_in(name, "[[ $1 == --fetch ]]");
        let (ran, told) = project.run(100_000, &["boards"]);
        assert!(!ran.status.success() && !told.contains("told again"), "{name}: {ran:?}");
    }
}

#[test]
fn what_cannot_be_fetched_is_left_out_and_told_at_the_end() {
    for name in ["cross/setup", "bin/cargo", "images/qemu/run"] {
        let project = Project::new(&name.replace('/', "-"));
        project.stand_in(name, "exit 1");
        let (ran, told) = project.run(100_000, &["boards"]);
        let (_, last) = told.split_once("told again").unwrap_or_else(|| panic!("{name}: {ran:?}"));
        assert!(ran.status.success() && last.contains("SKIPPED: it cannot be brought"), "{name}: {ran:?}");
        assert!(!told.contains("run arm64"), "{name}: {told}");
    }
}

#[test]
fn a_full_disk_leaves_all_of_it_out_and_is_told_at_the_end() {
    let project = Project::new("full");
    project.stand_in("bin/df", "echo 5999999");
    let (ran, told) = project.run(100_000, &["boards"]);
    let (did, last) = told.split_once("told again").unwrap_or_else(|| panic!("{ran:?}"));
    assert!(ran.status.success() && last.contains("boards: SKIPPED: less than 6 GB"), "{ran:?}");
    assert!(!did.contains("cross/setup"), "{told}");
}

#[test]
fn what_there_is_no_time_for_is_left_out_and_told_at_the_end() {
    let (ran, told) = Project::new("short").run(200, &["boards"]);
    let (did, last) = told.split_once("told again").unwrap_or_else(|| panic!("{ran:?}"));
    assert!(ran.status.success() && !did.contains("cross/build"), "{ran:?}");
    for what in ["program of x86_64", "program of aarch64", "guest arm64"] {
        assert!(last.contains(&format!("{what}: SKIPPED")), "{what}: {told}");
    }
}

#[test]
fn when_the_time_is_over_nothing_goes_on() {
    let project = Project::new("late");
    project.stand_in("cross/build", STUBBORN);
    // A busy machine may need longer to start it.
    for seconds in [2, 8, 32, 128] {
        let (ran, told) = project.run(seconds, &["tried", "program", "cross/build", "x86_64"]);
        assert!(ran.status.success() && told.contains("program: SKIPPED: the time ran out"), "{ran:?}");
        if project.0.join("pid").exists() {
            break;
        }
    }
    assert!(gone(project.written("pid")), "what the build started goes on");
}

#[test]
fn when_the_run_is_ended_nothing_goes_on() {
    let project = Project::new("ended");
    project.stand_in("cross/build", STUBBORN);
    let mut command = project.command(100_000, &["boards"]);
    let mut run = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("bash");
    let stubborn = project.written("pid");
    kill(Pid::from_raw(i32::try_from(run.id()).expect("a number")), Signal::SIGTERM).expect("a signal");
    assert_eq!(run.wait().expect("its end").code(), Some(143));
    assert!(gone(stubborn), "what the build started goes on");
}
