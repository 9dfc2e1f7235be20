//! Tests of the settings: the default file, faults all at once, folders, the order of files.

use std::path::{Path, PathBuf};

use super::{Board, Config, Dirs, Env, Home, LogFormat, LogLevel, Source, default_text, find, schema};
use crate::base::secret;
use proptest::prelude::{ProptestConfig, any, prop, prop_assert, proptest};

fn parse(text: &str) -> Result<Config, Vec<super::ConfigFault>> {
    Config::parse(text, Path::new("/etc/x/hearth.toml"))
}

fn told(text: &str) -> Vec<String> {
    parse(text).expect_err("faults").iter().map(ToString::to_string).collect()
}

#[test]
fn every_line_of_the_default_file_may_be_taken_as_it_stands() {
    // What a maker does first: takes the sign away and looks what becomes of it.
    let taken: String = default_text().lines().map(|line| bare(line) + "\n").collect();
    assert!(taken.contains("\nlan = []\n") && taken.contains("\nhome_file = \"\"\n"), "{taken}");
    let config = parse(&taken).expect("good");
    assert!(matches!(config.home, Home::Inline(home) if home["entities"].is_array()), "the home is the one below");
}

/// The line without the sign before a key that may be left out.
fn bare(line: &str) -> String {
    let key = line.strip_prefix("# ").filter(|rest| {
        rest.split_once(" = ").is_some_and(|(key, _)| key.bytes().all(|b| b.is_ascii_lowercase() || b == b'_'))
    });
    key.unwrap_or(line).to_owned()
}

#[test]
fn the_default_file_says_what_an_empty_file_means() {
    let written = parse(&default_text()).expect("the default file is good");
    let empty = parse("").expect("every key has a default");
    for config in [&written, &empty] {
        assert_eq!(config.device.as_str(), "hearth");
        assert_eq!((&config.board, config.timezone.as_str()), (&Board::Auto, "UTC"));
        assert_eq!(
            (config.log.level, config.log.format, config.log.max_bytes),
            (LogLevel::Info, LogFormat::Auto, 1_048_576)
        );
        assert_eq!(config.dirs(&Env::default()).data, Path::new("/var/lib/hearth"));
    }
    let Home::Inline(home) = &written.home else { panic!("the demo home stands in the file") };
    assert_eq!(home["entities"][0]["id"], "light.kitchen_lamp");
    assert!(empty.home == Home::Inline(serde_json::json!({})));
}

#[test]
fn every_fault_is_told_at_once_with_key_value_range_line_and_hint() {
    let faults = told(
        "devise = \"x\"\ntimezone = \"Mars/Base\"\ndata_dir = \"rel/ative\"\n[log]\nlevel = \"inof\"\nmax_bytes = 1\n",
    );
    let expected = [
        "/etc/x/hearth.toml:1:1: devise = \"x\": no such key here (did you mean «device»?)",
        "/etc/x/hearth.toml:2:1: timezone = \"Mars/Base\": must be an IANA time zone such as Europe/Berlin",
        "/etc/x/hearth.toml:3:1: data_dir = \"rel/ative\": must be empty, or an absolute path without control characters",
        "/etc/x/hearth.toml:5:1: log.level = \"inof\": must be one of error, warn, info, debug, trace (did you mean «info»?)",
        "/etc/x/hearth.toml:6:1: log.max_bytes = 1: must be a whole number from 65536 to 1073741824",
    ];
    assert_eq!(faults, expected);
}

#[test]
fn wrong_types_and_duplicates_are_faults() {
    assert_eq!(told("log = 3\ndevice = true\nboard = []\n").len(), 3);
    assert!(told("device = \"a\"\ndevice = \"b\"\n")[0].contains(":2:1: device: not TOML: duplicate key"));
    assert!(told("home_file = \"h.toml\"\n[home]\n")[0].contains("described twice"));
}

#[test]
fn a_home_is_carried_with_the_lines_of_its_parts() {
    let config =
        parse("[home]\n[[home.entities]]\nid = \"a\"\n[[home.entities]]\nid = \"b\"\nline = \"x\"\n").expect("good");
    assert_eq!(config.line_of("entities[1].line"), Some(6));
    assert_eq!(config.line_of("entities[1].absent"), Some(4));
    let file = parse("home_file = \"home.json\"").expect("good");
    assert_eq!(file.home, Home::File(PathBuf::from("/etc/x/home.json")));
}

