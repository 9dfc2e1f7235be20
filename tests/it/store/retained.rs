//! Retention by sector and area: what was kept for its time goes, and nothing else, whatever the clock says meanwhile.

use hearth::base::Clock;
use hearth::store::Store;
use hearth::store::memory::{Area, Budget, Ended, NewMemory, Retention, Sector};

use super::disk::Luck;
use super::kit::{DAY, DAY_MS, Scratch, days, direction, everything, note, quick, wait};
use super::mounted::Mounted;

/// What happened is kept for so many days, everything else for ever.
fn tidy(days: u32) -> Budget {
    let retention = Retention::of(|name| if name == "episodic" { days } else { 0 });
    Budget { rows: 1_000_000, bytes: i64::MAX, ended: Ended::Surely, retention }
}

fn of(sector: Sector, text: &str) -> NewMemory {
    NewMemory { sector, ..note(text) }
}

async fn texts(store: &Store) -> Vec<String> {
    let mut all: Vec<String> =
        store.memories(everything(), 0, 1_000).await.unwrap().into_iter().map(|memory| memory.text).collect();
    all.sort();
    all
}

#[test]
fn what_was_kept_for_its_time_goes_by_itself_and_nothing_else_does() {
    let scratch = Scratch::new("retained");
    wait(async {
        let clock = Clock::movable();
        let mut store = scratch.at(&clock);
        let held = NewMemory { held: true, ..of(Sector::Episodic, "held") };
        let of_a_file =
            NewMemory { reference: Some("file/1:MEMORY/a.md#x".into()), ..of(Sector::Episodic, "of a file") };
        // Said long ago, and stored today.
        let letter = NewMemory { said_ms: 1_000, ..of(Sector::Episodic, "old letter") };
        let rows = vec![letter, held, of_a_file, of(Sector::Semantic, "so it is")];
        store.keep_memories(rows).await.unwrap();
        assert_eq!(days(&store, &clock, 29, tidy(30)).await, 0, "its time is not over");
        store.keep_memories(vec![of(Sector::Episodic, "new")]).await.unwrap();
        let mut went = 0;
        // Over restarts as well; within three weeks of running behind its end it is gone.
        for _ in 0..11 {
            store.close().await.unwrap();
            store = scratch.at(&clock);
            went += days(&store, &clock, 2, tidy(30)).await;
        }
        assert_eq!(
            (went, texts(&store).await),
            (1, ["held", "new", "of a file", "so it is"].map(str::to_owned).into())
        );
        assert_eq!(store.memory_retained().await.unwrap(), [("episodic", 1)]);
        assert_eq!(days(&store, &clock, 31, Budget { retention: Retention::FOREVER, ..tidy(0) }).await, 0);
        assert_eq!(days(&store, &clock, 1, tidy(30)).await, 1, "as soon as it is set");
        let by_area = Budget { retention: Retention::of(|name| u32::from(name == "main")), ..tidy(0) };
        store.keep_memories(vec![NewMemory { area: Area::Solutions, ..note("solved") }]).await.unwrap();
        days(&store, &clock, 23, by_area).await;
        assert_eq!(texts(&store).await, ["held", "of a file", "solved"]);
        store.close().await.unwrap();
    });
}

#[test]
fn a_clock_that_is_behind_or_jumps_ahead_makes_nothing_old() {
    for (name, at_store, set_after) in
        [("behind", -730 * DAY_MS, 2), ("long-behind", -730 * DAY_MS, 6), ("ahead", 0, 3)]
    {
        let scratch = Scratch::new(&format!("retained-{name}"));
        wait(async {
            let clock = Clock::movable();
            let mut store = scratch.at(&clock);
            // A home that has run for long, and knows what time it is; then it is started without a right clock.
            assert_eq!(days(&store, &clock, 30, tidy(365)).await, 0);
            clock.jump(at_store);
            store.keep_memories(vec![of(Sector::Episodic, "young")]).await.unwrap();
            if at_store == 0 {
                clock.jump(730 * DAY_MS);
            }
            assert_eq!(days(&store, &clock, set_after, tidy(365)).await, 0, "{name}");
            clock.jump(if at_store == 0 { -730 * DAY_MS } else { -at_store });
            for _ in 0..10 {
                store.close().await.unwrap();
                store = scratch.at(&clock);
                assert_eq!(days(&store, &clock, 5, tidy(365)).await, 0, "{name}: not old yet");
            }
            assert_eq!(texts(&store).await, ["young"]);
            // And it does grow old.
            assert_eq!(days(&store, &clock, 365, tidy(365)).await, 1, "{name}");
            store.close().await.unwrap();
        });
    }
}

#[test]
fn much_that_is_over_goes_page_by_page() {
    let scratch = Scratch::new("retained-pages");
    wait(async {
        let clock = Clock::movable();
        let store = scratch.at(&clock);
        let many = (0..500).map(|n| of(Sector::Episodic, &format!("note {n}"))).collect();
        store.keep_memories(many).await.unwrap();
        days(&store, &clock, 22, tidy(300)).await;
        let mut pages = Vec::new();
        for _ in 0..5 {
            pages.push(store.prune_memories(tidy(1)).await.unwrap());
        }
        assert_eq!(pages, [200, 200, 100, 0, 0], "at most so many at a time");
        store.close().await.unwrap();
    });
}

