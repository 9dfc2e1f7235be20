//! Memory through its command: remembered, found by who may see it, edited, held, forgotten, moved.

use serde_json::{Value, json};

use crate::kit::{Home, Output};

/// The ids of a search's answers, as the giver named them.
fn ids(answer: &Output) -> Vec<String> {
    let hits = answer.json()["hits"].as_array().expect("hits").clone();
    hits.iter().filter_map(|hit| hit["id"].as_str().map(str::to_owned)).collect()
}

fn import(home: &Home, lines: &[Value]) -> Output {
    let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
    home.run_with_input(&["memory", "import", "-", "--json"], text.as_bytes())
}

fn talk() -> Vec<Value> {
    vec![
        json!({"id": "d1", "text": "The boiler was serviced by Marek in October.", "speaker": "Anna", "session": "s1",
               "time": "2025-10-04T10:00:00Z"}),
        json!({"id": "d2", "text": "Oskar starts school on the first of September.", "speaker": "Jan", "session": "s1",
               "time": "1:56 pm on 8 May, 2024"}),
        json!({"id": "d3", "text": "We planted two cherry trees behind the shed.", "speaker": "Anna", "session": "s2",
               "time": 1_700_000_000}),
        json!({"id": "d4", "text": "The spare key lies under the blue pot.", "person": "anna"}),
        json!({"id": "d5", "text": "昨日は庭で猫を見ました。", "speaker": "Yuki"}),
    ]
}

#[test]
fn what_was_remembered_is_found_by_its_words_after_a_restart() {
    let home = Home::new();
    let told = import(&home, &talk());
    assert!(told.ok && told.json()["kept"] == 5, "{told:?}");
    let search = |text: &str| home.run(&["memory", "search", text, "--json"]);
    assert_eq!(ids(&search("who services the boilers?"))[0], "d1");
    assert_eq!(ids(&search("when does Oskar go to school?"))[0], "d2");
    assert_eq!(ids(&search("\"cherry trees\""))[0], "d3");
    assert_eq!(ids(&search("庭で猫"))[0], "d5", "three characters at a time where words have no spaces");
    assert_eq!(ids(&search("what happened in May 2024?"))[0], "d2", "the day is among the words");
    let nothing = search("quantum chromodynamics");
    assert!(nothing.code == Some(1) && nothing.json()["sure"] == false, "{nothing:?}");
    let said = home.run(&["memory", "search", "quantum chromodynamics"]);
    assert!(said.out.starts_with("I have nothing on that."), "{said:?}");
}

#[test]
fn a_service_and_a_command_without_one_see_the_same_memory() {
    let home = Home::new();
    assert!(home.run(&["memory", "add", "The ladder is at the neighbour's", "--speaker", "Jan"]).ok);
    let service = home.start();
    let found = home.run(&["memory", "search", "where is the ladder", "--json"]);
    assert_eq!(found.json()["hits"][0]["speaker"], "Jan", "{found:?}");
    assert!(import(&home, &talk()).ok);
    drop(service);
    assert_eq!(home.run(&["memory", "stats", "--json"]).json()["memories"], 6);
}

#[test]
fn nobody_finds_what_is_anothers() {
    let home = Home::new();
    let mut lines = talk();
    for n in 0..60 {
        lines.push(json!({"id": format!("o{n}"), "text": format!("spare key number {n} blue pot"), "person": "jan"}));
    }
    lines.push(json!({"id": "c1", "text": "the spare key is for the chat only", "person": "anna", "chat": "work"}));
    assert!(import(&home, &lines).ok);
    let search = |more: &[&str]| {
        ids(&home.run(&[&["memory", "search", "where is the spare key", "--json", "-k", "20"], more].concat()))
    };
    assert_eq!(search(&["--person", "anna"]), ["d4"], "60 better ones of another person crowd nothing out");
    assert_eq!(search(&["--person", "anna", "--chat", "work"]).len(), 2);
    assert_eq!(search(&[]), [] as [&str; 0], "the household sees neither");
    assert!(search(&["--person", "jan"]).iter().all(|id| id.starts_with('o')));
}

#[test]
fn bad_lines_are_told_by_number_and_the_rest_goes_in() {
    let home = Home::new();
    let good = json!({"id": "g", "text": "a good line"});
    let secret = json!({"text": "my token is ghp_abcdefghijklmnopqrstuvwxyz0123456789"});
    let text =
        format!("{good}\nnot json\n\n[1]\n{}\n{secret}\n{}\n", json!({"id": 1}), json!({"text": "b", "time": "soon"}));
    let mut bytes = text.into_bytes();
    bytes.extend_from_slice(b"{\"text\": \"\xff\"}\n");
    let told = home.run_with_input(&["memory", "import", "-", "--json"], &bytes);
    assert_eq!(told.code, Some(1), "{told:?}");
    let report = told.json();
    assert_eq!((report["kept"].as_u64(), report["bad"].as_u64()), (Some(1), Some(6)), "{report}");
    let numbers: Vec<u64> =
        report["faults"].as_array().expect("faults").iter().filter_map(|f| f["line"].as_u64()).collect();
    for number in [2, 4, 5, 6, 7, 8] {
        assert!(numbers.contains(&number), "line {number} in {report}");
    }
    assert!(!told.out.contains("ghp_") && !told.err.contains("ghp_"), "a secret is not repeated");
    let again = import(&home, &[good]);
    assert_eq!(again.json()["duplicates"], 1, "{again:?}");
    assert!(home.run(&["memory", "import", "/nowhere/file.jsonl"]).err.contains("/nowhere/file.jsonl"));
}

