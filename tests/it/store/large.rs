//! A large file opens without being read, and is checked beside the work.

use std::fs;
use std::os::unix::fs::FileExt;
use std::time::{Duration, Instant};

use hearth::base::Clock;
use hearth::store::{Options, Role, Store};

use super::kit::{Scratch, note, quick, remember, wait};

/// As if every file were a large one.
fn large() -> Options {
    Options { check_at_open: 0, ..quick() }
}

async fn checked(store: &Store) {
    let until = Instant::now() + Duration::from_secs(90);
    while !store.status().await.unwrap().checked {
        assert!(Instant::now() < until, "the check did not end");
        tokio::time::sleep(Duration::from_millis(250)).await;
    }
}

#[test]
fn a_large_file_is_checked_beside_the_work() {
    let scratch = Scratch::new("large");
    wait(async {
        let (store, opened) = scratch.open();
        assert!(opened.checked, "a small one is read at once");
        remember(&store, note("before")).await.unwrap();
        store.close().await.unwrap();
        let (store, opened) = scratch.try_open(Clock::system(), large()).unwrap();
        assert!(!opened.checked);
        remember(&store, note("after")).await.unwrap();
        checked(&store).await;
        store.close().await.unwrap();
    });
}

#[test]
fn damage_in_a_large_file_is_found_though_nobody_reads_it() {
    let scratch = Scratch::new("large-damage");
    wait(async {
        let (store, _) = scratch.open();
        for n in 0..400 {
            store.add_message("s", Role::User, &format!("message {n} of many words"), None).await.unwrap();
        }
        store.close().await.unwrap();
        let file = fs::OpenOptions::new().write(true).read(true).open(scratch.database()).unwrap();
        let bytes = fs::read(scratch.database()).unwrap();
        let at = bytes.windows(11).position(|w| w == b"message 200").unwrap() / 512 * 512;
        file.write_all_at(&[0xA5; 400], at.try_into().unwrap()).unwrap();
        let (store, opened) = scratch.try_open(Clock::system(), large()).unwrap();
        assert_eq!((opened.quarantined, opened.checked), (None, false));
        checked(&store).await;
        let status = store.status().await.unwrap();
        assert!(status.quarantined.is_some() && status.degraded.is_none(), "{status:?}");
        store.close().await.unwrap();
    });
}
