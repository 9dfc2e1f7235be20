//! What the README shows of MQTT and the serial line works as printed, with the answers it prints.

use std::process::Command;

use crate::kit::{Home, wait_for};
use crate::mqtt::broker::{Broker, program};
use crate::serial::far::Far;

const README: &str = include_str!("../../README.md");

/// The first block of this language after a heading.
fn block<'a>(heading: &str, language: &str) -> &'a str {
    let section = README.split_once(heading).unwrap_or_else(|| panic!("no «{heading}»")).1;
    let block = section.split_once(&format!("```{language}\n")).expect("a block").1;
    block.split_once("```").expect("its end").0
}

/// Commands with the answer that the next comment promises.
fn shown(block: &str) -> Vec<(&str, Option<&str>)> {
    let mut commands: Vec<(&str, Option<&str>)> = Vec::new();
    for line in block.lines() {
        match (line.strip_prefix("# "), commands.last_mut()) {
            (Some(answer), Some(last)) => last.1 = Some(answer),
            _ => commands.push((line, None)),
        }
    }
    commands
}

#[test]
fn commands_from_outside_work_as_printed() {
    const HEADING: &str = "## From outside";
    let Some(broker) = Broker::start() else { return };
    let clients = program("mosquitto_pub").and_then(|path| path.parent().map(ToOwned::to_owned)).expect("there");
    let far = Far::new();
    let demo = Home::new().run(&["config", "print-default"]).out;
    let demo = &demo[demo.find("\n[home]").expect("the demo home")..];
    let printed = block(HEADING, "toml");
    let settings = printed
        .replace("enabled = true", &format!("enabled = true\nport = {}", broker.port))
        .replace("\"ttyUSB0\"", &format!("\"{}\"", far.path()));
    assert!(settings.matches("port = ").count() == 2 && !settings.contains("ttyUSB0"), "{settings}");
    let home = Home::with_config(&format!("{settings}{demo}"));
    let running = home.start();
    wait_for("both channels", || {
        let log = running.log();
        (log.contains("MQTT is connected") && log.contains("serial line is open")).then_some(())
    });
    let (_cable, other_end) = far.bridged();
    let commands = shown(block(HEADING, "sh"));
    assert!(commands.len() >= 4, "{commands:?}");
    for (command, answer) in commands {
        // As printed, but for this test's broker and tty.
        let command = command
            .replace("mosquitto_pub ", &format!("mosquitto_pub -p {} ", broker.port))
            .replace("mosquitto_sub ", &format!("mosquitto_sub -W 5 -p {} ", broker.port))
            .replace("/dev/ttyUSB1", &other_end);
        wait_for(&format!("{command:?} to give {answer:?}"), || {
            let output = Command::new("sh")
                .args(["-c", &command])
                .env("PATH", format!("{}/bin:{}:/usr/bin:/bin", home.root().display(), clients.display()))
                .output()
                .expect("ran");
            let told = String::from_utf8_lossy(&output.stdout).into_owned();
            // A state is there a moment after its command; everything else at once.
            (output.status.success() && answer.is_none_or(|answer| told.contains(answer))).then_some(())
        });
    }
}