#[test]
fn no_question_is_a_query_language() {
    let home = Home::new();
    assert!(import(&home, &talk()).ok);
    let long = "boiler ".repeat(20_000);
    for text in [
        "boiler OR 1=1",
        "\"",
        "a\" OR \"b",
        "boiler*",
        "NEAR(boiler",
        "text:boiler",
        "'; DROP TABLE memories; --",
        "^boiler",
        "-boiler",
        "{",
        "",
        "  ",
        "\u{1F525}",
        "מים boiler 水",
        &long[..100_000],
    ] {
        let answer = home.run(&["memory", "search", "--json", "--", text]);
        assert!(
            answer.code.is_some_and(|code| code <= 1) && answer.json()["hits"].is_array(),
            "{text:.40}: {answer:?}"
        );
    }
    assert_eq!(home.run(&["memory", "stats", "--json"]).json()["memories"], 5);
}

#[test]
fn scripts_may_be_mixed_in_memories_and_in_questions() {
    let home = Home::with_config("models_dir = \"/nowhere/at/all\"\n");
    let line = |id: &str, text: &str| json!({"id": id, "text": text});
    let lines = [
        line("ru", "Запасной ключ висит у соседки"),
        line("zh", "花园大门的备用钥匙在蓝色抽屉里"),
        line("mixed", "The gate of the дача opens with the key from Praha"),
        line("he", "המפתח של המחסן אצל דוד"),
        line("none", "the bins go out on Thursday"),
    ];
    assert!(import(&home, &lines).ok);
    let found = |text: &str| {
        let mut found = ids(&home.run(&["memory", "search", "--json", "--", text]));
        found.sort();
        found
    };
    assert_eq!(found("где КЛЮЧ"), ["ru"], "of another script, whatever its case");
    assert_eq!(found("蓝色抽屉"), ["zh"]);
    assert_eq!(found("дача gate"), ["mixed"]);
    assert_eq!(found("מפתח המחסן"), ["he"]);
    assert_eq!(found("ключ 蓝色抽屉 gate המחסן"), ["he", "mixed", "ru", "zh"], "one question of four scripts");
}

#[test]
fn an_edit_replaces_and_keeps_the_history() {
    let home = Home::new();
    let added = home.run(&["memory", "add", "the bins go out on Monday", "--json"]).json();
    let id = added["ids"][0].as_str().expect("an id").to_owned();
    let edited = home.run(&["memory", "edit", &id, "the bins go out on Thursday", "--json"]);
    assert_eq!(edited.json()["replaced"], id.as_str(), "{edited:?}");
    let now = home.run(&["memory", "search", "when do the bins go out", "--json"]).json();
    assert_eq!(now["hits"].as_array().map(Vec::len), Some(1), "{now}");
    assert!(now["hits"][0]["text"].as_str().is_some_and(|text| text.contains("Thursday")));
    let all = home.run(&["memory", "search", "when do the bins go out", "--history", "--json"]).json();
    assert_eq!(all["hits"].as_array().map(Vec::len), Some(2), "{all}");
    let old = home.run(&["memory", "show", &id, "--json"]).json();
    assert!(old["replaced_by"].is_string(), "{old}");
}

#[test]
fn a_hold_outlives_forgetting_and_pruning_and_the_end() {
    let home = Home::new();
    let add = |text: &str| {
        let added = home.run(&["memory", "add", text, "--expires", "2020-01-01", "--json"]).json();
        added["ids"][0].as_str().expect("an id").to_owned()
    };
    let (held, free) = (add("the contract of the roof"), add("the bill of the roof"));
    assert!(home.run(&["memory", "hold", &held]).ok);
    let refused = home.run(&["memory", "forget", &held]);
    assert!(!refused.ok && refused.err.contains("--off"), "{refused:?}");
    let found = home.run(&["memory", "search", "the roof", "--json"]).json();
    assert_eq!(found["hits"].as_array().map(Vec::len), Some(1), "what has ended is not found: {found}");
    assert_eq!(home.run(&["memory", "prune", "--json"]).json()["forgotten"], 1);
    assert!(!home.run(&["memory", "show", &free]).ok && home.run(&["memory", "show", &held]).ok);
    assert!(home.run(&["memory", "hold", &held, "--off"]).ok);
    assert_eq!(home.run(&["memory", "prune", "--json"]).json()["forgotten"], 1);
}

