//! A real keeper with a vault, an enrolled brain and a purse.

use std::fs::File;
use std::os::fd::AsRawFd as _;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use hearth::gate::web::Purse;
use hearth::keeper::message::Value;
use hearth::keeper::{Client, enrol};

static PROGRAM: OnceLock<Option<File>> = OnceLock::new();

/// The keeper's program, opened at the first call: while this process may still walk to it.
pub(crate) fn program() -> Option<&'static File> {
    PROGRAM.get_or_init(|| File::open(env!("CARGO_BIN_EXE_hearth-keeper")).ok()).as_ref()
}

/// See the module; ended and removed with the value.
pub(crate) struct Kept {
    child: Option<Child>,
    folder: PathBuf,
}

impl Kept {
    /// With these secrets.
    pub(crate) fn start(secrets: &[(&str, &[u8])]) -> Self {
        let folder = std::env::temp_dir().join(format!("hearth-hands-keeper-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&folder);
        std::fs::create_dir_all(&folder).expect("a folder");
        let mut kept = Self { child: None, folder };
        kept.again();
        let mut admin = Client::connect(&kept.socket()).expect("a keeper");
        admin.administer().expect("an administrator");
        admin.init().expect("a vault");
        for (name, value) in secrets {
            admin.put(name, Value::new(value), false).expect("kept");
        }
        let uid = nix::unistd::getuid().as_raw();
        let secret = enrol::make(&kept.key(), uid).expect("a session key");
        admin.enrol(uid, secret.public()).expect("enrolled");
        kept
    }

    /// Starts it (again) on its vault.
    pub(crate) fn again(&mut self) {
        let program = program().expect("a hearth-keeper that was built");
        let mut command = Command::new(format!("/proc/self/fd/{}", program.as_raw_fd()));
        command.arg("--socket").arg(self.socket()).arg("--vault").arg(self.folder.join("v")).stderr(Stdio::null());
        let uid = nix::unistd::getuid();
        command.arg("--brain-uid").arg(uid.to_string());
        if uid.is_root() {
            std::os::unix::fs::chown(&self.folder, Some(54_322), Some(54_322)).expect("its own");
            command.args(["--user", "54322"]);
        }
        self.child = Some(command.spawn().expect("started"));
        let end = Instant::now() + Duration::from_secs(120);
        while Client::connect(&self.socket()).is_err() {
            assert!(Instant::now() < end, "the keeper did not come");
            std::thread::sleep(Duration::from_millis(2));
        }
    }

    pub(crate) fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }

    pub(crate) fn socket(&self) -> PathBuf {
        self.folder.join("s")
    }

    fn key(&self) -> PathBuf {
        self.folder.join("session.key")
    }

    pub(crate) fn purse(&self) -> Purse {
        Purse::new(self.socket(), self.key())
    }
}

impl Drop for Kept {
    fn drop(&mut self) {
        self.kill();
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}
