//! Vectors beside the rows: two back-ends, one suite; what is deleted or hidden is never near.

use hearth::base::Clock;
use hearth::store::memory::near::Packed;
use hearth::store::memory::{Area, Filter, NewMemory, Viewer};
use hearth::store::{Options, Store};

use super::kit::{Scratch, quick, wait};

/// A vector that points mostly along one of 16 axes.
fn vector(axis: usize, lean: f32) -> Packed {
    let mut numbers = vec![0.0; 16];
    numbers[axis % 16] = 1.0;
    numbers[(axis + 1) % 16] = lean;
    Packed::of(&numbers).expect("a direction")
}

fn of(person: &str, chat: &str) -> Viewer {
    Viewer { person: person.to_owned(), chat: chat.to_owned(), ..Viewer::default() }
}

fn new(text: &str, viewer: Viewer) -> NewMemory {
    NewMemory { text: text.to_owned(), viewer, importance: 0.5, ..NewMemory::default() }
}

/// Runs the same questions on a store that holds vectors in memory, and on one that reads them from the file.
fn both(name: &str, check: impl AsyncFn(&Store)) {
    for (back_end, resident_vectors) in [("resident", 1_000), ("streamed", 0)] {
        let scratch = Scratch::new(&format!("near-{name}-{back_end}"));
        let options = Options { resident_vectors, ..quick() };
        let (store, _) = scratch.try_open(Clock::system(), options).unwrap();
        wait(async {
            check(&store).await;
            store.close().await.unwrap();
        });
    }
}

async fn nearest(store: &Store, axis: usize, filter: Filter, limit: usize) -> Vec<i64> {
    let hits = store.memory_near(vector(axis, 0.0), filter, limit).await.unwrap();
    assert!(hits.windows(2).all(|pair| pair[0].score >= pair[1].score), "nearest first: {hits:?}");
    hits.into_iter().map(|hit| hit.seq).collect()
}

#[test]
fn the_nearest_come_first_and_filters_come_before_ranking() {
    both("order", async |store| {
        let mut rows = Vec::new();
        for n in 0..64 {
            let mut memory = new(&format!("memory {n}"), of(if n % 2 == 0 { "anna" } else { "jan" }, ""));
            memory.area = if n % 4 == 0 { Area::Solutions } else { Area::Main };
            memory.said_ms = n;
            rows.push(memory);
        }
        let kept = store.keep_memories(rows).await.unwrap();
        #[allow(clippy::cast_precision_loss, reason = "small")]
        let vectors = kept.iter().enumerate().map(|(n, kept)| (kept.seq, vector(n, n as f32 / 64.0))).collect();
        store.keep_vectors(vectors).await.unwrap();
        let anna = Filter { viewer: of("anna", ""), ..Filter::default() };
        let seqs: Vec<i64> = [0, 16, 32, 48].map(|n: usize| kept[n].seq).to_vec();
        assert_eq!(nearest(store, 0, anna.clone(), 4).await, seqs, "axis 0, the straightest first");
        let jan = Filter { viewer: of("jan", ""), ..Filter::default() };
        let found = nearest(store, 0, jan, 64).await;
        assert_eq!(found.len(), 32, "none of another person, however near");
        assert!(found.iter().all(|seq| kept.iter().position(|k| k.seq == *seq).is_some_and(|n| n % 2 == 1)));
        let solved = Filter { area: Some(Area::Solutions), since_ms: Some(8), until_ms: Some(40), ..anna };
        assert_eq!(nearest(store, 0, solved, 64).await.len(), 8);
        let nobody = Filter { viewer: of("nobody", ""), ..Filter::default() };
        assert_eq!(nearest(store, 0, nobody, 64).await, [] as [i64; 0]);
    });
}

