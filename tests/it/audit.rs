//! The chain of audit records against edits of the database, with the keeper's word and without.

use std::path::Path;

use crate::kit::{Home, Kept};

fn home() -> (Home, Kept) {
    let home = Home::with_late_config(Kept::settings);
    let kept = Kept::beside(&home);
    (home, kept)
}

fn calls(home: &Home, many: usize) {
    for number in 0..many {
        let expression = format!("{{\"expression\": \"1+{number}\"}}");
        let called = home.run(&["tool", "call", "calculate", &expression]);
        assert!(called.ok, "{called:?}");
    }
}

/// Runs SQL on the database as whoever owns the file could.
fn edit(home: &Home, sql: &str) {
    let path = home.data().join("hearth.db");
    let whole = format!("DROP TRIGGER audit_is_never_changed; DROP TRIGGER audit_is_never_deleted; {sql}");
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("an executor");
    runtime.block_on(async {
        let database = libsql::Builder::new_local(&path).build().await.expect("a database");
        database.connect().expect("a connection").execute_batch(&whole).await.expect("edited");
    });
    give_back(&path);
}

/// What SQLite made as root belongs to the agent again.
fn give_back(path: &Path) {
    use std::os::unix::fs::{MetadataExt, chown};
    let owner = std::fs::metadata(path.parent().expect("a folder")).expect("there").uid();
    for beside in ["", "-wal", "-shm"] {
        let _ = chown(format!("{}{beside}", path.display()), Some(owner), Some(owner));
    }
}

fn copy(from: &Path, to: &Path) {
    let _ = std::fs::remove_dir_all(to);
    let copied = std::process::Command::new("cp").arg("-a").arg(from).arg(to).status().expect("cp");
    assert!(copied.success());
}

#[test]
fn a_removed_edited_reordered_or_cut_off_record_is_found() {
    let (home, _kept) = home();
    calls(&home, 6);
    let first = home.run(&["audit", "verify", "--json"]);
    assert!(first.ok, "{first:?}");
    let records = first.json()["records"].as_u64().expect("a count");
    assert!(records >= 12, "{first:?}");
    let second = home.run(&["audit", "verify", "--json"]);
    assert!(second.ok && second.json()["keeper"]["vouches_for"].as_u64() >= Some(records), "{second:?}");
    let kept = home.root().join("kept-data");
    copy(&home.data(), &kept);

    let swap = "CREATE TEMP TABLE t AS SELECT * FROM audit WHERE place IN (3, 5);
        UPDATE audit SET place = -1 WHERE place = 3; UPDATE audit SET place = 3 WHERE place = 5;
        UPDATE audit SET place = 5 WHERE place = -1;";
    let cases = [
        ("DELETE FROM audit WHERE place = 4;", "removed: after place 3 comes 5"),
        ("UPDATE audit SET reason = 'because' WHERE place = 3;", "place 3"),
        ("UPDATE audit SET took_us = took_us + 1 WHERE place = 4;", "place 4"),
        (swap, "place 3"),
        ("UPDATE audit SET link = zeroblob(32) WHERE place = 2;", "place 2"),
        ("DELETE FROM audit WHERE place > (SELECT max(place) - 3 FROM audit);", "the keeper vouches for"),
        ("DELETE FROM audit;", "cut off"),
        ("UPDATE audit SET place = NULL, link = NULL WHERE place = (SELECT max(place) FROM audit);", "first record"),
    ];
    for (sql, told) in cases {
        copy(&kept, &home.data());
        edit(&home, sql);
        let found = home.run(&["audit", "verify"]);
        assert_eq!(found.code, Some(1), "{sql}: {found:?}");
        assert!(found.out.contains("DO NOT FIT") && found.out.contains(told), "{sql}: {found:?}");
        // A chain that was cut off and grows again is not vouched for.
        calls(&home, 3);
        assert_eq!(home.run(&["audit", "verify"]).code, Some(1), "{sql}, later");
    }
}

#[test]
fn without_the_keeper_records_are_chained_and_nobody_vouches_for_what_was_cut_off() {
    let (home, mut kept) = home();
    calls(&home, 4);
    assert!(home.run(&["audit", "verify"]).ok);
    kept.kill();
    calls(&home, 1);
    let alone = home.run(&["audit", "verify"]);
    assert!(alone.ok && alone.out.contains("not vouched for"), "{alone:?}");
    edit(&home, "DELETE FROM audit WHERE place > 4;");
    let unseen = home.run(&["audit", "verify"]);
    assert!(unseen.ok && unseen.out.contains("not vouched for"), "only the keeper can know: {unseen:?}");
    kept.again();
    let seen = home.run(&["audit", "verify"]);
    assert!(!seen.ok && seen.out.contains("keeper vouches for"), "{seen:?}");
    // The brain cannot talk the keeper out of it; an administrator can begin anew.
    assert!(!home.run(&["audit", "verify"]).ok);
    let socket = kept.socket().display().to_string();
    let running = home.start();
    let accepted = home.run_as_root(&["audit", "accept", "--socket", &socket]);
    assert!(accepted.ok, "{accepted:?}");
    running.stop();
    let after = home.run(&["audit", "verify"]);
    assert!(after.ok && after.out.contains("vouched for the first"), "{after:?}");
}

