//! Timers and lists of the running service: kept durably, rung to who asked, carried out at their end.

use std::path::Path;

use nix::sys::signal::Signal;
use serde_json::Value;

use crate::kit::{Home, wait_for};

pub(crate) fn ask(home: &Home, text: &str) -> Value {
    home.run(&["ask", text, "--json"]).json()
}

#[track_caller]
fn says(home: &Home, text: &str, part: &str) {
    let answer = ask(home, text);
    let said = answer["text"].as_str().unwrap_or_default();
    assert!(said.to_lowercase().contains(&part.to_lowercase()), "{text}: «{part}» is not in {answer}");
}

/// What was told unasked with a later answer of the same conversation.
fn noticed(home: &Home, part: &str) -> String {
    wait_for(part, || {
        let answer = ask(home, "what time is it");
        let notices = answer["detail"]["notices"].as_array()?.iter().filter_map(Value::as_str);
        notices.map(str::to_owned).find(|notice| notice.contains(part))
    })
}

/// Changes the database of a home that nobody has open.
pub(crate) fn edit(home: &Home, sql: &str) {
    let path = home.data().join("hearth.db");
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("an executor");
    runtime.block_on(async {
        let database = libsql::Builder::new_local(&path).build().await.expect("a database");
        let connection = database.connect().expect("a connection");
        // The store holds the file alone.
        connection.execute_batch("PRAGMA locking_mode = EXCLUSIVE").await.expect("alone");
        connection.execute_batch(sql).await.expect("edited");
    });
    give_back(&path);
}

/// What SQLite made as root belongs to the agent again.
fn give_back(path: &Path) {
    use std::os::unix::fs::{MetadataExt, chown};
    let owner = std::fs::metadata(path.parent().expect("a folder")).expect("there").uid();
    for beside in ["", "-wal", "-shm"] {
        let _ = chown(format!("{}{beside}", path.display()), Some(owner), Some(owner));
    }
}

#[test]
fn timers_are_set_changed_asked_about_and_cancelled() {
    let home = Home::new();
    let _service = home.start();
    says(&home, "timer status", "there is no timer");
    let set = ask(&home, "set a pasta timer for twelve minutes");
    assert_eq!(
        (&set["detail"]["decision"], set["text"].as_str()),
        (&"act".into(), Some("pasta timer set for 12 minutes."))
    );
    assert_eq!(set["detail"]["changes"][0]["property"], "total_seconds_left");
    says(&home, "set a timer for one hour named roast", "timer set for 1 hour");
    says(&home, "status of the pasta timer", "pasta timer has 1");
    says(&home, "add five minutes to the pasta timer", "left");
    says(&home, "pause the roast timer", "paused");
    says(&home, "roast timer status", "1 hour left, paused");
    says(&home, "resume the roast timer", "runs again");
    says(&home, "remove ten minutes from the roast timer", "left");
    says(&home, "cancel the pasta timer", "cancelled");
    says(&home, "status of the pasta timer", "no such timer");
    says(&home, "cancel all timers", "1 timer is cancelled");
    says(&home, "cancel all timers", "There is no timer");
}

#[test]
fn a_timer_that_ends_is_told_where_it_was_set_and_what_was_put_off_is_done() {
    let home = Home::new();
    let _service = home.start();
    says(&home, "turn off the kitchen lamp", "off");
    says(&home, "set an egg timer for one second", "set");
    assert!(noticed(&home, "egg timer has ended").contains("The egg timer has ended."));
    says(&home, "remind me to call mum in one second", "remind you in 1 second");
    assert!(noticed(&home, "reminded").contains("call mum"));
    says(&home, "turn on the kitchen lamp in two seconds", "In 2 seconds");
    assert_eq!(home.line("kitchen_lamp").driven(), Some(0.0), "not before");
    assert!(noticed(&home, "As you said").contains("The kitchen lamp is on."));
    assert_eq!(home.line("kitchen_lamp").driven(), Some(1.0));
    // Told once, and gone.
    says(&home, "egg timer status", "no such timer");
    assert!(ask(&home, "what time is it")["detail"].get("notices").is_none());
}

