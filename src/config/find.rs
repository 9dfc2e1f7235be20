//! Which settings file is used.
//!
//! `--config`, then `$HEARTH_CONFIG`, then `$XDG_CONFIG_HOME/hearth/hearth.toml` (or
//! `~/.config/hearth/hearth.toml`), then `/etc/hearth/hearth.toml`, else the built-in default with
//! its demo home. A file that was named must exist; a place that was not named may be empty.

use std::path::{Path, PathBuf};

use super::Env;

/// Where the settings come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// A file.
    File(PathBuf),
    /// The built-in default.
    Default,
}

/// The source by the order above; `etc` is `/etc` outside tests.
#[must_use]
pub fn find(named: Option<&Path>, env: &Env, etc: &Path) -> Source {
    if let Some(path) = named.or(env.config.as_deref()) {
        return Source::File(path.to_owned());
    }
    let own = match (&env.config_home, &env.home) {
        (Some(dir), _) => Some(dir.clone()),
        (None, Some(home)) => Some(home.join(".config")),
        (None, None) => None,
    };
    own.into_iter()
        .chain([etc.to_owned()])
        .map(|dir| dir.join("hearth/hearth.toml"))
        // A file that is there and cannot be read is a fault to be told, not a reason to go on.
        .find(|path| path.symlink_metadata().is_ok())
        .map_or(Source::Default, Source::File)
}