#[test]
fn a_vault_that_was_put_back_whole_from_an_older_copy_is_noticed() {
    let (home, mut kept) = home();
    calls(&home, 2);
    assert!(home.run(&["audit", "verify"]).ok, "vouched for");
    let (vault, older) = (kept.vault(), home.root().join("older-vault"));
    copy(&vault, &older);
    calls(&home, 2);
    assert!(home.run(&["audit", "verify"]).ok, "vouched for more");
    kept.kill();
    let newer = home.root().join("newer-vault");
    copy(&vault, &newer);
    copy(&older, &vault);
    kept.again();
    let found = home.run(&["audit", "verify"]);
    assert!(found.code == Some(1) && found.out.contains("THE VAULT WENT BACK"), "{found:?}");
    // It does not pass because the chain goes on.
    calls(&home, 3);
    assert_eq!(home.run(&["audit", "verify"]).code, Some(1));
    // The newer one is right again; an older one is, where an administrator says so.
    for (vault_now, accepted) in [(&newer, false), (&older, true)] {
        kept.kill();
        copy(vault_now, &vault);
        kept.again();
        if accepted {
            assert_eq!(home.run(&["audit", "verify"]).code, Some(1));
            let socket = kept.socket().display().to_string();
            let running = home.start();
            assert!(home.run_as_root(&["audit", "accept", "--socket", &socket]).ok);
            running.stop();
        }
        let after = home.run(&["audit", "verify"]);
        assert!(after.ok, "{after:?}");
    }
}

#[test]
fn an_export_has_every_record_once_with_its_link() {
    let (home, _kept) = home();
    calls(&home, 3);
    let report = home.run(&["audit", "verify", "--json"]).json();
    let export = home.run(&["audit", "export"]);
    assert!(export.ok, "{export:?}");
    let rows: Vec<serde_json::Value> =
        export.out.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let upto = usize::try_from(report["records"].as_u64().expect("a count")).expect("few");
    assert!(rows.len() >= upto, "{} of {upto}", rows.len());
    for (number, row) in rows.iter().enumerate() {
        assert_eq!(row["place"], number + 1, "{row}");
        assert_eq!(row["link"].as_str().map(str::len), Some(64), "{row}");
    }
    assert_eq!(rows[upto - 1]["link"], report["head"]["link"]);
    assert!(export.out.contains("calculate") && export.out.contains("1+2"));
}

/// Records of earlier runs, written as the service writes them.
fn many(home: &Home, records: usize) {
    let options = hearth::store::Options { wait_for_disk: false, ..hearth::store::Options::default() };
    let folder = hearth::store::DataFolder::open(&home.data()).expect("the folder");
    let (store, _) = hearth::store::Store::open(&folder, hearth::base::Clock::system(), options, |_| {}).expect("open");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("an executor");
    runtime.block_on(async {
        for number in 0..records / 2 {
            let trace = store.ids().next();
            let call = hearth::store::BeginCall {
                tool: "calculate".to_owned(),
                principal: "console".to_owned(),
                trace,
                args: number.to_string(),
                decision: hearth::store::Decision::Allow,
                reason: "harmless".to_owned(),
            };
            let call = store.begin_call(call, hearth::store::Kind::BeginIdempotent).await.expect("begun");
            let took = std::time::Duration::ZERO;
            let end = hearth::store::EndCall { outcome: Ok(()), detail: String::new(), took };
            store.end_call(call, end).await.expect("ended");
        }
        store.close().await.expect("closed");
    });
    give_back(&home.data().join("hearth.db"));
    give_back(&home.data().join("hearth.lock"));
}

#[test]
fn a_full_audit_is_cut_where_the_keeper_agrees_and_nobody_else_can_cut_it() {
    let home = Home::with_late_config(|root| format!("{}[store]\naudit_records = 20000\n", Kept::settings(root)));
    let kept = Kept::beside(&home);
    calls(&home, 1);
    many(&home, 22_000);
    let service = home.start();
    let verify = || home.run(&["audit", "verify", "--json"]).json();
    crate::kit::wait_for("the cut", || Some(()).filter(|()| verify()["cut"]["place"].is_u64()));
    let report = verify();
    assert_eq!((&report["ok"], &report["keeper"]["let_go"]), (&serde_json::json!(true), &report["cut"]["place"]));
    let cut = report["cut"]["place"].as_u64().expect("a place");
    assert!((2_000..8_000).contains(&cut) && report["records"].as_u64().expect("a count") < 20_000, "{report}");
    service.stop();
    assert!(home.run(&["audit", "verify"]).out.contains("went because there were too many"));

    // As whoever owns the file could: a later beginning, with its right link.
    let forged = "INSERT OR REPLACE INTO audit_cut SELECT 1, place, link, 0 FROM audit WHERE place = 9000;
        DELETE FROM audit WHERE place <= 9000;";
    edit(&home, forged);
    let found = home.run(&["audit", "verify"]);
    assert!(found.code == Some(1) && found.out.contains("cut off at the front"), "{found:?}");
    // An administrator takes it as it is.
    let running = home.start();
    let socket = kept.socket().display().to_string();
    let accepted = home.run_as_root(&["audit", "accept", "--socket", &socket]);
    assert!(accepted.ok, "{accepted:?}");
    running.stop();
    assert!(home.run(&["audit", "verify"]).ok);
}
