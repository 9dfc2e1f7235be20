//! Power cuts on a disk that forgets what was not flushed: nothing acknowledged is lost, nothing is damaged.
//!
//! `HEARTH_POWER_CUTS` is the number of cuts of the long test; `tests/heavy/power-cut` asks for hundreds.

use std::collections::HashSet;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, SystemTime};

use hearth::base::{Clock, Id};
use hearth::store::memory::NewMemory;
use hearth::store::{DataFolder, DeviceState, Kind, Options, Role, Store};

use super::disk::{Dice, Disk, Luck};
use super::kit::{begin, direction, end, everything, note, quick, wait};
use super::mounted::Mounted;

const FOLDER: &str = "HEARTH_STORE_CUT";
const CARELESS: &str = "HEARTH_STORE_CARELESS";
const NAME: &str = "store::cuts::no_acknowledged_row_is_lost_by_a_power_cut";

fn cuts(by_itself: u64) -> u64 {
    std::env::var("HEARTH_POWER_CUTS").ok().and_then(|n| n.parse().ok()).unwrap_or(by_itself)
}

fn seed() -> u64 {
    std::env::var("HEARTH_POWER_SEED")
        .ok()
        .and_then(|n| n.parse().ok())
        .unwrap_or_else(|| u64::from(SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().subsec_nanos()))
}

#[test]
fn no_acknowledged_row_is_lost_by_a_power_cut() {
    if let Some(folder) = std::env::var_os(FOLDER) {
        write_until_cut(Path::new(&folder));
    }
    let seed = seed();
    let mut dice = Dice(seed);
    let Some(mut mounted) = Mounted::new("cuts", Disk::default()) else { return };
    let mut acks = Acks::default();
    for round in 0..cuts(16) {
        let (next, luck) = one_life(mounted, &mut dice, &mut acks, false);
        mounted = next;
        let lost = wait(examine(&mounted, &acks)).unwrap_or_else(|fault| vec![fault]);
        assert!(lost.is_empty(), "cut {round} ({luck:?}, seed {seed}): {lost:?}");
    }
    println!("{} cuts, {} acknowledged rows, {} forgotten, none lost", cuts(16), acks.kept.len(), acks.gone.len());
    assert!(acks.kept.len() > 20, "too little was written to prove anything: {}", acks.kept.len());
}

/// What the test above would say of a store that does not wait for the disk: it can see a loss.
#[test]
fn the_same_cuts_lose_rows_where_the_store_does_not_wait_for_the_disk() {
    let mut dice = Dice(seed());
    for round in 0..40 {
        let Some(mounted) = Mounted::new("careless", Disk::default()) else { return };
        let mut acks = Acks::default();
        let (mounted, _) = one_life(mounted, &mut dice, &mut acks, true);
        let lost = wait(examine(&mounted, &acks)).unwrap_or_else(|fault| vec![fault]);
        if !lost.is_empty() {
            println!("after {} cuts: {} of {} rows lost or the file damaged", round + 1, lost.len(), acks.kept.len());
            return;
        }
    }
    panic!("40 cuts with synchronous=OFF and no loss: this harness proves nothing");
}

/// What a child said that it had done.
#[derive(Default)]
struct Acks {
    kept: HashSet<Id>,
    gone: HashSet<Id>,
}

impl Acks {
    fn hear(&mut self, line: &str) {
        let Some((what, id)) = line.split_once(' ') else { return };
        let Ok(id) = id.parse() else { return };
        match what {
            "ack" => drop(self.kept.insert(id)),
            // From here on it may be there or not.
            "going" => drop(self.kept.remove(&id)),
            "gone" => drop(self.gone.insert(id)),
            _ => {}
        }
    }
}

/// Writes in a process of its own until the power fails at an instant that nobody chose.
fn one_life(mounted: Mounted, dice: &mut Dice, acks: &mut Acks, careless: bool) -> (Mounted, Luck) {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", NAME, "--nocapture"]).env(FOLDER, mounted.path());
    if careless {
        command.env(CARELESS, "1");
    }
    let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
    // The time counts from the first acknowledgement; one life in eight ends before it, while opening.
    if dice.next().is_multiple_of(8) {
        std::thread::sleep(Duration::from_micros(dice.next() % 60_000));
    } else {
        lines.by_ref().find(|line| line.starts_with("ack ")).iter().for_each(|line| acks.hear(line));
        std::thread::sleep(Duration::from_micros(dice.next() % 80_000));
    }
    mounted.cut();
    end_of(&mut child);
    lines.for_each(|line| acks.hear(&line));
    let luck = match dice.next() % 4 {
        0 => Luck::None,
        1 => Luck::All,
        _ => Luck::Some(dice.next()),
    };
    // A lost write is what shows carelessness, so there none is lucky.
    let luck = if careless { Luck::None } else { luck };
    (mounted.restarted(luck), luck)
}

