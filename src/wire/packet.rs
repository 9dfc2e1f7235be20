//! Packets between our own processes: one buffer and its descriptors over a SEQPACKET socket.
//!
//! SEQPACKET keeps the borders of messages, so that a length can be checked before a byte is read
//! and descriptors stay with the message that names them (unix(7)).

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use nix::sys::socket::{AddressFamily, SockFlag, SockType, socketpair};

use super::WireFault;
use crate::base::limits::{PACKET_BYTES, PACKET_DESCRIPTORS};
use crate::base::{Code, Fault, sys};

/// Why a packet could not be sent, received or believed.
#[derive(Debug, thiserror::Error)]
pub enum PacketFault {
    /// The other side has closed its end.
    #[error("the other process has closed the connection")]
    Closed,
    /// More descriptors than one packet carries.
    #[error("{0} descriptors are more than one packet carries ({PACKET_DESCRIPTORS})")]
    TooManyDescriptors(usize),
    /// The buffer is not a message of ours.
    #[error(transparent)]
    Wire(#[from] WireFault),
    /// The system's answer.
    #[error("the socket between two processes: {0}")]
    System(io::Error),
}

impl PacketFault {
    fn from_io(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::BrokenPipe | io::ErrorKind::ConnectionReset => Self::Closed,
            _ => Self::System(error),
        }
    }
}

impl From<PacketFault> for Fault {
    fn from(fault: PacketFault) -> Self {
        let code = match &fault {
            PacketFault::Closed => Code::Unavailable,
            PacketFault::TooManyDescriptors(_) => Code::Full,
            PacketFault::Wire(_) => Code::Garbage,
            PacketFault::System(_) => Code::System,
        };
        Self::new(code, fault.to_string())
    }
}

/// One packet that arrived.
#[derive(Debug)]
pub struct Packet {
    /// The buffer, not verified yet.
    pub bytes: Vec<u8>,
    /// The descriptors that travelled beside it.
    pub descriptors: Vec<OwnedFd>,
}

/// A connected pair of packet sockets, close-on-exec, blocking.
///
/// # Errors
/// The error of `socketpair`.
pub fn pair() -> io::Result<(OwnedFd, OwnedFd)> {
    Ok(socketpair(AddressFamily::Unix, SockType::SeqPacket, None, SockFlag::SOCK_CLOEXEC)?)
}

/// Sends one packet.
///
/// # Errors
/// [`WireFault::TooLong`] above the cap, [`PacketFault::Closed`] where nobody listens, the system's error else.
pub fn send(socket: impl AsFd, bytes: &[u8], descriptors: &[BorrowedFd<'_>]) -> Result<(), PacketFault> {
    if bytes.len() > PACKET_BYTES {
        return Err(WireFault::TooLong { length: bytes.len() }.into());
    }
    if descriptors.len() > PACKET_DESCRIPTORS {
        return Err(PacketFault::TooManyDescriptors(descriptors.len()));
    }
    sys::send(socket.as_fd(), bytes, descriptors).map_err(PacketFault::from_io)
}

/// Receives one packet into `room`; `None` when the other side has closed.
///
/// # Errors
/// [`WireFault::TooLong`] for a packet above the cap, the system's error else.
pub fn receive(socket: impl AsFd, room: &mut Vec<u8>) -> Result<Option<Packet>, PacketFault> {
    match receive_now(socket, room) {
        Ok(packet) => Ok(Some(packet)),
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(None),
        Err(error) if error.kind() == io::ErrorKind::FileTooLarge => {
            Err(WireFault::TooLong { length: PACKET_BYTES + 1 }.into())
        }
        Err(error) => Err(PacketFault::from_io(error)),
    }
}

/// [`receive`] in the words of `std::io`, for readiness loops that look for `WouldBlock`:
/// `UnexpectedEof` means closed, `FileTooLarge` a packet above the cap.
///
/// # Errors
/// As above, or the system's.
pub fn receive_now(socket: impl AsFd, room: &mut Vec<u8>) -> io::Result<Packet> {
    room.resize(PACKET_BYTES, 0);
    let got = sys::receive(socket.as_fd(), room)?;
    if got.truncated {
        return Err(io::ErrorKind::FileTooLarge.into());
    }
    if got.length == 0 {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    Ok(Packet { bytes: room[..got.length].to_vec(), descriptors: got.descriptors })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_and_descriptors_arrive_together_and_borders_are_kept() {
        let (a, b) = pair().expect("a pair");
        let (inner, _other) = pair().expect("another");
        send(&a, b"one", &[inner.as_fd()]).expect("sent");
        send(&a, b"two", &[]).expect("sent");
        let mut room = Vec::new();
        let first = receive(&b, &mut room).expect("received").expect("open");
        assert_eq!((first.bytes.as_slice(), first.descriptors.len()), (&b"one"[..], 1));
        assert_eq!(receive(&b, &mut room).expect("received").expect("open").bytes, b"two");
        drop(a);
        assert!(receive(&b, &mut room).expect("closed").is_none());
        assert!(matches!(send(&b, b"late", &[]), Err(PacketFault::Closed)));
    }

    #[test]
    fn a_packet_over_the_cap_is_refused_on_both_sides() {
        let (a, b) = pair().expect("a pair");
        let long = vec![0; PACKET_BYTES + 1];
        assert!(matches!(send(&a, &long, &[]), Err(PacketFault::Wire(WireFault::TooLong { .. }))));
        sys::send(a.as_fd(), &long, &[]).expect("sent past our own check");
        assert!(matches!(receive(&b, &mut Vec::new()), Err(PacketFault::Wire(WireFault::TooLong { .. }))));
    }
}
