//! `hearth db`: how the database is, its check, its versions, copies while it is used, compacting.

use std::path::{Path, PathBuf};

use hearth::store::VERSION;

use crate::kit::Home;

fn database(home: &Home) -> PathBuf {
    home.data().join("hearth.db")
}

/// Runs SQL on a database that nobody has open.
fn sql(database: &Path, batch: &str) {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(async {
        let db = libsql::Builder::new_local(database).build().await.unwrap().connect().unwrap();
        db.execute_batch(batch).await.unwrap();
    });
}

/// Reads one number of a database that nobody has open.
fn number(database: &Path, query: &str) -> u32 {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(async {
        let db = libsql::Builder::new_local(database).build().await.unwrap().connect().unwrap();
        db.query(query, ()).await.unwrap().next().await.unwrap().unwrap().get(0).unwrap()
    })
}

/// Moved lines in the audit. The lines that are read go up with every start.
fn calls(home: &Home) -> usize {
    let shown = home.run(&["audit", "show", "--limit", "1000", "--json"]).json();
    shown.as_array().unwrap().iter().filter(|call| call["tool"] == "line_set").count()
}

#[test]
fn status_tells_sizes_and_policies_with_and_without_a_service() {
    let home = Home::new();
    assert_eq!(home.run(&["db", "status", "--json"]).json()["version"], 0, "no file yet, and none is made");
    assert!(!database(&home).exists());
    let service = home.start();
    let told = home.run(&["db", "status", "--json"]).json();
    assert!(told["version"] == VERSION && told["bytes"].as_u64().unwrap() > 0, "{told}");
    let durable = told["policies"].as_array().unwrap().iter().filter(|row| row["durability"] == "durable");
    assert!(durable.clone().any(|row| row["kind"] == "memory") && durable.clone().any(|row| row["kind"] == "timer"));
    assert!(home.run(&["db", "status"]).out.contains("memory           at once  «I'll remember that» is a promise"));
    service.stop();
    assert_eq!(home.run(&["db", "status", "--json"]).json()["version"], VERSION);
    assert!(home.run(&["db", "--help"]).out.contains("restore"));
    assert_eq!(home.run(&["db", "shrink"]).code, Some(2));
}

#[test]
fn a_backup_of_a_running_service_is_restored() {
    let home = Home::new();
    let copy = home.data().join("copy.db");
    let copy = copy.to_str().unwrap();
    let service = home.start();
    assert!(home.run(&["ask", "turn on the kitchen lamp"]).ok);
    let before = calls(&home);
    let made = home.run(&["db", "backup", copy, "--json"]);
    assert!(made.ok && made.json()["bytes"].as_u64().unwrap() > 0, "{made:?}");
    let again = home.run(&["db", "backup", copy]);
    assert!(!again.ok && again.err.contains("exists already"), "{again:?}");
    assert!(home.run(&["ask", "turn off the kitchen lamp"]).ok, "the service goes on");
    assert!(calls(&home) > before);
    let refused = home.run(&["db", "restore", copy]);
    assert!(!refused.ok && refused.err.contains("stop it first"), "{refused:?}");
    service.stop();
    let left: Vec<_> = std::fs::read_dir(home.data()).unwrap().map(|e| e.unwrap().file_name()).collect();
    assert!(!left.iter().any(|name| name.to_string_lossy().starts_with("backup-")), "{left:?}");

    let restored = home.run(&["db", "restore", copy, "--json"]);
    assert!(restored.ok, "{restored:?}");
    assert!(Path::new(restored.json()["before"].as_str().unwrap()).exists(), "the one before is kept");
    assert_eq!(calls(&home), before);
    assert!(home.run(&["db", "check"]).ok);
}

#[test]
fn what_is_no_sound_backup_is_not_restored() {
    let home = Home::new();
    assert!(home.run(&["ask", "turn on the kitchen lamp"]).ok);
    let whole = std::fs::read(database(&home)).unwrap();
    let half = home.data().join("half.db");
    std::fs::write(&half, &whole[..whole.len() / 2]).unwrap();
    let text = home.data().join("text.db");
    std::fs::write(&text, "hello\n".repeat(1000)).unwrap();
    for (file, why) in [(&half, "not sound"), (&text, "no backup of Hearth"), (&home.data().join("none"), "No such")] {
        let refused = home.run(&["db", "restore", file.to_str().unwrap()]);
        assert!(!refused.ok && refused.err.contains(why), "{refused:?}");
    }
    assert_eq!(std::fs::read(database(&home)).unwrap(), whole, "nothing has changed");
}

