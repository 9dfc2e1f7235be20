//! Files beside the database: shown to the model, indexed, read again when they change, refused with a secret.

use std::path::Path;

use serde_json::{Value, json};

use crate::kit::{Home, Kept, Model, Step, wait_for};

const PUZZLE: &str = "please compose a limerick about entropy";

fn write(home: &Home, name: &str, text: &str) {
    let path = home.data().join(name);
    std::fs::create_dir_all(path.parent().expect("a folder")).expect("made");
    std::fs::write(&path, text).expect("written");
    open(&home.data().join("MEMORY"));
}

/// For the agent's uid to read.
fn open(folder: &Path) {
    use std::os::unix::fs::PermissionsExt;
    if folder.exists() {
        std::fs::set_permissions(folder, std::fs::Permissions::from_mode(0o755)).expect("open");
    }
}

fn found(home: &Home, text: &str) -> Vec<String> {
    let answer = home.run(&["memory", "search", text, "--json"]).json();
    let hits = answer["hits"].as_array().expect("hits").clone();
    hits.iter().filter_map(|hit| hit["text"].as_str().map(str::to_owned)).collect()
}

fn became(home: &Home, name: &str) -> Value {
    let files = home.run(&["memory", "files", "--json"]).json();
    let files = files["files"].as_array().expect("files").clone();
    files.into_iter().find(|file| file["file"] == name).unwrap_or_default()
}

#[test]
fn people_write_markdown_and_what_they_change_counts_without_a_restart() {
    let home = Home::new();
    write(&home, "MEMORY/house/boiler.md", "# Boiler\nServiced by Marek in the cellar.\n# Roof\nNew since spring.\n");
    let running = home.start();
    assert_eq!(found(&home, "who serviced the boiler"), ["Boiler: Serviced by Marek in the cellar."]);
    let row = became(&home, "MEMORY/house/boiler.md");
    assert_eq!((&row["use"], &row["pieces"], &row["schema"]), (&json!("index"), &json!(2), &json!(1)), "{row}");
    let roof = home.run(&["memory", "search", "the roof since spring", "--json"]).json()["hits"][0]["uuid"].clone();

    write(
        &home,
        "MEMORY/house/boiler.md",
        "# Boiler\nServiced by Ottoline from the valley.\n# Roof\nNew since spring.\n",
    );
    wait_for("the change", || (found(&home, "who serviced the boiler")[0].contains("Ottoline")).then_some(()));
    assert_eq!(found(&home, "serviced Marek cellar").iter().filter(|text| text.contains("Marek")).count(), 0);
    let same = home.run(&["memory", "search", "the roof since spring", "--json"]).json()["hits"][0]["uuid"].clone();
    assert_eq!(same, roof, "a piece that did not change keeps its row");

    std::fs::remove_file(home.data().join("MEMORY/house/boiler.md")).expect("removed");
    wait_for("the end of the file", || found(&home, "who serviced the boiler").is_empty().then_some(()));
    running.stop();
    write(&home, "MEMORY/cellar.md", "The cellar has two keys.");
    assert_eq!(found(&home, "keys of the cellar"), ["The cellar has two keys."], "a command sees it too");
    std::fs::remove_file(home.data().join("MEMORY/cellar.md")).expect("removed");
    assert_eq!(found(&home, "keys of the cellar"), [] as [&str; 0], "what went while nobody looked is gone");
}

#[test]
fn programs_write_records_of_a_form_and_what_is_none_is_refused_whole() {
    let home = Home::new();
    let record = |text: &str| json!({"schema": 1, "source": "meter", "class": "internal", "text": text});
    write(
        &home,
        "MEMORY/meter.jsonl",
        &format!("{}\n{}\n", record("The meter reads 4711."), record("The meter is grey.")),
    );
    write(&home, "MEMORY/one.json", &record("The fuse box is in the hall.").to_string());
    let old = json!({"schema": 9, "source": "meter", "class": "internal", "text": "zanzibarquail"});
    write(&home, "MEMORY/old.jsonl", &format!("{}\n{old}\n", record("zanzibarquail too")));
    write(&home, "MEMORY/bare.json", &json!({"text": "zanzibarquail"}).to_string());
    write(&home, "MEMORY/broken.json", "{\"schema\": 1,");
    write(&home, "MEMORY/noise.md", "placeholder");
    std::fs::write(home.data().join("MEMORY/noise.md"), b"\xff\xfe").expect("written");
    assert!(found(&home, "what does the meter read").iter().any(|text| text.contains("4711")));
    assert_eq!(found(&home, "fuse box").len(), 1);
    assert_eq!(found(&home, "zanzibarquail"), [] as [&str; 0]);
    for (name, part) in [
        ("MEMORY/old.jsonl", "record 2: schema = 9"),
        ("MEMORY/bare.json", "schema: is missing"),
        ("MEMORY/broken.json", "not JSON"),
        ("MEMORY/noise.md", "UTF-8"),
    ] {
        let row = became(&home, name);
        assert!(row["fault"].as_str().is_some_and(|fault| fault.contains(part)), "{name}: {row}");
    }
}

