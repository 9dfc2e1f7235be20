//! A damaged file is set aside, and the rows of it that can be read are in the new one, with their words.

use std::fs;
use std::os::unix::fs::FileExt;
use std::path::Path;

use hearth::base::Clock;
use hearth::store::memory::{Document, Fact, NewMemory};
use hearth::store::{CallQuery, Kind, NewTimer, Options, Role, Store, VERSION};

use super::disk::Luck;
use super::kit::{Scratch, begin, direction, end, everything, found, note, quick, remember, wait};
use super::mounted::Mounted;

/// A closed database with rows of every kind, and a thousand messages.
fn filled(name: &str) -> Scratch {
    let scratch = Scratch::new(name);
    wait(async {
        let (store, _) = scratch.open();
        let trace = store.ids().next();
        for n in 1000..2000 {
            store.add_message("s", Role::User, &format!("this is message number {n}"), Some(trace)).await.unwrap();
        }
        let call = store.begin_call(begin("light.set", trace), Kind::BeginOnce).await.unwrap();
        store.end_call(call, end()).await.unwrap();
        let kept = store.keep_memories(vec![note("the spare keys are in the blue drawer")]).await.unwrap()[0];
        store.keep_vectors(vec![(kept.seq, direction(3))]).await.unwrap();
        store.set_timer("ann", "s", NewTimer { name: "cake".into(), ..<_>::default() }).await.unwrap();
        store.add_item("ann", "shopping", "milk").await.unwrap();
        let person = String::new();
        let (key, value, source) = ("wifi".to_owned(), "upstairs".to_owned(), "said".to_owned());
        store.set_fact(Fact { person: person.clone(), key, value, source, at_ms: 1 }).await.unwrap();
        let (name, text) = ("context".to_owned(), "what we talked about".to_owned());
        store.write_document(Document { name, person, text, at_ms: 1 }).await.unwrap();
        store.search_messages("message", 1).await.unwrap();
        store.close().await.unwrap();
    });
    scratch
}

fn overwrite(database: &Path, at: usize, bytes: &[u8]) {
    let file = fs::OpenOptions::new().write(true).open(database).unwrap();
    file.write_all_at(bytes, at.try_into().unwrap()).unwrap();
}

/// Everything beside the messages.
async fn the_rest_is_there(store: &Store) {
    let memory = &found(store, &["spare", "keys"]).await;
    assert_eq!(memory[0].text, "the spare keys are in the blue drawer");
    assert_eq!(store.bare_memories(0, 9).await.unwrap().len(), 1, "its vector is made again from its words");
    assert_eq!(store.timers().await.unwrap()[0].timer.name, "cake");
    assert_eq!(store.items("shopping").await.unwrap()[0].text, "milk");
    assert_eq!(store.fact(String::new(), "wifi".into()).await.unwrap()[0].value, "upstairs");
    assert!(store.document("context".into(), String::new()).await.unwrap().is_some());
    let calls = store.calls(CallQuery::Latest(5)).await.unwrap();
    assert_eq!(calls[0].end.as_ref().unwrap().detail, "read back: on");
    assert_eq!(store.check_chain(None, i64::MAX).await.unwrap().fault, None, "the records fit");
    assert_eq!(store.check().await.unwrap(), [] as [String; 0]);
    let new = remember(store, note("a new one")).await.unwrap();
    assert!(new > memory[0].id && store.close_orphans().await.unwrap().is_empty());
}