#[test]
fn the_vectors_of_what_goes_go_with_it_and_those_that_heard_its_words_are_made_again() {
    let scratch = Scratch::new("retained-vectors");
    wait(async {
        let clock = Clock::movable();
        let mut store = scratch.at(&clock);
        let turn = |session: &str, text: &str| NewMemory { session: session.into(), ..of(Sector::Episodic, text) };
        let old = store.keep_memories(vec![turn("walk", "the old bridge"), turn("talk", "other")]).await.unwrap();
        clock.pass(29 * DAY);
        let young = vec![turn("walk", "it was closed"), NewMemory { held: true, ..turn("talk", "said behind") }];
        let young = store.keep_memories(young).await.unwrap();
        // Beside them a statement of its own, whose vector nobody else's words are in.
        let own = store.keep_memories(vec![of(Sector::Semantic, "so it is")]).await.unwrap();
        let places: Vec<i64> = old.iter().chain(&young).chain(&own).map(|kept| kept.seq).collect();
        store.keep_vectors(places.iter().zip(0..).map(|(seq, axis)| (*seq, direction(axis))).collect()).await.unwrap();
        assert_eq!(store.memory_stats().await.unwrap().vectors, 5);
        clock.pass(2 * DAY);
        assert_eq!(store.prune_memories(Budget { ended: Ended::Now, ..tidy(30) }).await.unwrap(), 2);
        for restarted in [false, true] {
            if restarted {
                store.close().await.unwrap();
                store = scratch.at(&clock);
            }
            let near = store.memory_near(direction(0), everything(), 9).await.unwrap();
            assert_eq!(near.iter().map(|hit| hit.seq).collect::<Vec<_>>(), [own[0].seq], "restarted: {restarted}");
            let bare = store.bare_memories(0, 9).await.unwrap();
            let bare: Vec<_> = bare.iter().map(|one| (one.seq, one.before.len())).collect();
            assert_eq!(bare, [(young[0].seq, 0), (young[1].seq, 0)], "restarted: {restarted}");
            assert_eq!(store.memory_stats().await.unwrap().vectors, 1);
        }
        store.close().await.unwrap();
    });
}

#[test]
fn who_asks_for_it_has_it_done_by_the_clock_as_it_stands() {
    let scratch = Scratch::new("retained-now");
    wait(async {
        let clock = Clock::movable();
        let store = scratch.at(&clock);
        store.keep_memories(vec![of(Sector::Episodic, "a day"), of(Sector::Semantic, "so it is")]).await.unwrap();
        clock.pass(2 * DAY);
        assert_eq!(store.prune_memories(tidy(1)).await.unwrap(), 0);
        assert_eq!(store.prune_memories(Budget { ended: Ended::Now, ..tidy(3) }).await.unwrap(), 0);
        assert_eq!(store.prune_memories(Budget { ended: Ended::Now, ..tidy(1) }).await.unwrap(), 1);
        assert_eq!(texts(&store).await, ["so it is"]);
        store.close().await.unwrap();
    });
}

/// The power fails at every step of it: what was to be kept is there, and what is over goes the next time.
#[test]
fn a_power_cut_at_any_step_loses_nothing_that_was_to_be_kept() {
    let scratch = Scratch::new("retained-cut-from");
    let clock = Clock::movable();
    let stays: Vec<String> = wait(async {
        let store = scratch.at(&clock);
        let over = (0..250).map(|n| of(Sector::Episodic, &format!("over {n}")));
        let held = (0..5).map(|n| NewMemory { held: true, ..of(Sector::Episodic, &format!("held {n}")) });
        let other = (0..5).map(|n| of(Sector::Semantic, &format!("so {n}")));
        store.keep_memories(over.chain(held).chain(other).collect()).await.unwrap();
        store.close().await.unwrap();
        (0..5).map(|n| format!("held {n}")).chain((0..5).map(|n| format!("so {n}"))).collect()
    });
    clock.pass(10 * DAY);
    let now = Budget { ended: Ended::Now, ..tidy(5) };
    let file = std::fs::read(scratch.database()).unwrap();
    let mut cuts = 0;
    for luck in [Luck::None, Luck::Some(3)] {
        for step in (1..).step_by(11) {
            let cut = Mounted::cut_at("retained-cut", &file, (step, luck), &clock, async |store| {
                while store.prune_memories(now).await.is_ok_and(|went| went > 0) {}
            });
            let Some((finished, mounted)) = cut else { return };
            wait(async {
                let (store, opened) = mounted.scratch().try_open(clock.clone(), quick()).unwrap();
                assert_eq!((&opened.quarantined, &opened.degraded), (&None, &None), "{step} {luck:?}");
                let left = texts(&store).await;
                assert!(stays.iter().all(|text| left.contains(text)), "{step} {luck:?}: {left:?}");
                while store.prune_memories(now).await.unwrap() > 0 {}
                assert_eq!(texts(&store).await, stays, "{step} {luck:?}");
                assert_eq!(store.memory_retained().await.unwrap(), [("episodic", 250)], "counted as often as it went");
                assert_eq!(store.check().await.unwrap(), [] as [String; 0]);
                store.close().await.unwrap();
            });
            if finished {
                break;
            }
            cuts += 1;
        }
    }
    println!("{cuts} cuts in the middle of it");
    assert!(cuts > 10, "it is more than {cuts} steps");
}
