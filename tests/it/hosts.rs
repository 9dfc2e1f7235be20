//! No script names a host: what is fetched comes from where this machine's tools fetch it already.

use std::path::{Path, PathBuf};

/// Scripts and settings that build, fetch and boot.
const ROOMS: [&str; 8] = [".cargo", ".ci", "cross", "images", "systemd", "tests/boards", "tests/heavy", "tests/run"];

fn files(path: &Path, out: &mut Vec<PathBuf>) {
    if path.is_dir() {
        let entries = std::fs::read_dir(path).expect("a folder");
        entries.flatten().for_each(|entry| files(&entry.path(), out));
    } else {
        out.push(path.to_path_buf());
    }
}

/// The hosts that a text names: behind `://`, or by the end of a name.
fn hosts(text: &str) -> Vec<&str> {
    let after = |end: &str| !end.starts_with(|c: char| c.is_ascii_alphanumeric() || "_-([".contains(c));
    let by_scheme = text.match_indices("://").filter(|(at, _)| {
        let rest = &text[at + 3..];
        rest.starts_with(|c: char| c.is_ascii_alphanumeric()) && !rest.starts_with("127.0.0.1")
    });
    let by_end = [".org", ".com", ".net", ".io", ".dev"].into_iter();
    let by_end = by_end.flat_map(|end| text.match_indices(end)).filter(|(at, end)| {
        text[..*at].ends_with(|c: char| c.is_ascii_alphanumeric()) && after(&text[at + end.len()..])
    });
    by_scheme.chain(by_end).map(|(at, _)| text[..at].rsplit(char::is_whitespace).next().unwrap_or("")).collect()
}

#[test]
fn no_script_of_the_boards_names_a_host() {
    let mut found = Vec::new();
    for room in ROOMS {
        files(&Path::new(env!("CARGO_MANIFEST_DIR")).join(room), &mut found);
    }
    assert!(found.len() > 50, "{} files were read", found.len());
    for path in found {
        let bytes = std::fs::read(&path).expect("a file");
        let text = String::from_utf8_lossy(&bytes);
        assert_eq!(hosts(&text), [""; 0], "{}", path.display());
    }
}

#[test]
fn a_host_would_be_seen() {
    for text in ["deb https://mirror stable", "pip --index-url=pypi.example.org/simple", "curl example.com"] {
        assert_eq!(hosts(text).len(), 1, "{text}");
    }
    for text in ["deb $(mirror) main", "socket.net(1)", "config.device", "mqtt://127.0.0.1"] {
        assert_eq!(hosts(text), [""; 0], "{text}");
    }
}
