//! `[retention]` of the settings: what a person sets, what the service does by itself, and what is told of it.

use hearth::base::limits;
use serde_json::{Value, json};

use crate::kit::{Home, wait_for};
use crate::timers::edit;

fn import(home: &Home, lines: &[Value]) {
    let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
    let told = home.run_with_input(&["memory", "import", "-", "--json"], text.as_bytes());
    assert!(told.ok, "{told:?}");
}

fn names(home: &Home) -> Vec<String> {
    let out = home.run(&["memory", "export"]).out;
    let name = |line: &str| serde_json::from_str::<Value>(line).ok()?["id"].as_str().map(str::to_owned);
    out.lines().filter_map(name).collect()
}

fn stats(home: &Home) -> Value {
    home.run(&["memory", "stats", "--json"]).json()["retention"].clone()
}

/// Three memories of a year ago, on a Hearth that has run for long and knows what time it is.
fn a_year_ago(home: &Home) {
    import(
        home,
        &[
            json!({"id": "over", "text": "the plumber came"}),
            json!({"id": "held", "text": "the plumber left", "held": true}),
            json!({"id": "known", "text": "the plumber is called Marek", "sector": "semantic"}),
        ],
    );
    edit(
        home,
        "UPDATE memories SET stored_ms = stored_ms - 31622400000;
         INSERT OR REPLACE INTO meta (key, value) SELECT 'lived_least', max(said_ms) FROM memories;
         INSERT OR REPLACE INTO meta (key, value) VALUES ('lived_for', 1000), ('lived_from', 9), ('lived_from_before', 9);
         INSERT OR REPLACE INTO meta (key, value) SELECT 'lived_before', max(said_ms) - 86400000 FROM memories;",
    );
}

#[test]
fn a_service_forgets_by_itself_what_was_kept_for_its_time_and_says_so() {
    let home = Home::with_config("[retention]\nepisodic = 300\nsolutions = 20\n");
    a_year_ago(&home);
    assert_eq!(stats(&home), json!({"days": {"episodic": 300, "solutions": 20}, "removed": {}}));
    let service = home.start();
    wait_for("the end of what was kept for its time", || (names(&home) == ["held", "known"]).then_some(()));
    assert_eq!(stats(&home), json!({"days": {"episodic": 300, "solutions": 20}, "removed": {"episodic": 1}}));
    service.stop();
    let told = home.run(&["memory", "stats"]).out;
    assert!(told.contains("retention") && told.contains(r#""removed":{"episodic":1}"#), "{told}");
}

#[test]
fn one_look_lets_go_so_much_and_no_more() {
    // The pages of one look, and some more; a page holds 200 rows.
    let look = limits::TIDY_PAGES * usize::try_from(limits::TIDY_ROWS).expect("a number");
    let home = Home::with_config("models_dir = \"/nowhere/at/all\"\n[retention]\nepisodic = 300\n");
    a_year_ago(&home);
    let more = look + 300;
    let columns =
        "ref, person, chat, area, sector, class, text, speaker, session, source, language, said_ms, day, stored_ms,
         expires_ms, held, importance";
    edit(
        &home,
        &format!(
            "INSERT INTO memories (id, hash, {columns})
             WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {more})
             SELECT randomblob(16), randomblob(16), {} FROM n, memories WHERE ref = 'over';
             UPDATE meta SET value = 1000000 WHERE key IN ('lived_from', 'lived_from_before');",
            columns.replacen("ref", "NULL", 1).replace(" text,", " 'x',")
        ),
    );
    let service = home.start();
    let removed = || stats(&home)["removed"]["episodic"].as_u64();
    let mut gone = None;
    // It is much for a busy machine: as long as more goes, it is waited for.
    while gone < Some(look as u64) {
        gone = Some(wait_for("more to go", || removed().filter(|now| Some(*now) > gone)));
    }
    for _ in 0..20 {
        assert_eq!(removed(), Some(look as u64), "the next look goes on, in its time");
    }
    assert_eq!(service.stop(), Some(0));
    // Who asks by hand has all of it go.
    assert_eq!(home.run(&["memory", "prune", "--json"]).json()["forgotten"], 301);
    assert_eq!(names(&home), ["held", "known"]);
}

#[test]
fn without_a_setting_nothing_goes_by_its_age_and_by_hand_the_setting_counts_at_once() {
    let home = Home::new();
    a_year_ago(&home);
    assert_eq!(stats(&home), json!({"days": {}, "removed": {}}));
    // One that has ended shows when the service has looked.
    assert!(home.run(&["memory", "add", "the offer of the roofer", "--expires", "2020-01-01"]).ok);
    let service = home.start();
    wait_for("the service to have looked", || (names(&home) == ["over", "held", "known"]).then_some(()));
    service.stop();
    let by_hand = Home::with_config("[retention]\nepisodic = 300\n");
    import(&by_hand, &[json!({"id": "over", "text": "old"}), json!({"id": "new", "text": "young"})]);
    edit(&by_hand, "UPDATE memories SET stored_ms = stored_ms - 31622400000 WHERE ref = 'over';");
    assert_eq!(by_hand.run(&["memory", "prune", "--json"]).json()["forgotten"], 1);
    assert_eq!(names(&by_hand), ["new"]);
}

#[test]
fn a_wrong_time_is_told_with_key_value_and_way_out() {
    for (line, parts) in [
        ("episodic = -1", ["retention.episodic = -1", "a whole number from 0 to 36500"]),
        ("main = 36501", ["retention.main = 36501", "a whole number from 0 to 36500"]),
        ("semantic = \"a year\"", ["retention.semantic = \"a year\"", "a whole number from 0 to 36500"]),
        ("episodical = 3", ["retention.episodical", "did you mean «episodic»?"]),
    ] {
        let home = Home::with_config(&format!("[retention]\n{line}\n"));
        let told = home.run(&["config", "check"]);
        assert_eq!(told.code, Some(1), "{line}");
        assert!(parts.iter().all(|part| told.err.contains(part)), "{line}: {told:?}");
    }
}