#[test]
fn check_names_the_damage_and_leaves_the_file_where_it_is() {
    let home = Home::new();
    assert!(home.run(&["ask", "turn on the kitchen lamp"]).ok);
    let sound = home.run(&["db", "check", "--json"]);
    assert!(sound.ok && sound.json()["ok"] == true, "{sound:?}");
    sql(&database(&home), "UPDATE messages_fts_data SET block = x'FFFFFFFFFFFF' WHERE id > 10");
    let damaged = home.run(&["db", "check"]);
    assert!(damaged.code == Some(1) && damaged.err.contains("is damaged"), "{damaged:?}");
    let mut bytes = std::fs::read(database(&home)).unwrap();
    bytes[2048..2400].fill(0xA5);
    std::fs::write(database(&home), &bytes).unwrap();
    let damaged = home.run(&["db", "check", "--json"]);
    assert!(damaged.code == Some(1) && damaged.json()["ok"] == false, "{damaged:?}");
    assert!(database(&home).exists());
}

#[test]
fn the_schema_goes_down_with_a_copy_beside_it_and_up_again() {
    let home = Home::new();
    assert!(home.run(&["ask", "turn on the kitchen lamp"]).ok);
    let before = calls(&home);
    let service = home.start();
    let refused = home.run(&["db", "rollback"]);
    assert!(!refused.ok && refused.err.contains("stop it first"), "{refused:?}");
    service.stop();
    let down = home.run(&["db", "rollback", "--json"]);
    assert!(down.ok && down.json()["to"] == VERSION - 1, "{down:?}");
    let copy = format!("hearth.db.v{VERSION}-");
    let mut files = std::fs::read_dir(home.data()).unwrap().map(|e| e.unwrap().file_name());
    assert!(files.any(|name| name.to_string_lossy().starts_with(&copy)), "a copy is made first");
    assert_eq!(home.run(&["db", "status", "--json"]).json()["version"], VERSION - 1);
    let wrong = home.run(&["db", "migrate", "--to", "99"]);
    assert!(!wrong.ok && wrong.err.contains("are known"), "{wrong:?}");
    let wrong = home.run(&["db", "rollback", "--to", "7000"]);
    assert!(!wrong.ok && wrong.err.contains("hearth db migrate"), "{wrong:?}");
    let up = home.run(&["db", "migrate", "--json"]);
    assert!(up.ok && up.json()["steps"].as_array().unwrap().len() == 1, "{up:?}");
    assert_eq!(calls(&home), before);
}

#[test]
fn compacting_frees_the_room_of_rows_that_are_gone() {
    let home = Home::new();
    assert!(home.run(&["ask", "turn on the kitchen lamp"]).ok);
    let fill = "INSERT INTO sessions VALUES (999, 'old', '', '', 0, 0);
        WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 4000)
        INSERT INTO messages (id, session, role, text, at_ms)
        SELECT randomblob(16), 999, 'user', hex(randomblob(40)), 0 FROM n; DELETE FROM messages WHERE session = 999";
    sql(&database(&home), fill);
    let before = calls(&home);
    let _service = home.start();
    let done = home.run(&["db", "compact", "--json"]).json();
    assert!(done["after"].as_u64().unwrap() * 2 < done["before"].as_u64().unwrap(), "{done}");
    assert_eq!(calls(&home), before);
    assert!(home.run(&["db", "check"]).ok);
}

#[test]
fn a_database_with_a_vector_index_is_never_vacuumed() {
    let home = Home::new();
    assert!(home.run(&["ask", "turn on the kitchen lamp"]).ok);
    let index = "CREATE TABLE v (id INTEGER PRIMARY KEY, e F32_BLOB (4));
        CREATE INDEX v_e ON v (libsql_vector_idx (e)); INSERT INTO v VALUES (1, vector ('[1,2,3,4]'))";
    sql(&database(&home), index);
    let refused = home.run(&["db", "compact"]);
    assert!(!refused.ok && refused.err.contains("vector index"), "{refused:?}");
    let copy = home.data().join("copy.db");
    assert!(home.run(&["db", "backup", copy.to_str().unwrap()]).ok, "a copy is no VACUUM");
    assert!(home.run(&["db", "check"]).ok);
    assert!(home.run(&["db", "restore", copy.to_str().unwrap()]).ok);
    assert!(home.run(&["db", "check"]).ok, "and is sound");
}

