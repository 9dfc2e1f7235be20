//! Names of files that hold secrets: kept from tools even inside the workspace.
//!
//! Where a path leads is the kernel's to judge (openat2 beneath the workspace); this looks at names.

use std::path::Path;

/// Whole names.
const NAMES: [&str; 12] = [
    ".npmrc",
    ".pypirc",
    ".netrc",
    ".git-credentials",
    ".htpasswd",
    "id_rsa",
    "id_dsa",
    "id_ecdsa",
    "id_ed25519",
    "shadow",
    "credentials",
    "service-account.json",
];
/// Names before their extension.
const STEMS: [&str; 4] = [".env", "credentials", "secrets", "secret"];
/// Extensions of keys.
const EXTENSIONS: [&str; 6] = ["pem", "key", "p12", "pfx", "kdbx", "keystore"];

/// Whether the last part of a path is the name of a file of secrets; case does not matter.
#[must_use]
pub fn is_sensitive(path: &Path) -> bool {
    let Some(name) = path.file_name().map(|name| name.to_string_lossy().to_lowercase()) else { return false };
    let stem = |known: &&str| name == **known || name.strip_prefix(*known).is_some_and(|rest| rest.starts_with('.'));
    let extension = name.rsplit_once('.').map_or("", |(_, extension)| extension);
    NAMES.contains(&name.as_str()) || STEMS.iter().any(stem) || EXTENSIONS.contains(&extension)
}
