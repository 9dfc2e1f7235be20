//! Which board this is, from the device tree.

use std::io::Read as _;
use std::path::Path;

use serde_json::Value;

use super::{Board, BoardFault, Boards};
use crate::base::KeyFault;

/// Longest `compatible` that is read, in bytes: real ones have under 200.
const COMPATIBLE_BYTES: u64 = 4096;

/// The bytes of the machine's `compatible`; `None` where there is no device tree. `root` is `/`
/// outside tests.
#[must_use]
pub fn read_compatible(root: &Path) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    let file = std::fs::File::open(root.join("proc/device-tree/compatible")).ok()?;
    file.take(COMPATIBLE_BYTES).read_to_end(&mut bytes).ok()?;
    Some(bytes)
}

impl Boards {
    /// The board whose `compatible` is named first by the device tree, which lists itself from the
    /// most to the least exact; the fallback of the architecture (`std::env::consts::ARCH`) for an
    /// unknown board; the default where there is no device tree.
    ///
    /// # Errors
    /// The faults of the board found, or that there is no default.
    pub fn detect(&self, compatible: Option<&[u8]>, arch: &str) -> Result<Board, Vec<BoardFault>> {
        let words = compatible.unwrap_or_default().split(|byte| *byte == 0);
        let found = words
            .filter_map(|word| std::str::from_utf8(word).ok())
            .filter(|word| !word.is_empty())
            .find_map(|word| self.whose("compatible", |list| lists(list, word)));
        let fallback = || compatible.and_then(|_| self.whose("fallback_for", |value| value.as_str() == Some(arch)));
        let default = || self.whose("default", |value| value.as_bool() == Some(true));
        match found.or_else(fallback).or_else(default) {
            Some(name) => self.named(name),
            None => Err(vec![KeyFault::of_file("boards", "this board is not known and none is the default; name one")]),
        }
    }

    fn whose(&self, key: &str, is: impl Fn(&Value) -> bool) -> Option<&str> {
        self.names().find(|name| self.own(name, key).is_some_and(&is))
    }
}

fn lists(list: &Value, word: &str) -> bool {
    list.as_array().is_some_and(|list| list.iter().any(|item| item.as_str() == Some(word)))
}
