//! A suite that lacks its emulator says so loudly, and with CI=true it fails: no suite passes unrun.
//!
//! Each script is run where every program of this machine is there but emulators, containers and apt-get.

use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// What is left out: the emulators, the container, and what would install them.
fn missing(name: &str) -> bool {
    name.starts_with("qemu-") || ["apt-get", "systemd-nspawn"].contains(&name)
}

/// A folder of its own for one test.
struct Machine(PathBuf);

impl Machine {
    /// This machine without them, and with one program that was built for a board.
    fn poor(test: &str) -> Self {
        let root = std::env::temp_dir().join(format!("hearth-skips-{test}-{}", std::process::id()));
        let (bin, built) = (root.join("bin"), root.join("target/boards/arm-unknown-linux-musleabihf"));
        for folder in [&bin, &built] {
            std::fs::create_dir_all(folder).expect("a folder");
        }
        symlink("/bin/true", built.join("hearth")).expect("a link");
        for folder in std::env::split_paths(&std::env::var_os("PATH").expect("a PATH")) {
            for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
                if !missing(&entry.file_name().to_string_lossy()) {
                    // The first folder of the PATH that has a program wins, as it does for a shell.
                    drop(symlink(entry.path(), bin.join(entry.file_name())));
                }
            }
        }
        Self(root)
    }

    fn run(&self, suite: &[&str], ci: bool) -> Output {
        let (script, arguments) = suite.split_first().expect("a script");
        let mut command = Command::new(Path::new(env!("CARGO_MANIFEST_DIR")).join(script));
        command.args(arguments).env("PATH", self.0.join("bin")).env_remove("CI");
        command.env("CARGO_TARGET_DIR", self.0.join("target")).env("GUESTS_DIR", self.0.join("guests"));
        if ci {
            command.env("CI", "true");
        }
        command.output().expect("bash")
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        drop(std::fs::remove_dir_all(&self.0));
    }
}

/// Skips loudly without CI and fails with it.
fn skipped(test: &str, suite: &[&str]) {
    let machine = Machine::poor(test);
    for ci in [false, true] {
        let ran = machine.run(suite, ci);
        let told = String::from_utf8_lossy(&ran.stderr);
        assert_eq!(ran.status.success(), !ci, "{suite:?} with CI={ci}: {ran:?}");
        assert!(told.contains("SKIPPED: "), "{suite:?} with CI={ci} is silent: {ran:?}");
    }
}

#[test]
fn a_board_without_its_emulator_is_a_skip_that_ci_refuses() {
    skipped("smoke", &["cross/smoke", "arm"]);
}

#[test]
fn unit_tests_without_their_emulator_are_a_skip_that_ci_refuses() {
    skipped("codecs", &["tests/heavy/codecs"]);
}

#[test]
fn vectors_of_other_processors_without_their_emulators_are_a_skip_that_ci_refuses() {
    skipped("vectors", &["tests/heavy/embed-emulated"]);
}

#[test]
fn guests_without_qemu_are_a_skip_that_ci_refuses() {
    skipped("guests", &["images/qemu/run", "all"]);
    skipped("guest", &["tests/heavy/guest-arm64"]);
}

#[test]
fn units_without_a_container_are_a_skip_that_ci_refuses() {
    skipped("units", &["tests/heavy/systemd"]);
}

#[test]
fn walls_of_another_kernel_without_qemu_are_a_skip_that_ci_refuses() {
    skipped("walls", &["tests/heavy/walls-qemu"]);
}
