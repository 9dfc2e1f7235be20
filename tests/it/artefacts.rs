//! Artefacts: kept as files with metadata and checksums, bounded, listed, read, verified and deleted by whom they concern.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::kit::{Home, Output};

fn add(home: &Home, name: &str, bytes: &[u8], more: &[&str]) -> Output {
    let file = home.root().join(name);
    std::fs::write(&file, bytes).expect("a file");
    home.run(&[&["memory", "artefact", "add", file.to_str().expect("text"), "--json"], more].concat())
}

fn list(home: &Home, more: &[&str]) -> Vec<Value> {
    let told = home.run(&[&["memory", "artefact", "list", "--json"], more].concat());
    told.json()["artefacts"].as_array().expect("a list").clone()
}

/// Every file below a folder.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        if entry.path().is_dir() { found.extend(files(&entry.path())) } else { found.push(entry.path()) }
    }
    found
}

fn tool(home: &Home, arguments: &Value, more: &[&str]) -> Output {
    home.run(&[&["tool", "call", "memory", &arguments.to_string(), "--json"], more].concat())
}

#[test]
fn a_file_is_kept_read_verified_and_deleted() {
    let home = Home::new();
    let service = home.start();
    let bytes: Vec<u8> = (0..100_000_u32).map(|n| (n % 251) as u8).collect();
    let kept = add(&home, "plan.bin", &bytes, &["--media", "image/png"]);
    assert!(kept.ok, "{kept:?}");
    let kept = kept.json();
    let id = kept["id"].as_str().expect("an id").to_owned();
    let own = files(&home.root().join("data/artefacts"));
    let named = |name: &str| own.iter().find(|path| path.ends_with(format!("household/{id}/{name}"))).expect("a file");
    let metadata: Value = serde_json::from_slice(&std::fs::read(named("metadata.json")).expect("read")).expect("JSON");
    assert_eq!(metadata, kept);
    assert_eq!((&kept["bytes"], &kept["media"], &kept["person"]), (&json!(100_000), &json!("image/png"), &json!("")));
    assert_eq!(std::fs::read(named("plan.bin")).expect("read"), bytes);
    let read = home.command(&["memory", "artefact", "read", &id]).output().expect("run");
    assert!(read.stdout == bytes, "{} bytes", read.stdout.len());
    assert_eq!(list(&home, &[]), [kept]);
    assert!(home.run(&["memory", "artefact", "verify"]).ok);
    // One bit is another.
    let mut damaged = bytes.clone();
    damaged[77] ^= 1;
    std::fs::write(named("plan.bin"), damaged).expect("written");
    let verified = home.run(&["memory", "artefact", "verify", &id, "--json"]);
    assert!(verified.code == Some(1) && verified.json()["artefacts"][0]["ok"] == false, "{verified:?}");
    assert!(home.run(&["memory", "artefact", "delete", &id]).ok);
    assert!(list(&home, &[]).is_empty() && files(&home.root().join("data/artefacts")).is_empty());
    assert!(home.run(&["memory", "artefact", "delete", &id]).err.contains(&id));
    service.stop();
}

#[test]
fn nobody_sees_the_artefacts_of_another() {
    let home = Home::new();
    for (name, person) in [("hers.txt", "anna"), ("his.txt", "Jan/../anna"), ("ours.txt", "")] {
        let kept = add(&home, name, name.as_bytes(), &["--person", person]);
        assert!(kept.ok, "{kept:?}");
    }
    let names = |more: &[&str]| {
        let mut names: Vec<String> =
            list(&home, more).iter().filter_map(|one| one["name"].as_str().map(str::to_owned)).collect();
        names.sort();
        names
    };
    assert_eq!(names(&[]).len(), 3, "the owner's command sees everybody's");
    assert_eq!(names(&["--person", "anna"]), ["hers.txt", "ours.txt"]);
    assert_eq!(names(&["--person", "Jan/../anna"]), ["his.txt", "ours.txt"]);
    // The tool speaks for the household here.
    let told = tool(&home, &json!({"action": "artefacts"}), &[]).json();
    assert!(told.to_string().contains("ours.txt") && !told.to_string().contains("hers.txt"), "{told}");
    let hers = list(&home, &["--person", "anna"])[0]["id"].as_str().expect("an id").to_owned();
    for action in ["artefact", "verify_artefacts", "delete_artefact"] {
        let refused = tool(&home, &json!({"action": action, "id": hers}), &["--yes"]);
        assert!(!refused.ok && refused.out.contains("there is no"), "{action}: {refused:?}");
    }
    assert_eq!(names(&[]).len(), 3);
}

/// Copies a folder with its owners.
fn copy(from: &Path, to: &Path) {
    let done = std::process::Command::new("cp").arg("-a").arg(from).arg(to).status().expect("cp");
    assert!(done.success());
}