fn end_of(child: &mut Child) {
    child.kill().unwrap();
    child.wait().unwrap();
}

/// The child: every kind of durable row, acknowledged on stdout after it returned, among grouped writes.
fn write_until_cut(folder: &Path) -> ! {
    let options = Options { wait_for_disk: std::env::var_os(CARELESS).is_none(), ..quick() };
    let held = DataFolder::open(folder).unwrap();
    let (store, _) = Store::open(&held, Clock::system(), options, |_| {}).unwrap();
    let say = |line: String| {
        let mut out = std::io::stdout().lock();
        writeln!(out, "{line}").and_then(|()| out.flush()).unwrap();
    };
    let outcome = wait(async {
        for round in 0_u64.. {
            let trace = store.ids().next();
            store.add_message("s", Role::User, &format!("message {round} beside the others"), Some(trace)).await?;
            let call = store.begin_call(begin("t", trace), Kind::BeginOnce).await?;
            say(format!("ack {call}"));
            store.end_call(call, end()).await?;
            let axis = round.to_le_bytes()[0];
            let mut words = note(&format!("{axis} 花园大门的备用钥匙在蓝色抽屉里 {trace} about the garden gate"));
            // Every second one has trigrams too.
            words.language = if round.is_multiple_of(2) { "zh".to_owned() } else { String::new() };
            let kept = store.keep_memories(vec![words]).await?[0];
            let memory = kept.id;
            say(format!("ack {memory}"));
            store.keep_vectors(vec![(kept.seq, direction(axis))]).await?;
            let timer =
                store.set_timer("ann", "s", hearth::store::NewTimer { name: "cake".into(), ..<_>::default() }).await?;
            say(format!("ack {timer}"));
            let item = store.add_item("ann", "shopping", "milk").await?;
            say(format!("ack {item}"));
            let state = serde_json::json!({"round": round});
            let state = DeviceState { entity: "lamp".into(), state, at_ms: 1, source: "line".into() };
            store.save_states(vec![state]).await?;
            if round.is_multiple_of(3) {
                // Said before: once it is forgotten it may be gone though nobody heard the acknowledgement.
                say(format!("going {memory}"));
                store.forget_memories(everything(), vec![memory]).await?;
                say(format!("gone {memory}"));
            }
            if round.is_multiple_of(5) {
                store.search_messages("beside", 1).await?;
            }
        }
        Ok::<_, hearth::store::StoreError>(())
    });
    // The power is off: there is nothing left to do but to be killed.
    drop(outcome);
    loop {
        std::thread::sleep(Duration::from_secs(1));
    }
}

/// What is lost, back, or unsound on a disk after a cut.
async fn examine(mounted: &Mounted, acks: &Acks) -> Result<Vec<String>, String> {
    let (store, opened) = mounted.scratch().try_open(Clock::system(), quick()).map_err(|error| error.to_string())?;
    if opened.quarantined.is_some() || opened.degraded.is_some() {
        store.close().await.ok();
        return Err(format!("{opened:?}"));
    }
    // The words of messages are indexed in batches: a search brings them up to date.
    store.search_messages("beside", 1).await.map_err(|error| error.to_string())?;
    store.close_orphans().await.map_err(|error| error.to_string())?;
    store.close().await.map_err(|error| error.to_string())?;
    sound(&mounted.database(), acks).await.map_err(|error| error.to_string())
}

