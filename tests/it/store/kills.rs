//! kill -9 at random instants: what was acknowledged as durable is there, and the file is sound.

use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant, SystemTime};

use hearth::base::Id;
use hearth::store::{CallQuery, Kind, Role, Store};

use super::kit::{Scratch, begin, end, wait};

const CHILD: &str = "HEARTH_STORE_KILLED";
const NAME: &str = "store::kills::no_acknowledged_record_is_lost_by_kill_9";
/// Children killed; a run of the suite at most this long.
const ROUNDS: u32 = 25;

#[test]
fn no_acknowledged_record_is_lost_by_kill_9() {
    if let Some(folder) = std::env::var_os(CHILD) {
        write_until_killed(std::path::Path::new(&folder));
    }
    let scratch = Scratch::new("kill");
    let mut acknowledged = Vec::new();
    for round in 0..ROUNDS {
        acknowledged.extend(one_life(&scratch, round));
        let (store, opened) = scratch.open();
        assert_eq!((opened.quarantined, opened.degraded), (None, None), "round {round}");
        wait(check(store, &acknowledged));
    }
    println!("{ROUNDS} kills, {} acknowledged records", acknowledged.len());
    assert!(acknowledged.len() > 100, "the children wrote too little to prove anything: {}", acknowledged.len());
}

/// Starts a writer, kills it after a time that nobody chose, returns what it had acknowledged.
fn one_life(scratch: &Scratch, round: u32) -> Vec<Id> {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", NAME, "--nocapture"])
        .env(CHILD, scratch.path())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    // The first acknowledgement, so that the time counts from when it writes.
    let first = lines.by_ref().map_while(Result::ok).find_map(|line| line.strip_prefix("ack ").map(str::to_owned));
    let noise = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().subsec_nanos();
    let until = Instant::now() + Duration::from_micros(u64::from((noise / 7 + round * 7919) % 60_000));
    std::thread::sleep(until.saturating_duration_since(Instant::now()));
    child.kill().unwrap();
    child.wait().unwrap();
    let rest = lines.map_while(Result::ok).filter_map(|line| line.strip_prefix("ack ").map(str::to_owned));
    // A line cut by the kill is no acknowledgement that anybody saw.
    first.into_iter().chain(rest).filter_map(|id| id.parse().ok()).collect()
}

/// The child: durable begins, acknowledged on stdout after they return, among grouped writes.
fn write_until_killed(folder: &std::path::Path) -> ! {
    let held = hearth::store::DataFolder::open(folder).unwrap();
    let (store, _) = Store::open(&held, hearth::base::Clock::system(), super::kit::quick(), |_| {}).unwrap();
    wait(async {
        loop {
            let trace = store.ids().next();
            store.add_message("s", Role::User, "a message beside the calls", Some(trace)).await.unwrap();
            let id = store.begin_call(begin("t", trace), Kind::BeginOnce).await.unwrap();
            let mut out = std::io::stdout().lock();
            writeln!(out, "ack {id}").unwrap();
            out.flush().unwrap();
            drop(out);
            store.end_call(id, end()).await.unwrap();
        }
    })
}

async fn check(store: Store, acknowledged: &[Id]) {
    for orphan in store.close_orphans().await.unwrap() {
        assert!(orphan.end.is_none());
    }
    let newest = store.calls(CallQuery::Latest(1000)).await.unwrap();
    assert!(newest.iter().all(|call| call.end.is_some()), "orphans are closed");
    let stored: Vec<Id> = newest.iter().map(|call| call.id).collect();
    let oldest = stored.last().copied();
    for id in acknowledged.iter().rev().take_while(|id| oldest.is_none_or(|oldest| **id >= oldest)) {
        assert!(stored.contains(id), "{id} was acknowledged and is lost");
    }
    store.close().await.unwrap();
}
