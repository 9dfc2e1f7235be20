//! Moves messages between channels and the agent; neither knows the other.
//!
//! Every queue is bounded. A full inbound queue is told to the speaker, and no channel can fill it
//! alone; a channel that does not take its answers loses them with an event, and nobody else waits
//! for it. One session's messages are taken one at a time in the order in which they came; sessions
//! do not wait for each other.

#![forbid(unsafe_code)]

mod news;
mod notices;
mod people;
mod principal;
mod recent;
mod remote;
#[cfg(test)]
mod tests;
mod turns;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use tokio::sync::mpsc;

pub use news::{Change, News};
pub use notices::{Notice, Notices};
pub use people::{People, Person};
pub use principal::{Principal, Rights};
pub use remote::{Publication, Remote, Report};
pub use turns::{Messages, Turn};

use crate::base::limits::{COMMAND_ID_BYTES, INBOUND_QUEUE, INBOUND_SHARE, OUTBOUND_QUEUE, TEXT_BYTES};
use crate::base::{Code, Fault, Id};
use recent::Recent;

/// One message from outside.
#[derive(Debug)]
pub struct Inbound {
    /// Its id, which is also the trace id of everything that it causes.
    pub trace: Id,
    /// Who speaks, as the channel knows it.
    pub principal: Principal,
    /// The conversation it belongs to, after its channel's name (`mqtt:kitchen`); order is kept within one.
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

/// Whether a message was new.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Taken {
    /// It is on the bus.
    Now,
    /// It was there before, under the same id: it does not run again.
    Before,
}

/// What the agent shares with channels besides messages.
#[derive(Clone, Debug, Default)]
pub struct Outside {
    /// What has changed in the home.
    pub news: News,
    /// Devices behind a channel.
    pub remote: Remote,
    /// What people are told unasked.
    pub notices: Notices,
}

/// The speaking end, held by channels; cheap to clone.
#[derive(Clone, Debug)]
pub struct Bus {
    inbound: mpsc::Sender<Inbound>,
    people: Arc<People>,
    recent: Arc<Mutex<Recent>>,
    waiting: Waiting,
}

/// How many messages of each channel wait.
type Waiting = Arc<Mutex<BTreeMap<String, usize>>>;

/// A new bus.
#[must_use]
pub fn open() -> (Bus, Messages) {
    let (sender, receiver) = mpsc::channel(INBOUND_QUEUE);
    let waiting = Waiting::default();
    let bus = Bus { inbound: sender, people: Arc::default(), recent: Arc::default(), waiting: Arc::clone(&waiting) };
    (bus, Messages::new(receiver, waiting))
}

/// The queue of answers of one channel.
#[must_use]
pub fn answers() -> (mpsc::Sender<Outbound>, mpsc::Receiver<Outbound>) {
    mpsc::channel(OUTBOUND_QUEUE)
}

impl Bus {
    /// The same bus, knowing these people.
    #[must_use]
    pub fn knowing(mut self, people: People) -> Self {
        self.people = Arc::new(people);
        self
    }

    /// The principal behind what a channel knows, the most exact identity first.
    #[must_use]
    pub fn who(&self, identities: &[&str]) -> Principal {
        self.people.who(identities)
    }

    /// The principal of this name as it is known now, for what was asked for earlier, perhaps before a restart.
    #[must_use]
    pub fn again(&self, name: &str) -> Principal {
        self.people.again(name)
    }

    /// Puts a message on the bus.
    ///
    /// # Errors
    /// [`Code::BadInput`] for a text over [`TEXT_BYTES`], [`Code::Full`] where the agent is behind by a
    /// whole queue or by this channel's share of it, [`Code::Unavailable`] where it has stopped.
    pub fn say(&self, message: Inbound) -> Result<(), Fault> {
        if message.text.len() > TEXT_BYTES {
            let length = message.text.len();
            let text = format!("that was {length} bytes long; a message has at most {TEXT_BYTES}");
            return Err(Fault::new(Code::BadInput, text));
        }
        let stopping = || Fault::new(Code::Unavailable, "Hearth is stopping");
        if self.inbound.is_closed() {
            return Err(stopping());
        }
        let channel = channel_of(&message.session).to_owned();
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        let of_channel = waiting.get(&channel).copied().unwrap_or(0);
        if of_channel >= INBOUND_SHARE {
            return Err(Fault::new(Code::Full, format!("{of_channel} messages are waiting already; try again")));
        }
        if waiting.values().sum::<usize>() >= INBOUND_QUEUE {
            return Err(full());
        }
        self.inbound.try_send(message).map_err(|error| match error {
            mpsc::error::TrySendError::Full(_) => full(),
            mpsc::error::TrySendError::Closed(_) => stopping(),
        })?;
        waiting.insert(channel, of_channel + 1);
        Ok(())
    }

    /// [`Bus::say`] for a message that its channel may bring again: runs once under one id of one speaker.
    ///
    /// # Errors
    /// As [`Bus::say`]; [`Code::BadInput`] for an id over [`COMMAND_ID_BYTES`].
    pub fn say_once(&self, message: Inbound, id: &str) -> Result<Taken, Fault> {
        if id.len() > COMMAND_ID_BYTES {
            return Err(Fault::new(Code::BadInput, format!("an id has at most {COMMAND_ID_BYTES} bytes")));
        }
        let (who, now) = (message.session.clone(), Instant::now());
        let mut recent = self.recent.lock().unwrap_or_else(PoisonError::into_inner);
        if recent.knows(&who, id, now) {
            tracing::info!(session = who, id, "a command came again and was not run again");
            return Ok(Taken::Before);
        }
        self.say(message)?;
        recent.note(&who, id, now);
        Ok(Taken::Now)
    }
}

fn full() -> Fault {
    Fault::new(Code::Full, format!("{INBOUND_QUEUE} messages are waiting already; try again"))
}

/// The channel of a session.
fn channel_of(session: &str) -> &str {
    session.split(':').next().unwrap_or_default()
}

impl Inbound {
    /// Sends the answer back; a channel that has gone or is full loses it, with an event.
    pub fn answer(&self, answer: Outbound) {
        if self.reply_to.try_send(answer).is_err() {
            tracing::warn!(session = self.session, "an answer was dropped: its channel does not take answers");
        }
    }
}
