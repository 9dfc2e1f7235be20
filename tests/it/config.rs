//! `hearth config`: what a person sees who writes a settings file.

use crate::kit::Home;

const BAD: &str = "devise = \"x\"\ntimezone = \"Mars/Base\"\n[log]\nlevel = \"inof\"\n";

#[test]
fn the_default_file_is_good_and_so_is_none() {
    let home = Home::new();
    let printed = home.run(&["config", "print-default"]);
    assert!(printed.ok && printed.out.contains("[[home.entities]]"), "{printed:?}");
    let path = home.root().join("copy.toml");
    std::fs::write(&path, &printed.out).expect("written");
    let checked = home.run(&["config", "check", "--config", &path.display().to_string()]);
    assert_eq!((checked.code, checked.err.as_str()), (Some(0), ""), "{checked:?}");
}

#[test]
fn every_fault_is_told_with_its_line_and_hint_and_ends_with_1() {
    let home = Home::with_config(BAD);
    let told = home.run(&["config", "check"]);
    assert_eq!(told.code, Some(1), "{told:?}");
    let file = home.root().join("hearth.toml").display().to_string();
    for part in [
        ":1:1: devise = \"x\": ",
        "did you mean «device»?",
        ":2:1: timezone = \"Mars/Base\": ",
        ":4:1: log.level = \"inof\": ",
    ] {
        assert!(told.err.contains(part) && told.err.contains(&file), "{part} in {told:?}");
    }
    let json = home.run(&["config", "check", "--json"]);
    assert_eq!(json.code, Some(1));
    let json = json.json();
    assert_eq!((&json["ok"], json["faults"].as_array().map(Vec::len)), (&false.into(), Some(3)));
    assert_eq!((&json["faults"][2]["line"], &json["faults"][2]["did_you_mean"]), (&4.into(), &"info".into()));
}

#[test]
fn a_secret_is_refused_with_its_line_and_not_repeated() {
    let secret = format!("sk-{}", "abc123XYZdefghijklmnopqrs");
    let home = Home::with_config(&format!("device = \"x\"\n# old key {secret}\n"));
    let told = home.run(&["config", "check"]);
    assert_eq!(told.code, Some(1));
    assert!(told.err.contains("hearth.toml:2:") && told.err.contains("looks like a secret"), "{told:?}");
    assert!(!told.err.contains(&secret) && !told.out.contains(&secret), "{told:?}");
}

#[test]
fn a_missing_file_bad_bytes_and_wrong_usage_have_their_codes() {
    let home = Home::new();
    let missing = home.run(&["config", "check", "--config", "/nowhere/hearth.toml"]);
    assert!(missing.code == Some(1) && missing.err.contains("/nowhere/hearth.toml: cannot be read"), "{missing:?}");
    let path = home.root().join("bytes.toml");
    std::fs::write(&path, b"device = \"\xff\"\n").expect("written");
    let bytes = home.run(&["config", "check", "--config", &path.display().to_string()]);
    assert!(bytes.code == Some(1) && bytes.err.contains(":1:11: not UTF-8"), "{bytes:?}");
    std::fs::write(&path, vec![b'#'; 1_048_577]).expect("written");
    let big = home.run(&["config", "check", "--config", &path.display().to_string()]);
    assert!(big.code == Some(1) && big.err.contains("1048577 bytes"), "{big:?}");
    assert_eq!(home.run(&["config", "chekc"]).code, Some(2));
}

#[test]
fn the_schema_is_the_file_beside_the_sources() {
    let printed = Home::new().run(&["config", "schema", "--json"]);
    let kept = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/schemas/config.schema.json"));
    assert_eq!(printed.out, kept.expect("schemas/config.schema.json"));
}
