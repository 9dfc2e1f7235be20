//! Tables that grow with use have caps: the oldest go, beside the work, and nothing goes because of a clock.

use std::time::{Duration, Instant};

use hearth::base::Clock;
use hearth::store::memory::{Budget, Ended, Retention};
use hearth::store::{CallQuery, Caps, ChainHead, Kind, Options, Role, Store, StoreError, Vouched};

use super::kit::{Scratch, begin, end, quick, remember, wait};

fn capped(caps: Caps) -> Options {
    Options { caps, tidy: Duration::from_millis(20), ..quick() }
}

/// Waits until a look at the file says what is wanted.
async fn until(store: &Store, what: &str, done: impl AsyncFn(&Store) -> bool) {
    let deadline = Instant::now() + Duration::from_secs(60);
    while !done(store).await {
        assert!(Instant::now() < deadline, "{what} did not come: {:?}", store.status().await);
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

async fn number(scratch: &Scratch, sql: &str) -> i64 {
    let db = libsql::Builder::new_local(scratch.database()).build().await.unwrap().connect().unwrap();
    db.query(sql, ()).await.unwrap().next().await.unwrap().unwrap().get(0).unwrap()
}

#[test]
fn the_oldest_messages_go_with_their_words() {
    for (caps, least) in
        [(Caps { messages: 50, ..Caps::default() }, 50), (Caps { message_bytes: 50 * 30, ..Caps::default() }, 45)]
    {
        let scratch = Scratch::new("caps-messages");
        wait(async {
            let (store, _) = scratch.try_open(Clock::system(), capped(caps)).unwrap();
            for n in 1000..1700 {
                store.add_message("s", Role::User, &format!("this is message number {n} ..."), None).await.unwrap();
            }
            until(&store, "the end of it", async |store| {
                store.flush().await.unwrap();
                store.messages("s", 1000).await.unwrap().len() <= 50
            })
            .await;
            let kept = store.messages("s", 1000).await.unwrap();
            assert!(kept.len() >= least && kept.last().unwrap().text.contains("1699"), "{}", kept.len());
            assert_eq!(store.search_messages("1001", 5).await.unwrap(), [], "its words are gone too");
            assert_eq!(store.search_messages("1699", 5).await.unwrap().len(), 1);
            assert_eq!(store.check().await.unwrap(), [] as [String; 0], "words and rows agree");
            assert!(store.status().await.unwrap().pruned >= 650);
            store.close().await.unwrap();
        });
    }
}

#[test]
fn invented_names_do_not_grow_the_sessions_for_ever() {
    let scratch = Scratch::new("caps-sessions");
    wait(async {
        let caps = Caps { sessions: 20, ..Caps::default() };
        let (store, _) = scratch.try_open(Clock::system(), capped(caps)).unwrap();
        for n in 0..400 {
            let key = format!("mqtt:invented-{n}");
            store.touch_session(&key, "nobody", "mqtt").await.unwrap();
            store.add_message(&key, Role::User, &format!("hello from {n}"), None).await.unwrap();
        }
        store.flush().await.unwrap();
        until(&store, "the end of it", async |store| store.status().await.unwrap().pruned >= 760).await;
        assert_eq!(store.messages("mqtt:invented-3", 9).await.unwrap(), []);
        assert_eq!(store.check().await.unwrap(), [] as [String; 0]);
        store.close().await.unwrap();
        assert_eq!(number(&scratch, "SELECT count(*) FROM sessions").await, 20);
        assert_eq!(number(&scratch, "SELECT count(*) FROM messages").await, 20);
    });
}

#[test]
fn a_clock_that_jumps_ten_years_eats_nothing() {
    let scratch = Scratch::new("caps-clock");
    wait(async {
        let clock = Clock::movable();
        let caps = Caps { messages: 100, sessions: 100, ..Caps::default() };
        let (store, _) = scratch.try_open(clock.clone(), capped(caps)).unwrap();
        for years in [0, 10, -20, 10] {
            clock.jump(years * 365 * 86_400_000);
            for n in 0..20 {
                store.add_message(&format!("s{years}"), Role::User, &format!("message {n}"), None).await.unwrap();
            }
            store.flush().await.unwrap();
            // Several looks.
            tokio::time::sleep(Duration::from_millis(150)).await;
        }
        remember(&store, super::kit::note("a memory without an end")).await.unwrap();
        assert_eq!(
            store
                .prune_memories(Budget {
                    rows: 100,
                    bytes: i64::MAX,
                    ended: Ended::Surely,
                    retention: Retention::FOREVER
                })
                .await
                .unwrap(),
            0
        );
        assert_eq!(store.status().await.unwrap().pruned, 0);
        store.close().await.unwrap();
        assert_eq!(number(&scratch, "SELECT count(*) FROM messages").await, 80);
    });
}

async fn calls(store: &Store, many: usize) {
    for _ in 0..many {
        let call = store.begin_call(begin("t", store.ids().next()), Kind::BeginIdempotent).await.unwrap();
        store.end_call(call, end()).await.unwrap();
    }
    store.flush().await.unwrap();
}

async fn fault(store: &Store, head: ChainHead, cut: Option<ChainHead>) -> Option<String> {
    store.check_chain(Some(Vouched { head, cut }), i64::MAX).await.unwrap().fault
}

#[test]
fn the_audit_is_cut_at_its_front_only_and_only_where_it_was_let_go() {
    let scratch = Scratch::new("caps-audit");
    wait(async {
        let caps = Caps { audit: 200, ..Caps::default() };
        let (store, _) = scratch.try_open(Clock::system(), capped(caps.clone())).unwrap();
        calls(&store, 20).await;
        let unfinished = store.begin_call(begin("slow", store.ids().next()), Kind::BeginOnce).await.unwrap();
        calls(&store, 150).await;
        until(&store, "a count", async |store| store.cut_due().await.unwrap().is_some()).await;
        let due = store.cut_due().await.unwrap().unwrap();
        assert_eq!((due.upto.place, due.urgent), (40, false), "what has not ended stays, and what came after it");
        store.end_call(unfinished, end()).await.unwrap();
        store.flush().await.unwrap();
        // As many as are over, and an eighth, once all are counted.
        let wanted = 142 + 342 / 8;
        until(&store, "a count of all", async |store| {
            store.cut_due().await.unwrap().is_some_and(|due| due.upto.place == wanted)
        })
        .await;
        let due = store.cut_due().await.unwrap().unwrap();
        let head = store.chain_head().await.unwrap().unwrap();
        let wrong = ChainHead { link: [7; 32], ..due.upto };
        assert!(matches!(store.cut_chain(wrong).await, Err(StoreError::NotFound(_))));
        store.cut_chain(due.upto).await.unwrap();
        assert_eq!(store.chain_cut().await.unwrap(), Some(due.upto));
        // In the middle of it as at its end, after a restart as before it.
        assert_eq!(fault(&store, head, Some(due.upto)).await, None);
        store.close().await.unwrap();
        let (store, _) = scratch.try_open(Clock::system(), capped(caps)).unwrap();
        until(&store, "the end of it", async |store| store.chain_at(due.upto.place).await.unwrap().is_none()).await;
        until(&store, "the end of it", async |store| {
            store.chain_page(i64::MIN).await.unwrap()[0].place > due.upto.place
        })
        .await;
        assert_eq!(fault(&store, head, Some(due.upto)).await, None);
        calls(&store, 1).await;
        assert_eq!(fault(&store, head, Some(due.upto)).await, None, "it goes on");
        assert_eq!(store.calls(CallQuery::Latest(1000)).await.unwrap().len(), (342 - 185) / 2 + 1);
        let told = fault(&store, head, None).await.unwrap();
        assert!(told.contains("cut off at the front") && told.contains("up to 0"), "{told}");
        let told = fault(&store, head, Some(ChainHead { link: [7; 32], ..due.upto })).await.unwrap();
        assert!(told.contains("cut off at the front"), "{told}");
        // The keeper's cut may be ahead of the file's: it was cut short, and its link must be there.
        let later = store.chain_at(due.upto.place + 10).await.unwrap().unwrap();
        assert_eq!(fault(&store, head, Some(later)).await, None);
        assert!(fault(&store, head, Some(ChainHead { link: [7; 32], ..later })).await.is_some());
        store.close().await.unwrap();

        let db = libsql::Builder::new_local(scratch.database()).build().await.unwrap().connect().unwrap();
        let error = db.execute("DELETE FROM audit", ()).await.unwrap_err().to_string();
        assert!(error.contains("append-only"), "{error}");
    });
}
