//! What waits for the broker: commands and replies, which are never dropped silently, and telemetry,
//! of which the oldest goes first. Both bounded in number and bytes.

use std::collections::VecDeque;
use std::time::Instant;

use super::packet::Message;
use crate::base::limits::{MQTT_QUEUE, MQTT_QUEUE_BYTES};

/// Which promise a message is under.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lane {
    /// Commands and replies: refused when full, never dropped.
    Sure,
    /// States and events: the oldest makes room.
    Telemetry,
}

/// The number by which whoever published hears what came of it.
pub type Ticket = u64;

/// A message that waits.
#[derive(Clone, Debug)]
pub(super) struct Waiting {
    pub(super) message: Message,
    pub(super) ticket: Ticket,
    pub(super) since: Instant,
    /// Begun in an earlier session: sent again, whatever it cost.
    pub(super) again: bool,
}

#[derive(Debug, Default)]
struct Row {
    waiting: VecDeque<Waiting>,
    bytes: usize,
}

impl Row {
    fn full_with(&self, more: usize) -> bool {
        self.waiting.len() >= MQTT_QUEUE || self.bytes + more > MQTT_QUEUE_BYTES
    }

    fn pop(&mut self) -> Option<Waiting> {
        let first = self.waiting.pop_front()?;
        self.bytes -= first.message.weight();
        Some(first)
    }
}

/// The two lanes.
#[derive(Debug, Default)]
pub(super) struct Queue {
    sure: Row,
    telemetry: Row,
    dropped: u64,
}

impl Queue {
    /// Puts a message at the end of its lane; gives its ticket back where a sure lane is full.
    pub(super) fn push(&mut self, lane: Lane, waiting: Waiting) -> Result<(), Ticket> {
        let weight = waiting.message.weight();
        let row = match lane {
            Lane::Sure => &mut self.sure,
            Lane::Telemetry => &mut self.telemetry,
        };
        if lane == Lane::Sure && row.full_with(weight) {
            return Err(waiting.ticket);
        }
        while row.full_with(weight) {
            self.dropped += 1;
            // Too large for an empty lane: it is the one that goes.
            if row.pop().is_none() {
                return Ok(());
            }
        }
        row.bytes += weight;
        row.waiting.push_back(waiting);
        Ok(())
    }

    /// Puts messages of a lost session before all others; there are at most an inflight window of them.
    pub(super) fn push_front(&mut self, mut again: Vec<Waiting>) {
        while let Some(waiting) = again.pop() {
            self.sure.bytes += waiting.message.weight();
            self.sure.waiting.push_front(waiting);
        }
    }

    /// The next message: what is sure goes first.
    pub(super) fn pop(&mut self) -> Option<Waiting> {
        self.sure.pop().or_else(|| self.telemetry.pop())
    }

    /// How many wait.
    pub(super) fn len(&self) -> usize {
        self.sure.waiting.len() + self.telemetry.waiting.len()
    }

    /// Telemetry dropped since the last time this was asked.
    pub(super) fn take_dropped(&mut self) -> u64 {
        std::mem::take(&mut self.dropped)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::channels::mqtt::packet::QoS;

    fn waiting(ticket: Ticket, size: usize) -> Waiting {
        let message = Message::new("t", vec![0; size], QoS::AtLeastOnce);
        Waiting { message, ticket, since: Instant::now(), again: false }
    }

    #[test]
    fn full_lanes_refuse_what_is_sure_and_drop_the_oldest_telemetry() {
        let mut queue = Queue::default();
        for ticket in 0..MQTT_QUEUE as u64 {
            queue.push(Lane::Sure, waiting(ticket, 1)).expect("room");
            queue.push(Lane::Telemetry, waiting(10_000 + ticket, 1)).expect("room");
        }
        assert_eq!(queue.push(Lane::Sure, waiting(1, 1)).expect_err("full"), 1);
        queue.push(Lane::Telemetry, waiting(99_999, 1)).expect("dropped another");
        assert_eq!((queue.len(), queue.take_dropped(), queue.take_dropped()), (2 * MQTT_QUEUE, 1, 0));
        let order: Vec<_> = std::iter::from_fn(|| queue.pop()).map(|waiting| waiting.ticket).collect();
        assert_eq!((order[0], order[MQTT_QUEUE], order.last()), (0, 10_001, Some(&99_999)));
    }

    #[test]
    fn bytes_are_bounded_too() {
        let mut queue = Queue::default();
        assert!(queue.push(Lane::Sure, waiting(1, MQTT_QUEUE_BYTES)).is_err());
        queue.push(Lane::Telemetry, waiting(2, MQTT_QUEUE_BYTES)).expect("dropped");
        assert_eq!((queue.len(), queue.take_dropped()), (0, 1));
        for ticket in 0..100 {
            queue.push(Lane::Telemetry, waiting(ticket, MQTT_QUEUE_BYTES / 10)).expect("taken");
        }
        assert!(queue.len() < 10 && queue.telemetry.bytes <= MQTT_QUEUE_BYTES);
    }
}
