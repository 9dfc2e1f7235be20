//! Commands with a slash: answered without understanding, for people at a console.

use serde_json::json;

use super::{Agent, Behalf, Said, lines};

const HELP: &str = "Say what you want in your own words, for example:
  turn on the kitchen lamp
  is the kitchen lamp on?
  set the bedroom lamp to 40 percent
Commands:
  /pins    the lines of this board and what is on them
  /state   the devices and what is true of them
  /set     a device by its id: /set light.kitchen_lamp on
  /new     begins a new conversation; what was said is kept
  /session this conversation: since when, how long, what it was about
  /stop    ends thinking about what was asked last
  /tools   what Hearth can do, and the class of hand that does it
  /help    this
  /quit    leave";

impl Agent {
    pub(super) async fn command(&self, command: &str, behalf: Behalf<'_>) -> Said {
        let mut words = command.split_whitespace();
        let text = match words.next().unwrap_or_default() {
            "help" | "?" => HELP.to_owned(),
            "pins" => self.pins(behalf).await,
            "state" => self.state(),
            "tools" => self.tools(),
            "stop" => "I am not thinking about anything.".to_owned(),
            other => format!("There is no command «/{}». /help lists them.", other.escape_debug()),
        };
        Said { text, detail: json!({"decision": "answer", "command": command}) }
    }

    async fn pins(&self, behalf: Behalf<'_>) -> String {
        let answer = match self.world.call("line_get", json!({}), behalf).await {
            Ok(answer) => answer,
            Err(fault) => return format!("The lines could not be read: {fault}"),
        };
        let (mut rows, home) = (Vec::new(), self.world.home());
        for entity in &home.entities {
            let Some(line) = lines::line_of(entity) else { continue };
            let value = answer["values"][&line].as_f64().map(|value| value.to_string());
            let shown = value.unwrap_or_else(|| answer["faults"][&line].as_str().unwrap_or("not open").to_owned());
            rows.push(format!("  {line:<20} {shown:<8} {}", entity.name));
        }
        if rows.is_empty() { "No line of this board is in use.".into() } else { rows.join("\n") }
    }

    pub(super) fn state(&self) -> String {
        let home = self.world.home();
        let entities = home.entities.iter();
        let rows: Vec<_> =
            entities.map(|entity| format!("  {:<24} {:<12} {}", entity.name, entity.state, entity.id)).collect();
        if rows.is_empty() { "This home has no devices yet.".into() } else { rows.join("\n") }
    }

    fn tools(&self) -> String {
        let rows =
            self.world.gate.manifests().map(|tool| format!("  {:<12} {:<6} {}", tool.name, tool.doer(), tool.purpose));
        rows.collect::<Vec<_>>().join("\n")
    }
}
