//! When each kind of write is on disk, how many flushes that takes, and a cut at every step of a migration.

use std::time::{Duration, Instant};

use hearth::base::Clock;
use hearth::store::policy::{Durability, POLICIES};
use hearth::store::{CallQuery, DeviceState, Kind, Options, Role, Store, VERSION};

use super::disk::{Disk, Luck};
use super::kit::{begin, direction, end, everything, note, quick, remember, wait};
use super::mounted::Mounted;

/// Every row of the policy table: on disk at its acknowledgement, or within the group's time after it.
#[test]
fn each_kind_of_write_is_on_disk_when_its_policy_says() {
    for policy in &POLICIES {
        let patient = Options { group: Duration::from_secs(3600), ..quick() };
        for (options, awaited) in [(patient, false), (quick(), true)] {
            let Some(mounted) = Mounted::new("policy", Disk::default()) else { return };
            let (mounted, before) = wait(async {
                let (store, _) = mounted.scratch().open();
                prepare(&store, policy.kind).await;
                store.close().await.unwrap();
                let before = count(&mounted, policy.kind).await;
                let (store, _) = mounted.scratch().try_open(Clock::system(), options).unwrap();
                write_one(&store, policy.kind).await;
                // An answer from the store's thread: the write was applied and waits for nothing but its commit.
                let mut waiting = store.status().await.unwrap().pending;
                let until = Instant::now() + Duration::from_secs(90);
                while awaited && waiting > 0 {
                    assert!(Instant::now() < until, "{:?} was not committed", policy.kind);
                    tokio::time::sleep(Duration::from_millis(10)).await;
                    waiting = store.status().await.unwrap().pending;
                }
                mounted.cut();
                store.close().await.ok();
                (mounted.restarted(Luck::None), before)
            });
            let kept = wait(count(&mounted, policy.kind)) == before + 1;
            assert_eq!(kept, awaited || policy.durability == Durability::Durable, "{:?}", policy.kind);
        }
    }
    assert!(hearth::base::limits::GROUP_COMMIT <= Duration::from_secs(1), "the audit is committed within a second");
}

/// What has to be there before, from an earlier run.
async fn prepare(store: &Store, kind: Kind) {
    match kind {
        Kind::End | Kind::Orphans => {
            store.begin_call(begin("t", store.ids().next()), Kind::BeginOnce).await.unwrap();
        }
        Kind::Vector => drop(remember(store, note("a note")).await.unwrap()),
        _ => {}
    }
}

async fn write_one(store: &Store, kind: Kind) {
    let trace = store.ids().next();
    match kind {
        Kind::BeginOnce | Kind::BeginIdempotent => drop(store.begin_call(begin("t", trace), kind).await.unwrap()),
        Kind::End => {
            let call = store.calls(CallQuery::Latest(1)).await.unwrap()[0].id;
            store.end_call(call, end()).await.unwrap();
        }
        Kind::Orphans => assert_eq!(store.close_orphans().await.unwrap().len(), 1),
        Kind::Message => drop(store.add_message("s", Role::User, "words", None).await.unwrap()),
        Kind::Session => store.touch_session("s", "ann", "console").await.unwrap(),
        Kind::State => {
            let state = serde_json::json!(1);
            let state = DeviceState { entity: "lamp".into(), state, at_ms: 1, source: "line".into() };
            store.save_states(vec![state]).await.unwrap();
        }
        Kind::Memory => drop(remember(store, note("a note")).await.unwrap()),
        Kind::Vector => {
            let seq = store.memories(everything(), 0, 1).await.unwrap()[0].seq;
            store.keep_vectors(vec![(seq, direction(1))]).await.unwrap();
        }
        Kind::Timer => drop(
            store
                .set_timer("ann", "s", hearth::store::NewTimer { name: "cake".into(), ..<_>::default() })
                .await
                .unwrap(),
        ),
        Kind::Item => drop(store.add_item("ann", "shopping", "milk").await.unwrap()),
    }
}

/// Rows of a kind in a database that nobody has open.
async fn count(mounted: &Mounted, kind: Kind) -> i64 {
    let sql = match kind {
        Kind::BeginOnce | Kind::BeginIdempotent => "SELECT count(*) FROM audit WHERE seq % 2 = 0",
        Kind::End | Kind::Orphans => "SELECT count(*) FROM audit WHERE seq % 2 = 1",
        Kind::Message => "SELECT count(*) FROM messages",
        Kind::Session => "SELECT count(*) FROM sessions",
        Kind::State => "SELECT count(*) FROM device_states",
        Kind::Memory => "SELECT count(*) FROM memories",
        Kind::Vector => "SELECT count(*) FROM memory_vectors",
        Kind::Timer => "SELECT count(*) FROM timers",
        Kind::Item => "SELECT count(*) FROM list_items",
    };
    let db = libsql::Builder::new_local(mounted.database()).build().await.unwrap().connect().unwrap();
    db.execute_batch("PRAGMA locking_mode = EXCLUSIVE").await.unwrap();
    db.query(sql, ()).await.unwrap().next().await.unwrap().unwrap().get(0).unwrap()
}

