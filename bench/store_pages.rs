//! Bytes of one turn on flash, for each way in which the store could keep its file.
//!
//! A turn is one session touch, two messages with their words, begin and end of a call, one device
//! state: the statements of `src/store/write.rs` on the tables of migration 1. Bytes are `write_bytes`
//! of `/proc/self/io` (proc_pid_io(5)): whole 4 KB blocks of the file system that became dirty, its own
//! journal not included. After every turn the files are synced from outside, uncounted, as the kernel's
//! write-back does between turns that are minutes apart. The last checkpoint is part of the bytes. fsyncs
//! are not counted here: the kernel has no counter of them for a process, and standing in front of the C
//! library's `fsync` needs `unsafe`; the results of 2026-11-21 were counted that way.
//! Run: `cargo bench --profile release --bench store_pages -- FOLDER`.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::time::Instant;

use libsql::{Builder, Connection, Value};

const SCHEMA: &str = include_str!("../src/store/migrations/0001_ground.up.sql");
const WORDS: &str = "turn on the kitchen lamp off all lights in bedroom is garden gate open set heater to twenty \
    one degrees what time it please remember milk bread tomorrow morning door window closed now and living room \
    brightness forty percent done yes no why warm cold rain wind music alarm seven hall porch cellar attic";
const PREFILL: u64 = 1_000;
const TURNS: u64 = 300;

#[derive(Clone, Copy, PartialEq)]
enum Words {
    Each,
    Off,
    Batch(u64),
}

#[derive(Clone, Copy)]
struct Way {
    page: u32,
    journal: &'static str,
    synchronous: &'static str,
    words: Words,
    /// Commits of one turn: 2 where the begin record is durable before the act.
    commits: u32,
    /// Turns in one commit: more than 1 where people talk faster than the group's time.
    grouped: u64,
    /// Bytes of log before a checkpoint.
    log: u32,
    /// Words of the answer: 9 from the house, 120 from a model.
    answer: usize,
}

const BASE: Way = Way {
    page: 1024,
    journal: "WAL",
    synchronous: "FULL",
    words: Words::Batch(64),
    commits: 1,
    grouped: 1,
    log: 1 << 20,
    answer: 9,
};

struct Cost {
    bytes: f64,
    passed: f64,
    millis: f64,
    file: u64,
}

type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

fn main() -> Outcome<()> {
    let folder = std::env::args().skip(1).find(|a| !a.starts_with('-')).map_or_else(std::env::temp_dir, PathBuf::from);
    println!("folder {}  prefill {PREFILL} turns  measured {TURNS} turns", folder.display());
    println!("page journal  sync   words    commits grouped log_KB answer | KB/turn passed_KB ms/turn file_KB");
    let runtime = tokio::runtime::Builder::new_current_thread().build()?;
    for way in ways() {
        let cost = runtime.block_on(measure(&folder, way))?;
        print(way, &cost);
    }
    println!("page | open and quick_check of 20000 turns ms, last 20 messages ms, search ms (page cache dropped)");
    for page in [512, 1024, 2048, 4096] {
        runtime.block_on(reads(&folder, Way { page, ..BASE }))?;
    }
    Ok(())
}

/// What the start and the reads of a long life cost.
async fn reads(folder: &Path, way: Way) -> Outcome<()> {
    let path = folder.join(format!("store_pages-{}.db", std::process::id()));
    fill(&path, way, 20_000).await?;
    nix::fcntl::posix_fadvise(File::open(&path)?, 0, 0, nix::fcntl::PosixFadviseAdvice::POSIX_FADV_DONTNEED)?;
    let mut spent = Vec::new();
    let since = Instant::now();
    let db = open(&path, way).await?;
    let queries = [
        "PRAGMA quick_check(1)",
        "SELECT text FROM messages WHERE session = 1 ORDER BY seq DESC LIMIT 20",
        "SELECT m.text FROM messages_fts f JOIN messages m ON m.seq = f.rowid WHERE messages_fts MATCH 'garden heater' \
         ORDER BY rank LIMIT 10",
    ];
    let mut since = since;
    for query in queries {
        let mut rows = db.query(query, ()).await?;
        while rows.next().await?.is_some() {}
        spent.push(format!("{:.1}", since.elapsed().as_secs_f64() * 1000.0));
        since = Instant::now();
    }
    println!("{:4} | {} (file {} KB)", way.page, spent.join(", "), fs::metadata(&path)?.len() / 1024);
    remove(&path);
    Ok(())
}

