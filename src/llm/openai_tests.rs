//! Answers from their pieces: words, wishes in deltas, ends, and what is no answer.

use super::*;
use proptest::prelude::{any, prop_assert, prop_assert_eq, proptest};

fn hear(events: &[Value]) -> Result<Answer, ModelFault> {
    let mut heard = Heard::default();
    for event in events {
        heard.take(event.to_string().as_bytes())?;
    }
    heard.finish()
}

fn delta(delta: &Value) -> Value {
    json!({"choices": [{"index": 0, "delta": delta}]})
}

fn end(reason: &str) -> Value {
    json!({"choices": [{"index": 0, "delta": {}, "finish_reason": reason}]})
}

#[test]
fn words_are_joined_and_tokens_counted() {
    let usage = json!({"choices": [], "usage": {"prompt_tokens": 3, "total_tokens": 9}});
    let events =
        [delta(&json!({"role": "assistant", "content": "It "})), delta(&json!({"content": "is"})), end("stop"), usage];
    let answer = hear(&events).expect("an answer");
    assert_eq!((answer.text.as_str(), answer.stop, answer.tokens), ("It is", Stop::Done, 9));
}

#[test]
fn wishes_come_in_pieces_by_their_index_or_by_their_id() {
    let first = json!({"tool_calls": [{"index": 0, "id": "a", "type": "function", "function": {"name": "f", "arguments": ""}}]});
    let more = json!({"tool_calls": [{"index": 0, "function": {"arguments": "{\"x\""}}]});
    let both = json!({"tool_calls": [
        {"index": 0, "function": {"arguments": ":1}"}},
        {"index": 1, "id": "b", "function": {"name": "g", "arguments": "{}"}}
    ]});
    let answer = hear(&[delta(&first), delta(&more), delta(&both), end("tool_calls")]).expect("an answer");
    let wish =
        |id: &str, tool: &str, arguments: &str| Wish { id: id.into(), tool: tool.into(), arguments: arguments.into() };
    assert_eq!(answer.wishes, [wish("a", "f", "{\"x\":1}"), wish("b", "g", "{}")]);
    assert_eq!(answer.stop, Stop::Tools);
    let whole = json!({"tool_calls": [{"id": "a", "function": {"name": "f", "arguments": "{}"}}]});
    let answer = hear(&[delta(&whole), end("stop")]).expect("an answer");
    assert_eq!((answer.wishes.len(), answer.stop), (1, Stop::Tools));
}

#[test]
fn an_answer_in_one_piece_is_the_same() {
    let whole = json!({"choices": [{"message": {"role": "assistant", "content": "yes"}, "finish_reason": "stop"}]});
    assert_eq!(hear(&[whole]).expect("an answer").text, "yes");
}

#[test]
fn what_is_no_answer_is_told_by_its_class() {
    let why = |events: &[Value]| hear(events).expect_err("no answer").why;
    assert_eq!(why(&[delta(&json!({"content": "half"}))]), Why::Cut);
    assert_eq!(why(&[json!("text")]), Why::Garbage);
    assert_eq!(why(&[json!({"error": {"message": "overloaded"}})]), Why::Server);
    assert_eq!(why(&[delta(&json!({"tool_calls": [{"index": 3}]}))]), Why::Garbage);
    let many: Vec<Value> = (0..=MODEL_WISHES).map(|n| json!({"index": n, "id": "x"})).collect();
    assert_eq!(why(&[delta(&json!({"tool_calls": many}))]), Why::Garbage);
    let long = delta(&json!({"content": "x".repeat(MODEL_ANSWER_BYTES / 2)}));
    assert_eq!(why(&[long.clone(), long.clone(), long]), Why::Garbage);
    assert!(Heard::default().take(b"{\"choices\": 7}").is_err());
}

#[test]
fn a_question_has_the_shape_of_the_protocol() {
    let wish = Wish { id: "a".into(), tool: "f".into(), arguments: "{}".into() };
    let request = Request {
        model: "m".into(),
        messages: vec![
            Message::System("s".into()),
            Message::User("u".into()),
            Message::Assistant(String::new(), vec![wish]),
            Message::Tool { id: "a".into(), text: "r".into() },
        ],
        offers: vec![Offer { name: "f".into(), purpose: "p".into(), arguments: json!({"type": "object"}) }],
        answer_tokens: 5,
    };
    let body: Value = serde_json::from_slice(&body(&request)).expect("JSON");
    assert_eq!(body["messages"][2]["tool_calls"][0]["function"], json!({"name": "f", "arguments": "{}"}));
    assert_eq!(body["messages"][2]["content"], Value::Null);
    assert_eq!(body["messages"][3], json!({"role": "tool", "tool_call_id": "a", "content": "r"}));
    assert_eq!(body["tools"][0]["function"]["parameters"], json!({"type": "object"}));
    assert_eq!((body["stream"].as_bool(), body["max_tokens"].as_u64()), (Some(true), Some(5)));
}

proptest! {
    #[test]
    fn any_bytes_are_heard_without_panic(events in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..60), 0..9)) {
        let mut heard = Heard::default();
        for event in &events {
            let _ = heard.take(event);
        }
        prop_assert!(heard.text.len() <= MODEL_ANSWER_BYTES);
    }

    #[test]
    fn arguments_are_the_same_however_they_are_cut(arguments in "[ -~]{0,80}", cut in 1_usize..7) {
        let mut events = vec![delta(&json!({"tool_calls": [{"index": 0, "id": "a", "function": {"name": "f"}}]}))];
        for piece in arguments.as_bytes().chunks(cut) {
            let piece = std::str::from_utf8(piece).expect("ASCII");
            events.push(delta(&json!({"tool_calls": [{"index": 0, "function": {"arguments": piece}}]})));
        }
        events.push(end("tool_calls"));
        prop_assert_eq!(&hear(&events).expect("an answer").wishes[0].arguments, &arguments);
    }
}