#[test]
fn what_is_forgotten_is_gone_from_rows_words_and_file() {
    let home = Home::new();
    let canary = "zanzibarquail";
    let added = home.run(&["memory", "add", &format!("the word is {canary}"), "--json"]).json();
    let id = added["ids"][0].as_str().expect("an id").to_owned();
    assert_eq!(ids(&home.run(&["memory", "search", canary, "--json"])).len(), 1);
    assert!(home.run(&["memory", "forget", &id]).ok);
    assert_eq!(ids(&home.run(&["memory", "search", canary, "--json"])).len(), 0);
    assert!(!home.run(&["memory", "show", &id]).ok);
    let again = home.run(&["memory", "forget", &id, "--json"]).json();
    assert_eq!((again["forgotten"].as_u64(), again["not_there"].as_u64()), (Some(0), Some(1)));
}

#[test]
fn an_export_is_an_import() {
    let home = Home::new();
    assert!(import(&home, &talk()).ok);
    let exported = home.run(&["memory", "export"]);
    assert_eq!(exported.out.lines().count(), 5, "{exported:?}");
    let other = Home::new();
    assert_eq!(other.run_with_input(&["memory", "import", "-", "--json"], exported.out.as_bytes()).json()["kept"], 5);
    let mut again = other.run(&["memory", "export"]).out;
    again.push('x');
    again.pop();
    assert_eq!(again, exported.out, "what comes out goes in and comes out the same");
}

#[test]
fn a_batch_of_questions_is_answered_line_by_line() {
    let home = Home::new();
    assert!(import(&home, &talk()).ok);
    let questions =
        "{\"id\": \"q1\", \"query\": \"boiler\"}\nnonsense\n{\"id\": 2, \"query\": \"cherry\"}\n{\"id\": 3}\n";
    let answers = home.run_with_input(&["memory", "search", "--batch", "-", "-k", "3", "--json"], questions.as_bytes());
    let lines: Vec<Value> = answers.out.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    assert_eq!(lines.len(), 4, "{answers:?}");
    assert_eq!((&lines[0]["id"], &lines[0]["ids"][0]), (&json!("q1"), &json!("d1")));
    assert_eq!((&lines[2]["id"], &lines[2]["ids"][0]), (&json!(2), &json!("d3")));
    assert!(lines[1]["fault"].is_string() && lines[3]["fault"].as_str().is_some_and(|f| f.contains("query")));
    assert!(!home.run(&["memory", "search", "x", "-k", "0"]).ok);
}

#[test]
fn a_fact_has_one_value_and_a_history() {
    let home = Home::new();
    for value in ["Birch", "Oak", "Oak"] {
        assert!(home.run(&["memory", "fact", "wifi_name", value]).ok);
    }
    assert!(home.run(&["memory", "fact", "wifi_name", "Mine", "--person", "anna"]).ok);
    let of = |more: &[&str]| home.run(&[&["memory", "fact", "wifi_name", "--json"], more].concat()).json();
    let values = |rows: &Value| -> Vec<String> {
        rows.as_array().expect("rows").iter().filter_map(|row| row["value"].as_str().map(str::to_owned)).collect()
    };
    assert_eq!(values(&of(&[])), ["Oak", "Birch"], "the same again is no news");
    assert_eq!(values(&of(&["--person", "anna"]))[0], "Mine", "a person's own comes first");
    assert!(home.run(&["memory", "fact", "wifi_name", "--forget"]).ok);
    assert_eq!(values(&of(&[])), [] as [&str; 0]);
    let secret = home.run(&["memory", "fact", "token", "ghp_abcdefghijklmnopqrstuvwxyz0123456789"]);
    assert!(!secret.ok && secret.err.contains("hearth secret add"), "{secret:?}");
    // The same scan as everywhere: what would be filtered out of a reply is not remembered either.
    for value in [
        "4111 1111 1111 1111",
        "wJalrXUtnFEMI7K7MDENGbPxRfiCYzK3qT9aZ2pL",
        "c2stYW50LWFiYzEyM1hZWmRlZmdoaWprbG1ub3BxcnM=",
    ] {
        let secret = home.run(&["memory", "fact", "number", value]);
        assert!(!secret.ok && secret.err.contains("hearth secret add"), "{value}: {secret:?}");
    }
}

#[test]
fn names_that_an_import_gives_come_back_as_they_are() {
    let home = Home::new();
    let long = format!("{} heron", "reeds ".repeat(400));
    let lines: Vec<Value> = (0..3)
        .map(|n| json!({"id": format!("session#{n}"), "text": format!("the heron stood there, day {n}")}))
        .chain([json!({"id": "D7:12", "text": long})])
        .collect();
    assert!(import(&home, &lines).ok);
    let mut found = ids(&home.run(&["memory", "search", "heron reeds", "--json", "-k", "20"]));
    found.sort();
    assert_eq!(found, ["D7:12", "session#0", "session#1", "session#2"], "each once, pieces as their text");
}
