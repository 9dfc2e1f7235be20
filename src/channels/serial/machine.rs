//! The frame side: commands under ids, replies in pieces, events for who asked for them.

use std::collections::VecDeque;

use serde::Serialize;
use serde_json::Value;

use super::talk::Talk;
use crate::base::limits::SERIAL_REPLIES;
use crate::base::{Code, Fault, Id};
use crate::bus::{Change, Outbound};
use crate::wire::frame::{FrameFault, FromHearth, Outcome, PIECE_BYTES, PROTOCOL, ToHearth, encode, fitted};

/// What the frame side keeps.
#[derive(Debug, Default)]
pub(super) struct Machine {
    /// Whether changes are told.
    pub(super) events: bool,
    /// Commands that wait for their answers, and the latest answers, oldest first.
    commands: VecDeque<Command>,
}

#[derive(Debug)]
struct Command {
    id: u16,
    text: String,
    trace: Id,
    reply: Option<Vec<u8>>,
}

impl Talk {
    pub(super) async fn machine_says(&mut self, message: ToHearth) {
        match message {
            ToHearth::Version => {
                let hearth = fitted(env!("CARGO_PKG_VERSION"));
                self.send(&FromHearth::Version { protocol: PROTOCOL, hearth });
            }
            ToHearth::Ping { id } => self.send(&FromHearth::Pong { id }),
            ToHearth::Pin { id, pin } => match self.try_pin(pin.as_str().to_owned()).await {
                Ok(()) => self.send(&piece(id, Outcome::Done, 0, true, "The line is open.")),
                Err(why) => self.refuse(Some(id), &Fault::new(Code::Refused, why)),
            },
            ToHearth::Events { on } if self.is_open() => self.machine.events = on,
            ToHearth::Command { id, text } if self.is_open() => self.command(id, text.as_str()),
            ToHearth::Events { .. } => self.refuse(None, &locked()),
            ToHearth::Command { id, .. } => self.refuse(Some(id), &locked()),
        }
    }

    fn command(&mut self, id: u16, text: &str) {
        // The same again: its reply was lost on the way, or is yet to come. It does not run again.
        let again = self.machine.commands.iter().find(|command| command.id == id && command.text == text);
        if let Some(Command { reply, .. }) = again {
            if let Some(frames) = reply.clone() {
                self.out.push(&frames);
            }
            return;
        }
        if self.machine.commands.len() >= SERIAL_REPLIES {
            let Some(oldest) = self.machine.commands.iter().position(|command| command.reply.is_some()) else {
                let full = format!("{SERIAL_REPLIES} commands wait for their replies already; try again");
                return self.refuse(Some(id), &Fault::new(Code::Full, full));
            };
            self.machine.commands.remove(oldest);
        }
        match self.say("frames", text.to_owned()) {
            Ok(trace) => {
                self.machine.commands.push_back(Command { id, text: text.to_owned(), trace, reply: None });
            }
            Err(fault) => self.refuse(Some(id), &fault),
        }
    }

    /// Sends an answer to a machine's command; false where it is none.
    pub(super) fn machine_answered(&mut self, answer: &Outbound) -> bool {
        let Some(command) = self.machine.commands.iter_mut().find(|command| command.trace == answer.trace) else {
            return false;
        };
        let frames = pieces(command.id, outcome(&answer.detail), &answer.text);
        command.reply = Some(frames.clone());
        self.out.push(&frames);
        true
    }

    pub(super) fn machine_hears(&mut self, change: &Change) {
        if !self.machine.events {
            return;
        }
        let value = change.to.to_string();
        let (entity, property) = (fitted(&change.entity), fitted(&change.property));
        self.send(&FromHearth::Event { entity, property, value: fitted(&value) });
    }

    pub(super) fn machine_misheard(&mut self, fault: FrameFault) {
        self.refuse(None, &Fault::new(Code::Garbage, fault.to_string()));
    }

    fn refuse(&mut self, id: Option<u16>, fault: &Fault) {
        self.send(&FromHearth::Error { id, code: fault.code.number(), text: fitted(&fault.message) });
    }

    fn send(&mut self, message: &impl Serialize) {
        match encode(message) {
            Ok(frame) => self.out.push(&frame),
            Err(fault) => tracing::error!(%fault, "a frame was not sent"),
        }
    }
}

fn locked() -> Fault {
    Fault::new(Code::Refused, "this line is locked: give its PIN first")
}

fn piece(id: u16, outcome: Outcome, piece: u8, last: bool, text: &str) -> FromHearth {
    FromHearth::Reply { id, outcome, piece, last, text: fitted(text) }
}

/// An answer as frames; what is over 255 pieces is cut, with the last piece saying that it is the last.
fn pieces(id: u16, outcome: Outcome, text: &str) -> Vec<u8> {
    let mut frames = Vec::new();
    let mut rest = text;
    for number in 0..=u8::MAX {
        let cut = rest.floor_char_boundary(PIECE_BYTES);
        let (head, tail) = rest.split_at(cut);
        let last = tail.is_empty() || number == u8::MAX;
        if let Ok(frame) = encode(&piece(id, outcome, number, last, head)) {
            frames.extend_from_slice(&frame);
        }
        if last {
            break;
        }
        rest = tail;
    }
    frames
}

/// What became of a command, from the answer's detail.
fn outcome(detail: &Value) -> Outcome {
    let mut outcomes = detail["outcomes"].as_array().into_iter().flatten();
    match detail["decision"].as_str() {
        Some("act" | "answer") if !detail["memory"]["fault"].is_null() => Outcome::NotDone,
        Some("act" | "answer") if outcomes.all(|outcome| outcome["outcome"] == "done") => Outcome::Done,
        Some("ask") => Outcome::Asked,
        _ => Outcome::NotDone,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::frame::decode;

    #[test]
    fn a_long_answer_comes_in_pieces_that_join() {
        let text = "ä sentence, ".repeat(100);
        let frames = pieces(9, Outcome::Done, &text);
        let mut joined = String::new();
        let inside: Vec<_> = frames.split(|byte| *byte == 0).filter(|inside| !inside.is_empty()).collect();
        for (number, inside) in inside.iter().enumerate() {
            let Ok(FromHearth::Reply { id: 9, piece, last, text, .. }) = decode(inside) else { panic!("{inside:?}") };
            assert_eq!((usize::from(piece), last), (number, number + 1 == inside_count(&frames)));
            joined.push_str(&text);
        }
        assert_eq!(joined, text);
        assert_eq!(inside_count(&pieces(9, Outcome::Done, "")), 1);
        assert_eq!(inside_count(&pieces(9, Outcome::Done, &"x".repeat(100_000))), 256);
    }

    fn inside_count(frames: &[u8]) -> usize {
        frames.split(|byte| *byte == 0).filter(|inside| !inside.is_empty()).count()
    }
}
