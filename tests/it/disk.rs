//! Disks that are full, read-only or damaged: Hearth obeys on and says what it cannot do.

use std::os::unix::fs::PermissionsExt;

use crate::kit::{Home, is_root};

#[test]
fn a_damaged_database_is_put_aside_and_said() {
    let home = Home::new();
    assert!(home.run(&["ask", "turn on the kitchen lamp"]).ok);
    let database = std::fs::read_dir(home.data())
        .expect("listed")
        .flatten()
        .map(|entry| entry.path())
        .find(|path| path.extension().is_some_and(|extension| extension == "db"))
        .expect("a database");
    std::fs::write(&database, b"this was a database once").expect("spoilt");
    let _service = home.start();
    let status = home.run(&["status", "--json"]).json();
    let aside = status["opened"]["quarantined"].as_str().expect("said where it went");
    assert_eq!(std::fs::read(aside).expect("kept"), b"this was a database once");
    assert!(home.run(&["ask", "turn off the kitchen lamp"]).ok);
}

#[test]
fn a_folder_that_cannot_be_written_is_said_and_the_lamp_obeys() {
    let home = Home::new();
    assert!(home.run(&["ask", "turn on the kitchen lamp"]).ok);
    let locked = std::fs::Permissions::from_mode(0o500);
    std::fs::set_permissions(home.data(), locked).expect("locked");
    for entry in std::fs::read_dir(home.data()).expect("listed").flatten() {
        if entry.file_type().expect("a type").is_file() {
            std::fs::set_permissions(entry.path(), std::fs::Permissions::from_mode(0o400)).expect("locked");
        }
    }
    let service = crate::kit::Running::start(home.command(&["run"]));
    let status = crate::kit::wait_for("an answer", || {
        let status = home.run(&["status", "--json", "--no-start"]);
        status.ok.then(|| status.json())
    });
    assert!(status["store"]["degraded"].is_string(), "{status}");
    assert!(home.run(&["status"]).out.contains("DEGRADED"));
    assert!(home.run(&["ask", "turn off the kitchen lamp"]).ok, "a harmless command needs no disk");
    assert_eq!(home.line("kitchen_lamp").driven(), Some(0.0));
    let refused = home.run(&["tool", "call", "file_append", r#"{"path": "a.txt", "text": "x"}"#, "--json"]);
    assert_eq!(refused.json()["ok"], false, "what has to be recorded first is refused: {refused:?}");
    drop(service);
    std::fs::set_permissions(home.data(), std::fs::Permissions::from_mode(0o700)).expect("unlocked");
}

#[test]
fn a_full_disk_is_said_and_recovers() {
    if !is_root() {
        eprintln!("SKIPPED: a disk of its own is only made as root");
        return;
    }
    let home = Home::new();
    let data = home.data();
    let mounted = std::process::Command::new("mount")
        .args(["-t", "tmpfs", "-o", "size=1m,mode=0700,uid=54321,gid=54321", "tmpfs"])
        .arg(&data)
        .status();
    if !mounted.is_ok_and(|status| status.success()) {
        eprintln!("SKIPPED: this machine mounts no tmpfs");
        assert!(std::env::var_os("CI").is_none(), "in CI this must not be skipped");
        return;
    }
    let ballast = data.join("ballast");
    let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        let _service = home.start();
        assert!(home.run(&["ask", "turn on the kitchen lamp"]).ok);
        // Fills what is left; the write that fails is the point.
        let _ = std::fs::write(&ballast, vec![0; 2 << 20]);
        crate::kit::wait_for("the disk to be found full", || {
            home.run(&["ask", "turn on the hall outlet"]);
            let status = home.run(&["status", "--json", "--no-start"]).json();
            status["store"]["degraded"].is_string().then_some(())
        });
        assert!(home.run(&["ask", "turn off the kitchen lamp"]).ok, "the lamp obeys on a full disk");
        std::fs::remove_file(&ballast).expect("room again");
        crate::kit::wait_for("the store to recover", || {
            home.run(&["ask", "turn on the kitchen lamp"]);
            let status = home.run(&["status", "--json", "--no-start"]).json();
            status["store"]["degraded"].is_null().then_some(())
        });
    }));
    let _ = std::process::Command::new("umount").arg("-l").arg(&data).status();
    if let Err(panic) = outcome {
        std::panic::resume_unwind(panic);
    }
}

/// A folder in memory of this size, unmounted with the value; `None` where this machine mounts none.
struct Small(std::path::PathBuf);

impl Small {
    fn mount(folder: std::path::PathBuf, size: &str) -> Option<Self> {
        let options = format!("size={size},mode=0700,uid=54321,gid=54321");
        let mounted =
            std::process::Command::new("mount").args(["-t", "tmpfs", "-o", &options, "tmpfs"]).arg(&folder).status();
        if is_root() && mounted.is_ok_and(|status| status.success()) {
            return Some(Self(folder));
        }
        eprintln!("SKIPPED: this machine mounts no tmpfs");
        assert!(!is_root() || std::env::var_os("CI").is_none(), "in CI this must not be skipped");
        None
    }
}

impl Drop for Small {
    fn drop(&mut self) {
        let _ = std::process::Command::new("umount").arg("-l").arg(&self.0).status();
    }
}

#[test]
fn an_import_that_fills_the_disk_keeps_what_it_acknowledged_and_says_where_it_stopped() {
    let home = Home::with_config("models_dir = \"/nowhere/at/all\"\n");
    let Some(disk) = Small::mount(home.data(), "2m") else { return };
    let service = home.start();
    let lines: String = (0..1_500)
        .map(|n| format!("{{\"id\": \"n{n}\", \"text\": \"note {n} of many: {}\"}}\n", format!("word{n} ").repeat(120)))
        .collect();
    let file = home.root().join("many.jsonl");
    std::fs::write(&file, lines).expect("written");
    let told = home.run(&["memory", "import", file.to_str().expect("a path"), "--json"]);
    assert_eq!(told.code, Some(1), "{told:?}");
    let report = told.json();
    let kept = report["kept"].as_u64().expect("a count");
    assert!(kept > 100 && kept < 1_500, "{report}");
    let fault = report["fault"]["message"].as_str().expect("a fault");
    assert!(fault.contains("full"), "{report}");
    let stats = home.run(&["memory", "stats", "--json"]).json();
    assert!(stats["memories"].as_u64() >= Some(kept), "{kept} {stats}");
    service.stop();
    // Again with room: what was acknowledged is known already.
    let options = ["-o", "remount,size=64m"];
    let grown = std::process::Command::new("mount").args(options).arg(home.data()).status().expect("run");
    assert!(grown.success());
    let told = home.run(&["memory", "import", file.to_str().expect("a path"), "--json"]).json();
    assert!(told["duplicates"].as_u64() >= Some(kept), "{kept} {told}");
    assert_eq!(told["duplicates"].as_u64().expect("one") + told["kept"].as_u64().expect("one"), 1_500, "{told}");
    assert!(home.run(&["db", "check"]).ok);
    drop(disk);
}
