//! Secrets in shell commands: they arrive on standard input or a descriptor, and nothing else gets out.

use serde_json::{Value, json};

use crate::kit::{Home, Kept, Output, is_root, wait_for};

/// Its slash, plus and equals signs have another form in a URL and in JSON.
const CANARY: &str = "cAn4ry/of+the=shell\"9";

fn home() -> (Home, Kept) {
    let home = Home::with_late_config(|root| {
        let log = root.join("data/hearth.log").display().to_string();
        let keeper = Kept::settings(root);
        format!("{keeper}[log]\nlevel = \"trace\"\nfile = \"{log}\"\n[shell]\nsecrets = [\"backup\", \"second\"]\n")
    });
    let kept = Kept::beside(&home);
    kept.put("backup", CANARY.as_bytes());
    kept.put("second", &[b'z'; 16 * 1024]);
    kept.put("model", b"another canary, which no command is given");
    (home, kept)
}

fn call(home: &Home, command: &str, secrets: &Value, more: &[&str]) -> Output {
    let arguments = json!({"command": command, "secrets": secrets, "seconds": 20}).to_string();
    home.run(&[&["tool", "call", "shell", &arguments, "--yes", "--json"], more].concat())
}

fn output(home: &Home, command: &str, secrets: &Value, more: &[&str]) -> String {
    let output = call(home, command, secrets, more);
    assert!(output.ok, "{command}: {output:?}");
    output.json()["output"].as_str().expect("an output").to_owned()
}

#[test]
fn a_secret_arrives_on_standard_input_or_its_descriptor() {
    let (home, _kept) = home();
    let _running = super::with_guard_off(&home);
    let stdin = json!([{"name": "backup", "on": "stdin"}]);
    // The program compares: what it was given never stands in its output, its arguments or its environment.
    let bytes: Vec<String> = CANARY.bytes().map(|byte| format!("{byte:03o}")).collect();
    let octal = bytes.join(" ");
    let compare =
        |from: &str| format!("test \"$(od -An -v -to1 {from} | tr -s ' \\n' ' ')\" = ' {octal} ' && echo same");
    for (on, from) in [(json!("stdin"), "/dev/stdin"), (json!(3), "/dev/fd/3"), (json!(9), "/dev/fd/9")] {
        let secrets = json!([{"name": "backup", "on": on}]);
        assert_eq!(output(&home, &compare(from), &secrets, &[]), "same\n", "{on}");
    }
    let both = json!([{"name": "second", "on": 4}, {"name": "backup", "on": "stdin"}]);
    let command = format!("wc -c <&4; {}; ls /proc/self/fd | wc -l", compare("/dev/stdin"));
    // Standard streams, the one descriptor, and the folder that ls itself opens.
    assert_eq!(output(&home, &command, &both, &[]), "16384\nsame\n5\n");
    let last = output(&home, "cat <&3; echo nothing", &stdin, &[]);
    assert!(last.ends_with("nothing\n"), "no descriptor where none was asked for: {last}");
    assert_eq!(output(&home, "cat; echo nothing", &json!([]), &[]), "nothing\n");
}

#[test]
fn a_command_that_writes_its_secret_in_any_encoding_is_stopped_and_nothing_of_it_is_passed_on() {
    let (home, kept) = home();
    let running = super::with_guard_off(&home);
    let stdin = json!([{"name": "backup", "on": "stdin"}]);
    for command in [
        "echo before; cat; echo after",
        "cat >&2",
        "base64 -w0",
        "(printf x; cat) | base64 -w0",
        "(printf xy; cat) | base64 -w0 | tr '/+' '_-'",
        "od -An -v -tx1 | tr -d ' \\n'",
        "od -An -v -tx1 | tr -d ' \\n' | tr a-f A-F",
        "od -An -v -tx1 | tr -d '\\n' | tr ' ' %",
        "sed 's,/,%2F,g; s,+,%2B,g; s,=,%3D,g; s,\",%22,g'",
        "sed 's,\",\\\\\",g'",
        // In pieces, with pauses, half by each stream.
        "read -r x; a=${x%of*}; printf %s \"$a\"; sleep 0.2; printf %s \"${x#\"$a\"}\" >&2",
        // Where the output is cut: its first half would stand at the end of what is kept.
        "head -c 65530 /dev/zero | tr '\\0' y; cat",
        "cat; sleep 30",
    ] {
        let answer = call(&home, command, &stdin, &[]);
        assert!(!answer.ok && answer.out.contains("wrote a secret"), "{command}: {answer:?}");
        assert!(!answer.out.contains("cAn4ry") && !answer.out.contains("before"), "{command}: {answer:?}");
        // So that the test can fail: without a secret the same command goes through.
        let plain = command.replace("sleep 30", "true");
        assert!(call(&home, &format!("echo harmless | ({plain})"), &json!([]), &[]).ok, "{plain}");
    }
    running.stop();
    drop(kept);
    assert_nowhere(&home);
}