#[test]
fn what_was_set_aside_and_what_came_over_is_told() {
    let home = Home::new();
    assert!(home.run(&["memory", "add", "the spare keys are in the blue drawer"]).ok);
    // The page of an index whose rows are sound.
    let root = number(&database(&home), "SELECT rootpage FROM sqlite_schema WHERE name = 'memories_by_hash'");
    let mut bytes = std::fs::read(database(&home)).unwrap();
    let page = usize::try_from(root).unwrap() * 512;
    bytes[page - 512..page].fill(0xA5);
    std::fs::write(database(&home), &bytes).unwrap();
    let service = home.start();
    for command in [["status"].as_slice(), &["db", "status"]] {
        let told = home.run(command).out;
        assert!(told.contains("set aside as") && told.contains(".corrupt-") && told.contains("rows of it"), "{told}");
    }
    assert!(home.run(&["db", "status", "--json"]).json()["carried"].as_u64().unwrap() >= 1);
    assert!(home.run(&["memory", "search", "spare keys"]).out.contains("blue drawer"));
    service.stop();
    assert!(!home.run(&["status"]).out.contains("set aside"), "the next start is as ever");
}

#[test]
fn a_spent_flash_budget_is_told_and_promises_are_kept() {
    let home = Home::with_late_config(|_| "[store]\nflash_day_mb = 1\n".to_owned());
    let service = home.start();
    let status = home.run(&["db", "status", "--json"]).json();
    if status["written_today"].is_null() {
        println!("SKIPPED: this kernel has no task I/O accounting");
        return;
    }
    assert_eq!(status["flash_day"], 1024 * 1024);
    let doctor = home.run(&["doctor"]).out;
    assert!(doctor.contains("of 1048576 bytes written today"), "{doctor}");
    let quiet = home.run(&["status"]).out;
    assert!(quiet.contains("of 1048576 bytes written today") && !quiet.contains("SPENT"), "{quiet}");
    let lines: String = (0..400)
        .map(|n| {
            format!("{{\"text\": \"number {n} of those that fill the card: {}\"}}\n", "words and more ".repeat(200))
        })
        .collect();
    let file = home.root().join("many.jsonl");
    std::fs::write(&file, lines).unwrap();
    let done = home.run(&["memory", "import", file.to_str().unwrap()]);
    assert!(done.ok, "{done:?}");
    assert!(home.run(&["ask", "turn on the kitchen lamp"]).ok, "and people are obeyed");
    let told = home.run(&["status"]).out;
    assert!(told.contains("FLASH BUDGET SPENT: ") && told.contains("wait in memory until tomorrow (UTC)"), "{told}");
    let told = home.run(&["doctor"]).out;
    assert!(told.contains("FLASH BUDGET SPENT: "), "{told}");
    let told = home.run(&["db", "status"]).out;
    assert!(told.contains("the flash budget is spent: ") && told.contains("of 1048576"), "{told}");
    assert!(home.run(&["memory", "add", "the spare keys are in the blue drawer"]).ok, "a promise is not shed");
    service.stop();
    assert!(home.run(&["memory", "search", "spare keys"]).out.contains("blue drawer"));
}

/// Log and events wear no card: the last of them are in memory, bounded, and in no file.
#[test]
fn logs_and_events_are_in_memory_and_in_no_file() {
    let home = Home::with_late_config(|_| "[log]\nlevel = \"debug\"\n".to_owned());
    let service = home.start();
    assert!(home.run(&["ask", "turn on the kitchen lamp"]).ok);
    let events = home.run(&["status", "--json"]).json()["events"].clone();
    let events = events.as_array().unwrap();
    assert!(!events.is_empty() && service.log().lines().count() >= events.len());
    let mut files = vec![home.data(), home.root().join("run")];
    let mut looked = 0;
    while let Some(path) = files.pop() {
        let about = std::fs::symlink_metadata(&path).unwrap();
        if about.is_dir() {
            files.extend(std::fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
        } else if about.is_file() {
            let bytes = std::fs::read(&path).unwrap();
            looked += 1;
            for event in events.iter().filter_map(|event| event.as_str()) {
                let found = bytes.windows(event.len()).any(|window| window == event.as_bytes());
                assert!(!found, "{event} in {}", path.display());
            }
        }
    }
    assert!(looked > 1, "the database and its lock are there");
    service.stop();
}