#[test]
fn nobody_sees_the_artefacts_of_another_chat() {
    let home = Home::new();
    for (name, person, chat) in [
        ("work.txt", "anna", "work"),
        ("family.txt", "anna", "family"),
        ("hers.txt", "anna", ""),
        ("jan.txt", "jan", "work"),
        ("plan.txt", "", "work"),
        ("ours.txt", "", ""),
    ] {
        let kept = add(&home, name, name.as_bytes(), &["--person", person, "--chat", chat]);
        assert!(kept.ok && kept.json()["schema"] == if chat.is_empty() { 1 } else { 2 }, "{kept:?}");
    }
    let seen = |home: &Home, person: &str, chat: &str| {
        let all = list(home, &["--person", person, "--chat", chat]);
        let mut names: Vec<String> = all.iter().filter_map(|one| one["name"].as_str().map(str::to_owned)).collect();
        names.sort();
        names
    };
    let rule = |home: &Home| {
        assert_eq!(list(home, &[]).len(), 6, "the owner's command sees everybody's");
        assert_eq!(seen(home, "anna", "work"), ["hers.txt", "ours.txt", "plan.txt", "work.txt"]);
        assert_eq!(seen(home, "anna", "family"), ["family.txt", "hers.txt", "ours.txt"]);
        assert_eq!(seen(home, "anna", ""), ["hers.txt", "ours.txt"]);
        assert_eq!(seen(home, "jan", "work"), ["jan.txt", "ours.txt", "plan.txt"]);
        assert_eq!(seen(home, "", "work"), ["ours.txt", "plan.txt"]);
    };
    rule(&home);
    // Memories go by the same rule.
    for (text, person, chat) in [("kestrel work", "anna", "work"), ("kestrel all", "anna", "")] {
        assert!(home.run(&["memory", "add", text, "--person", person, "--chat", chat]).ok);
    }
    for (chat, many) in [("work", 2), ("family", 1)] {
        let found = home.run(&["memory", "search", "kestrel", "--person", "anna", "--chat", chat, "--json"]).json();
        assert_eq!(found["hits"].as_array().map(Vec::len), Some(many), "{chat}: {found}");
    }
    let all = list(&home, &[]);
    let id = |name: &str| {
        all.iter().find(|one| one["name"] == name).and_then(|one| one["id"].as_str()).expect("an id").to_owned()
    };
    let in_chat = |deed: &str, name: &str, chat: &str| {
        home.run(&["memory", "artefact", deed, &id(name), "--person", "anna", "--chat", chat])
    };
    for deed in ["read", "verify", "delete"] {
        let refused = in_chat(deed, "work.txt", "family");
        let told = format!("{}{}", refused.out, refused.err);
        assert!(!refused.ok && told.contains("there is no"), "{deed}: {refused:?}");
    }
    assert!(!in_chat("verify", "jan.txt", "work").ok, "another's of the same chat");
    // The tool speaks in no chat.
    let told = tool(&home, &json!({"action": "artefacts"}), &[]).out;
    assert!(told.contains("ours.txt") && !told.contains("plan.txt"), "{told}");
    // What is copied is whose it was.
    let other = Home::new();
    assert!(list(&other, &[]).is_empty());
    copy(&home.root().join("data/artefacts"), &other.root().join("data/"));
    rule(&other);
    // One's own, in its chat.
    assert_eq!(in_chat("read", "work.txt", "work").out, "work.txt");
    assert!(in_chat("verify", "work.txt", "work").ok && in_chat("delete", "work.txt", "work").ok);
    assert_eq!(seen(&home, "anna", "work"), ["hers.txt", "ours.txt", "plan.txt"]);
}

#[test]
fn an_artefact_from_before_there_were_chats_is_seen_in_every_one_and_a_forged_chat_in_none() {
    let home = Home::new();
    assert!(add(&home, "old.txt", b"old", &["--person", "anna"]).ok);
    assert!(add(&home, "new.txt", b"new", &["--person", "anna", "--chat", "work"]).ok);
    let own = files(&home.root().join("data/artefacts"));
    let metadata = |name: &str| {
        let found = own.iter().find(|path| path.ends_with(name)).expect("a file");
        found.parent().expect("a folder").join("metadata.json")
    };
    // As an earlier Hearth wrote it.
    let about: Value = serde_json::from_slice(&std::fs::read(metadata("old.txt")).expect("read")).expect("JSON");
    assert!(about["schema"] == 1 && about.get("chat").is_none(), "{about}");
    assert_eq!(list(&home, &["--person", "anna", "--chat", "family"]).len(), 1);
    for (from, to) in [("\"work\"", "\"family\""), ("\"schema\": 2", "\"schema\": 1"), ("\"work\"", "\"\"")] {
        let place = metadata("new.txt");
        let text = std::fs::read_to_string(&place).expect("read");
        std::fs::write(&place, text.replace(from, to)).expect("written");
        assert_eq!(list(&home, &[]).len(), 1, "{to}: a folder that says it is of another chat is none");
        std::fs::write(&place, text).expect("written");
        assert_eq!(list(&home, &[]).len(), 2);
    }
}

