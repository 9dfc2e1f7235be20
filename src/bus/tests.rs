//! Tests of the bus: bounds, shares, order, redelivery.

use super::*;
use crate::base::limits::{TURNS, TURNS_SHARE};
use crate::base::{Clock, IdSource};

fn message(session: &str, text: &str, reply_to: &mpsc::Sender<Outbound>) -> Inbound {
    Inbound {
        trace: IdSource::after(Clock::system(), None).next(),
        principal: Principal::unknown("test"),
        session: session.into(),
        text: text.into(),
        reply_to: reply_to.clone(),
    }
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_time().build().expect("a runtime")
}

#[test]
fn a_full_bus_and_a_long_text_are_told_to_the_speaker() {
    let (bus, messages) = open();
    let (answers, _kept) = answers();
    for number in 0..INBOUND_QUEUE {
        bus.say(message(&format!("channel{}:x", number % 4), "hello", &answers)).expect("room");
    }
    assert_eq!(bus.say(message("other:x", "hello", &answers)).map_err(|f| f.code), Err(Code::Full));
    let long = "x".repeat(TEXT_BYTES + 1);
    assert_eq!(bus.say(message("test", &long, &answers)).map_err(|f| f.code), Err(Code::BadInput));
    drop(messages);
    assert_eq!(bus.say(message("test", "hello", &answers)).map_err(|f| f.code), Err(Code::Unavailable));
}

#[test]
fn a_flood_on_one_channel_leaves_room_for_the_others_and_the_room_comes_back() {
    let (bus, mut messages) = open();
    let (answers, _kept) = answers();
    for number in 0..INBOUND_SHARE {
        bus.say(message(&format!("mqtt:{number}"), "flood", &answers)).expect("room");
    }
    assert_eq!(bus.say(message("mqtt:x", "flood", &answers)).map_err(|f| f.code), Err(Code::Full));
    bus.say(message("console:local", "hello", &answers)).expect("room for another channel");
    runtime().block_on(async {
        messages.next().await.expect("a message");
    });
    bus.say(message("mqtt:x", "flood", &answers)).expect("room again");
}

#[test]
fn each_session_keeps_its_order() {
    let (bus, mut messages) = open();
    let (answers, _kept) = answers();
    for number in 0..10 {
        for session in ["a:1", "a:2", "b:1"] {
            bus.say(message(session, &number.to_string(), &answers)).expect("room");
        }
    }
    runtime().block_on(async {
        let mut last: BTreeMap<String, u32> = BTreeMap::new();
        for _ in 0..30 {
            let message = messages.next().await.expect("a message");
            let number: u32 = message.text.parse().expect("a number");
            let expected = last.get(&message.session).map_or(0, |last| last + 1);
            assert_eq!(number, expected, "{}", message.session);
            last.insert(message.session.clone(), number);
        }
    });
}

#[test]
fn a_session_whose_turn_takes_long_holds_up_itself_and_nobody_else() {
    let (bus, mut messages) = open();
    let (answers, _kept) = answers();
    for (session, text) in [("mqtt:a", "1"), ("mqtt:a", "2"), ("mqtt:b", "1"), ("console:x", "1")] {
        bus.say(message(session, text, &answers)).expect("room");
    }
    runtime().block_on(async {
        let slow = messages.next().await.expect("a turn");
        assert_eq!((slow.session.as_str(), slow.text.as_str()), ("mqtt:a", "1"));
        for session in ["mqtt:b", "console:x"] {
            assert_eq!(messages.next().await.expect("a turn").session, session);
        }
        let pending = tokio::time::timeout(std::time::Duration::from_millis(20), messages.next()).await;
        assert!(pending.is_err(), "the second of the same session waits for the first");
        drop(slow);
        let second = messages.next().await.expect("a turn");
        assert_eq!((second.session.as_str(), second.text.as_str()), ("mqtt:a", "2"));
    });
}

#[test]
fn turns_are_bounded_and_no_channel_has_all_of_them() {
    let (bus, mut messages) = open();
    let (answers, _kept) = answers();
    let first = |number: usize| message(&format!("mqtt:{number}"), "slow", &answers);
    for number in 0..TURNS_SHARE + 2 {
        bus.say(first(number)).expect("room");
    }
    for number in 0..TURNS {
        bus.say(message(&format!("c{}:{number}", number % 3), "slow", &answers)).expect("room");
    }
    runtime().block_on(async {
        let mut turns = Vec::new();
        while turns.len() < TURNS {
            turns.push(messages.next().await.expect("a turn"));
        }
        let of_mqtt = turns.iter().filter(|turn| turn.session.starts_with("mqtt:")).count();
        assert_eq!(of_mqtt, TURNS_SHARE);
        let wait = std::time::Duration::from_millis(20);
        assert!(tokio::time::timeout(wait, messages.next()).await.is_err(), "all turns are taken");
        turns.pop();
        assert!(messages.next().await.is_some(), "one ended, one begins");
    });
    for number in 0..INBOUND_SHARE - 2 {
        bus.say(first(100 + number)).expect("room");
    }
    assert_eq!(bus.say(first(999)).map_err(|f| f.code), Err(Code::Full), "what waits for a turn still counts");
}

#[test]
fn a_command_that_comes_again_runs_once_and_a_refused_one_may_come_again() {
    let (bus, mut messages) = open();
    let (answers, _kept) = answers();
    let say = |session: &str, id: &str| bus.say_once(message(session, "toggle", &answers), id);
    assert_eq!(say("mqtt:a", "7"), Ok(Taken::Now));
    assert_eq!(say("mqtt:a", "7"), Ok(Taken::Before));
    assert_eq!(say("mqtt:b", "7"), Ok(Taken::Now), "another speaker's id");
    for number in 0..INBOUND_SHARE - 2 {
        assert_eq!(say("mqtt:a", &format!("n{number}")), Ok(Taken::Now));
    }
    assert_eq!(say("mqtt:a", "late").map_err(|f| f.code), Err(Code::Full));
    runtime().block_on(async {
        messages.next().await.expect("a message");
    });
    assert_eq!(say("mqtt:a", "late"), Ok(Taken::Now), "what was refused was not taken");
    assert_eq!(say("mqtt:a", &"x".repeat(COMMAND_ID_BYTES + 1)).map_err(|f| f.code), Err(Code::BadInput));
}

#[test]
fn a_channel_that_takes_no_answers_blocks_nobody() {
    let (answers, kept) = answers();
    let asked = message("test", "hello", &answers);
    let answer = Outbound { trace: asked.trace, text: "hi".into(), detail: serde_json::Value::Null };
    for _ in 0..OUTBOUND_QUEUE * 2 {
        asked.answer(answer.clone());
    }
    assert_eq!(kept.len(), OUTBOUND_QUEUE);
}

#[test]
fn a_device_is_told_nothing_while_there_is_no_connection() {
    runtime().block_on(async {
        let (remote, mut publications) = Remote::open();
        let told = remote.publish("t".into(), b"ON".to_vec()).await;
        assert_eq!(told.map_err(|f| f.code), Err(Code::Unavailable));
        remote.set_up(true);
        let telling = remote.publish("t".into(), b"ON".to_vec());
        let taking = async {
            let publication = publications.recv().await.expect("a publication");
            publication.done.send(Ok(())).expect("somebody waits");
        };
        assert_eq!(tokio::join!(telling, taking).0, Ok(()));
        remote.report("s", b"1");
        remote.report("s", &vec![0; crate::base::limits::STATE_BYTES + 1]);
        assert_eq!(remote.last("s"), Some(Report { number: 1, payload: b"1".to_vec() }));
    });
}
