//! Memories, timers and list items: kept, found by their words, forgotten for good, in order whatever the clock says.

use hearth::base::{Clock, Code};
use hearth::store::memory::NewMemory;
use hearth::store::{Due, NewTimer, StoreError};

use super::kit::{Scratch, direction, everything, found, note, remember, wait};

#[test]
fn a_memory_is_found_by_its_words_and_is_gone_when_forgotten() {
    let scratch = Scratch::new("memories");
    wait(async {
        let (store, _) = scratch.open();
        let keys = store.keep_memories(vec![note("The spare keys are in the blue drawer")]).await.unwrap()[0];
        let german = NewMemory { language: "de".to_owned(), ..note("Der Schlüssel liegt im Keller") };
        let cellar = remember(&store, german).await.unwrap();
        store.keep_vectors(vec![(keys.seq, direction(7))]).await.unwrap();
        store.close().await.unwrap();

        let (store, _) = scratch.open();
        let hits = found(&store, &["spare", "KEY"]).await;
        assert_eq!((hits.len(), hits[0].id, hits[0].language.as_str()), (1, keys.id, ""));
        assert_eq!(found(&store, &["schlussel"]).await[0].id, cellar, "without its diacritics");
        let near = async || store.memory_near(direction(7), everything(), 5).await.unwrap().len();
        assert_eq!(near().await, 1);
        assert_eq!(store.forget_memories(everything(), vec![keys.id]).await.unwrap(), 1);
        assert_eq!(store.forget_memories(everything(), vec![keys.id]).await.unwrap(), 0);
        assert_eq!(found(&store, &["keys"]).await, []);
        assert_eq!(near().await, 0);
        let rest = store.memories(everything(), 0, 5).await.unwrap();
        assert_eq!(rest.iter().map(|m| m.id).collect::<Vec<_>>(), [cellar]);
        store.close().await.unwrap();
    });
}

#[test]
fn timers_and_list_items_outlive_the_process() {
    let scratch = Scratch::new("timers");
    wait(async {
        let (store, _) = scratch.open();
        let at = |at_ms| Due { at_ms, held_s: None };
        let cake =
            NewTimer { name: "cake".into(), area: "kitchen".into(), span_s: 2, due: at(2_000), ..<_>::default() };
        let late = store.set_timer("ann", "console:1", cake.clone()).await.unwrap();
        let lamp = NewTimer { command: "turn off the lamp".into(), span_s: 1, due: at(1_000), ..<_>::default() };
        let soon = store.set_timer("ann", "console:1", lamp).await.unwrap();
        let milk = store.add_item("ann", "shopping", "milk").await.unwrap();
        let bread = store.add_item("ben", "shopping", "bread").await.unwrap();
        store.close().await.unwrap();

        let (store, _) = scratch.open();
        let timers = store.timers().await.unwrap();
        assert_eq!(timers.iter().map(|t| t.id).collect::<Vec<_>>(), [soon, late]);
        assert_eq!((&timers[1].timer, timers[0].timer.command.as_str()), (&cake, "turn off the lamp"));
        let held = Due { at_ms: 500, held_s: Some(1) };
        store.move_timer(late, held).await.unwrap();
        assert_eq!(store.timers().await.unwrap()[1].timer.due, held, "paused: behind the others");
        store.end_timer(soon).await.unwrap();
        store.tick_item(milk).await.unwrap();
        let items = store.items("shopping").await.unwrap();
        assert_eq!(
            items.iter().map(|i| (i.id, i.done_ms.is_some())).collect::<Vec<_>>(),
            [(milk, true), (bread, false)]
        );
        store.remove_item(milk).await.unwrap();
        assert!(matches!(store.tick_item(milk).await, Err(StoreError::NotFound(_))));
        assert_eq!((store.items("shopping").await.unwrap().len(), store.timers().await.unwrap().len()), (1, 1));
        assert_eq!(store.items("other").await.unwrap(), []);
        store.close().await.unwrap();
    });
}

#[test]
fn what_is_too_long_to_keep_is_refused_by_name() {
    let scratch = Scratch::new("keep-long");
    wait(async {
        let (store, _) = scratch.open();
        let long = "word ".repeat(2_000_000);
        let error = remember(&store, note(&long)).await.unwrap_err();
        assert!(error.code() == Code::BadInput && error.to_string().contains("memory is 10000000 bytes"), "{error}");
        assert!(store.add_item("ann", "shopping", &long).await.is_err());
        assert_eq!(store.memories(everything(), 0, 5).await.unwrap(), []);
        store.close().await.unwrap();
    });
}

#[test]
fn a_clock_that_jumps_ten_years_either_way_changes_no_order() {
    let scratch = Scratch::new("keep-clock");
    wait(async {
        let clock = Clock::movable();
        let mut made = Vec::new();
        for years in [0, 10, -20, 10] {
            clock.jump(years * 365 * 86_400_000);
            let store = scratch.at(&clock);
            made.push(remember(&store, note(&format!("a note {years} {}", made.len()))).await.unwrap());
            store.close().await.unwrap();
        }
        let (store, _) = scratch.open();
        let read: Vec<_> = store.memories(everything(), 0, 9).await.unwrap().iter().map(|m| m.id).collect();
        assert!(made.is_sorted() && read == made, "{made:?} {read:?}");
        store.close().await.unwrap();
    });
}

#[test]
fn what_looks_like_a_secret_is_not_kept() {
    let scratch = Scratch::new("keep-secret");
    wait(async {
        let (store, _) = scratch.open();
        let key = format!("sk-{}", "abc123XYZdefghijklmnopqrs");
        remember(&store, note(&format!("the key is {key} for the garden"))).await.unwrap();
        store.add_item("ann", "shopping", &key).await.unwrap();
        let memory = &found(&store, &["garden"]).await[0].text;
        let item = &store.items("shopping").await.unwrap()[0].text;
        assert!(!memory.contains("abc123") && !item.contains("abc123"), "{memory} {item}");
        store.close().await.unwrap();
    });
}