#[test]
fn folders_follow_what_is_written_then_systemd_then_root_then_xdg() {
    let path = |text: &str| Some(PathBuf::from(text));
    let dirs = |text: &str, env: &Env| parse(text).expect("good").dirs(env);
    let user = Env { home: path("/h"), runtime_home: path("/run/user/7"), ..Env::default() };
    let found = dirs("", &user);
    assert_eq!(
        found,
        Dirs {
            data: "/h/.local/share/hearth".into(),
            runtime: "/run/user/7/hearth".into(),
            workspace: "/h/.local/share/hearth/workspace".into()
        }
    );
    assert_eq!(dirs("", &Env { data_home: path("/d"), ..user.clone() }).data, Path::new("/d/hearth"));
    let root = Env { root: true, ..user.clone() };
    assert_eq!((dirs("", &root).data, dirs("", &root).runtime), ("/var/lib/hearth".into(), "/run/hearth".into()));
    let unit = Env { state_directory: path("/s"), runtime_directory: path("/r"), ..root };
    assert_eq!((dirs("", &unit).data, dirs("", &unit).runtime), ("/s".into(), "/r".into()));
    assert_eq!(dirs("data_dir = \"/x\"", &user).runtime, Path::new("/x/run"));
    let own = Env { data: path("/own"), ..user.clone() };
    assert_eq!((dirs("data_dir = \"/x\"", &own).data, dirs("", &own).runtime), ("/own".into(), "/own/run".into()));
    assert_eq!(dirs("runtime_dir = \"/x\"", &Env { runtime: path("/r"), ..user.clone() }).runtime, Path::new("/r"));
    assert_eq!(dirs("workspace = \"/w\"", &user).workspace, Path::new("/w"));
}

#[test]
fn files_are_looked_for_in_the_stated_order() {
    let base = std::env::temp_dir().join(format!("hearth-find-{}", std::process::id()));
    let place = |dir: &str| {
        let dir = base.join(dir).join("hearth");
        std::fs::create_dir_all(&dir).expect("folder");
        std::fs::write(dir.join("hearth.toml"), "").expect("file");
        dir.join("hearth.toml")
    };
    let (home, etc) = (base.join("home"), base.join("etc"));
    let mut env = Env { home: Some(home), ..Env::default() };
    assert_eq!(find(None, &env, &etc), Source::Default);
    let in_etc = place("etc");
    assert_eq!(find(None, &env, &etc), Source::File(in_etc));
    let own = place("home/.config");
    assert_eq!(find(None, &env, &etc), Source::File(own));
    env.config = Some("/named/by/env".into());
    assert_eq!(find(None, &env, &etc), Source::File("/named/by/env".into()));
    assert_eq!(find(Some(Path::new("/flag")), &env, &etc), Source::File("/flag".into()));
    std::fs::remove_dir_all(base).expect("clean");
    assert!(Config::load(Path::new("/named/by/env")).expect_err("absent")[0].problem.contains("cannot be read"));
}

#[test]
fn the_schema_on_disk_is_fresh() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("schemas/config.schema.json");
    let fresh = format!("{:#}\n", schema());
    let old = std::fs::read_to_string(path).unwrap_or_default();
    assert_eq!(old, fresh, "renew it: hearth config schema > schemas/config.schema.json");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]
    #[test]
    fn any_bytes_give_settings_or_faults(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        let _ = Config::parse_bytes(&bytes, Path::new("f"));
    }

    #[test]
    fn no_fault_ever_repeats_a_secret(key in "[a-z_.]{1,20}", tail in "[A-Za-z0-9]{24}", head in "[ -~]{0,30}") {
        let secret = format!("sk-{tail}1A");
        for text in [format!("{key} = \"{secret}\""), format!("{key} = [ \"{head} {secret}"), format!("[{key}]\n{secret} = {head}")] {
            let faults = parse(&text).expect_err("a secret is refused");
            let told: String = faults.iter().map(|fault| format!("{fault} {fault:?}")).collect();
            prop_assert!(!told.contains(&secret) && secret::holds(&told).is_none(), "{}", told);
        }
    }
}