#[test]
fn a_secret_or_a_link_in_them_is_neither_indexed_nor_shown_and_is_reported() {
    let home = Home::new();
    let token = "ghp_abcdefghijklmnopqrstuvwxyz0123456789";
    write(&home, "MEMORY/notes.md", "The zanzibarquail sits in the cellar.");
    assert_eq!(found(&home, "zanzibarquail").len(), 1);
    write(&home, "MEMORY/notes.md", &format!("The zanzibarquail sits in the cellar. token: {token}"));
    write(&home, "USER.md", &format!("My token is {token}"));
    std::fs::write(home.root().join("outside.md"), "walrusthimble").expect("written");
    std::os::unix::fs::symlink(home.root().join("outside.md"), home.data().join("MEMORY/link.md")).expect("linked");
    assert_eq!(found(&home, "zanzibarquail"), [] as [&str; 0], "what was indexed of it is not either");
    assert_eq!(found(&home, "walrusthimble"), [] as [&str; 0]);
    let files = home.run(&["memory", "files", "--json"]);
    assert!(!files.out.contains("ghp_"), "{files:?}");
    for name in ["MEMORY/notes.md", "USER.md"] {
        assert!(became(&home, name)["fault"].as_str().is_some_and(|f| f.contains("secret")), "{name}: {files:?}");
    }
}

#[test]
fn the_model_reads_what_the_household_wrote_and_an_edit_counts_at_the_next_turn() {
    let model = Model::start(vec![Step::Say("Yes.")]);
    let url = model.url.clone();
    let home = Home::with_late_config(|root| {
        let keeper = Kept::settings(root);
        format!("{keeper}[net]\nlan = [\"127.0.0.1\"]\n[model]\nbase_url = \"{url}\"\nname = \"m\"\n")
    });
    let kept = Kept::beside(&home);
    kept.put("model", b"sk-canary-Zx81Qq7LmN20pRtV");
    for (name, text) in [
        ("SOUL.md", "You are dry and kind."),
        ("AGENT.md", "Answer in Celsius."),
        ("USER.md", "We are four."),
        ("TOOLS.md", "The relay is slow."),
    ] {
        write(&home, name, text);
    }
    let running = home.start();
    home.run(&["ask", PUZZLE]);
    let shown = model.asked()[0].body["messages"].to_string();
    let places: Vec<usize> = ["dry and kind", "in Celsius", "We are four", "relay is slow"]
        .iter()
        .map(|text| shown.find(text).unwrap_or_else(|| panic!("{text} in {shown}")))
        .collect();
    assert!(places.windows(2).all(|pair| pair[0] < pair[1]), "in their order: {places:?}");
    write(&home, "SOUL.md", "You are as terse as a telegram.");
    wait_for("the edit", || {
        home.run(&["ask", PUZZLE]);
        let shown = model.asked().last().expect("asked").body["messages"].to_string();
        (shown.contains("telegram") && !shown.contains("dry and kind")).then_some(())
    });
    running.stop();
}

#[test]
fn answers_are_held_for_a_moment_and_dropped_by_what_is_kept_forgotten_or_revoked() {
    let home = Home::new();
    let running = home.start();
    let added = home.run(&["memory", "add", "the ladder is in the shed", "--json"]).json();
    let id = added["ids"][0].as_str().expect("an id").to_owned();
    let cache = || home.run(&["memory", "stats", "--json"]).json()["cache"].clone();
    assert_eq!(found(&home, "the ladder").len(), 1);
    assert_eq!(found(&home, "the ladder").len(), 1);
    assert_eq!(cache()["counts"]["hits"], 1, "{}", cache());
    assert!(cache()["bytes"].as_u64().is_some_and(|bytes| bytes > 0));
    assert!(home.run(&["memory", "add", "the ladder is red"]).ok);
    assert_eq!((cache()["bytes"].as_u64(), found(&home, "the ladder").len()), (Some(0), 2), "at once");
    assert!(home.run(&["memory", "forget", &id]).ok);
    assert_eq!(found(&home, "the ladder"), ["the ladder is red"]);
    assert!(cache()["bytes"].as_u64().is_some_and(|bytes| bytes > 0));
    assert!(home.run(&["suspend"]).ok);
    assert_eq!(cache()["bytes"], 0, "revoked");
    running.stop();
}