#[test]
fn what_changes_of_a_row_changes_for_the_scan_and_what_was_taken_back_is_near_again() {
    both("changes", async |store| {
        let rows = (0..6).map(|n| new(&format!("row {n}"), of("", ""))).collect();
        let kept = store.keep_memories(rows).await.unwrap();
        store.keep_vectors(kept.iter().map(|kept| (kept.seq, vector(2, 0.1))).collect()).await.unwrap();
        let near = async || nearest(store, 2, Filter::default(), 9).await.len();
        assert_eq!(near().await, 6);
        store.hold_memory(Filter::default(), kept[1].id, true).await.unwrap();
        let refused = store.forget_memories(Filter::default(), vec![kept[0].id, kept[1].id]).await;
        assert!(refused.is_err() && near().await == 6, "none went, so all are near");
        store.supersede_memory(Filter::default(), kept[2].id, kept[3].id).await.unwrap();
        assert_eq!(near().await, 5, "history is not near");
        let history = Filter { history: true, ..Filter::default() };
        assert_eq!(nearest(store, 2, history, 9).await.len(), 6, "where it is wanted, it is");
        store.keep_vectors(vec![(kept[4].seq, vector(9, 0.0))]).await.unwrap();
        assert_eq!(nearest(store, 9, Filter::default(), 1).await, [kept[4].seq], "a new vector counts");
    });
}

#[test]
fn deleting_one_of_two_equal_vectors_leaves_its_twin_and_disappears_at_once() {
    both("twins", async |store| {
        let rows = (0..12).map(|n| new(&format!("twin {n}"), of("", ""))).collect();
        let kept = store.keep_memories(rows).await.unwrap();
        store.keep_vectors(kept.iter().map(|kept| (kept.seq, vector(3, 0.2))).collect()).await.unwrap();
        assert_eq!(nearest(store, 3, Filter::default(), 20).await.len(), 12);
        for (gone, twin) in kept.iter().enumerate() {
            assert_eq!(store.forget_memories(Filter::default(), vec![twin.id]).await.unwrap(), 1);
            let left = nearest(store, 3, Filter::default(), 20).await;
            assert_eq!(left.len(), 11 - gone);
            assert!(!left.contains(&twin.seq));
        }
    });
}

#[test]
fn a_vector_can_be_renewed_and_a_replaced_memory_is_found_only_with_its_history() {
    both("renewed", async |store| {
        let kept = store.keep_memories(vec![new("old", of("", "")), new("other", of("", ""))]).await.unwrap();
        store.keep_vectors(kept.iter().map(|kept| (kept.seq, vector(1, 0.0))).collect()).await.unwrap();
        assert_eq!(nearest(store, 1, Filter::default(), 1).await, [kept[0].seq]);
        store.keep_vectors(vec![(kept[0].seq, vector(9, 0.0))]).await.unwrap();
        assert_eq!(nearest(store, 1, Filter::default(), 1).await, [kept[1].seq]);
        let newer = NewMemory { replaces: Some(kept[0].id), ..new("newer", of("", "")) };
        store.keep_memories(vec![newer]).await.unwrap();
        assert!(!nearest(store, 9, Filter::default(), 9).await.contains(&kept[0].seq));
        let history = Filter { history: true, ..Filter::default() };
        assert!(nearest(store, 9, history, 9).await.contains(&kept[0].seq));
        let lost = NewMemory { replaces: Some(store.ids().next()), ..new("of nothing", of("", "")) };
        assert!(store.keep_memories(vec![new("first", of("", "")), lost]).await.is_err());
        assert_eq!(store.memory_stats().await.unwrap().memories, 3, "of a refused batch nothing is kept");
    });
}

#[test]
fn a_vector_that_comes_after_its_memory_was_forgotten_belongs_to_no_other() {
    both("late", async |store| {
        let gone = store.keep_memories(vec![new("of yesterday", of("", ""))]).await.unwrap()[0];
        store.forget_memories(Filter::default(), vec![gone.id]).await.unwrap();
        let kept = store.keep_memories(vec![new("of today", of("", ""))]).await.unwrap()[0];
        // It was asked for before the first was forgotten.
        store.keep_vectors(vec![(gone.seq, vector(5, 0.0))]).await.unwrap();
        assert!(kept.seq > gone.seq);
        assert_eq!(nearest(store, 5, Filter::default(), 9).await, [] as [i64; 0]);
    });
}
