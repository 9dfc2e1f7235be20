//! Moves messages between channels and the agent; neither knows the other.
//!
//! Every queue is bounded. A full inbound queue is told to the speaker; a channel that does not
//! take its answers loses them with an event, and nobody else waits for it.

#![forbid(unsafe_code)]

mod principal;

use tokio::sync::mpsc;

pub use principal::{Principal, Rights};

use crate::base::limits::{INBOUND_QUEUE, OUTBOUND_QUEUE, TEXT_BYTES};
use crate::base::{Code, Fault, Id};

/// One message from outside.
#[derive(Debug)]
pub struct Inbound {
    /// Its id, which is also the trace id of everything that it causes.
    pub trace: Id,
    /// Who speaks, as the channel knows it.
    pub principal: Principal,
    /// The conversation it belongs to; order is kept within one.
    pub session: String,
    /// What was said.
    pub text: String,
    /// Where the answer goes.
    pub reply_to: mpsc::Sender<Outbound>,
}

/// One answer.
#[derive(Clone, Debug, serde::Serialize)]
pub struct Outbound {
    /// The trace id of the message that it answers.
    pub trace: Id,
    /// The answer for a person.
    pub text: String,
    /// The same for a program: decision, intents, states that changed.
    pub detail: serde_json::Value,
}

/// The speaking end, held by channels; cheap to clone.
#[derive(Clone, Debug)]
pub struct Bus {
    inbound: mpsc::Sender<Inbound>,
}

/// The listening end, held by whoever runs the agent.
#[derive(Debug)]
pub struct Messages {
    inbound: mpsc::Receiver<Inbound>,
}

/// A new bus.
#[must_use]
pub fn open() -> (Bus, Messages) {
    let (sender, receiver) = mpsc::channel(INBOUND_QUEUE);
    (Bus { inbound: sender }, Messages { inbound: receiver })
}

/// The queue of answers of one channel.
#[must_use]
pub fn answers() -> (mpsc::Sender<Outbound>, mpsc::Receiver<Outbound>) {
    mpsc::channel(OUTBOUND_QUEUE)
}

impl Bus {
    /// Puts a message on the bus.
    ///
    /// # Errors
    /// [`Code::BadInput`] for a text over [`TEXT_BYTES`], [`Code::Full`] where the agent is behind by a
    /// whole queue, [`Code::Unavailable`] where it has stopped.
    pub fn say(&self, message: Inbound) -> Result<(), Fault> {
        if message.text.len() > TEXT_BYTES {
            let length = message.text.len();
            let text = format!("that was {length} bytes long; a message has at most {TEXT_BYTES}");
            return Err(Fault::new(Code::BadInput, text));
        }
        self.inbound.try_send(message).map_err(|error| match error {
            mpsc::error::TrySendError::Full(_) => {
                Fault::new(Code::Full, format!("{INBOUND_QUEUE} messages are waiting already; try again"))
            }
            mpsc::error::TrySendError::Closed(_) => Fault::new(Code::Unavailable, "Hearth is stopping"),
        })
    }
}

impl Messages {
    /// The next message; `None` when every channel has closed.
    pub async fn next(&mut self) -> Option<Inbound> {
        self.inbound.recv().await
    }
}

impl Inbound {
    /// Sends the answer back; a channel that has gone or is full loses it, with an event.
    pub fn answer(&self, answer: Outbound) {
        if self.reply_to.try_send(answer).is_err() {
            tracing::warn!(session = self.session, "an answer was dropped: its channel does not take answers");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::{Clock, IdSource};

    fn message(text: &str, reply_to: &mpsc::Sender<Outbound>) -> Inbound {
        Inbound {
            trace: IdSource::after(Clock::system(), None).next(),
            principal: Principal::unknown("test"),
            session: "test".into(),
            text: text.into(),
            reply_to: reply_to.clone(),
        }
    }

    #[test]
    fn a_full_bus_and_a_long_text_are_told_to_the_speaker() {
        let (bus, messages) = open();
        let (answers, _kept) = answers();
        for _ in 0..INBOUND_QUEUE {
            bus.say(message("hello", &answers)).expect("room");
        }
        assert_eq!(bus.say(message("hello", &answers)).map_err(|f| f.code), Err(Code::Full));
        let long = "x".repeat(TEXT_BYTES + 1);
        assert_eq!(bus.say(message(&long, &answers)).map_err(|f| f.code), Err(Code::BadInput));
        drop(messages);
        assert_eq!(bus.say(message("hello", &answers)).map_err(|f| f.code), Err(Code::Unavailable));
    }

    #[test]
    fn a_channel_that_takes_no_answers_blocks_nobody() {
        let (answers, kept) = answers();
        let asked = message("hello", &answers);
        let answer = Outbound { trace: asked.trace, text: "hi".into(), detail: serde_json::Value::Null };
        for _ in 0..OUTBOUND_QUEUE * 2 {
            asked.answer(answer.clone());
        }
        assert_eq!(kept.len(), OUTBOUND_QUEUE);
    }
}
