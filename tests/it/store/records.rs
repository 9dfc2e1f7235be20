//! What is written is what is read, also after a restart and a jump of the clock.

use std::time::{Duration, Instant};

use hearth::base::{Clock, Code};
use hearth::store::{CallQuery, DataFolder, DeviceState, EndCall, Kind, Role, StoreError, VERSION};
use serde_json::json;

use super::kit::{Scratch, begin, end, quick, wait};

#[test]
fn a_turn_reads_back_after_a_restart() {
    let scratch = Scratch::new("turn");
    wait(async {
        let (store, opened) = scratch.open();
        assert_eq!((opened.version, opened.migrated_from, opened.degraded), (VERSION, None, None));
        let trace = store.ids().next();
        store.touch_session("console:1", "console", "console").await.unwrap();
        store.add_message("console:1", Role::User, "turn on the kitchen lamp", Some(trace)).await.unwrap();
        let call = store.begin_call(begin("light.set", trace), Kind::BeginIdempotent).await.unwrap();
        store.end_call(call, end()).await.unwrap();
        let failed = store.begin_call(begin("fs.write", trace), Kind::BeginOnce).await.unwrap();
        let fault = EndCall { outcome: Err(Code::Timeout), detail: "too slow".into(), took: Duration::from_secs(1) };
        store.end_call(failed, fault).await.unwrap();
        store.add_message("console:1", Role::Assistant, "The kitchen lamp is on.", Some(trace)).await.unwrap();
        let state = DeviceState { entity: "lamp".into(), state: json!({"on": true}), at_ms: 7, source: "line".into() };
        store.save_states(vec![state.clone()]).await.unwrap();
        store.close().await.unwrap();

        let (store, _) = scratch.open();
        let calls = store.calls(CallQuery::Trace(trace)).await.unwrap();
        assert_eq!(calls.iter().map(|c| c.id).collect::<Vec<_>>(), [call, failed]);
        let ends: Vec<_> = calls.iter().map(|c| c.end.as_ref().unwrap().outcome).collect();
        assert_eq!(ends, ["ok", "timeout"]);
        assert_eq!(calls[0].end.as_ref().unwrap().took_us, 1500);
        assert_eq!(store.calls(CallQuery::Latest(1)).await.unwrap()[0].id, failed);
        let texts: Vec<_> = store.messages("console:1", 10).await.unwrap().into_iter().map(|m| m.text).collect();
        assert_eq!(texts, ["turn on the kitchen lamp", "The kitchen lamp is on."]);
        assert_eq!(store.messages("console:1", 1).await.unwrap()[0].role, Role::Assistant);
        assert_eq!(store.load_states().await.unwrap(), [state]);
        store.close().await.unwrap();
    });
}

#[test]
fn a_search_finds_words_in_any_text_and_any_text_is_a_search() {
    let scratch = Scratch::new("search");
    wait(async {
        let (store, _) = scratch.open();
        for n in 0..100 {
            store.add_message("s", Role::User, &format!("line {n} of the Café"), None).await.unwrap();
        }
        store.add_message("s", Role::User, "the garden gate", None).await.unwrap();
        assert_eq!(store.search_messages("cafe 42", 10).await.unwrap()[0].text, "line 42 of the Café");
        assert_eq!(store.search_messages("gate garden", 10).await.unwrap().len(), 1);
        assert_eq!(store.search_messages("garden Café", 10).await.unwrap().len(), 0);
        for odd in ["\"", "a\" OR text:*", "NEAR(", "*", "", "-gate", "gate) --", "text : gate", "\0"] {
            store.search_messages(odd, 10).await.unwrap();
        }
        store.close().await.unwrap();
    });
}

#[test]
fn a_call_that_never_ended_is_closed_once_and_reported() {
    let scratch = Scratch::new("orphans");
    wait(async {
        let (store, _) = scratch.open();
        let trace = store.ids().next();
        let done = store.begin_call(begin("a", trace), Kind::BeginIdempotent).await.unwrap();
        store.end_call(done, end()).await.unwrap();
        let lost = store.begin_call(begin("b", trace), Kind::BeginOnce).await.unwrap();
        store.close().await.unwrap();

        let (store, _) = scratch.open();
        let running = store.begin_call(begin("c", trace), Kind::BeginOnce).await.unwrap();
        let orphans = store.close_orphans().await.unwrap();
        assert_eq!(orphans.iter().map(|c| c.id).collect::<Vec<_>>(), [lost]);
        let calls = store.calls(CallQuery::Trace(trace)).await.unwrap();
        let lost = calls.iter().find(|c| c.id == lost).unwrap();
        assert_eq!(lost.end.as_ref().unwrap().outcome, "outcome_unknown");
        assert!(calls.iter().any(|c| c.id == running && c.end.is_none()), "this run's calls are not orphans");
        assert_eq!(store.close_orphans().await.unwrap(), []);
        store.close().await.unwrap();
        let (store, _) = scratch.open();
        let orphans = store.close_orphans().await.unwrap();
        assert_eq!(orphans.iter().map(|c| c.id).collect::<Vec<_>>(), [running]);
        store.close().await.unwrap();
    });
}

