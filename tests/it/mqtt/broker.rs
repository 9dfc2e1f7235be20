//! A real mosquitto on a free loopback port, and its command-line clients.

use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

use crate::kit::wait_for;

static NEXT: AtomicU32 = AtomicU32::new(0);

/// See the module; ended when dropped.
pub(super) struct Broker {
    /// Its port.
    pub(super) port: u16,
    folder: PathBuf,
    child: Option<Child>,
}

/// The path of a program; without it the test is skipped loudly, or fails where CI=true.
pub(super) fn program(name: &str) -> Option<PathBuf> {
    let places = std::env::var("PATH").unwrap_or_default() + ":/usr/sbin:/usr/local/sbin";
    let found = places.split(':').map(|place| Path::new(place).join(name)).find(|path| path.exists());
    if found.is_none() {
        assert!(std::env::var_os("CI").is_none(), "{name} is missing, and CI must not skip: tests/run installs it");
        eprintln!("SKIPPED: {name} is not here; tests/run installs it");
    }
    found
}

/// A port that nothing listens on now.
pub(super) fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("an address").port()
}

impl Broker {
    /// Starts one; `None` where mosquitto is not installed.
    pub(super) fn start() -> Option<Self> {
        Self::with("allow_anonymous true\n")
    }

    /// Starts one that asks for this user name and password.
    pub(super) fn with_password(user: &str, password: &str) -> Option<Self> {
        let passwd = program("mosquitto_passwd")?;
        let file = std::env::temp_dir().join(format!("hearth-it-passwd-{}", std::process::id()));
        std::fs::write(&file, "").expect("written");
        let done = Command::new(passwd).args(["-b"]).arg(&file).args([user, password]).status().expect("ran");
        assert!(done.success());
        std::fs::set_permissions(&file, std::os::unix::fs::PermissionsExt::from_mode(0o644)).expect("readable");
        Self::with(&format!("allow_anonymous false\npassword_file {}\n", file.display()))
    }

    /// Starts one with these lines behind its listener.
    pub(super) fn with(extra: &str) -> Option<Self> {
        program("mosquitto")?;
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let folder = std::env::temp_dir().join(format!("hearth-it-mosquitto-{}-{number}", std::process::id()));
        std::fs::create_dir_all(&folder).expect("a folder");
        std::fs::set_permissions(&folder, std::os::unix::fs::PermissionsExt::from_mode(0o777)).expect("open");
        let port = free_port();
        let settings = format!(
            "listener {port} 127.0.0.1\n{extra}persistence true\npersistence_location {}/\n\
             autosave_interval 1\nmax_inflight_messages 20\nmax_queued_messages 5000\nset_tcp_nodelay true\n",
            folder.display()
        );
        std::fs::write(folder.join("mosquitto.conf"), settings).expect("written");
        let mut broker = Self { port, folder, child: None };
        broker.up();
        Some(broker)
    }

    /// Starts it again on its port, with what it kept.
    pub(super) fn up(&mut self) {
        let path = program("mosquitto").expect("it was there");
        let mut command = Command::new(path);
        command.arg("-c").arg(self.folder.join("mosquitto.conf")).stdout(Stdio::null()).stderr(Stdio::null());
        self.child = Some(command.spawn().expect("started"));
        wait_for("mosquitto", || TcpStream::connect(("127.0.0.1", self.port)).ok());
    }

    /// Ends it in order, so that it keeps its sessions.
    pub(super) fn down(&mut self) {
        if let Some(mut child) = self.child.take() {
            let pid = nix::unistd::Pid::from_raw(i32::try_from(child.id()).expect("a pid"));
            nix::sys::signal::kill(pid, nix::sys::signal::Signal::SIGTERM).expect("signalled");
            child.wait().expect("ended");
        }
    }

    /// `mosquitto_pub` with these arguments, on this broker.
    pub(super) fn publish(&self, arguments: &[&str]) {
        let done = self.client("mosquitto_pub", arguments).status().expect("ran");
        assert!(done.success(), "{arguments:?}");
    }

    /// A `mosquitto_pub`, `mosquitto_sub` or `mosquitto_rr`, not started yet.
    pub(super) fn client(&self, name: &str, arguments: &[&str]) -> Command {
        let mut command = Command::new(program(name).unwrap_or_else(|| name.into()));
        command.args(["-h", "127.0.0.1", "-p", &self.port.to_string()]).args(arguments);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::inherit());
        command
    }

    /// What `mosquitto_sub` prints until it has `count` messages or `seconds` are over.
    pub(super) fn hear(&self, topic: &str, count: usize, seconds: u32) -> Vec<String> {
        let (count, seconds) = (count.to_string(), seconds.to_string());
        let output = self.client("mosquitto_sub", &["-t", topic, "-C", &count, "-W", &seconds]).output().expect("ran");
        String::from_utf8_lossy(&output.stdout).lines().map(str::to_owned).collect()
    }
}

impl Drop for Broker {
    fn drop(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}
