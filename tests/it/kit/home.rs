//! A throw-away home: folders, configuration and the uid that the agent runs under.

use std::os::unix::fs::{PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

use super::Line;
use super::process::{Output, Running};

/// The uid of the agent where the tests run as root: an ordinary one without a name.
const UID: u32 = 54_321;

static NEXT: AtomicU32 = AtomicU32::new(0);

/// See the module; removed when dropped.
pub(crate) struct Home {
    root: PathBuf,
    config: Option<PathBuf>,
}

impl Home {
    /// A home with the embedded default configuration.
    pub(crate) fn new() -> Self {
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let root = std::env::temp_dir().join(format!("hearth-it-{}-{number}", std::process::id()));
        let _ = std::fs::remove_dir_all(&root);
        std::fs::create_dir_all(root.join("bin")).expect("a folder");
        for binary in [env!("CARGO_BIN_EXE_hearth"), env!("CARGO_BIN_EXE_hearth-keeper")] {
            let copy = root.join("bin").join(Path::new(binary).file_name().expect("a name"));
            if std::fs::hard_link(binary, &copy).is_err() {
                std::fs::copy(binary, &copy).expect("a copy of the binary");
            }
        }
        for folder in ["data", "run"] {
            std::fs::create_dir(root.join(folder)).expect("a folder");
            std::fs::set_permissions(root.join(folder), std::fs::Permissions::from_mode(0o700)).expect("private");
            if is_root() {
                chown(root.join(folder), Some(UID), Some(UID)).expect("given away");
            }
        }
        std::fs::set_permissions(&root, std::fs::Permissions::from_mode(0o755)).expect("open");
        Self { root, config: None }
    }

    /// A home with this configuration.
    pub(crate) fn with_config(toml: &str) -> Self {
        let mut home = Self::new();
        let path = home.root.join("hearth.toml");
        std::fs::write(&path, toml).expect("written");
        home.config = Some(path);
        home
    }

    /// A home whose configuration depends on where it is.
    pub(crate) fn with_late_config(toml: impl FnOnce(&Path) -> String) -> Self {
        let mut home = Self::new();
        let path = home.root.join("hearth.toml");
        // The demo's home beside it, so that there is something to command.
        std::fs::write(&path, format!("{}\n{}", toml(&home.root), hearth::config::DEMO_HOME)).expect("written");
        home.config = Some(path);
        home
    }

    /// The uid that its agent runs under.
    pub(crate) fn uid(&self) -> u32 {
        if is_root() { UID } else { nix::unistd::geteuid().as_raw() }
    }

    /// Runs a command to its end under the tests' own uid.
    pub(crate) fn run_as_root(&self, arguments: &[&str]) -> Output {
        let mut command = self.binary("hearth", arguments);
        if is_root() {
            command.uid(0).gid(0);
        }
        Output::of(command, b"")
    }

    /// The folder of everything.
    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// The data folder.
    pub(crate) fn data(&self) -> PathBuf {
        self.root.join("data")
    }

    /// A line of the simulated bank, seen from outside.
    pub(crate) fn line(&self, name: &str) -> Line {
        Line::in_bank(&self.root.join("run/sim"), name)
    }

    /// A `hearth` command, not started yet.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        self.binary("hearth", arguments)
    }

    /// One of the binaries, not started yet.
    pub(crate) fn binary(&self, name: &str, arguments: &[&str]) -> Command {
        let mut command = Command::new(self.root.join("bin").join(name));
        command.args(arguments).current_dir(&self.root).env_clear();
        command.env("HOME", &self.root).env("HEARTH_DATA", self.data()).env("HEARTH_RUNTIME", self.root.join("run"));
        if let Some(config) = &self.config {
            command.env("HEARTH_CONFIG", config);
        }
        if is_root() {
            command.uid(UID).gid(UID);
        }
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    /// Runs a command to its end.
    pub(crate) fn run(&self, arguments: &[&str]) -> Output {
        Output::of(self.command(arguments), b"")
    }

    /// Runs a command to its end with this on its standard input.
    pub(crate) fn run_with_input(&self, arguments: &[&str], input: &[u8]) -> Output {
        Output::of(self.command(arguments), input)
    }

    /// Starts the service and waits until it answers.
    pub(crate) fn start(&self) -> Running {
        let running = Running::start(self.command(&["run"]));
        super::wait_for("the service to answer", || self.run(&["status", "--json", "--no-start"]).ok.then_some(()));
        running
    }
}

impl Home {
    /// Processes of this home whose parent is neither the test nor one of them: what was left behind.
    fn orphans(&self) -> Vec<String> {
        let processes = std::fs::read_dir("/proc").expect("listed").flatten();
        let pids = processes.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
        let bin = self.root.join("bin").into_os_string().into_string().expect("a text");
        let ours = |pid: u32| {
            let line = std::fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
            line.starts_with(bin.as_bytes())
        };
        let parent = |pid: u32| -> Option<u32> {
            let status = std::fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
            status.lines().find_map(|line| line.strip_prefix("PPid:"))?.trim().parse().ok()
        };
        let left = pids
            .filter(|pid| ours(*pid))
            .filter(|pid| parent(*pid).is_some_and(|parent| parent != std::process::id() && !ours(parent)));
        left.map(|pid| {
            format!("{pid} {}", std::fs::read_to_string(format!("/proc/{pid}/comm")).unwrap_or_default().trim())
        })
        .collect()
    }
}

impl Drop for Home {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            // Whatever a test did to the brain: no hand, no spawner, no probe outlives it.
            let until = std::time::Instant::now() + super::SOON;
            while let left = self.orphans()
                && !left.is_empty()
            {
                assert!(std::time::Instant::now() < until, "left behind in {}: {left:?}", self.root.display());
                std::thread::sleep(std::time::Duration::from_millis(20));
            }
            let _ = std::fs::remove_dir_all(&self.root);
        }
    }
}

/// Whether the tests run as root.
pub(crate) fn is_root() -> bool {
    nix::unistd::geteuid().is_root()
}
