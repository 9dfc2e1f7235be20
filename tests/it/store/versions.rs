//! Every version's database opens; a newer one and another program's are left alone.

use std::fs;
use std::path::PathBuf;

use hearth::base::Clock;
use hearth::store::{CallQuery, DataFolder, Kind, Role, Store, StoreError, VERSION};

use super::kit::{Scratch, begin, end, found, note, quick, remember, wait};

fn fixture(version: u32) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(format!("tests/data/store/v{version}.db"))
}

/// Overwrites the big-endian header word at `at` (sqlite.org/fileformat2.html 1.3).
fn set_word(scratch: &Scratch, at: usize, word: u32) -> Vec<u8> {
    let mut bytes = fs::read(scratch.database()).unwrap();
    bytes[at..at + 4].copy_from_slice(&word.to_be_bytes());
    fs::write(scratch.database(), &bytes).unwrap();
    bytes
}

#[test]
fn every_version_kept_opens_with_its_rows() {
    for version in 1..=VERSION {
        let scratch = Scratch::new(&format!("fixture-{version}"));
        fs::copy(fixture(version), scratch.database()).expect("a fixture of every version is kept");
        let (store, opened) = scratch.open();
        assert_eq!(opened.version, VERSION);
        assert_eq!(opened.migrated_from, (version != VERSION).then_some(version));
        wait(async {
            assert_eq!(store.messages("console:1", 10).await.unwrap().len(), 2);
            assert_eq!(store.search_messages("lamp", 10).await.unwrap().len(), 2);
            let calls = store.calls(CallQuery::Latest(10)).await.unwrap();
            assert_eq!(calls[0].end.as_ref().unwrap().detail, "read back: on");
            let kept = usize::from(version >= 2);
            assert_eq!(found(&store, &["spare", "keys"]).await.len(), kept);
            assert_eq!(store.timers().await.unwrap().len(), kept);
            assert_eq!(store.items("shopping").await.unwrap().len(), kept);
            remember(&store, note("and a new one")).await.unwrap();
            store.close().await.unwrap();
        });
    }
}

#[test]
fn down_to_nothing_and_up_again_is_a_working_store() {
    let scratch = Scratch::new("down-up");
    fs::copy(fixture(VERSION), scratch.database()).unwrap();
    let folder = DataFolder::open(scratch.path()).unwrap();
    let (said, heard) = std::sync::mpsc::channel();
    let tell = said.clone();
    let from = hearth::store::migrate_to(&folder, 0, move |step| tell.send((step.from, step.to)).unwrap()).unwrap();
    assert_eq!(from, VERSION);
    let (store, opened) =
        Store::open(&folder, Clock::system(), quick(), move |step| said.send((step.from, step.to)).unwrap()).unwrap();
    assert_eq!(opened.version, VERSION);
    assert_eq!(
        heard.try_iter().collect::<Vec<_>>(),
        [(6, 5), (5, 4), (4, 3), (3, 2), (2, 1), (1, 0), (0, 1), (1, 2), (2, 3), (3, 4), (4, 5), (5, 6)]
    );
    wait(async {
        assert_eq!(store.calls(CallQuery::Latest(10)).await.unwrap(), []);
        let trace = store.ids().next();
        store.begin_call(begin("t", trace), Kind::BeginOnce).await.unwrap();
        assert_eq!(store.calls(CallQuery::Trace(trace)).await.unwrap().len(), 1);
        store.close().await.unwrap();
    });
}

#[test]
fn a_newer_database_is_refused_and_not_touched() {
    let scratch = Scratch::new("newer");
    fs::copy(fixture(VERSION), scratch.database()).unwrap();
    let before = set_word(&scratch, 60, VERSION + 1);
    let error = scratch.try_open(Clock::system(), quick()).unwrap_err();
    assert!(matches!(error, StoreError::Newer { found, known, .. } if found == VERSION + 1 && known == VERSION));
    assert_eq!(fs::read(scratch.database()).unwrap(), before);
    assert_eq!(scratch.quarantined(), [] as [PathBuf; 0]);
}

#[test]
fn a_database_of_another_program_is_refused_and_not_touched() {
    let scratch = Scratch::new("foreign");
    fs::copy(fixture(VERSION), scratch.database()).unwrap();
    let before = set_word(&scratch, 68, 77);
    let error = scratch.try_open(Clock::system(), quick()).unwrap_err();
    assert!(matches!(error, StoreError::Foreign(_)), "{error}");
    assert_eq!(fs::read(scratch.database()).unwrap(), before);
}

/// Writes `v<VERSION>.db` into the folder named by `HEARTH_STORE_FIXTURE`, once per new version.
#[test]
fn write_the_fixture_of_this_version_when_asked() {
    let Ok(target) = std::env::var("HEARTH_STORE_FIXTURE") else { return };
    let scratch = Scratch::new("make-fixture");
    let (store, _) = scratch.open();
    wait(async {
        let trace = store.ids().next();
        store.touch_session("console:1", "console", "console").await.unwrap();
        store.add_message("console:1", Role::User, "turn on the kitchen lamp", Some(trace)).await.unwrap();
        let call = store.begin_call(begin("light.set", trace), Kind::BeginOnce).await.unwrap();
        store.end_call(call, end()).await.unwrap();
        store.add_message("console:1", Role::Assistant, "The kitchen lamp is on.", Some(trace)).await.unwrap();
        assert_eq!(store.search_messages("lamp", 10).await.unwrap().len(), 2);
        remember(&store, note("the spare keys are in the drawer")).await.unwrap();
        store
            .set_timer("console", "console:1", hearth::store::NewTimer { name: "cake".into(), ..<_>::default() })
            .await
            .unwrap();
        store.add_item("console", "shopping", "milk").await.unwrap();
        store.close().await.unwrap();
    });
    fs::copy(scratch.database(), PathBuf::from(target).join(format!("v{VERSION}.db"))).unwrap();
}
