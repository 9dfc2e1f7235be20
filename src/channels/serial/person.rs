//! The text side: a console that works with no model and no screen but a terminal.

use super::talk::Talk;

/// What the text side keeps.
#[derive(Debug, Default)]
pub(super) struct Person {
    /// Whether typed characters are sent back; a terminal without local echo needs it.
    pub(super) echo: bool,
}

const HELP: &str = "On this line also: /echo on, /echo off, /pin PIN.";

impl Talk {
    pub(super) async fn person_says(&mut self, line: String) {
        let line = line.trim();
        if let Some(pin) = line.strip_prefix("/pin ") {
            let said = self.try_pin(pin.trim().to_owned()).await;
            return self.show(&said.map_or_else(|why| why, |()| "The line is open.".to_owned()));
        }
        match line {
            "" => self.prompt(),
            "/echo on" | "/echo off" => {
                self.person.echo = line.ends_with("on");
                self.show(if self.person.echo { "Echo is on." } else { "Echo is off." });
            }
            _ if !self.is_open() => self.show("This line is locked. /pin PIN opens it."),
            "/quit" | "/exit" => self.show("There is nothing to leave: unplug, or close your terminal."),
            sentence => {
                if sentence == "/help" {
                    self.show(HELP);
                }
                if let Err(fault) = self.say("text", sentence.to_owned()) {
                    self.show(&format!("That did not work: {fault}"));
                }
            }
        }
    }

    /// Shows lines on a terminal that may be anything: no zero, no control characters.
    pub(super) fn show(&mut self, text: &str) {
        let mut bytes = String::with_capacity(text.len() + 2);
        for line in text.lines() {
            bytes.extend(line.chars().map(|c| if c.is_control() && c != '\t' { ' ' } else { c }));
            bytes.push_str("\r\n");
        }
        self.out.push(bytes.as_bytes());
        self.prompt();
    }

    fn prompt(&mut self) {
        if self.person.echo {
            self.out.push(b"> ");
        }
    }
}
