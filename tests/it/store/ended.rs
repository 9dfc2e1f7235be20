//! What has ended is out of sight at once, and deleted only when no jump of the clock can have made it look old.

use hearth::base::Clock;
use hearth::store::Store;
use hearth::store::memory::{Budget, Ended, Filter, NewMemory, Retention};

use super::kit::{DAY, Scratch, days, everything, note, wait};

const YEARS: i64 = 10 * 365 * 86_400_000;
const TIDY: Budget = Budget { rows: 100, bytes: i64::MAX, ended: Ended::Surely, retention: Retention::FOREVER };

async fn in_sight(store: &Store) -> usize {
    store.memories(Filter::default(), 0, 9).await.unwrap().len()
}

async fn kept(store: &Store) -> usize {
    store.memories(everything(), 0, 9).await.unwrap().len()
}

/// A memory without an end, one under a hold, and one that ends in a day.
async fn three(store: &Store, clock: &Clock) {
    let expires_ms = Some(clock.wall_ms() + 86_400_000);
    let ends = NewMemory { expires_ms, ..note("the plumber comes tomorrow") };
    let held = NewMemory { expires_ms, held: true, ..note("the plumber's number") };
    store.keep_memories(vec![note("the drain was mended"), held, ends]).await.unwrap();
}

#[test]
fn a_clock_that_jumps_ten_years_and_back_deletes_nothing() {
    let scratch = Scratch::new("ended-jump");
    wait(async {
        let clock = Clock::movable();
        let mut store = scratch.at(&clock);
        // A home that has run for long, and knows what time it is.
        assert_eq!(days(&store, &clock, 30, TIDY).await, 0);
        three(&store, &clock).await;
        for jump in [YEARS, -2 * YEARS, 2 * YEARS] {
            clock.jump(jump);
            assert_eq!(in_sight(&store).await, if jump > 0 { 2 } else { 3 }, "out of sight as the clock says");
            assert_eq!(days(&store, &clock, 3, TIDY).await, 0, "but not deleted");
            // A restart knows as much as before it.
            store.close().await.unwrap();
            store = scratch.at(&clock);
            assert_eq!(days(&store, &clock, 3, TIDY).await, 0);
        }
        clock.jump(-YEARS - 19 * 86_400_000);
        assert_eq!((in_sight(&store).await, kept(&store).await), (3, 3), "the clock is right again, and all is there");
        store.close().await.unwrap();
    });
}

#[test]
fn what_ended_a_week_of_running_ago_is_deleted_also_over_restarts() {
    let scratch = Scratch::new("ended-surely");
    wait(async {
        let clock = Clock::movable();
        let mut store = scratch.at(&clock);
        three(&store, &clock).await;
        assert_eq!(days(&store, &clock, 7, TIDY).await, 0, "not within a week of its end");
        assert_eq!((in_sight(&store).await, kept(&store).await), (2, 3));
        let mut went = 0;
        for _ in 0..6 {
            store.close().await.unwrap();
            store = scratch.at(&clock);
            went += days(&store, &clock, 2, TIDY).await;
        }
        assert_eq!((went, kept(&store).await), (1, 2), "the hold stays");
        store.close().await.unwrap();
    });
}

#[test]
fn a_person_who_asks_for_it_has_what_has_ended_deleted_at_once() {
    let scratch = Scratch::new("ended-now");
    wait(async {
        let clock = Clock::movable();
        let store = scratch.at(&clock);
        three(&store, &clock).await;
        clock.pass(2 * DAY);
        assert_eq!(store.prune_memories(TIDY).await.unwrap(), 0);
        assert_eq!(store.prune_memories(Budget { ended: Ended::Now, ..TIDY }).await.unwrap(), 1);
        store.close().await.unwrap();
    });
}
