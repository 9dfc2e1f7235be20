//! What the service keeps for people passes the gate like everything else: decision, begin, end; and has an end.

use serde_json::Value;

use crate::kit::Home;
use crate::timers::{ask, edit};

/// The records of one tool, oldest first.
fn records(home: &Home, tool: &str) -> Vec<Value> {
    let all = home.run(&["audit", "show", "--limit", "200", "--json"]).json();
    let all = all.as_array().expect("a list").iter().rev();
    all.filter(|call| call["tool"] == tool).cloned().collect()
}

#[test]
fn every_change_of_a_timer_or_list_has_its_begin_and_its_end() {
    let home = Home::new();
    let _service = home.start();
    for text in [
        "set a marmalade timer for twelve minutes",
        "add five minutes to the marmalade timer",
        "turn on the kitchen lamp in one hour",
        "add buckwheat to the shopping list",
        "check off buckwheat from the shopping list",
    ] {
        assert_eq!(ask(&home, text)["detail"]["decision"], "act", "{text}");
    }
    let (timers, lists) = (records(&home, "timer"), records(&home, "list"));
    let of = |records: &[Value]| {
        let command = |record: &Value| -> String {
            let arguments = record["args"].as_str().map(str::to_owned).unwrap_or_else(|| record["args"].to_string());
            serde_json::from_str::<Value>(&arguments).expect("JSON")["command"].as_str().unwrap_or_default().to_owned()
        };
        records.iter().map(command).collect::<Vec<_>>()
    };
    assert_eq!(of(&timers), ["start_timer", "extend_timer", "start_timer"]);
    assert_eq!(of(&lists), ["add_item", "complete_item"]);
    for record in timers.iter().chain(&lists) {
        assert_eq!((&record["decision"], &record["end"]["outcome"]), (&"allow".into(), &"ok".into()), "{record}");
    }
    // What can be taken off again is not in what cannot; what will move something is.
    let told = format!("{timers:?}{lists:?}");
    assert!(!told.contains("marmalade") && !told.contains("buckwheat"), "{told}");
    assert!(told.contains("turn on the kitchen lamp"), "{told}");
}

#[test]
fn nothing_is_kept_while_hearth_is_suspended_and_that_is_recorded() {
    let home = Home::new();
    let _service = home.start();
    assert_eq!(ask(&home, "set a tea timer for one hour")["detail"]["decision"], "act");
    assert!(home.run(&["suspend"]).ok);
    for text in ["cancel the tea timer", "set an egg timer for one hour", "add rye to the shopping list"] {
        let refused = ask(&home, text);
        assert!(refused["text"].as_str().is_some_and(|text| text.contains("suspended")), "{refused}");
    }
    assert!(home.run(&["resume"]).ok);
    assert!(ask(&home, "tea timer status")["text"].as_str().is_some_and(|text| text.contains("tea timer has")));
    assert!(ask(&home, "egg timer status")["text"].as_str().is_some_and(|text| text.contains("no such")));
    assert!(ask(&home, "what is on the shopping list")["text"].as_str().is_some_and(|text| text.contains("empty")));
    let refused = |tool: &str| records(&home, tool).iter().filter(|r| r["decision"] == "refuse").count();
    assert_eq!((refused("timer"), refused("list")), (2, 1));
}

#[test]
fn a_full_list_and_too_many_timers_are_told_and_recorded() {
    let home = Home::new();
    let service = home.start();
    // The row that a sentence makes is what the others are made like.
    assert_eq!(ask(&home, "add rye to the shopping list")["detail"]["decision"], "act");
    assert_eq!(ask(&home, "set a tea timer for ten hours")["detail"]["decision"], "act");
    service.stop();
    let many = |most: u32| format!("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {most})");
    edit(
        &home,
        &format!(
            "INSERT INTO list_items (id, principal, list, text, at_ms, done_ms) {} SELECT randomblob(16), principal, \
             list, 'item ' || i, at_ms, NULL FROM n, list_items WHERE text = 'rye'",
            many(999)
        ),
    );
    edit(
        &home,
        &format!(
            "INSERT INTO timers (id, principal, session, name, due_ms, at_ms, area, span_s, command, reminder, held_s) \
             {} SELECT randomblob(16), principal, session, 'timer ' || i, due_ms, at_ms, area, span_s, command, \
             reminder, held_s FROM n, timers WHERE name = 'tea'",
            many(199)
        ),
    );
    let service = home.start();
    let full = ask(&home, "add barley to the shopping list");
    assert!(full["text"].as_str().is_some_and(|text| text.contains("at most 1000 items")), "{full}");
    let full = ask(&home, "set an egg timer for one hour");
    assert!(full["text"].as_str().is_some_and(|text| text.contains("200 timers already")), "{full}");
    for tool in ["list", "timer"] {
        let last = records(&home, tool).last().expect("a record").clone();
        assert_ne!(last["end"]["outcome"], "ok", "{last}");
    }
    assert!(service.log().contains("was not kept"), "an event, too");
    // What was ticked off makes room.
    assert_eq!(ask(&home, "check off rye from the shopping list")["detail"]["decision"], "act");
    assert_eq!(ask(&home, "add barley to the shopping list")["detail"]["decision"], "act");
}

/// Lock, garage and door are tier 2: what opens the house is asked for, and recorded as asked.
#[test]
fn locks_garages_and_doors_are_asked_for_and_gates_too() {
    let entity = |id: &str, name: &str, class: &str, line: &str| {
        format!("[[home.entities]]\nid = \"{id}\"\nname = \"{name}\"\nline = \"{line}\"\n{class}")
    };
    let home = Home::with_config(&format!(
        "{}{}{}",
        entity("cover.big", "Garage door", "device_class = \"garage\"\n", "relay_1"),
        entity("cover.side", "Side door", "device_class = \"door\"\n", "relay_2"),
        entity("lock.cellar", "Cellar lock", "", "kitchen_lamp"),
    ));
    let _service = home.start();
    let lines =
        [("open the garage door", "relay_1"), ("open the side door", "relay_2"), ("unlock the cellar", "kitchen_lamp")];
    for (text, line) in lines {
        let asked = ask(&home, text);
        assert_eq!(asked["detail"]["decision"], "ask", "{text}: {asked}");
        assert_eq!(home.line(line).driven(), None, "{text}");
        assert_eq!(records(&home, "line_set").last().expect("a record")["decision"], "ask", "{text}");
        assert!(home.run(&["ask", "yes"]).ok, "{text}");
        assert!(home.line(line).driven().is_some(), "{text}");
    }
}