#[test]
fn timers_outlive_a_kill_and_overdue_ones_are_said_at_the_start() {
    let home = Home::new();
    let service = home.start();
    says(&home, "turn off the kitchen lamp", "off");
    for text in [
        "set a roast timer for three hours",
        "set a cake timer for two hours",
        "set a tea timer for one hour",
        "pause the tea timer",
        "turn on the kitchen lamp in one hour",
        "turn on the bedroom lamp in forty minutes",
        "remind me to water the plants in fifty minutes",
    ] {
        assert_eq!(ask(&home, text)["detail"]["decision"], "act", "{text}");
    }
    // Acknowledged is durable: nothing is written after the answer that a kill could prevent.
    service.signal(Signal::SIGKILL);
    drop(service);
    let hour = 3_600_000;
    edit(
        &home,
        &format!(
            "UPDATE timers SET due_ms = due_ms - 3 * {hour} WHERE name = 'cake' OR command LIKE '%kitchen%' OR reminder"
        ),
    );
    edit(&home, "UPDATE timers SET due_ms = due_ms - 2401000 WHERE command LIKE '%bedroom%'");
    let service = home.start();
    let cake = noticed(&home, "cake timer");
    assert!(cake.contains("while I was off"), "{cake}");
    says(&home, "roast timer status", "hour");
    says(&home, "tea timer status", "1 hour left, paused");
    says(&home, "cake timer status", "no such timer");
    assert_eq!(home.line("kitchen_lamp").driven(), Some(0.0), "too late: it is told, not done");
    wait_for("the lamp whose moment has just passed", || (home.line("bedroom_lamp").driven()? > 0.0).then_some(()));
    // Told once: the rows are gone.
    service.stop();
    let _service = home.start();
    assert!(ask(&home, "what time is it")["detail"].get("notices").is_none());
}

#[test]
fn what_was_missed_is_told_with_its_text() {
    let home = Home::new();
    let service = home.start();
    assert_eq!(ask(&home, "turn on the kitchen lamp in one hour")["detail"]["decision"], "act");
    assert_eq!(ask(&home, "remind me to water the plants in one hour")["detail"]["decision"], "act");
    service.stop();
    edit(&home, "UPDATE timers SET due_ms = due_ms - 36000000");
    let _service = home.start();
    let mut told = Vec::new();
    wait_for("both notices", || {
        let answer = ask(&home, "what time is it");
        let notices = answer["detail"]["notices"].as_array().cloned().unwrap_or_default();
        told.extend(notices.iter().filter_map(Value::as_str).map(str::to_owned));
        (told.len() == 2).then_some(())
    });
    assert!(
        told.iter().any(|t| t.contains("«turn on the kitchen lamp» was due") && t.contains("did not do it")),
        "{told:?}"
    );
    assert!(told.iter().any(|t| t.contains("reminded you: water the plants")), "{told:?}");
    assert_eq!(home.line("kitchen_lamp").driven(), None);
}

#[test]
fn what_is_put_off_and_risky_still_asks_for_a_yes_and_a_suspended_agent_does_nothing() {
    let home = Home::with_config(
        "[[home.entities]]\nid = \"lock.front\"\nname = \"Front door\"\nline = \"hall_outlet\"\n\
         [[home.entities]]\nid = \"light.desk\"\nname = \"Desk lamp\"\nline = \"kitchen_lamp\"\n",
    );
    let _service = home.start();
    assert_eq!(ask(&home, "unlock the front door in one second")["detail"]["decision"], "act", "kept");
    let asked = noticed(&home, "As you said");
    assert!(asked.contains("Say «yes»"), "{asked}");
    assert_eq!(home.line("hall_outlet").driven(), None);
    assert_eq!(ask(&home, "turn on the desk lamp in two seconds")["detail"]["decision"], "act");
    assert!(home.run(&["suspend"]).ok);
    let refused = noticed(&home, "As you said");
    assert!(!refused.contains("is on"), "{refused}");
    assert_eq!(home.line("kitchen_lamp").driven(), None);
}

#[test]
fn lists_are_kept_over_a_restart() {
    let home =
        Home::with_config("[[home.entities]]\nid = \"todo.chores\"\nname = \"Chores\"\nitems = [\"mow the lawn\"]\n");
    let service = home.start();
    says(&home, "add oat milk to the shopping list", "Added oat milk");
    says(&home, "put soap on the shopping list", "Added soap");
    says(&home, "add sweep the porch to my chores list", "Added sweep the porch");
    says(&home, "check off soap from the shopping list", "Checked off soap");
    says(&home, "check off caviar from the shopping list", "caviar is not on");
    service.signal(Signal::SIGKILL);
    drop(service);
    let service = home.start();
    says(&home, "what is on the shopping list", "On the shopping list: oat milk.");
    says(&home, "what is on my chores list", "mow the lawn and sweep the porch");
    says(&home, "mark mow the lawn as done on my chores list", "Checked off mow the lawn");
    says(&home, "remove sweep the porch from my chores list", "Removed sweep the porch");
    service.stop();
    let _service = home.start();
    says(&home, "what is on my chores list", "list is empty");
}
