//! Memories, timers and list items: kept, found by their words, forgotten for good, in order whatever the clock says.

use hearth::base::{Clock, Code};
use hearth::store::{MemoryVector, NewMemory, StoreError, VECTOR_BYTES};

use super::kit::{Scratch, note, quick, wait};

#[test]
fn a_memory_is_found_by_its_words_and_is_gone_when_forgotten() {
    let scratch = Scratch::new("memories");
    wait(async {
        let (store, _) = scratch.open();
        let keys = store.remember(note("The spare keys are in the blue drawer")).await.unwrap();
        let german = NewMemory { language: Some("de"), ..note("Der Schlüssel liegt im Keller") };
        let cellar = store.remember(german).await.unwrap();
        let vector = MemoryVector { id: keys, model: "minilm-1".into(), vector: vec![7; VECTOR_BYTES] };
        store.set_vector(vector.clone()).await.unwrap();
        store.close().await.unwrap();

        let (store, _) = scratch.open();
        let found = store.search_memories("spare KEYS", 5).await.unwrap();
        assert_eq!((found.len(), found[0].id, found[0].language.as_deref()), (1, keys, None));
        assert_eq!(store.search_memories("schlussel", 5).await.unwrap()[0].id, cellar, "without its diacritics");
        assert_eq!(store.vectors(None).await.unwrap(), [vector]);
        assert_eq!(store.vectors(Some(keys)).await.unwrap(), []);
        store.forget(keys).await.unwrap();
        assert!(matches!(store.forget(keys).await, Err(StoreError::NotFound(_))));
        assert_eq!(store.search_memories("keys", 5).await.unwrap(), []);
        assert_eq!(store.vectors(None).await.unwrap(), []);
        assert_eq!(store.memories(5).await.unwrap().iter().map(|m| m.id).collect::<Vec<_>>(), [cellar]);
        store.close().await.unwrap();
    });
}

#[test]
fn timers_and_list_items_outlive_the_process() {
    let scratch = Scratch::new("timers");
    wait(async {
        let (store, _) = scratch.open();
        let late = store.set_timer("ann", "console:1", "cake", 2_000).await.unwrap();
        let soon = store.set_timer("ann", "console:1", "", 1_000).await.unwrap();
        let milk = store.add_item("ann", "shopping", "milk").await.unwrap();
        let bread = store.add_item("ben", "shopping", "bread").await.unwrap();
        store.close().await.unwrap();

        let (store, _) = scratch.open();
        assert_eq!(store.timers().await.unwrap().iter().map(|t| t.id).collect::<Vec<_>>(), [soon, late]);
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
        let error = store.remember(note(&long)).await.unwrap_err();
        assert!(error.code() == Code::BadInput && error.to_string().contains("memory is 10000000 bytes"), "{error}");
        assert!(store.add_item("ann", "shopping", &long).await.is_err());
        let short = MemoryVector { id: store.ids().next(), model: "m".into(), vector: vec![0; 3] };
        assert!(store.set_vector(short).await.is_err());
        assert_eq!(store.memories(5).await.unwrap(), []);
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
            let (store, _) = scratch.try_open(clock.clone(), quick()).unwrap();
            made.push(store.remember(note("a note")).await.unwrap());
            store.close().await.unwrap();
        }
        let (store, _) = scratch.open();
        let mut read: Vec<_> = store.memories(9).await.unwrap().iter().map(|m| m.id).collect();
        read.reverse();
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
        store.remember(note(&format!("the key is {key} for the garden"))).await.unwrap();
        store.add_item("ann", "shopping", &key).await.unwrap();
        let memory = &store.search_memories("garden", 5).await.unwrap()[0].text;
        let item = &store.items("shopping").await.unwrap()[0].text;
        assert!(!memory.contains("abc123") && !item.contains("abc123"), "{memory} {item}");
        store.close().await.unwrap();
    });
}
