//! Data sets that lie beside the project and are never part of it.

use std::path::PathBuf;

/// A file of the shared folder: `$HEARTH_SHARED`, or `shared` beside the checkout or the folder above it.
///
/// Where it is not there, the test says so and skips; with `CI=true` that is a failure.
///
/// # Panics
/// With `CI=true`, where the file is missing.
pub(crate) fn shared(path: &str) -> Option<PathBuf> {
    let here = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let named = std::env::var_os("HEARTH_SHARED").map(PathBuf::from);
    let places = named.into_iter().chain([here.join("../shared"), here.join("../../shared")]);
    let found = places.map(|p| p.join(path)).find(|p| p.exists());
    if found.is_none() {
        let required = std::env::var("CI").is_ok_and(|v| v == "true");
        assert!(!required, "the data set {path} is missing, and CI=true requires it");
        eprintln!("SKIPPED: the data set {path} is not beside the checkout; set HEARTH_SHARED to its folder");
    }
    found
}
