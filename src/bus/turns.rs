//! Which message is next: in each session one at a time and in order, sessions beside each other.
//!
//! A session whose turn waits for something slow (a device that does not answer, a model) holds up
//! itself and nobody else. Turns are bounded, and no channel can have all of them.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::ops::Deref;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{Notify, mpsc};

use super::{Inbound, Waiting, channel_of};
use crate::base::limits::{TURNS, TURNS_SHARE};

/// The listening end, held by whoever runs the agent.
#[derive(Debug)]
pub struct Messages {
    inbound: mpsc::Receiver<Inbound>,
    /// Taken off the channel and not handed out; still counted in `waiting`, so as bounded as the queue.
    held: VecDeque<Inbound>,
    waiting: Waiting,
    running: Arc<Running>,
    closed: bool,
}

/// The sessions that have a turn now.
#[derive(Debug, Default)]
struct Running {
    sessions: Mutex<BTreeSet<String>>,
    ended: Notify,
}

/// A message whose turn it is; its session goes on when this is dropped.
#[derive(Debug)]
pub struct Turn {
    message: Inbound,
    _seat: Seat,
}

/// A session's place among those that have a turn.
#[derive(Debug)]
struct Seat {
    session: String,
    running: Arc<Running>,
}

impl Turn {
    /// The message, to be answered later: its session goes on now.
    #[must_use]
    pub fn leave(self) -> Inbound {
        self.message
    }
}

impl Deref for Turn {
    type Target = Inbound;

    fn deref(&self) -> &Inbound {
        &self.message
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.running.sessions.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.session);
        self.running.ended.notify_one();
    }
}

impl Messages {
    pub(super) fn new(inbound: mpsc::Receiver<Inbound>, waiting: Waiting) -> Self {
        Self { inbound, held: VecDeque::new(), waiting, running: Arc::default(), closed: false }
    }

    /// The next message whose session has no turn; `None` when every channel has closed.
    pub async fn next(&mut self) -> Option<Turn> {
        loop {
            if let Some(turn) = self.ready() {
                return Some(turn);
            }
            if self.closed && self.held.is_empty() {
                return None;
            }
            tokio::select! {
                message = self.inbound.recv(), if !self.closed => match message {
                    Some(message) => self.held.push_back(message),
                    None => self.closed = true,
                },
                () = self.running.ended.notified() => {}
            }
        }
    }

    fn ready(&mut self) -> Option<Turn> {
        while let Ok(message) = self.inbound.try_recv() {
            self.held.push_back(message);
        }
        let mut running = self.running.sessions.lock().unwrap_or_else(PoisonError::into_inner);
        if running.len() >= TURNS {
            return None;
        }
        let mut of_channels: BTreeMap<&str, usize> = BTreeMap::new();
        for session in running.iter() {
            *of_channels.entry(channel_of(session)).or_default() += 1;
        }
        let may = |message: &Inbound| {
            !running.contains(&message.session)
                && of_channels.get(channel_of(&message.session)).is_none_or(|turns| *turns < TURNS_SHARE)
        };
        let place = self.held.iter().position(may)?;
        let message = self.held.remove(place)?;
        running.insert(message.session.clone());
        drop(running);
        self.no_longer_waits(channel_of(&message.session));
        let seat = Seat { session: message.session.clone(), running: Arc::clone(&self.running) };
        Some(Turn { message, _seat: seat })
    }

    fn no_longer_waits(&self, channel: &str) {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        match waiting.get_mut(channel) {
            Some(count) if *count > 1 => *count -= 1,
            _ => drop(waiting.remove(channel)),
        }
    }
}
