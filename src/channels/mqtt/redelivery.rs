//! Tells a QoS 1 message that comes again because our acknowledgement was lost from a new one.
//!
//! A broker may give the id of an acknowledged message to a new one at once, so «same id, same bytes,
//! marked as a duplicate» proves nothing by itself. An acknowledgement has surely arrived when the
//! broker has answered a ping that was sent after it; until then, or until the connection it was sent
//! on is followed by the next, its message is remembered.

use std::collections::VecDeque;
use std::hash::{DefaultHasher, Hash, Hasher};

use super::packet::Message;
use crate::base::limits::MQTT_UNSURE;

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Redelivery {
    /// Acknowledged on this connection, oldest first.
    now: VecDeque<(u16, u64)>,
    /// Of [`Self::now`], how many were acknowledged before the last ping.
    before_ping: usize,
    /// Acknowledged on the connection before, perhaps in vain.
    last: Vec<(u16, u64)>,
}

impl Redelivery {
    /// Whether this message was delivered before; notes it where it was not.
    pub(super) fn is_one(&mut self, dup: bool, id: u16, message: &Message) -> bool {
        let mark = (id, digest(message));
        if dup && let Some(place) = self.last.iter().position(|known| *known == mark) {
            self.last.swap_remove(place);
            self.note(mark);
            return true;
        }
        self.note(mark);
        false
    }

    fn note(&mut self, mark: (u16, u64)) {
        if self.now.len() >= MQTT_UNSURE {
            self.now.pop_front();
            self.before_ping = self.before_ping.saturating_sub(1);
        }
        self.now.push_back(mark);
    }

    pub(super) fn ping_sent(&mut self) {
        self.before_ping = self.now.len();
    }

    pub(super) fn ping_answered(&mut self) {
        self.now.drain(..self.before_ping.min(self.now.len()));
        self.before_ping = 0;
        // Redeliveries come first on a connection; after a round trip there are none to come.
        self.last.clear();
    }

    pub(super) fn connection_lost(&mut self) {
        // What the connection before had left open may still come: this one may have ended too early.
        self.last.extend(self.now.drain(..));
        let over = self.last.len().saturating_sub(MQTT_UNSURE);
        self.last.drain(..over);
        self.before_ping = 0;
    }
}

fn digest(message: &Message) -> u64 {
    let mut hasher = DefaultHasher::new();
    (&message.topic, &message.payload).hash(&mut hasher);
    hasher.finish()
}