#[test]
fn a_tool_keeps_a_text_and_asks_before_it_deletes() {
    let home = Home::new();
    let service = home.start();
    let kept =
        tool(&home, &json!({"action": "keep_artefact", "name": "report.md", "text": "# Boiler\nSound."}), &["--yes"]);
    assert!(kept.ok, "{kept:?}");
    let id = list(&home, &[])[0]["id"].as_str().expect("an id").to_owned();
    let read = tool(&home, &json!({"action": "artefact", "id": id}), &[]);
    assert!(read.out.contains("# Boiler\\nSound."), "{read:?}");
    let asked = tool(&home, &json!({"action": "delete_artefact", "id": id}), &[]);
    assert!(!asked.ok && asked.out.contains("needs_confirmation"), "{asked:?}");
    assert!(tool(&home, &json!({"action": "delete_artefact", "id": id}), &["--yes"]).ok);
    assert!(list(&home, &[]).is_empty());
    service.stop();
}

#[test]
fn what_is_too_long_misnamed_or_holds_a_secret_leaves_nothing_behind() {
    let home = Home::new();
    let service = home.start();
    // The secret lies across two parts of what goes through the socket.
    let mut secret = vec![b' '; 24 * 1024 - 20];
    secret.extend_from_slice(b"token ghp_abcdefghijklmnopqrstuvwxyz0123456789 end");
    let refused = add(&home, "notes.txt", &secret, &[]);
    assert!(!refused.ok && refused.out.contains("secret") && !refused.out.contains("ghp_abc"), "{refused:?}");
    for name in ["../up.txt", ".hidden", "metadata.json", "a/b", ""] {
        let refused = add(&home, "plain.txt", b"plain", &["--name", name]);
        assert!(!refused.ok && refused.out.contains("name"), "{name}: {refused:?}");
    }
    let refused = add(&home, "long.bin", &vec![7; 8 * 1024 * 1024 + 1], &[]);
    assert!(!refused.ok && refused.out.contains("8388608"), "{refused:?}");
    assert!(list(&home, &[]).is_empty() && files(&home.root().join("data/artefacts")).is_empty());
    // A folder that says it is another's is none.
    assert!(add(&home, "plain.txt", b"plain", &[]).ok);
    let own = files(&home.root().join("data/artefacts"));
    let metadata = own.iter().find(|path| path.ends_with("metadata.json")).expect("metadata");
    let text = std::fs::read_to_string(metadata).expect("read").replace("\"person\": \"\"", "\"person\": \"anna\"");
    std::fs::write(metadata, text).expect("written");
    assert!(list(&home, &[]).is_empty());
    service.stop();
}

/// Folders as an artefact has them, so many, each said to be of so many bytes.
fn forge(home: &Home, like: &Value, many: usize, bytes: u64) {
    for number in 0..many {
        let id = format!("0190a0a0-0000-7000-8000-{number:012}");
        let folder = home.root().join("data/artefacts/household").join(&id);
        std::fs::create_dir_all(&folder).expect("a folder");
        let mut about = like.clone();
        about["id"] = json!(id);
        about["bytes"] = json!(bytes);
        std::fs::write(folder.join("metadata.json"), about.to_string()).expect("written");
        std::fs::write(folder.join("plan.txt"), b"").expect("written");
        for path in [folder.clone(), folder.join("metadata.json"), folder.join("plan.txt")] {
            std::os::unix::fs::chown(&path, Some(home.uid()), Some(home.uid())).expect("owned");
        }
    }
}

#[test]
fn there_are_so_many_and_no_more() {
    full(999, 10, "1000 artefacts are kept, at most 1000");
}

#[test]
fn they_have_so_many_bytes_together_and_no_more() {
    full(127, 1024 * 1024, "at most 134217728");
}

fn full(many: usize, bytes: u64, told: &str) {
    let home = Home::new();
    let service = home.start();
    let kept = add(&home, "plan.txt", b"plain", &[]);
    assert!(kept.ok, "{kept:?}");
    forge(&home, &kept.json(), many, bytes);
    assert_eq!(list(&home, &[]).len(), many + 1);
    let refused = add(&home, "more.bin", &vec![7; 1024 * 1024], &[]);
    assert!(!refused.ok && refused.out.contains(told) && refused.out.contains("delete some"), "{refused:?}");
    let left = list(&home, &[]);
    assert_eq!(left.len(), many + 1, "what was refused left nothing");
    // One less, and there is room.
    let gone = left.iter().find(|about| about["bytes"] == bytes).expect("a forged one")["id"].as_str().expect("an id");
    assert!(home.run(&["memory", "artefact", "delete", gone]).ok);
    assert!(add(&home, "more.bin", &vec![7; 1024 * 1024], &[]).ok);
    service.stop();
}
