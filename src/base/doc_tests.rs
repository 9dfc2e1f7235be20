//! Tests of reading a settings text: places, faults all at once, secrets never repeated.

use super::*;
use proptest::prelude::{ProptestConfig, any, prop, prop_assert, proptest};

#[test]
fn places_are_found_by_path() {
    let text = "a = 1\n[home]\nx = 2\n[[home.entities]]\nid = \"ä\"\n[[home.entities]]\nid = 3\nline = 4\n";
    let doc = Doc::parse(text.as_bytes(), "f").expect("good");
    assert_eq!(doc.place_of("home.entities[1].line"), Some(Place { line: 8, column: 1 }));
    assert_eq!(doc.place_of("home.entities[0].id").map(|p| p.line), Some(5));
    assert_eq!(doc.place_of("home.entities[0].absent").map(|p| p.line), Some(4));
    assert_eq!(doc.place_of("absent"), None);
    assert_eq!(doc.value()["home"]["entities"][1]["line"], 4);
}

#[test]
fn all_faults_of_the_grammar_are_told_with_their_lines() {
    let faults = Doc::parse(b"a = 1\na = 2\nb = \n", "f").expect_err("bad");
    let lines: Vec<_> = faults.iter().map(|fault| fault.line).collect();
    assert_eq!(lines, [Some(2), Some(3)], "{faults:?}");
    assert!(faults[0].to_string().starts_with("f:2:1: a: not TOML: duplicate key"), "{}", faults[0]);
}

#[test]
fn bad_utf8_and_size_are_refused() {
    let faults = Doc::parse(b"a = 1\nb = \"\xff\"\n", "f").expect_err("bad");
    assert_eq!((faults[0].line, faults[0].column), (Some(2), Some(6)));
    let big = vec![b'#'; 1024 * 1024 + 1];
    assert!(Doc::parse(&big, "f").expect_err("big")[0].problem.contains("1048577 bytes"));
}

#[test]
fn a_secret_is_refused_with_its_line_and_never_repeated() {
    let secret = format!("sk-{}", "abc123XYZdefghijklmnopqrs");
    let escaped = secret.replace('a', "\\u0061");
    for text in [
        format!("a = 1\nb = \"{secret}\"\n"),
        format!("a = 1\nb = \"{escaped}\"\n"),
        format!("a = 1\n# old: {secret}\n"),
        format!("a = 1\n{secret} = 1\n"),
        format!("a = 1\nb = = {secret}\n"),
        "a = 1\nwifi_password = \"horses\"\n".to_owned(),
    ] {
        let faults = Doc::parse(text.as_bytes(), "f").expect_err(&text);
        let told = format!("{faults:?} {}", faults.iter().map(ToString::to_string).collect::<String>());
        assert!(faults.iter().any(|f| f.line == Some(2) && f.problem.contains("secret")), "{told}");
        assert!(!told.contains(&secret) && !told.contains("horses"), "{told}");
    }
}

#[test]
fn numbers_that_do_not_fit_and_dates_are_faults() {
    let faults =
        Doc::parse(b"a = 99999999999999999999\nb = inf\nc = 2026-01-01\nd = 0x1F\ne = -1_0\n", "f").expect_err("bad");
    assert_eq!(faults.iter().map(|fault| fault.line).collect::<Vec<_>>(), [Some(1), Some(2), Some(3)]);
}

#[test]
fn words_that_are_near_are_suggested_and_others_not() {
    assert_eq!(nearest("timezome", ["timezone", "device"]), Some("timezone".to_owned()));
    assert_eq!(nearest("zzz", ["timezone", "device"]), None);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]
    #[test]
    fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let _ = Doc::parse(&bytes, "f").map_err(|faults| faults.iter().map(ToString::to_string).collect::<String>());
    }

    #[test]
    fn any_near_toml_is_read_or_refused(text in "([a-z.\\[\\]\"'=#{}, \n0-9_-]|sk-[a-zA-Z0-9]{24}){0,60}") {
        if let Err(faults) = Doc::parse(text.as_bytes(), "f") {
            for fault in faults {
                prop_assert!(secret::holds(&fault.to_string()).is_none(), "{}", fault);
            }
        }
    }
}