async fn sound(database: &Path, acks: &Acks) -> Result<Vec<String>, libsql::Error> {
    let db = libsql::Builder::new_local(database).build().await?.connect()?;
    // No shared memory on this disk.
    db.execute_batch("PRAGMA locking_mode = EXCLUSIVE").await?;
    let mut faults = Vec::new();
    let mut rows = db.query("PRAGMA integrity_check", ()).await?;
    while let Some(row) = rows.next().await? {
        let line: String = row.get(0)?;
        if line != "ok" {
            faults.push(line);
        }
    }
    // Trigrams are of some rows only, so they cannot be compared with all of them.
    for (words, rows) in [("messages_fts", 1), ("memory_words", 1), ("memory_trigrams", 0)] {
        let agree = format!("INSERT INTO {words} ({words}, rank) VALUES ('integrity-check', {rows})");
        if let Err(error) = db.execute(&agree, ()).await {
            faults.push(format!("{words}: {error}"));
        }
    }
    let trigrams = "SELECT (SELECT count(*) FROM memories WHERE language = 'zh'), count(*), (SELECT count(*)
        FROM memory_trigrams_docsize d JOIN memories m ON m.seq = d.id AND m.language = 'zh') FROM memory_trigrams_docsize";
    let row = db.query(trigrams, ()).await?.next().await?.expect("counts");
    let counts: [i64; 3] = [row.get(0)?, row.get(1)?, row.get(2)?];
    if counts != [counts[0]; 3] {
        faults.push(format!("trigrams and rows differ: {counts:?}"));
    }
    let mut rows =
        db.query("SELECT v.vector, m.text FROM memory_vectors v LEFT JOIN memories m USING (seq)", ()).await?;
    while let Some(row) = rows.next().await? {
        let (vector, text): (Vec<u8>, Option<String>) = (row.get(0)?, row.get(1)?);
        let axis = text.as_deref().and_then(|text| text.split(' ').next()?.parse().ok());
        if axis.map(|axis| direction(axis).bytes()) != Some(vector) {
            faults.push(format!("a vector is not that of its memory: {text:?}"));
        }
    }
    let ids = "SELECT call FROM audit WHERE call IS NOT NULL UNION ALL SELECT id FROM memories
        UNION ALL SELECT id FROM timers UNION ALL SELECT id FROM list_items";
    let mut rows = db.query(ids, ()).await?;
    let mut there = HashSet::new();
    while let Some(row) = rows.next().await? {
        let bytes: Vec<u8> = row.get(0)?;
        there.insert(Id::from_slice(&bytes).unwrap());
    }
    faults.extend(acks.kept.difference(&there).map(|id| format!("{id} was acknowledged and is lost")));
    faults.extend(acks.gone.intersection(&there).map(|id| format!("{id} was forgotten and is back")));
    Ok(faults)
}

/// The examination itself: it sees what does not agree, each for itself.
#[test]
fn what_does_not_agree_is_seen() {
    let damages = [
        ("UPDATE memory_vectors SET vector = zeroblob(20)", "a vector is not that of its memory"),
        ("INSERT INTO memory_vectors VALUES (99, zeroblob(20))", "a vector is not that of its memory: None"),
        ("INSERT INTO memory_trigrams (memory_trigrams) VALUES ('delete-all')", "trigrams and rows differ"),
        ("INSERT INTO memory_words (memory_words) VALUES ('delete-all')", "memory_words"),
        ("INSERT INTO messages_fts (rowid, text) VALUES (7, 'of no message')", "messages_fts"),
        ("DELETE FROM memories", "was acknowledged and is lost"),
    ];
    for (damage, told) in damages {
        let scratch = super::kit::Scratch::new("disagrees");
        let faults = wait(async {
            let (store, _) = scratch.open();
            let words = NewMemory { language: "zh".to_owned(), ..note("3 花园大门的备用钥匙") };
            let kept = store.keep_memories(vec![words]).await.unwrap()[0];
            store.keep_vectors(vec![(kept.seq, direction(3))]).await.unwrap();
            store.close().await.unwrap();
            let acks = Acks { kept: HashSet::from([kept.id]), ..Acks::default() };
            assert_eq!(sound(&scratch.database(), &acks).await.unwrap(), [] as [String; 0]);
            let db = libsql::Builder::new_local(scratch.database()).build().await.unwrap().connect().unwrap();
            db.execute_batch(&format!("PRAGMA foreign_keys = OFF; {damage}")).await.unwrap();
            drop(db);
            sound(&scratch.database(), &acks).await.unwrap()
        });
        assert!(faults.iter().any(|fault| fault.contains(told)), "{damage}: {faults:?}");
    }
}

/// The disk itself: what was flushed is there, what was not is not, and a kill alone loses nothing.
#[test]
fn the_disk_forgets_what_was_not_flushed() {
    let Some(mounted) = Mounted::new("forgets", Disk::default()) else { return };
    let path = mounted.path().join("file");
    let mut file = std::fs::File::create(&path).unwrap();
    file.write_all(b"flushed").unwrap();
    file.sync_all().unwrap();
    std::fs::File::open(mounted.path()).unwrap().sync_all().unwrap();
    file.write_all(b" and not").unwrap();
    std::fs::write(mounted.path().join("other"), "never flushed").unwrap();
    drop(file);
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "flushed and not");
    mounted.cut();
    assert!(std::fs::File::create(mounted.path().join("third")).is_err(), "the power is off");
    let mounted = mounted.restarted(Luck::All);
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "flushed and not");
    std::fs::OpenOptions::new().append(true).open(&path).unwrap().write_all(b", again").unwrap();
    let mounted = mounted.restarted(Luck::None);
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "flushed and not");
    assert!(mounted.path().join("other").exists());
}
