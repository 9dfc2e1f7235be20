//! What is to be published, and who waits to hear what came of it.

use std::collections::BTreeMap;
use std::time::Instant;

use tokio::sync::oneshot;

use super::packet::Message;
use super::queue::{Lane, Ticket};
use super::session::Session;
use crate::base::Fault;

/// Something to publish.
#[derive(Debug)]
pub(super) struct Order {
    /// Its lane.
    pub(super) lane: Lane,
    /// The message.
    pub(super) message: Message,
    /// Who hears what came of it.
    pub(super) done: Option<oneshot::Sender<Result<(), Fault>>>,
}

/// Bounded by the session's queue and its inflight window: each ticket ends with its message.
#[derive(Debug, Default)]
pub(super) struct Tickets {
    next: Ticket,
    waiting: BTreeMap<Ticket, oneshot::Sender<Result<(), Fault>>>,
}

impl Tickets {
    /// Gives an order a ticket and the session its message.
    pub(super) fn take(&mut self, order: Order, session: &mut Session) {
        self.next += 1;
        if let Some(done) = order.done {
            self.waiting.insert(self.next, done);
        }
        session.publish(order.lane, order.message, self.next, Instant::now());
    }

    /// Tells who waits.
    pub(super) fn tell(&mut self, ticket: Ticket, result: Result<(), Fault>) {
        if let Some(done) = self.waiting.remove(&ticket) {
            // Who does not wait any more does not have to hear it.
            let _ = done.send(result);
        }
    }
}
