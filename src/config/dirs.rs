//! The folders that Hearth uses, from what is written and what the environment says.
//!
//! A pure function: the environment is an argument, so that every rule has a test.

use std::path::{Path, PathBuf};

/// What the environment says; [`Env::here`] reads it.
#[derive(Clone, Debug, Default)]
pub struct Env {
    /// Whether this process is root (a service without systemd's directories).
    pub root: bool,
    /// `$HOME`.
    pub home: Option<PathBuf>,
    /// `$XDG_CONFIG_HOME`.
    pub config_home: Option<PathBuf>,
    /// `$XDG_DATA_HOME`.
    pub data_home: Option<PathBuf>,
    /// `$XDG_RUNTIME_DIR`.
    pub runtime_home: Option<PathBuf>,
    /// `$STATE_DIRECTORY`, set by systemd.
    pub state_directory: Option<PathBuf>,
    /// `$RUNTIME_DIRECTORY`, set by systemd.
    pub runtime_directory: Option<PathBuf>,
    /// `$HEARTH_CONFIG`.
    pub config: Option<PathBuf>,
    /// `$HEARTH_DATA`: stands over what is written, as a flag would.
    pub data: Option<PathBuf>,
    /// `$HEARTH_RUNTIME`: stands over what is written, as a flag would.
    pub runtime: Option<PathBuf>,
}

impl Env {
    /// The environment of this process. Relative paths are ignored, as the XDG rules say.
    #[must_use]
    pub fn here() -> Self {
        let path = |name: &str| std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
        // systemd joins several directories with colons; the first is ours.
        let first = |name: &str| {
            let all = std::env::var(name).ok()?;
            all.split(':').next().map(PathBuf::from).filter(|path| path.is_absolute())
        };
        Self {
            root: nix::unistd::geteuid().is_root(),
            home: path("HOME"),
            config_home: path("XDG_CONFIG_HOME"),
            data_home: path("XDG_DATA_HOME"),
            runtime_home: path("XDG_RUNTIME_DIR"),
            state_directory: first("STATE_DIRECTORY"),
            runtime_directory: first("RUNTIME_DIRECTORY"),
            data: path("HEARTH_DATA"),
            runtime: path("HEARTH_RUNTIME"),
            config: std::env::var_os("HEARTH_CONFIG").filter(|path| !path.is_empty()).map(PathBuf::from),
        }
    }
}

/// The folders.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dirs {
    /// What must survive: the database, the lock.
    pub data: PathBuf,
    /// What dies with the machine: sockets, simulated lines.
    pub runtime: PathBuf,
    /// What file tools see.
    pub workspace: PathBuf,
}

/// The paths as the settings have them; empty: derive.
#[derive(Clone, Debug, Default)]
pub(super) struct Written {
    pub(super) data: String,
    pub(super) runtime: String,
    pub(super) workspace: String,
}

pub(super) fn derive(written: &Written, env: &Env) -> Dirs {
    let chosen = |text: &str| (!text.is_empty()).then(|| PathBuf::from(text));
    let under = |base: &Option<PathBuf>, rest: &str| base.as_deref().map(|base: &Path| base.join(rest));
    let own_data = env.data.clone().or_else(|| chosen(&written.data));
    let data = own_data
        .clone()
        .or_else(|| env.state_directory.clone())
        .or_else(|| env.root.then(|| PathBuf::from("/var/lib/hearth")))
        .or_else(|| under(&env.data_home, "hearth"))
        .or_else(|| under(&env.home, ".local/share/hearth"))
        .unwrap_or_else(|| PathBuf::from("/var/lib/hearth"));
    // A data folder of its own is an instance of its own: it must not share another's socket.
    let runtime = env
        .runtime
        .clone()
        .or_else(|| chosen(&written.runtime))
        .or_else(|| env.runtime_directory.clone())
        .or_else(|| own_data.map(|data| data.join("run")))
        .or_else(|| env.root.then(|| PathBuf::from("/run/hearth")))
        .or_else(|| under(&env.runtime_home, "hearth"))
        .unwrap_or_else(|| data.join("run"));
    let workspace = chosen(&written.workspace).unwrap_or_else(|| data.join("workspace"));
    Dirs { data, runtime, workspace }
}