#[test]
fn one_bad_page_costs_its_own_rows() {
    let scratch = filled("salvage-page");
    let bytes = fs::read(scratch.database()).unwrap();
    let at = bytes.windows(19).position(|w| w == b"message number 1500").unwrap() / 512 * 512;
    overwrite(&scratch.database(), at, &[0xA5; 500]);
    wait(async {
        let (store, opened) = scratch.open();
        assert!(opened.quarantined.is_some_and(|aside| aside.exists()) && opened.carried > 900, "{}", opened.carried);
        let messages = store.messages("s", 1000).await.unwrap();
        assert!((950..1000).contains(&messages.len()), "{}", messages.len());
        assert_eq!(store.search_messages("1001", 5).await.unwrap().len(), 1);
        assert_eq!(store.search_messages("1999", 5).await.unwrap().len(), 1, "also behind the bad page");
        assert_eq!(store.search_messages("1500", 5).await.unwrap(), []);
        the_rest_is_there(&store).await;
        assert_eq!(store.status().await.unwrap().carried, opened.carried);
        store.close().await.unwrap();
    });
}

#[test]
fn a_damaged_index_costs_no_row() {
    let scratch = filled("salvage-index");
    spoil_page(&scratch, wait(root(&scratch, "messages_by_session")));
    wait(async {
        let (store, opened) = scratch.open();
        assert!(opened.quarantined.is_some());
        assert_eq!(store.messages("s", 1000).await.unwrap().len(), 1000);
        the_rest_is_there(&store).await;
        store.close().await.unwrap();
    });
}

#[test]
fn of_half_a_file_comes_what_is_in_it() {
    let scratch = filled("salvage-half");
    let length = fs::metadata(scratch.database()).unwrap().len();
    fs::OpenOptions::new().write(true).open(scratch.database()).unwrap().set_len(length / 2).unwrap();
    wait(async {
        let (store, opened) = scratch.open();
        assert!(opened.quarantined.is_some() && opened.carried > 100, "{}", opened.carried);
        assert_eq!(store.check().await.unwrap(), [] as [String; 0]);
        store.close().await.unwrap();
    });
}

/// The page on which something begins.
async fn root(scratch: &Scratch, name: &str) -> usize {
    let db = libsql::Builder::new_local(scratch.database()).build().await.unwrap().connect().unwrap();
    let sql = "SELECT rootpage FROM sqlite_schema WHERE name = ?1";
    let root: u32 = db.query(sql, [name]).await.unwrap().next().await.unwrap().unwrap().get(0).unwrap();
    usize::try_from(root).unwrap()
}

fn spoil_page(scratch: &Scratch, page: usize) {
    overwrite(&scratch.database(), (page - 1) * 512, &[0xA5; 500]);
}

#[test]
fn several_bad_pages_cost_their_own_rows() {
    let scratch = filled("salvage-pages");
    let bytes = fs::read(scratch.database()).unwrap();
    for n in [1003, 1250, 1500, 1501, 1750, 1996] {
        let needle = format!("message number {n}");
        let at = bytes.windows(needle.len()).position(|w| w == needle.as_bytes()).unwrap() / 512 * 512;
        overwrite(&scratch.database(), at, &[0xA5; 512]);
    }
    wait(async {
        let (store, opened) = scratch.open();
        let messages = store.messages("s", 1000).await.unwrap();
        assert!(opened.quarantined.is_some() && (900..980).contains(&messages.len()), "{}", messages.len());
        for there in ["1100", "1300", "1600", "1900"] {
            assert_eq!(store.search_messages(there, 5).await.unwrap().len(), 1, "{there}");
        }
        the_rest_is_there(&store).await;
        store.close().await.unwrap();
    });
}