/// Flushes are counted where they arrive: one a turn, one a memory, and a turn's bytes within their goal.
#[test]
fn a_turn_and_a_memory_are_one_flush_each() {
    let Some(mounted) = Mounted::new("flushes", Disk::default()) else { return };
    let counters = || {
        let disk = mounted.disk();
        (disk.flushes, disk.written)
    };
    let cost = |of: &dyn Fn()| {
        let before = counters();
        of();
        let after = counters();
        (after.0 - before.0, after.1 - before.1)
    };
    let patient = Options { group: Duration::from_secs(3600), ..quick() };
    let (store, _) = mounted.scratch().try_open(Clock::system(), patient).unwrap();
    wait(remember(&store, note("the first one makes the file"))).unwrap();
    let turns = 20;
    let (flushes, bytes) = cost(&|| {
        for number in 0..turns {
            wait(turn(&store, number));
        }
    });
    println!("a turn: {} flushes in {turns} turns, {} bytes a turn to the log", flushes, bytes / turns);
    assert!(flushes >= turns && flushes <= turns + 2, "{flushes}");
    assert!(bytes / turns <= 16 * 1024, "{bytes}");
    let (flushes, bytes) = cost(&|| {
        for number in 0..turns {
            wait(remember(&store, note(&format!("note {number}: the spare keys are in the blue drawer")))).unwrap();
        }
    });
    println!("a memory: {} flushes in {turns} memories, {} bytes each to the log", flushes, bytes / turns);
    assert!(flushes >= turns && flushes <= turns + 2, "{flushes}");
    wait(store.close()).unwrap();
}

/// One turn with a harmless call, put on disk.
async fn turn(store: &Store, number: u64) {
    let trace = store.ids().next();
    store.touch_session("console:1", "console", "console").await.unwrap();
    store.add_message("console:1", Role::User, "turn on the kitchen lamp", Some(trace)).await.unwrap();
    let call = store.begin_call(begin("light.set", trace), Kind::BeginIdempotent).await.unwrap();
    store.end_call(call, end()).await.unwrap();
    store.add_message("console:1", Role::Assistant, "The kitchen lamp is on.", Some(trace)).await.unwrap();
    let state = serde_json::json!({"on": number.is_multiple_of(2)});
    let state = DeviceState { entity: "lamp".into(), state, at_ms: 1, source: "line".into() };
    store.save_states(vec![state]).await.unwrap();
    store.flush().await.unwrap();
}

/// The power fails at every change and flush of a migration, one after the other; it is finished at the next start.
fn at_any_step_of_a_migration(name: &str, luck: Luck) {
    let fixture = std::fs::read(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/store/v1.db")).unwrap();
    let mut cuts = 0;
    for step in 1.. {
        let cut = Mounted::cut_at(name, &fixture, (step, luck), &Clock::system(), async |_| {});
        let Some((finished, mounted)) = cut else { return };
        wait(async {
            let (store, opened) = mounted.scratch().open();
            assert_eq!((opened.version, &opened.quarantined, &opened.degraded), (VERSION, &None, &None), "{step}");
            assert_eq!(store.messages("console:1", 10).await.unwrap().len(), 2, "{step} {luck:?}");
            assert_eq!(store.calls(CallQuery::Latest(10)).await.unwrap().len(), 1, "{step} {luck:?}");
            remember(&store, note("it works")).await.unwrap();
            store.close().await.unwrap();
        });
        if finished {
            break;
        }
        cuts += 1;
    }
    println!("{cuts} cuts in the middle of a migration");
    assert!(cuts > 10, "the migration is more than {cuts} steps");
}

#[test]
fn a_power_cut_at_any_step_of_a_migration_recovers_where_nothing_arrived() {
    at_any_step_of_a_migration("migration-none", Luck::None);
}

#[test]
fn a_power_cut_at_any_step_of_a_migration_recovers_where_everything_arrived() {
    at_any_step_of_a_migration("migration-all", Luck::All);
}

#[test]
fn a_power_cut_at_any_step_of_a_migration_recovers_where_some_arrived() {
    at_any_step_of_a_migration("migration-some", Luck::Some(7));
}

/// The power fails at every step of putting a backup in place: the folder has the old rows or the restored ones.
#[test]
fn a_power_cut_at_any_step_of_a_restore_leaves_one_whole_database() {
    let scratch = super::kit::Scratch::new("restore-from");
    wait(async {
        let (store, _) = scratch.open();
        remember(&store, note("from the backup")).await.unwrap();
        store.close().await.unwrap();
    });
    let old = std::fs::read(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/store/v2.db")).unwrap();
    let mut cuts = 0;
    for luck in [Luck::None, Luck::All, Luck::Some(5)] {
        for step in 1.. {
            let mut disk = Disk::with(&[("hearth.db", &old)]);
            disk.cut_at = Some(step);
            let Some(mounted) = Mounted::new("restore-cut", disk) else { return };
            if let Ok(folder) = hearth::store::DataFolder::open(mounted.path()) {
                drop(hearth::store::restore(&folder, &scratch.database(), &Clock::system()));
            }
            let finished = !mounted.disk().off;
            let mounted = mounted.restarted(luck);
            wait(async {
                let (store, opened) = mounted.scratch().open();
                assert_eq!((&opened.quarantined, &opened.degraded), (&None, &None), "{step} {luck:?}");
                let memories: Vec<_> =
                    store.memories(everything(), 0, 9).await.unwrap().into_iter().map(|m| m.text).collect();
                let restored = memories == ["from the backup"];
                assert!(restored || memories == ["the spare keys are in the drawer"], "{step} {luck:?}: {memories:?}");
                assert!(restored || !finished, "{step} {luck:?}");
                store.close().await.unwrap();
            });
            if finished {
                break;
            }
            cuts += 1;
        }
    }
    println!("{cuts} cuts in the middle of a restore");
    assert!(cuts > 10, "a restore is more than {cuts} steps");
}
