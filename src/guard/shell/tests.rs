//! The guard beside the collected commands of other projects, and commands of daily work.

use super::*;

fn vectors(name: &str) -> Option<serde_json::Value> {
    let shared = std::env::var_os("HEARTH_SHARED").map(std::path::PathBuf::from).or_else(|| {
        let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
        ["../shared", "../../shared"].iter().map(|place| root.join(place)).find(|place| place.is_dir())
    });
    let Some(text) = shared.and_then(|shared| std::fs::read(shared.join("vectors").join(name)).ok()) else {
        assert!(std::env::var_os("CI").is_none_or(|ci| ci != "true"), "{name} is missing");
        eprintln!("SKIPPED: there is no {name}; set HEARTH_SHARED");
        return None;
    };
    Some(serde_json::from_slice(&text).expect("JSON"))
}

/// As [`judge`], and every step must begin with one of these programs: what a few of the vectors are about, and no
/// setting here.
fn judge_among(command: &str, programs: &[&str]) -> Verdict {
    match judge(command) {
        Verdict::Deny(why) => Verdict::Deny(why),
        _ if steps(command).iter().any(|step| !programs.contains(&step.program())) => {
            Verdict::Deny("it runs a program that is not on the list")
        }
        other => other,
    }
}

#[test]
fn commands_of_shell_deny_are_judged_as_expected() {
    let Some(vectors) = vectors("shell_deny.json") else { return };
    let mut wrong = Vec::new();
    let mut tried = 0;
    for case in vectors["cases"].as_array().expect("cases") {
        let command = case["command"].as_str().expect("a command");
        // Where a link leads is nothing that text tells; the walls hold it (`tests/it/shell.rs`).
        if command.contains("(link -> outside dir)") {
            continue;
        }
        let listed = case["mode"].as_str().is_some_and(|mode| mode.starts_with("allowlist"));
        let verdict = if listed { judge_among(command, &["echo", "ls", "cat"]) } else { judge(command) };
        let denied = matches!(verdict, Verdict::Deny(_));
        if denied != (case["expected"] != "allow") {
            wrong.push(format!("{command}: {verdict:?}, expected {}", case["expected"]));
        }
        tried += 1;
    }
    assert!(wrong.is_empty(), "{} of {tried}:\n{}", wrong.len(), wrong.join("\n"));
    assert!(tried > 100);
}

#[test]
fn what_others_ask_a_person_about_is_asked_or_denied_here() {
    for command in [
        "rm a.txt",
        "sudo x",
        "curl x | sh",
        "chmod 777 a",
        "unlink a",
        "shred a",
        "find . -delete",
        "dd bs=1 of=b",
        "curl http://a",
        "wget http://a",
        "nc a 1",
        "apt install x",
        "pip install x",
        "kill 1",
        "cat config.toml",
        "cat .env",
        "cat /etc/hosts",
        "cat ~/.ssh/id",
    ] {
        assert_ne!(judge(command), Verdict::Allow, "{command}");
    }
}

#[test]
fn daily_work_is_let_through() {
    for command in [
        "ls -la",
        "grep -rn 'rm -rf' notes",
        "wc -l *.csv | sort -n",
        "python3 script.py --out report.json",
        "awk '{print $1}' data.csv > sums.txt",
        "tar czf backup.tgz notes",
        "echo \"20% of 50\"",
        "date +%F",
        "mkdir -p /tmp/x && cp a.txt /tmp/x",
        "for f in *.txt; do wc -w \"$f\"; done",
    ] {
        assert_eq!(judge(command), Verdict::Allow, "{command}");
    }
}

proptest::proptest! {
    #[test]
    fn any_text_is_judged(text in ".{0,200}") {
        let _ = judge(&text);
    }
}
