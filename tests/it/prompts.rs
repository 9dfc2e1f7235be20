//! What people type at a terminal: keys are not shown, and reach the vault only.

use std::process::Command;

use serde_json::json;

use crate::kit::{Home, Kept, Model, Step, at_terminal};

const KEY: &str = "sk-typed-Qw83kd02mfLp19xZ";

#[test]
fn a_secret_is_asked_for_without_echo() {
    let home = Home::with_late_config(Kept::settings);
    let kept = Kept::beside(&home);
    let mut command = Command::new(env!("CARGO_BIN_EXE_hearth"));
    command.args(["secret", "add", "telegram", "--socket"]).arg(kept.socket());
    let shown = at_terminal(&command, &[("value of 'telegram' (not shown): ", &format!("{KEY}\n"))]);
    assert!(shown.ok && shown.out.contains("is kept") && !shown.out.contains(KEY), "{shown:?}");
    assert_eq!(kept.command(&["secret", "export", "telegram"]).out, KEY);
}

#[test]
fn onboarding_asks_for_provider_and_key_seals_it_tries_it_and_writes_the_settings() {
    let model = Model::start(vec![Step::Status(401, "{}"), Step::Say("ready"), Step::Say("A limerick.")]);
    let home = Home::with_late_config(|root| format!("{}[net]\nlan = [\"127.0.0.1\"]\n", Kept::settings(root)));
    let kept = Kept::beside(&home);
    let command = home.command(&["onboard"]);
    let typed = |url: &str, key: &str| {
        let steps = [
            ("server): ", format!("{url}\n")),
            ("name there: ", "m\n".to_owned()),
            ("(not shown): ", format!("{key}\n")),
        ];
        let steps: Vec<_> = steps.iter().map(|(wait, text)| (*wait, text.as_str())).collect();
        at_terminal(&command, &steps)
    };
    // Run by an administrator: at_terminal keeps the tests' own uid. A service runs as the agent.
    let running = home.start();
    let wrong = typed(&model.url, "sk-wrong-0000000000");
    assert!(!wrong.ok && wrong.out.contains("does not accept the key"), "{wrong:?}");
    let config = std::fs::read_to_string(home.root().join("hearth.toml")).expect("settings");
    assert!(!config.contains("[model]"), "what does not work is not written");
    let right = typed(&model.url, KEY);
    assert!(right.ok && right.out.contains("The model answered after"), "{right:?}");
    assert!(!right.out.contains(KEY) && right.out.contains("OpenAI"));
    assert_eq!(model.asked()[1].key, format!("Bearer {KEY}"), "the exact key arrived");
    let config = std::fs::read_to_string(home.root().join("hearth.toml")).expect("settings");
    assert!(config.contains("[model]") && !config.contains(KEY), "{config}");
    assert_eq!(kept.command(&["secret", "export", "model"]).out, KEY);
    running.stop();
    let running = home.start();
    let answer = home.run(&["ask", "--json", "please compose a limerick about entropy"]).json();
    assert_eq!((&answer["text"], &answer["detail"]["ended"]), (&json!("A limerick."), &json!("answered")), "{answer}");
    running.stop();
}

#[test]
fn offboarding_at_a_terminal_wants_the_name_of_the_device() {
    let home = Home::with_late_config(Kept::settings);
    let _kept = Kept::beside(&home);
    let socket = home.root().join("keeper/socket").display().to_string();
    let command = home.command(&["offboard", "--socket", &socket]);
    let no = at_terminal(&command, &[("to go on: ", "yes\n")]);
    assert!(!no.ok && no.out.contains("nothing was wiped"), "{no:?}");
    let yes = at_terminal(&command, &[("to go on: ", "hearth\n")]);
    assert!(yes.ok && yes.out.contains("wiped:"), "{yes:?}");
    assert_eq!(std::fs::read_dir(home.data()).expect("the folder").count(), 0);
}
