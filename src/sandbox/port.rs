//! The hand's side of its socket: requests in, replies out, until the brain closes it.

use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;

use crate::base::Fault;
use crate::wire::hand::{Outcome, Work, decode_request, encode_reply};
use crate::wire::{PacketFault, packet};

/// What a class of hand does: runs sealed, with the descriptors that were handed over.
pub type Body = fn(&mut Port, Vec<OwnedFd>) -> Result<(), PacketFault>;

/// A sealed hand's only way to hear and speak.
#[derive(Debug)]
pub struct Port {
    socket: OwnedFd,
    room: Vec<u8>,
    keeper: Vec<UnixStream>,
}

impl Port {
    pub(super) fn new(socket: OwnedFd, keeper: Vec<UnixStream>) -> Self {
        Self { socket, room: Vec::new(), keeper }
    }

    /// The connections to the keeper that were made before the seal; once, then none.
    pub fn take_keeper(&mut self) -> Vec<UnixStream> {
        std::mem::take(&mut self.keeper)
    }

    /// The next request; `None` when the brain has closed the socket.
    ///
    /// # Errors
    /// A packet that is too long, not verified or of another version: the hand must end.
    pub fn take(&mut self) -> Result<Option<(u64, Work)>, PacketFault> {
        match packet::receive(&self.socket, &mut self.room)? {
            Some(packet) => Ok(Some(decode_request(&packet.bytes)?)),
            None => Ok(None),
        }
    }

    /// Answers the request `id`.
    ///
    /// # Errors
    /// Where the brain has gone.
    pub fn reply(&mut self, id: u64, outcome: Result<Outcome, Fault>) -> Result<(), PacketFault> {
        let outcome = outcome.unwrap_or_else(Outcome::Failed);
        packet::send(&self.socket, &encode_reply(id, &outcome), &[])
    }
}