fn ways() -> Vec<Way> {
    let mut ways = Vec::new();
    for journal in ["WAL", "TRUNCATE"] {
        for synchronous in ["FULL", "NORMAL"] {
            for page in [512, 1024, 2048, 4096] {
                for words in [Words::Each, Words::Off, Words::Batch(64)] {
                    ways.push(Way { page, journal, synchronous, words, ..BASE });
                }
            }
        }
    }
    for page in [512, 1024, 2048, 4096] {
        ways.extend([
            Way { page, commits: 2, ..BASE },
            Way { page, grouped: 4, ..BASE },
            Way { page, log: 1 << 18, ..BASE },
            Way { page, log: 1 << 22, ..BASE },
            Way { page, words: Words::Batch(256), ..BASE },
            Way { page, answer: 120, ..BASE },
            Way { page, answer: 120, commits: 2, ..BASE },
        ]);
    }
    ways
}

fn print(way: Way, cost: &Cost) {
    let words = match way.words {
        Words::Each => "each".to_owned(),
        Words::Off => "off".to_owned(),
        Words::Batch(n) => format!("batch{n}"),
    };
    println!(
        "{:4} {:8} {:6} {:8} {:7} {:7} {:6} {:6} | {:7.1} {:9.1} {:7.2} {:7}",
        way.page,
        way.journal,
        way.synchronous,
        words,
        way.commits,
        way.grouped,
        way.log / 1024,
        way.answer,
        cost.bytes / 1024.0,
        cost.passed / 1024.0,
        cost.millis,
        cost.file / 1024
    );
}

async fn measure(folder: &Path, way: Way) -> Outcome<Cost> {
    let path = folder.join(format!("store_pages-{}.db", std::process::id()));
    fill(&path, way, PREFILL).await?;
    let db = open(&path, way).await?;
    let (bytes, passed) = (io("write_bytes:")?, io("wchar:")?);
    let mut spent = std::time::Duration::ZERO;
    for turn in PREFILL..PREFILL + TURNS {
        let since = Instant::now();
        turn_once(&db, way, turn).await?;
        spent += since.elapsed();
        sync_files(&path);
    }
    drop(db);
    sync_files(&path);
    let turns = f64::from(u32::try_from(TURNS)?);
    let per_turn = |sum: u64| -> Outcome<f64> { Ok(f64::from(u32::try_from(sum)?) / turns) };
    let cost = Cost {
        bytes: per_turn(io("write_bytes:")? - bytes)?,
        passed: per_turn(io("wchar:")? - passed)?,
        millis: spent.as_secs_f64() * 1000.0 / turns,
        file: fs::metadata(&path)?.len(),
    };
    remove(&path);
    Ok(cost)
}

/// A closed database of `turns` turns.
async fn fill(path: &Path, way: Way, turns: u64) -> Outcome<()> {
    remove(path);
    let db = open(path, way).await?;
    db.execute_batch(SCHEMA).await?;
    db.execute_batch("PRAGMA synchronous = OFF; BEGIN").await?;
    for turn in 0..turns {
        for part in 0..2 {
            write(&db, way, turn, part).await?;
        }
    }
    index(&db).await?;
    db.execute_batch("COMMIT").await?;
    drop(db);
    sync_files(path);
    Ok(())
}

async fn open(path: &Path, way: Way) -> Outcome<Connection> {
    let db = Builder::new_local(path).build().await?.connect()?;
    let settings = format!(
        "PRAGMA page_size = {}; PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = {}; PRAGMA synchronous = {};
         PRAGMA cache_size = -1024; PRAGMA temp_store = MEMORY; PRAGMA wal_autocheckpoint = {}",
        way.page,
        way.journal,
        way.synchronous,
        way.log / way.page
    );
    db.execute_batch(&settings).await?;
    Ok(db)
}

async fn turn_once(db: &Connection, way: Way, turn: u64) -> Outcome<()> {
    if turn.is_multiple_of(way.grouped) {
        db.execute_batch("BEGIN IMMEDIATE").await?;
    }
    write(db, way, turn, 0).await?;
    if way.commits == 2 {
        db.execute_batch("COMMIT; BEGIN IMMEDIATE").await?;
    }
    write(db, way, turn, 1).await?;
    match way.words {
        Words::Each => index(db).await?,
        Words::Batch(messages) if (turn * 2).is_multiple_of(messages) => index(db).await?,
        _ => {}
    }
    if (turn + 1).is_multiple_of(way.grouped) {
        db.execute_batch("COMMIT").await?;
    }
    Ok(())
}

