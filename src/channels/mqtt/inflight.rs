//! Messages of ours that the broker has not acknowledged, by packet id and in the order of sending.

use std::collections::BTreeMap;
use std::time::Instant;

use super::packet::{Message, Packet, QoS};
use super::queue::{Ticket, Waiting};

/// What a message waits for to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    /// QoS 1.
    Acknowledged,
    /// QoS 2, first half.
    Recorded,
    /// QoS 2, second half: the broker has the message.
    Complete,
}

#[derive(Debug)]
struct Flight {
    order: u64,
    ticket: Ticket,
    stage: Stage,
    message: Message,
}

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Inflight {
    flights: BTreeMap<u16, Flight>,
    last_id: u16,
    order: u64,
}

impl Inflight {
    pub(super) fn len(&self) -> usize {
        self.flights.len()
    }

    /// An id that nothing in flight has; there are far fewer flights than ids.
    pub(super) fn free_id(&mut self) -> u16 {
        loop {
            self.last_id = self.last_id.checked_add(1).unwrap_or(1);
            if !self.flights.contains_key(&self.last_id) {
                return self.last_id;
            }
        }
    }

    /// Begins the flight of a message of QoS 1 or 2.
    pub(super) fn begin(&mut self, message: Message, ticket: Ticket) -> Packet {
        let id = self.free_id();
        let stage = if message.qos == QoS::AtLeastOnce { Stage::Acknowledged } else { Stage::Recorded };
        self.order += 1;
        let packet = Packet::Publish { dup: false, id, alias: None, message: message.clone() };
        self.flights.insert(id, Flight { order: self.order, ticket, stage, message });
        packet
    }

    /// The broker has recorded a QoS 2 message.
    pub(super) fn recorded(&mut self, id: u16) {
        if let Some(flight) = self.flights.get_mut(&id).filter(|flight| flight.stage == Stage::Recorded) {
            flight.stage = Stage::Complete;
        }
    }

    /// Ends a flight that waited for this; its ticket.
    pub(super) fn finish(&mut self, id: u16, stage: Stage) -> Option<Ticket> {
        let flight = self.flights.get(&id).filter(|flight| flight.stage == stage)?;
        let ticket = flight.ticket;
        self.flights.remove(&id);
        Some(ticket)
    }

    /// What is said again to a broker that kept the session, in the order of sending.
    pub(super) fn resend(&self) -> Vec<Packet> {
        let mut flights: Vec<_> = self.flights.iter().collect();
        flights.sort_by_key(|(_, flight)| flight.order);
        let again = |(id, flight): (&u16, &Flight)| match flight.stage {
            Stage::Complete => Packet::PubRel { id: *id },
            _ => Packet::Publish { dup: true, id: *id, alias: None, message: flight.message.clone() },
        };
        flights.into_iter().map(again).collect()
    }

    /// The broker has forgotten the session: what waits for its first answer is sent as new; what it had
    /// recorded counts as sent.
    pub(super) fn start_over(&mut self) -> (Vec<Waiting>, Vec<Ticket>) {
        let mut flights: Vec<_> = std::mem::take(&mut self.flights).into_values().collect();
        flights.sort_by_key(|flight| flight.order);
        let (recorded, open): (Vec<_>, Vec<_>) =
            flights.into_iter().partition(|flight| flight.stage == Stage::Complete);
        let now = Instant::now();
        let waiting = |Flight { ticket, message, .. }| Waiting { message, ticket, since: now, again: true };
        (open.into_iter().map(waiting).collect(), recorded.into_iter().map(|flight| flight.ticket).collect())
    }
}
