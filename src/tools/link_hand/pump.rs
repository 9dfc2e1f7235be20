//! Bytes from the brain to the broker and back, until one of them ends.
//!
//! One thread and poll(2). Each side is read only while the other takes what came, so that neither
//! can fill this hand's memory.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::io::{self, Read, Write};
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

use super::far::Far;
use crate::base::limits::{MQTT_PACKET_BYTES, NET_CHUNK_BYTES};
use crate::guard::spill::Spill;
use crate::keeper::message::Value;
use crate::wire::login;

/// See the module.
pub(super) struct Pump {
    far: Far,
    near: UnixStream,
    /// Until the first packet has gone: what is added to it.
    login: Option<(String, Value)>,
    /// The beginning of the first packet.
    first: Vec<u8>,
    spill: Spill,
    /// What the brain did not take yet.
    back: VecDeque<u8>,
}

impl Pump {
    pub(super) fn new(far: Far, near: UnixStream, login: Option<(String, Value)>, spill: Spill) -> Self {
        Self { far, near, login, first: Vec::new(), spill, back: VecDeque::new() }
    }

    /// Passes bytes on.
    ///
    /// # Errors
    /// Why it ended.
    pub(super) fn run(&mut self) -> io::Result<Infallible> {
        // What came with the end of the handshake is in the session already, and wakes nobody.
        self.hear_far()?;
        loop {
            let (near, far) = self.wanted();
            let mut ready = [PollFd::new(self.near.as_fd(), near), PollFd::new(self.far.as_fd(), far)];
            match poll(&mut ready, PollTimeout::NONE) {
                Ok(_) => {}
                Err(Errno::EINTR) => continue,
                Err(error) => return Err(error.into()),
            }
            let [near, far] = ready.map(|of| of.revents().unwrap_or(PollFlags::empty()));
            self.far.flush()?;
            self.tell_near()?;
            let over = PollFlags::POLLHUP | PollFlags::POLLERR;
            if near.intersects(PollFlags::POLLIN | over) && !self.far.behind() {
                self.hear_near()?;
            }
            if far.intersects(PollFlags::POLLIN | over) && self.back.is_empty() {
                self.hear_far()?;
            }
        }
    }

    /// What to wait for: input of one side only while the other side takes it.
    fn wanted(&self) -> (PollFlags, PollFlags) {
        let (mut near, mut far) = (PollFlags::empty(), PollFlags::empty());
        near.set(PollFlags::POLLIN, !self.far.behind());
        near.set(PollFlags::POLLOUT, !self.back.is_empty());
        far.set(PollFlags::POLLIN, self.back.is_empty());
        far.set(PollFlags::POLLOUT, self.far.behind());
        (near, far)
    }

    fn hear_near(&mut self) -> io::Result<()> {
        let mut room = [0; NET_CHUNK_BYTES];
        let Some(length) = some(self.near.read(&mut room), NEAR)? else { return Ok(()) };
        if self.login.is_none() {
            return self.far.push(&room[..length]);
        }
        self.first.extend_from_slice(&room[..length]);
        if self.first.len() > MQTT_PACKET_BYTES {
            return Err(invalid("the first packet is too long"));
        }
        let Some(end) = packet_end(&self.first)? else { return Ok(()) };
        let Some((user, password)) = self.login.take() else { return Ok(()) };
        let connect = login::add(&self.first[..end], &user, &password.0);
        let connect = zeroize::Zeroizing::new(connect.map_err(|fault| invalid(&fault.message))?);
        self.far.push(&connect)?;
        let rest = self.first.split_off(end);
        self.first = Vec::new();
        self.far.push(&rest)
    }

    fn hear_far(&mut self) -> io::Result<()> {
        let mut room = [0; NET_CHUNK_BYTES];
        loop {
            let Some(length) = some(self.far.read(&mut room), FAR)? else { return Ok(()) };
            let bytes = self.spill.feed(&room[..length]).map_err(|_| invalid("the broker repeats the password"))?;
            self.back.extend(bytes);
            self.tell_near()?;
            if !self.back.is_empty() {
                return Ok(());
            }
        }
    }

    fn tell_near(&mut self) -> io::Result<()> {
        while !self.back.is_empty() {
            let Some(sent) = some(self.near.write(self.back.as_slices().0), NEAR)? else { return Ok(()) };
            self.back.drain(..sent);
        }
        Ok(())
    }
}

fn invalid(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what.to_owned())
}

/// How an end of each side is told.
const NEAR: &str = "the agent closed its stream";
const FAR: &str = "the broker closed the connection";

/// `None` where nothing can be moved now; the end of a side is an error.
fn some(moved: io::Result<usize>, side: &str) -> io::Result<Option<usize>> {
    match moved {
        Ok(0) => Err(io::Error::new(io::ErrorKind::UnexpectedEof, side)),
        Ok(length) => Ok(Some(length)),
        Err(error) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Where the first MQTT packet ends (OASIS MQTT 3.1.1, 2.2.3); `None` until it is there.
fn packet_end(bytes: &[u8]) -> io::Result<Option<usize>> {
    let mut length = 0;
    for (at, byte) in bytes.iter().skip(1).take(4).enumerate() {
        length |= usize::from(byte & 0x7f) << (7 * at);
        if byte & 0x80 == 0 {
            let end = 2 + at + length;
            return if end > MQTT_PACKET_BYTES {
                Err(invalid("the first packet is too long"))
            } else {
                Ok((bytes.len() >= end).then_some(end))
            };
        }
    }
    if bytes.len() > 4 { Err(invalid("the first packet has no length")) } else { Ok(None) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_packet_is_found_whole_or_refused() {
        assert_eq!(packet_end(b"").expect("more"), None);
        assert_eq!(packet_end(b"\x10\x02a").expect("more"), None);
        assert_eq!(packet_end(b"\x10\x02abc").expect("a packet"), Some(4));
        assert_eq!(packet_end(b"\x10\x80\x01").expect("more"), None);
        let long = [&b"\x10\x80\x01"[..], &[0; 130]].concat();
        assert_eq!(packet_end(&long).expect("a packet"), Some(131));
        assert!(packet_end(b"\x10\xff\xff\xff\xff\x01").is_err());
        assert!(packet_end(b"\x10\xff\xff\xff\x7f").is_err(), "larger than any");
    }
}
