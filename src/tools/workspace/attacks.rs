//! Paths that other projects' guards were tried with, and links that change while they are followed.

use std::os::unix::fs::symlink;
use std::sync::atomic::{AtomicBool, Ordering};

use super::*;
use crate::base::Clock;

fn workspace(name: &str) -> (PathBuf, Workspace) {
    let root = std::env::temp_dir().join(format!("hearth-attack-{name}-{}", std::process::id()));
    let _ = std::fs::remove_dir_all(&root);
    let workspace = Workspace::open(&root.join("inside"), IdSource::after(Clock::system(), None)).expect("opened");
    (root, workspace)
}

fn vectors() -> Option<serde_json::Value> {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let named = std::env::var_os("HEARTH_SHARED").map(PathBuf::from);
    let places = named.into_iter().chain([here.join("../shared"), here.join("../../shared")]);
    let found = places.map(|place| place.join("vectors/path_guard.json")).find(|path| path.exists());
    let Some(found) = found else {
        assert!(std::env::var_os("CI").is_none_or(|ci| ci != "true"), "path_guard.json is missing");
        eprintln!("SKIPPED: there is no path_guard.json; set HEARTH_SHARED");
        return None;
    };
    Some(serde_json::from_slice(&std::fs::read(found).expect("read")).expect("JSON"))
}

#[test]
fn paths_of_path_guard_are_judged_as_expected() {
    let Some(vectors) = vectors() else { return };
    let (root, workspace) = workspace("vectors");
    let inside = root.join("inside");
    let outside = root.join("outside");
    std::fs::create_dir(&outside).expect("made");
    std::fs::write(inside.join("real.txt"), "real").expect("written");
    symlink("real.txt", inside.join("link_inside")).expect("linked");
    symlink("/etc/passwd", inside.join("link_out")).expect("linked");
    symlink(&outside, inside.join("newdir_link")).expect("linked");
    let (mut wrong, mut tried) = (Vec::new(), 0);
    for case in vectors["cases"].as_array().expect("cases") {
        let whole = case["path"].as_str().expect("a path").to_owned();
        // Cases that set something up say it behind the path; the size is the tools' to bound (`files`).
        if whole.starts_with('>') {
            continue;
        }
        // Other projects disagree on a `config.toml`: the agent's own lies outside, one in the workspace is a file.
        let expected =
            if case["expected"] == "conflict" { "allow" } else { case["expected"].as_str().expect("a word") };
        let path = whole.split(" -> ").next().and_then(|path| path.split(" with ").next()).unwrap_or(&whole);
        let path = if path.starts_with("a directory") { "sub" } else { path };
        let path = path.replace("<workspace>", &inside.display().to_string());
        std::fs::create_dir_all(inside.join("sub")).expect("made");
        if expected == "allow" {
            let place = inside.join(&path);
            std::fs::create_dir_all(place.parent().expect("a folder")).expect("made");
            if !place.exists() {
                std::fs::write(&place, "x").expect("written");
            }
        }
        let write = path.starts_with("newdir_link");
        let opened = if write { workspace.append(&path) } else { workspace.read(&path) };
        if opened.is_ok() != (expected == "allow") {
            wrong.push(format!("{path}: {opened:?}, expected {expected}"));
        }
        tried += 1;
    }
    assert!(wrong.is_empty(), "{} of {tried}:\n{}", wrong.len(), wrong.join("\n"));
    assert_eq!(tried + 1, vectors["cases"].as_array().map_or(0, Vec::len), "all but the one of size");
    assert_eq!(std::fs::read_dir(&outside).expect("listed").count(), 0, "made outside");
    std::fs::remove_dir_all(root).expect("cleaned");
}

#[test]
fn a_link_that_is_swapped_while_it_is_followed_never_leads_out() {
    let (root, workspace) = workspace("race");
    let inside = root.join("inside");
    let outside = root.join("outside");
    for (folder, text) in [(inside.join("good"), "inside"), (outside.clone(), "outside")] {
        std::fs::create_dir(&folder).expect("made");
        std::fs::write(folder.join("file.txt"), text).expect("written");
    }
    let stop = AtomicBool::new(false);
    let (mut read, mut refused, mut by_name) = (0_u32, 0_u32, 0_u32);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let (new, link) = (inside.join("new"), inside.join("link"));
            while !stop.load(Ordering::Relaxed) {
                for target in [Path::new("good"), outside.as_path()] {
                    let _ = std::fs::remove_file(&new);
                    let _ = symlink(target, &new).and_then(|()| std::fs::rename(&new, &link));
                }
            }
        });
        let until = std::time::Instant::now() + std::time::Duration::from_secs(2);
        while std::time::Instant::now() < until {
            match workspace.read("link/file.txt") {
                Ok(file) => {
                    let text = std::io::read_to_string(file).expect("read");
                    assert_eq!(text, "inside", "the swap led out");
                    read += 1;
                }
                Err(_) => refused += 1,
            }
            // A check by name followed by an open by name: what the wall is for.
            let checked = std::fs::canonicalize(inside.join("link")).is_ok_and(|to| to.starts_with(&inside));
            let text = std::fs::read_to_string(inside.join("link/file.txt"));
            by_name += u32::from(checked && text.is_ok_and(|text| text == "outside"));
        }
        stop.store(true, Ordering::Relaxed);
    });
    assert!(read > 10 && refused > 10, "{read} read, {refused} refused: nothing raced");
    assert!(by_name > 0, "the race is too slow to show anything");
    std::fs::remove_dir_all(root).expect("cleaned");
}
