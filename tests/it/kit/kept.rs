//! A keeper beside a home: its own process and folder, the brain's key enrolled.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use hearth::keeper::Client;
use hearth::keeper::message::Value;

use super::{Home, Output, is_root};

/// The keeper's, where the tests may choose: neither root nor the brain.
pub(crate) const KEEPER_UID: u32 = 54_322;

/// A keeper that runs; killed when dropped. Where the tests run as root, under a uid of its own.
pub(crate) struct Kept {
    child: Option<Child>,
    folder: PathBuf,
    uid: u32,
}

impl Kept {
    /// Starts one, makes its vault, enrols the home's agent with a key in its data folder.
    pub(crate) fn beside(home: &Home) -> Self {
        let mut kept = Self { child: None, folder: home.root().join("keeper"), uid: home.uid() };
        std::fs::create_dir(&kept.folder).expect("a folder");
        if is_root() {
            std::os::unix::fs::chown(&kept.folder, Some(KEEPER_UID), Some(KEEPER_UID)).expect("its own");
        }
        kept.again();
        let mut admin = kept.admin();
        admin.init().expect("a vault");
        let key = home.data().join("session.key").display().to_string();
        let enrolled = kept.command(&["keeper", "enrol", "--uid", &kept.uid.to_string(), "--key", &key]);
        assert!(enrolled.ok, "{enrolled:?}");
        kept
    }

    /// Starts it, again.
    pub(crate) fn again(&mut self) {
        let mut command = Command::new(env!("CARGO_BIN_EXE_hearth-keeper"));
        command.arg("--socket").arg(self.socket()).arg("--vault").arg(self.folder.join("vault"));
        command.arg("--brain-uid").arg(self.uid.to_string());
        if is_root() {
            command.arg("--user").arg(KEEPER_UID.to_string());
        }
        self.child = Some(command.stderr(Stdio::null()).spawn().expect("started"));
        super::wait_for("the keeper", || Client::connect(&self.socket()).ok());
        // The keeper asks the kernel who connects; the file lets anybody try, as its systemd socket does.
        std::fs::set_permissions(self.socket(), std::fs::Permissions::from_mode(0o666)).expect("open");
    }

    /// Kills it.
    pub(crate) fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }

    /// Its process.
    pub(crate) fn pid(&self) -> u32 {
        self.child.as_ref().expect("it runs").id()
    }

    /// Where it listens.
    pub(crate) fn socket(&self) -> PathBuf {
        self.folder.join("socket")
    }

    /// The folder of its vault.
    pub(crate) fn vault(&self) -> PathBuf {
        self.folder.join("vault")
    }

    /// Keeps a value.
    pub(crate) fn put(&self, name: &str, value: &[u8]) {
        self.admin().put(name, Value::new(value), true).expect("kept");
    }

    /// The settings that lead to it.
    pub(crate) fn settings(root: &Path) -> String {
        format!("[keeper]\nsocket = \"{}\"\n", root.join("keeper/socket").display())
    }

    /// An administrator's `hearth` command at this keeper.
    pub(crate) fn command(&self, words: &[&str]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_hearth"));
        command.args(words).arg("--socket").arg(self.socket());
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        Output::of(command, b"")
    }

    fn admin(&self) -> Client {
        let mut client = Client::connect(&self.socket()).expect("a keeper");
        client.administer().expect("an administrator");
        client
    }
}

impl Drop for Kept {
    fn drop(&mut self) {
        self.kill();
    }
}