#[test]
fn damaged_trigrams_and_stray_vectors_cost_no_row() {
    let scratch = filled("salvage-trigrams");
    wait(async {
        let (store, _) = scratch.open();
        let words = NewMemory { language: "zh".to_owned(), ..note("花园大门的备用钥匙") };
        let kept = store.keep_memories(vec![words]).await.unwrap()[0];
        store.keep_vectors(vec![(kept.seq, direction(4))]).await.unwrap();
        store.close().await.unwrap();
        let db = libsql::Builder::new_local(scratch.database()).build().await.unwrap().connect().unwrap();
        db.execute_batch("PRAGMA foreign_keys = OFF; INSERT INTO memory_vectors VALUES (999, zeroblob(20))")
            .await
            .unwrap();
    });
    let (trigrams, index) =
        wait(async { (root(&scratch, "memory_trigrams_data").await, root(&scratch, "messages_by_session").await) });
    spoil_page(&scratch, trigrams);
    spoil_page(&scratch, index);
    wait(async {
        let (store, opened) = scratch.open();
        assert!(opened.quarantined.is_some());
        assert_eq!(store.messages("s", 1000).await.unwrap().len(), 1000);
        let hits = store.memory_words(vec!["\"备用钥\"".to_owned()], true, everything(), 9).await.unwrap().hits;
        assert_eq!(hits.len(), 1, "its trigrams are made anew");
        assert_eq!(store.check().await.unwrap(), [] as [String; 0], "and no vector is of no memory");
        assert_eq!(store.bare_memories(0, 9).await.unwrap().len(), 2);
        store.close().await.unwrap();
    });
}

/// libsql panics at a text that is no UTF-8: damage makes such texts, of texts and of what was none.
#[test]
fn bytes_that_are_no_text_any_more_end_nothing() {
    let scratch = filled("salvage-utf8");
    let bytes = fs::read(scratch.database()).unwrap();
    let at = |n: u32| {
        let needle = format!("message number {n}");
        bytes.windows(needle.len()).position(|w| w == needle.as_bytes()).unwrap()
    };
    overwrite(&scratch.database(), at(1300), &[0xFF, 0xC0]);
    // The header of a row: id and trace are bytes of 16 (44), the session is a 1 (9), the role text, the time a
    // number of 6 bytes (5). Both ids become texts of 16 bytes, and in another row the time one of 6.
    let header = |n: u32| {
        let here = at(n);
        let from = here - 100;
        from + bytes[from..here].windows(3).position(|w| w == [44, 9, 21]).expect("the row's header")
    };
    overwrite(&scratch.database(), header(1400), &[45]);
    overwrite(&scratch.database(), header(1600) + 5, &[25]);
    spoil_page(&scratch, wait(root(&scratch, "messages_by_session")));
    wait(async {
        let (store, opened) = scratch.open();
        assert!(opened.quarantined.is_some());
        let messages = store.messages("s", 1000).await.unwrap();
        assert_eq!(messages.len(), 999, "one row's time is none any more");
        assert!(
            messages.iter().any(|m| m.text.contains("number 1400")),
            "an id is its bytes, whatever they are called"
        );
        assert!(messages.iter().any(|m| m.text.contains("\u{FFFD}\u{FFFD}ssage number 1300")), "shown as damaged");
        assert!(!messages.iter().any(|m| m.text.contains("number 1600")));
        the_rest_is_there(&store).await;
        store.close().await.unwrap();
    });
}

#[test]
fn a_damaged_file_of_every_older_version_gives_its_rows() {
    for version in 1..VERSION {
        let scratch = Scratch::new(&format!("salvage-v{version}"));
        let fixture = format!("{}/tests/data/store/v{version}.db", env!("CARGO_MANIFEST_DIR"));
        fs::copy(fixture, scratch.database()).unwrap();
        spoil_page(&scratch, wait(root(&scratch, "messages_by_session")));
        wait(async {
            let (store, opened) = scratch.open();
            assert!(opened.quarantined.is_some(), "{version}");
            assert_eq!(store.messages("console:1", 10).await.unwrap().len(), 2, "{version}");
            assert_eq!(
                store.calls(CallQuery::Latest(10)).await.unwrap()[0].end.as_ref().unwrap().detail,
                "read back: on"
            );
            let kept = usize::from(version >= 2);
            assert_eq!(found(&store, &["spare", "keys"]).await.len(), kept, "{version}");
            assert_eq!(store.timers().await.unwrap().len(), kept, "{version}");
            assert_eq!(store.check().await.unwrap(), [] as [String; 0]);
            store.close().await.unwrap();
        });
    }
}

