//! Tickets: one use of one secret, by one tool, in one place, for one host, on one connection.
//!
//! A ticket is the master value of a session key: the hand proves it on its own connection and never
//! sends it; the keeper forgets it as soon as it is sold and remembers the public half.

use std::time::Instant;

use super::cipher::{self, CipherFault};
use super::message::Use;
use super::schnorr::{PointBytes, Secret};
use crate::base::limits;

/// What the brain buys.
pub type TicketBytes = [u8; 32];

#[derive(Debug)]
struct Ticket {
    public: PointBytes,
    connection: u64,
    what: Use,
    ends: Instant,
}

/// The tickets that were sold and not redeemed.
#[derive(Debug, Default)]
pub struct Tickets(Vec<Ticket>);

impl Tickets {
    /// Sells a ticket for the hand on `connection`; `None` where too many are out.
    ///
    /// # Errors
    /// [`CipherFault::System`] where there are no random bytes.
    pub fn sell(
        &mut self,
        what: Use,
        connection: u64,
        now: Instant,
    ) -> Result<Option<zeroize::Zeroizing<TicketBytes>>, CipherFault> {
        self.cleanup(now);
        if self.0.len() >= limits::TICKETS {
            return Ok(None);
        }
        let bytes = zeroize::Zeroizing::new(cipher::random()?);
        let public = Secret::derive(&bytes).ok_or(CipherFault::System)?.public();
        self.0.push(Ticket { public, connection, what, ends: now + limits::TICKET_LIFE });
        Ok(Some(bytes))
    }

    /// Whether `public` is the key of a ticket for this connection that is still good.
    pub fn fits(&mut self, public: &PointBytes, connection: u64, now: Instant) -> bool {
        self.cleanup(now);
        self.0.iter().any(|ticket| ticket.public == *public && ticket.connection == connection)
    }

    /// Takes the ticket, once, where it is for exactly this use. One that is tried for another use is
    /// gone as well.
    pub fn redeem(&mut self, public: &PointBytes, connection: u64, what: &Use, now: Instant) -> bool {
        self.cleanup(now);
        let found = self.0.iter().position(|ticket| ticket.public == *public && ticket.connection == connection);
        found.is_some_and(|at| self.0.swap_remove(at).what == *what)
    }

    /// Forgets the tickets of a connection that ended.
    pub fn forget(&mut self, connection: u64) {
        self.0.retain(|ticket| ticket.connection != connection);
    }

    fn cleanup(&mut self, now: Instant) {
        self.0.retain(|ticket| now < ticket.ends);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keeper::message::Place;

    fn what() -> Use {
        Use { tool: "net".into(), secret: "key".into(), place: Place::Header, host: "api.example".into() }
    }

    fn sold(tickets: &mut Tickets, now: Instant) -> PointBytes {
        Secret::derive(&tickets.sell(what(), 9, now).unwrap().unwrap()).unwrap().public()
    }

    #[test]
    fn a_ticket_is_good_once_on_its_connection() {
        let (mut tickets, now) = (Tickets::default(), Instant::now());
        let public = sold(&mut tickets, now);
        assert!(!tickets.redeem(&public, 8, &what(), now), "another connection");
        assert!(tickets.fits(&public, 9, now) && !tickets.fits(&public, 8, now));
        assert!(tickets.redeem(&public, 9, &what(), now));
        assert!(!tickets.redeem(&public, 9, &what(), now), "a second time");
    }

    #[test]
    fn a_ticket_is_for_its_use_only_and_a_try_for_another_spends_it() {
        let now = Instant::now();
        for other in [
            Use { tool: "other".into(), ..what() },
            Use { secret: "other".into(), ..what() },
            Use { place: Place::Body, ..what() },
            Use { host: "evil.example".into(), ..what() },
        ] {
            let mut tickets = Tickets::default();
            let public = sold(&mut tickets, now);
            assert!(!tickets.redeem(&public, 9, &other, now), "{other:?}");
            assert!(!tickets.redeem(&public, 9, &what(), now), "{other:?}");
        }
    }

    #[test]
    fn tickets_end_with_their_time_and_their_connection_and_are_bounded() {
        let (mut tickets, now) = (Tickets::default(), Instant::now());
        let public = sold(&mut tickets, now);
        assert!(!tickets.redeem(&public, 9, &what(), now + limits::TICKET_LIFE));
        let public = sold(&mut tickets, now);
        tickets.forget(9);
        assert!(!tickets.fits(&public, 9, now));
        (0..limits::TICKETS).for_each(|_| {
            sold(&mut tickets, now);
        });
        assert!(tickets.sell(what(), 9, now).unwrap().is_none());
        assert!(tickets.sell(what(), 9, now + limits::TICKET_LIFE).unwrap().is_some());
    }
}
