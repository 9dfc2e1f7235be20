//! The day's flash budget: counted over restarts, and past it the unimportant waits in memory for tomorrow.

use hearth::base::Clock;
use hearth::store::{CallQuery, DeviceState, Kind, Options, Role, Store};

use super::kit::{Scratch, begin, direction, end, everything, note, quick, remember, wait};

const DAY: i64 = 86_400_000;

async fn some_of_each(store: &Store) {
    let trace = store.ids().next();
    let call = store.begin_call(begin("t", trace), Kind::BeginIdempotent).await.unwrap();
    store.end_call(call, end()).await.unwrap();
    remember(store, note("a promise")).await.unwrap();
    store.add_message("s", Role::User, "only words", Some(trace)).await.unwrap();
    let state = DeviceState { entity: "lamp".into(), state: 1.into(), at_ms: 1, source: "line".into() };
    store.save_states(vec![state]).await.unwrap();
    store.flush().await.unwrap();
}

#[test]
fn past_the_budget_promises_and_audit_are_written_and_the_rest_waits_for_tomorrow() {
    let scratch = Scratch::new("budget");
    wait(async {
        let clock = Clock::movable();
        let spent = Options { flash_day: 0, ..quick() };
        let (store, _) = scratch.try_open(clock.clone(), spent).unwrap();
        remember(&store, note("the first commit is counted")).await.unwrap();
        if store.status().await.unwrap().written_today.is_none() {
            println!("SKIPPED: this kernel has no task I/O accounting");
            return;
        }
        some_of_each(&store).await;
        let status = store.status().await.unwrap();
        assert_eq!((status.shedding, status.held), (Some("sessions, device states, vectors and messages"), 2));
        // A vector waits as well, and is not asked for again.
        let kept = store.keep_memories(vec![note("the spare keys")]).await.unwrap()[0];
        let bare = async || store.bare_memories(kept.seq - 1, 9).await.unwrap().len();
        assert_eq!(bare().await, 1);
        store.keep_vectors(vec![(kept.seq, direction(2))]).await.unwrap();
        assert_eq!((bare().await, store.memory_stats().await.unwrap().vectors), (0, 0));
        assert_eq!(status.degraded, None, "nothing is wrong with the disk");
        // What waits is read as if it were written.
        assert_eq!(store.messages("s", 9).await.unwrap().len(), 1);
        assert_eq!(store.search_messages("words", 9).await.unwrap().len(), 1);
        assert_eq!(store.load_states().await.unwrap().len(), 1);
        assert!(store.calls(CallQuery::Latest(1)).await.unwrap()[0].end.is_some());
        store.close().await.unwrap();

        // An end in order writes it; a day later nothing is held back.
        let store = scratch.at(&clock);
        assert_eq!((store.messages("s", 9).await.unwrap().len(), store.load_states().await.unwrap().len()), (1, 1));
        assert_eq!(
            (
                store.memories(everything(), 0, 9).await.unwrap().len(),
                store.calls(CallQuery::Latest(9)).await.unwrap().len()
            ),
            (3, 1)
        );
        assert_eq!(store.memory_stats().await.unwrap().vectors, 1);
        store.close().await.unwrap();
    });
}

#[test]
fn the_count_goes_on_over_a_restart_and_ends_with_the_day() {
    let scratch = Scratch::new("budget-day");
    wait(async {
        let clock = Clock::movable();
        let store = scratch.at(&clock);
        some_of_each(&store).await;
        let Some(first) = store.status().await.unwrap().written_today else { return };
        store.close().await.unwrap();
        let store = scratch.at(&clock);
        assert!(store.status().await.unwrap().written_today >= Some(first), "the day is the same");
        store.close().await.unwrap();

        // A budget that this day has spent and the next has not.
        let budget = Options { flash_day: first.max(1), ..quick() };
        let (store, _) = scratch.try_open(clock.clone(), budget).unwrap();
        some_of_each(&store).await;
        some_of_each(&store).await;
        assert!(store.status().await.unwrap().held > 0 || first == 0);
        clock.jump(DAY);
        store.add_message("s", Role::User, "good morning", None).await.unwrap();
        let status = store.status().await.unwrap();
        assert_eq!((status.held, status.shedding), (0, None), "what has waited is written first: {status:?}");
        let texts: Vec<_> = store.messages("s", 9).await.unwrap().into_iter().map(|m| m.text).collect();
        assert_eq!(texts, ["only words", "only words", "only words", "good morning"]);
        store.close().await.unwrap();
    });
}
