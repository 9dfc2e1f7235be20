//! A disk that is full, limited or read-only: degraded, said, recovered, nothing acknowledged lost.

use std::fs;
use std::process::Command;
use std::time::Duration;

use hearth::base::Clock;
use hearth::store::{CallQuery, DataFolder, DeviceState, Kind, Options, Role, Store, StoreError};
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use serde_json::json;

use super::kit::{Scratch, begin, end, quick, wait};

#[test]
fn a_file_that_may_not_grow_degrades_and_keeps_what_was_acknowledged() {
    let scratch = Scratch::new("pages");
    let options = Options { max_pages: Some(120), ..quick() };
    let (store, _) = scratch.try_open(Clock::system(), options).unwrap();
    wait(async {
        let trace = store.ids().next();
        let mut durable = Vec::new();
        let refused = loop {
            assert!(durable.len() < 10_000, "120 pages cannot hold this");
            match store.begin_call(begin("t", trace), Kind::BeginOnce).await {
                Ok(id) => durable.push(id),
                Err(error) => break error,
            }
        };
        assert!(refused.to_string().contains("full"), "{refused}");
        assert!(store.status().await.unwrap().degraded.unwrap().contains("full"));
        assert!(matches!(
            store.begin_call(begin("t", trace), Kind::BeginOnce).await.unwrap_err(),
            StoreError::Degraded(_)
        ));
        held_records_are_read(&store).await;
        assert!(store.close().await.is_err(), "the disk did not take the last records");

        let (store, opened) = scratch.open();
        assert_eq!((opened.degraded, opened.quarantined), (None, None));
        let read: Vec<_> = store.calls(CallQuery::Trace(trace)).await.unwrap().iter().map(|c| c.id).collect();
        assert_eq!(read, durable);
        store.close().await.unwrap();
    });
}

/// Grouped records while degraded: acknowledged, held, and seen by every read.
async fn held_records_are_read(store: &Store) {
    let trace = store.ids().next();
    let call = store.begin_call(begin("held", trace), Kind::BeginIdempotent).await.unwrap();
    store.end_call(call, end()).await.unwrap();
    store.add_message("held", Role::User, "a held word", Some(trace)).await.unwrap();
    let state = DeviceState { entity: "held".into(), state: json!(1), at_ms: 1, source: "line".into() };
    store.save_states(vec![state.clone()]).await.unwrap();
    let calls = store.calls(CallQuery::Trace(trace)).await.unwrap();
    assert!(calls.len() == 1 && calls[0].end.is_some());
    assert_eq!(store.calls(CallQuery::Latest(1)).await.unwrap()[0].id, call);
    assert_eq!(store.messages("held", 5).await.unwrap().len(), 1);
    assert_eq!(store.search_messages("held word", 5).await.unwrap().len(), 1);
    assert!(store.load_states().await.unwrap().contains(&state));
    assert_eq!(store.status().await.unwrap().held, 4);
}

/// What is held while degraded is on disk after the recovery.
async fn recovered(store: Store, scratch_folder: &std::path::Path) {
    let status = store.status().await.unwrap();
    assert_eq!((status.degraded, status.held, status.dropped), (None, 0, 0));
    store.close().await.unwrap();
    let folder = DataFolder::open(scratch_folder).unwrap();
    let (store, _) = Store::open(&folder, Clock::system(), quick(), |_| {}).unwrap();
    assert_eq!(store.search_messages("held word", 5).await.unwrap().len(), 1);
    assert_eq!(store.load_states().await.unwrap().len(), 1);
    assert_eq!(store.calls(CallQuery::Latest(1)).await.unwrap()[0].tool, "held");
    store.close().await.unwrap();
}