#[test]
fn a_clock_that_jumps_back_changes_no_order() {
    let scratch = Scratch::new("clock");
    wait(async {
        let clock = Clock::movable();
        let store = scratch.at(&clock);
        let trace = store.ids().next();
        let mut made = Vec::new();
        for hours in [0, -10 * 365 * 24, 48, -24] {
            clock.jump(hours * 3_600_000);
            made.push(store.begin_call(begin("t", trace), Kind::BeginIdempotent).await.unwrap());
        }
        store.close().await.unwrap();
        clock.jump(-20 * 365 * 24 * 3_600_000);
        let (store, _) = scratch.try_open(clock, quick()).unwrap();
        made.push(store.begin_call(begin("t", trace), Kind::BeginOnce).await.unwrap());
        let read: Vec<_> = store.calls(CallQuery::Trace(trace)).await.unwrap().iter().map(|c| c.id).collect();
        assert_eq!(read, made);
        assert!(made.is_sorted());
        store.close().await.unwrap();
    });
}

#[test]
fn a_grouped_write_is_committed_in_time_and_a_durable_one_at_once() {
    let scratch = Scratch::new("group");
    wait(async {
        let (store, _) = scratch.open();
        let trace = store.ids().next();
        let commits = store.status().await.unwrap().commits;
        store.begin_call(begin("a", trace), Kind::BeginIdempotent).await.unwrap();
        let waiting = store.status().await.unwrap();
        assert_eq!((waiting.pending, waiting.commits), (1, commits));
        let since = Instant::now();
        while store.status().await.unwrap().commits == commits {
            assert!(since.elapsed() < crate::kit::SOON, "the group was not committed");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        store.begin_call(begin("a", trace), Kind::BeginIdempotent).await.unwrap();
        store.begin_call(begin("b", trace), Kind::BeginOnce).await.unwrap();
        let status = store.status().await.unwrap();
        assert_eq!((status.pending, status.commits), (0, commits + 2));
        assert!(status.bytes > 0 && status.last_commit_ms.is_some());
        store.close().await.unwrap();
    });
}

#[test]
fn a_burst_is_slowed_to_the_disk_and_a_closed_store_says_so() {
    let scratch = Scratch::new("burst");
    wait(async {
        let (store, _) = scratch.open();
        let burst = 3 * hearth::base::limits::STORE_QUEUE;
        for _ in 0..burst {
            store.add_message("s", Role::User, "words", None).await.unwrap();
        }
        store.flush().await.unwrap();
        assert_eq!(store.messages("s", burst + 1).await.unwrap().len(), burst, "none refused, none lost");
        let clone = store.clone();
        store.close().await.unwrap();
        assert!(matches!(clone.touch_session("a", "b", "c").await, Err(StoreError::Closed)));
    });
}

#[test]
fn too_long_a_text_is_refused_and_a_long_summary_is_cut() {
    let scratch = Scratch::new("long");
    wait(async {
        let (store, _) = scratch.open();
        let long = "x".repeat(10_000_000);
        let error = store.add_message("s", Role::User, &long, None).await.unwrap_err();
        assert_eq!(error.code(), Code::BadInput);
        let trace = store.ids().next();
        let call = hearth::store::BeginCall { args: long, ..begin("t", trace) };
        store.begin_call(call, Kind::BeginOnce).await.unwrap();
        let args = &store.calls(CallQuery::Trace(trace)).await.unwrap()[0].args;
        assert!(args.len() <= 1024 && args.ends_with('…'));
        store.close().await.unwrap();
    });
}

#[test]
fn a_second_store_on_the_folder_is_told_who_holds_it() {
    let scratch = Scratch::new("second");
    let (store, _) = scratch.open();
    let error = DataFolder::open(scratch.path()).unwrap_err();
    assert!(error.to_string().contains(&std::process::id().to_string()), "{error}");
    wait(store.close()).unwrap();
    DataFolder::open(scratch.path()).unwrap();
}
