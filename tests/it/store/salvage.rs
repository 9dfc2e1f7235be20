//! A damaged file is set aside, and the rows of it that can be read are in the new one, with their words.

use std::fs;
use std::os::unix::fs::FileExt;
use std::path::Path;

use hearth::store::memory::{Document, Fact};
use hearth::store::{CallQuery, Kind, Role, Store};

use super::kit::{Scratch, begin, direction, end, found, note, remember, wait};

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
        store.set_timer("ann", "s", "cake", 1).await.unwrap();
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
    assert_eq!(store.timers().await.unwrap()[0].name, "cake");
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
    let root = wait(async {
        let db = libsql::Builder::new_local(scratch.database()).build().await.unwrap().connect().unwrap();
        let sql = "SELECT rootpage FROM sqlite_schema WHERE name = 'messages_by_session'";
        db.query(sql, ()).await.unwrap().next().await.unwrap().unwrap().get::<u32>(0).unwrap()
    });
    overwrite(&scratch.database(), (usize::try_from(root).unwrap() - 1) * 512, &[0xA5; 500]);
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