/// Neither the database nor the log nor the workspace holds it.
fn assert_nowhere(home: &Home) {
    let mut folders = vec![home.data()];
    let mut files = 0;
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).expect("a folder").flatten() {
            if entry.path().is_dir() {
                folders.push(entry.path());
                continue;
            }
            let bytes = std::fs::read(entry.path()).unwrap_or_default();
            files += 1;
            for form in ["cAn4ry/of+the", "cAn4ry%2Fof", "Y0FuNHJ5L29mK3RoZT1zaGVsb", "63416e3472792f6f662b7468653d"] {
                assert!(
                    memchr::memmem::find(&bytes, form.as_bytes()).is_none(),
                    "{form} in {}",
                    entry.path().display()
                );
            }
        }
    }
    assert!(files >= 3, "the database and the log were looked at");
}

#[test]
fn a_command_with_a_secret_writes_nothing_that_stays() {
    let (home, _kept) = home();
    let stdin = json!([{"name": "backup", "on": "stdin"}]);
    for lowered in [&[][..], &["mount_ns", "pid_ns"], &["landlock_files"]] {
        let walls: Vec<_> = lowered.iter().flat_map(|wall| ["--without-wall", *wall]).collect();
        let lowered = [&["--without-text-guard"], walls.as_slice()].concat();
        let file = home.data().join("workspace/leak");
        let tried = output(&home, "cat > leak; touch leak; mkdir leak; ln -s x leak; echo tried", &stdin, &lowered);
        assert!(tried.ends_with("tried\n"), "{lowered:?}: {tried:?}");
        assert!(!file.exists(), "{lowered:?}: {tried:?}");
        output(&home, "echo harmless > leak", &json!([]), &lowered);
        assert!(file.exists(), "without a secret it writes, {lowered:?}");
        let read = output(&home, "cat leak", &stdin, &lowered);
        assert_eq!(read, "harmless\n", "what is there can be read, {lowered:?}");
        std::fs::remove_file(file).expect("removed");
    }
    assert_eq!(
        output(&home, "cat > /tmp/own && wc -c < /tmp/own", &stdin, &["--without-text-guard"]),
        format!("{}\n", CANARY.len())
    );
    assert_nowhere(&home);
}

#[test]
fn only_secrets_that_the_settings_name_are_given_and_only_in_places_of_their_own() {
    let (home, mut kept) = home();
    let _running = super::with_guard_off(&home);
    for (secrets, why) in [
        (json!([{"name": "model", "on": "stdin"}]), "shell.secrets in the settings"),
        (json!([{"name": "backup", "on": "argv"}]), "on stdin or on a descriptor"),
        (json!([{"name": "backup", "on": 2}]), "3 to 9"),
        (json!([{"name": "backup", "on": 10}]), "3 to 9"),
        (json!([{"name": "backup", "on": 3}, {"name": "second", "on": 3}]), "one place"),
        (json!([{"name": "backup", "on": 3, "as": "x"}]), "as"),
        (json!({"name": "backup"}), "is a list"),
    ] {
        let answer = call(&home, "true", &secrets, &[]);
        assert!(!answer.ok && answer.out.contains(why), "{secrets}: {answer:?}");
    }
    // Named, but not kept; then no keeper: told, and commands without secrets go on.
    assert!(kept.command(&["secret", "delete", "backup"]).ok);
    let stdin = json!([{"name": "backup", "on": "stdin"}]);
    let answer = call(&home, "true", &stdin, &[]);
    assert!(!answer.ok && answer.out.contains("no secret 'backup'"), "{answer:?}");
    kept.kill();
    let answer = call(&home, "true", &stdin, &[]);
    assert!(!answer.ok && answer.out.contains("keeper"), "{answer:?}");
    assert_eq!(output(&home, "echo goes on", &json!([]), &[]), "goes on\n");
}

#[test]
fn no_argument_and_no_environment_of_any_process_holds_what_a_command_was_given() {
    if !is_root() {
        eprintln!("SKIPPED: only root reads the memory of sealed processes");
        return;
    }
    let (home, _kept) = home();
    let running = super::with_guard_off(&home);
    let command = "read -r value || true; exec 0</dev/null; sleep 17; echo \"${#value}\"";
    let arguments = json!({"command": command, "secrets": [{"name": "backup", "on": "stdin"}], "seconds": 25});
    let child = home.command(&["tool", "call", "shell", &arguments.to_string(), "--yes"]).spawn().expect("started");
    wait_for("the command to have read it", || running.descendant("sleep"));
    let all: Vec<_> = running.descendants().into_iter().chain([(running.pid(), "hearth".to_owned())]).collect();
    let holds = |pid: u32, part: &str| {
        let bytes = std::fs::read(format!("/proc/{pid}/{part}")).unwrap_or_default();
        memchr::memmem::find(&bytes, CANARY.as_bytes()).is_some()
    };
    for (pid, name) in &all {
        assert!(!holds(*pid, "cmdline") && !holds(*pid, "environ"), "{name}");
    }
    // It is where it belongs: in the shell that read it and in the hand that looks for it; not in the brain.
    let in_memory = |name: &str| all.iter().any(|(pid, of)| of == name && crate::canary::memory_holds(*pid, CANARY));
    assert!(in_memory("sh") && in_memory("hearth-shell"), "{all:?}");
    assert!(!in_memory("hearth") && !in_memory("hearth-spawner") && !in_memory("sleep"), "{all:?}");
    home.run(&["suspend"]);
    drop(child.wait_with_output());
}