/// The power fails at every step of setting a damaged file aside, one after the other: the rows come over all the same.
fn a_power_cut_while_it_is_set_aside_loses_nothing(name: &str, first: u64) {
    let scratch = Scratch::new(&format!("{name}-from"));
    fs::copy(format!("{}/tests/data/store/v{VERSION}.db", env!("CARGO_MANIFEST_DIR")), scratch.database()).unwrap();
    spoil_page(&scratch, wait(root(&scratch, "messages_by_session")));
    let damaged = fs::read(scratch.database()).unwrap();
    // Each run has its share of the steps, so that a few of them are all.
    for luck in [Luck::None, Luck::Some(3)] {
        for step in (1 + first..).step_by(5) {
            let cut = Mounted::cut_at(name, &damaged, (step, luck), &Clock::system(), async |_| {});
            let Some((finished, mounted)) = cut else { return };
            wait(async {
                let (store, opened) = mounted.scratch().open();
                assert_eq!(opened.degraded, None, "{step} {luck:?}");
                assert_eq!(store.messages("console:1", 10).await.unwrap().len(), 2, "{step} {luck:?}");
                let kept = found(&store, &["spare", "keys"]).await;
                assert_eq!((kept.len(), store.timers().await.unwrap().len()), (1, 1), "{step} {luck:?}");
                // What is forgotten from here on does not come back.
                store.forget_memories(everything(), vec![kept[0].id]).await.unwrap();
                store.close().await.unwrap();
                let (store, opened) = mounted.scratch().open();
                assert_eq!((opened.quarantined, opened.carried), (None, 0), "{step} {luck:?}");
                assert_eq!(found(&store, &["spare", "keys"]).await.len(), 0);
                store.close().await.unwrap();
            });
            if finished {
                assert!(step > 10, "only {step} steps");
                break;
            }
        }
    }
}

#[test]
fn a_power_cut_at_any_step_of_the_carrying_over_loses_nothing_1() {
    a_power_cut_while_it_is_set_aside_loses_nothing("salvage-cut-1", 0);
}

#[test]
fn a_power_cut_at_any_step_of_the_carrying_over_loses_nothing_2() {
    a_power_cut_while_it_is_set_aside_loses_nothing("salvage-cut-2", 1);
}

#[test]
fn a_power_cut_at_any_step_of_the_carrying_over_loses_nothing_3() {
    a_power_cut_while_it_is_set_aside_loses_nothing("salvage-cut-3", 2);
}

#[test]
fn a_power_cut_at_any_step_of_the_carrying_over_loses_nothing_4() {
    a_power_cut_while_it_is_set_aside_loses_nothing("salvage-cut-4", 3);
}

#[test]
fn a_power_cut_at_any_step_of_the_carrying_over_loses_nothing_5() {
    a_power_cut_while_it_is_set_aside_loses_nothing("salvage-cut-5", 4);
}

/// The new file has no room beside the old one: nothing is given up, and the rows come when there is.
#[test]
fn a_full_disk_in_the_middle_of_it_is_waited_out() {
    let scratch = filled("salvage-full");
    spoil_page(&scratch, wait(root(&scratch, "messages_by_session")));
    wait(async {
        let options = Options { max_pages: Some(120), ..quick() };
        let (store, opened) = scratch.try_open(Clock::system(), options).unwrap();
        assert!(opened.quarantined.is_some() && opened.degraded.is_some_and(|why| why.contains("full")));
        assert!(remember(&store, note("a promise")).await.is_err(), "no promise without a disk");
        store.close().await.ok();
        let (store, opened) = scratch.open();
        assert!(opened.degraded.is_none() && opened.carried >= 1000, "{opened:?}");
        the_rest_is_there(&store).await;
        assert_eq!(store.messages("s", 1000).await.unwrap().len(), 1000);
        store.close().await.unwrap();
    });
}