async fn index(db: &Connection) -> Outcome<()> {
    db.execute(
        "INSERT INTO messages_fts (rowid, text) SELECT seq, text FROM messages
         WHERE seq > coalesce((SELECT max(id) FROM messages_fts_docsize), 0)",
        (),
    )
    .await?;
    Ok(())
}

/// Part 0 is what is known before the act, part 1 what is known after it.
async fn write(db: &Connection, way: Way, turn: u64, part: u64) -> Outcome<()> {
    let at = Value::Integer(1_790_000_000_000 + i64::try_from(turn)? * 60_000);
    let id = |kind: u64| Value::Blob([(turn * 8 + kind).to_be_bytes(), (turn * 77 + kind).to_be_bytes()].concat());
    let row = Value::Integer((1_790_000_000_000 + i64::try_from(turn)? * 60_000) << 13);
    let text = |value: &str| Value::Text(value.to_owned());
    let message = "INSERT INTO messages (id, session, role, text, trace, at_ms) VALUES (?1, 1, ?2, ?3, ?4, ?5)";
    if part == 0 {
        db.execute(
            "INSERT INTO sessions (key, principal, channel, created_ms, touched_ms) VALUES (?1, ?2, ?3, ?4, ?4)
             ON CONFLICT (key) DO UPDATE SET touched_ms = ?4",
            vec![text("console:1"), text("console"), text("console"), at.clone()],
        )
        .await?;
        db.execute(message, vec![id(1), text("user"), text(&phrase(turn, 6)), id(0), at.clone()]).await?;
        db.execute(
            "INSERT INTO audit (seq, at_ms, call, tool, principal, trace, args, decision, reason)
             VALUES (?1, ?2, ?3, 'light.set', 'console', ?4, ?5, 'allow', 'tier 1: idempotent actuation')",
            vec![row, at, id(2), id(0), text("{\"entity\":\"light.kitchen_lamp\",\"on\":true}")],
        )
        .await?;
        return Ok(());
    }
    db.execute(
        "INSERT INTO audit (seq, at_ms, outcome, detail, took_us) VALUES (?1 + 1, ?2, 0, 'read back: on', 1500)",
        vec![row, at.clone()],
    )
    .await?;
    db.execute(
        "INSERT INTO device_states (entity, state, at_ms, source) VALUES (?1, ?2, ?3, 'line')
         ON CONFLICT (entity) DO UPDATE SET state = ?2, at_ms = ?3",
        vec![text(&format!("light.lamp_{}", turn % 40)), text("{\"on\":true,\"brightness\":40}"), at.clone()],
    )
    .await?;
    db.execute(message, vec![id(3), text("assistant"), text(&phrase(turn + 7, way.answer)), id(0), at]).await?;
    Ok(())
}

/// Words in an order that differs from turn to turn and is the same in every run.
fn phrase(turn: u64, count: usize) -> String {
    let words: Vec<&str> = WORDS.split_whitespace().collect();
    let mut state = turn.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    let mut chosen = Vec::with_capacity(count);
    for _ in 0..count {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let at = usize::try_from(state >> 33).unwrap_or(0) % words.len();
        chosen.push(words[at]);
    }
    chosen.join(" ")
}

fn io(name: &str) -> Outcome<u64> {
    let all = fs::read_to_string("/proc/self/io")?;
    let line = all.lines().find_map(|line| line.strip_prefix(name)).ok_or("no such counter")?;
    Ok(line.trim().parse()?)
}

fn companions(path: &Path) -> [PathBuf; 3] {
    ["", "-wal", "-journal"].map(|suffix| PathBuf::from(format!("{}{suffix}", path.display())))
}

/// The kernel's write-back between turns; not one of SQLite's own syncs.
fn sync_files(path: &Path) {
    for file in companions(path).iter().filter_map(|p| File::open(p).ok()) {
        if let Err(error) = file.sync_data() {
            println!("{}: {error}", path.display());
        }
    }
}

fn remove(path: &Path) {
    for file in companions(path) {
        drop(fs::remove_file(file));
    }
}