/// Runs in a process of its own, because the limit on file sizes is the whole process's.
#[test]
fn a_limit_on_file_size_degrades_and_its_end_recovers() {
    const CHILD: &str = "HEARTH_STORE_LIMITED";
    if std::env::var_os(CHILD).is_none() {
        let name = "store::full::a_limit_on_file_size_degrades_and_its_end_recovers";
        let done = Command::new(std::env::current_exe().unwrap()).args(["--exact", name]).env(CHILD, "1").output();
        let done = done.unwrap();
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stdout));
        return;
    }
    let ignore = nix::sys::signal::SigSet::from_iter([nix::sys::signal::Signal::SIGXFSZ]);
    ignore.thread_block().unwrap();
    let scratch = Scratch::new("fsize");
    let (store, _) = scratch.open();
    let (_, hard) = getrlimit(Resource::RLIMIT_FSIZE).unwrap();
    wait(async {
        store.flush().await.unwrap();
        setrlimit(Resource::RLIMIT_FSIZE, 4096, hard).unwrap();
        store.add_message("long", Role::User, &"long ".repeat(10_000), None).await.unwrap();
        assert!(store.flush().await.is_err());
        assert!(store.status().await.unwrap().degraded.is_some());
        setrlimit(Resource::RLIMIT_FSIZE, hard, hard).unwrap();
        store.flush().await.unwrap();
        assert_eq!(store.messages("long", 5).await.unwrap().len(), 1);
        setrlimit(Resource::RLIMIT_FSIZE, 4096, hard).unwrap();
        let trace = store.ids().next();
        let _refused = store.begin_call(begin("t", trace), Kind::BeginOnce).await.unwrap_err();
        held_records_are_read(&store).await;
        setrlimit(Resource::RLIMIT_FSIZE, hard, hard).unwrap();
        store.flush().await.unwrap();
        recovered(store, scratch.path()).await;
    });
}

/// A tmpfs of 512 KB, as a real full and a real read-only disk; needs root.
struct Disk(Scratch);

impl Disk {
    fn mount(name: &str) -> Option<Self> {
        let scratch = Scratch::new(name);
        let done = Command::new("mount").args(["-t", "tmpfs", "-o", "size=512k", "tmpfs"]).arg(scratch.path()).output();
        match done {
            Ok(done) if done.status.success() => Some(Self(scratch)),
            _ => {
                println!("SKIPPED: mounting a tmpfs needs root");
                None
            }
        }
    }

    fn remount(&self, how: &str) {
        let done = Command::new("mount").args(["-o", &format!("remount,{how}")]).arg(self.0.path()).status().unwrap();
        assert!(done.success(), "remount,{how}");
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        drop(Command::new("umount").arg("-l").arg(self.0.path()).status());
    }
}

#[test]
fn a_full_disk_degrades_and_recovers_when_there_is_room() {
    let Some(disk) = Disk::mount("enospc") else { return };
    let (store, _) = disk.0.open();
    wait(async {
        store.flush().await.unwrap();
        let filler = disk.0.path().join("filler");
        fs::write(&filler, vec![0_u8; 1_000_000]).unwrap_err();
        let trace = store.ids().next();
        let mut durable = Vec::new();
        while let Ok(id) = store.begin_call(begin("t", trace), Kind::BeginOnce).await {
            durable.push(id);
        }
        assert!(store.status().await.unwrap().degraded.is_some());
        held_records_are_read(&store).await;
        fs::remove_file(filler).unwrap();
        store.flush().await.unwrap();
        let read: Vec<_> = store.calls(CallQuery::Trace(trace)).await.unwrap().iter().map(|c| c.id).collect();
        assert_eq!(read, durable);
        recovered(store, disk.0.path()).await;
    });
}

#[test]
fn a_disk_that_turns_read_only_is_read_and_recovers_by_itself() {
    let Some(disk) = Disk::mount("erofs") else { return };
    wait(async {
        let (store, _) = disk.0.open();
        let trace = store.ids().next();
        let before = store.begin_call(begin("before", trace), Kind::BeginOnce).await.unwrap();
        store.close().await.unwrap();
        disk.remount("ro");
        let options = Options { retry: Duration::from_millis(50), ..quick() };
        let (store, opened) = disk.0.try_open(Clock::system(), options).unwrap();
        assert!(opened.degraded.is_some(), "{opened:?}");
        assert_eq!(store.calls(CallQuery::Trace(trace)).await.unwrap()[0].id, before, "reads go on");
        held_records_are_read(&store).await;
        disk.remount("rw");
        for _ in 0..100 {
            if store.status().await.unwrap().degraded.is_none() {
                break;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        recovered(store, disk.0.path()).await;
    });
}
