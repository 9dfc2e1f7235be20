//! What the store costs: bytes for a memory, and the time to open a file of a hundred thousand rows.

use std::path::Path;

use hearth::base::Clock;
use hearth::store::memory::NewMemory;
use hearth::store::{DataFolder, Options, Store};

use super::budget::Report;
use super::stats::{Spread, float};

/// Rows in the file that is opened.
const ROWS: u32 = 100_000;
/// Memories measured; each is put on disk before it is acknowledged.
const MEMORIES: u64 = 200;
const OPENS: usize = 9;

const FILL: &str = "PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; BEGIN;
    INSERT INTO sessions VALUES (1, 'console:1', 'console', 'console', 0, 0);
    WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100000)
    INSERT INTO messages (id, session, role, text, at_ms)
    SELECT randomblob(16), 1, 'user', 'turn on the kitchen lamp and the garden heater number ' || i, i FROM n;
    INSERT INTO messages_fts (messages_fts) VALUES ('rebuild'); COMMIT";

/// Measures both.
pub(crate) fn store(report: &mut Report) {
    let folder = std::env::temp_dir().join(format!("hearth-figures-store-{}", std::process::id()));
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).expect("a folder");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("an executor");
    runtime.block_on(measure(report, &folder));
    let _ = std::fs::remove_dir_all(&folder);
}

async fn measure(report: &mut Report, folder: &Path) {
    let held = DataFolder::open(folder).expect("the folder");
    let open = || Store::open(&held, Clock::system(), Options::default(), |_| {}).expect("a store").0;
    let store = open();
    let remember = async |number: u64| {
        let text = format!("note {number}: the spare keys of the garden gate are in the blue drawer in the hall");
        let new = NewMemory { text, source: "said".to_owned(), importance: 0.5, ..NewMemory::default() };
        store.keep_memories(vec![new]).await.expect("kept");
    };
    for number in 0..200 {
        remember(number).await;
    }
    let before = written();
    // Other ones: what is known already is not written again.
    for number in 200..200 + MEMORIES {
        remember(number).await;
    }
    let each = float(written() - before) / float(MEMORIES);
    assert!(each > 0.0, "nothing was written: is the folder for temporary files in memory?");
    report.measured("memory_bytes", each, "bytes a memory, each committed alone");
    store.close().await.expect("closed");

    let database = held.database();
    let raw = libsql::Builder::new_local(&database).build().await.expect("the file").connect().expect("the file");
    raw.execute_batch(FILL).await.expect("filled");
    drop(raw);
    let mut took = Spread::default();
    for _ in 0..OPENS {
        let began = std::time::Instant::now();
        let store = open();
        took.push(began.elapsed().as_secs_f64() * 1e3);
        store.close().await.expect("closed");
    }
    let size = database.metadata().expect("the file").len() / 1024;
    report.measured("open_100k_ms", took.median(), "ms, median, 100,000 messages");
    report.shown("open, 100,000 rows", &format!("{} ({size} KB, {ROWS} rows)", took.line("ms")));
}

/// Bytes that this process caused to be written to disk.
fn written() -> u64 {
    let io = std::fs::read_to_string("/proc/self/io").expect("/proc/self/io");
    let written = io.lines().find_map(|line| line.strip_prefix("write_bytes: "));
    written.and_then(|count| count.parse().ok()).expect("write_bytes")
}
