//! Paths in a command that lead out of the workspace, wherever in a word they stand.

use super::words::Step;

/// Places outside the workspace that a command may name: its private `/tmp`, and nodes that hold nothing.
const HARMLESS: [&str; 9] = [
    "/tmp",
    "/workspace",
    "/dev/null",
    "/dev/zero",
    "/dev/full",
    "/dev/random",
    "/dev/urandom",
    "/dev/stdout",
    "/dev/stderr",
];
/// Addresses of these kinds name no file.
const ADDRESSES: [&str; 9] = ["http", "https", "ftp", "ftps", "ssh", "git", "sftp", "ws", "wss"];

/// Why a step is refused for where it reads or writes; the program's own path is not looked at.
pub(super) fn outside(step: &Step) -> Option<&'static str> {
    let files = step.files.iter().map(String::as_str);
    step.arguments().chain(files).find_map(leads_out)
}

fn leads_out(word: &str) -> Option<&'static str> {
    if let Some((kind, rest)) = word.split_once("://") {
        let name = kind.rsplit(['=', '"', '\'']).next().unwrap_or(kind);
        if name == "file" {
            return absolute(rest);
        }
        return if ADDRESSES.contains(&name) { None } else { absolute(rest) };
    }
    if word.split('/').any(climbs) && word.contains('/') || word == ".." {
        return Some("it names a path that leads out of the workspace");
    }
    // `--file=/etc`, `-I/etc`: a path may begin inside a word.
    match word.find('/') {
        Some(0) => absolute(word),
        Some(at) if word.starts_with('-') || word[..at].ends_with(['=', ':', ',', '@']) => absolute(&word[at..]),
        _ => None,
    }
}

/// `..`, and the longer rows of dots that some shells and tools climb with.
fn climbs(part: &str) -> bool {
    part.len() >= 2 && part.bytes().all(|byte| byte == b'.')
}

fn absolute(path: &str) -> Option<&'static str> {
    let path = path.trim_start_matches('/');
    let harmless = HARMLESS
        .iter()
        .map(|place| &place[1..])
        .any(|place| path == place || path.strip_prefix(place).is_some_and(|rest| rest.starts_with('/')));
    (!harmless).then_some("it names a path outside the workspace")
}
