//! The brain's connection to one hand: work in, outcome out, within a deadline.

use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::time::Duration;

use nix::sys::signal::Signal;
use tokio::io::unix::AsyncFd;
use tokio::sync::watch;

use super::ended::{PANICKED, SPENT, UNSEALED};
use super::hands::{Shared, receive};
use super::policy::Class;
use crate::base::{Code, Fault};
use crate::wire::hand::{Outcome, Work, decode_reply, encode_request};
use crate::wire::packet;

/// Time that a reaped hand's end may take to be heard after its socket closed.
const END_NEWS: Duration = Duration::from_millis(500);

/// How a hand ended.
#[derive(Clone, Debug)]
pub(super) enum End {
    /// It was never made.
    Refused(Fault),
    /// It exited with a status, or a signal ended it.
    Ended {
        /// Exit status.
        status: i32,
        /// Signal, or 0.
        signal: i32,
    },
    /// The spawner ended, and its hands with it.
    SpawnerGone,
}

/// One hand; dropping the link ends it.
#[derive(Debug)]
pub struct HandLink {
    class: Class,
    ticket: u64,
    socket: AsyncFd<OwnedFd>,
    ended: watch::Receiver<Option<End>>,
    shared: Arc<Shared>,
    next: u64,
    room: Vec<u8>,
}

impl HandLink {
    pub(super) fn new(
        class: Class,
        ticket: u64,
        socket: AsyncFd<OwnedFd>,
        ended: watch::Receiver<Option<End>>,
        shared: Arc<Shared>,
    ) -> Self {
        Self { class, ticket, socket, ended, shared, next: 1, room: Vec::new() }
    }

    /// Gives the hand one piece of work and waits for its outcome, at most `within`.
    ///
    /// # Errors
    /// The hand's own fault; [`Code::Timeout`] (the hand is ended then), [`Code::Garbage`] for an answer
    /// that is not the protocol, [`Code::Unavailable`] where the hand has ended, with how.
    pub async fn call(&mut self, work: &Work, within: Duration) -> Result<Outcome, Fault> {
        let id = self.next;
        self.next += 1;
        let asked = packet::send(self.socket.get_ref(), &encode_request(id, work), &[]);
        if let Err(fault) = asked {
            if let Some(last) = self.last_words() {
                return Err(last);
            }
            return Err(self.why_ended().await.unwrap_or_else(|| fault.into()));
        }
        let Ok(heard) = tokio::time::timeout(within, receive(&self.socket, &mut self.room)).await else {
            self.shared.kill(self.ticket);
            let word = self.class.word();
            return Err(Fault::new(Code::Timeout, format!("the {word} hand gave no answer within {within:?}; ended")));
        };
        let packet = match heard {
            Ok(packet) => packet,
            Err(error) => {
                let word = self.class.word();
                let gone = || Fault::new(Code::Unavailable, format!("the {word} hand: {error}"));
                // The kernel tells that the hand left our question unread before it gives what the hand said.
                if let Some(last) = self.last_words() {
                    return Err(last);
                }
                return Err(self.why_ended().await.unwrap_or_else(gone));
            }
        };
        match decode_reply(&packet.bytes) {
            Ok((of, Outcome::Failed(fault))) if of == id || of == 0 => Err(fault),
            Ok((of, outcome)) if of == id => Ok(outcome),
            Ok((of, _)) => Err(self.garbage(&format!("it answered call {of} instead of {id}"))),
            Err(fault) => Err(self.garbage(&fault.to_string())),
        }
    }

    /// Why a hand that has let go of what it held has ended: its own last words, else what the spawner saw.
    pub async fn parting(mut self) -> Fault {
        if let Some(last) = self.last_words() {
            return last;
        }
        let word = self.class.word();
        let silent = || Fault::new(Code::Unavailable, format!("the {word} hand let go without a word"));
        self.why_ended().await.unwrap_or_else(silent)
    }

    /// What a hand that ends without being asked has said: that it could not be sealed or what ended its work.
    fn last_words(&mut self) -> Option<Fault> {
        let packet = packet::receive_now(self.socket.get_ref(), &mut self.room).ok()?;
        match decode_reply(&packet.bytes) {
            Ok((0, Outcome::Failed(fault))) => Some(fault),
            _ => None,
        }
    }

    /// Whether the hand is known to have ended.
    #[must_use]
    pub fn has_ended(&self) -> bool {
        self.ended.borrow().is_some()
    }

    fn garbage(&self, what: &str) -> Fault {
        self.shared.kill(self.ticket);
        Fault::new(Code::Garbage, format!("the {} hand was ended: {what}", self.class.word()))
    }

    /// The fault of a hand whose socket closed, once the spawner has told how it ended.
    async fn why_ended(&mut self) -> Option<Fault> {
        let news = tokio::time::timeout(END_NEWS, self.ended.wait_for(Option::is_some)).await;
        let end = news.ok()?.ok()?.clone()?;
        let word = self.class.word();
        Some(match end {
            End::Refused(fault) => fault,
            End::SpawnerGone => {
                Fault::new(Code::Unavailable, format!("the spawner ended, and the {word} hand with it"))
            }
            End::Ended { status, signal } => ended_fault(word, status, signal),
        })
    }
}

fn ended_fault(class: &str, status: i32, signal: i32) -> Fault {
    let (code, how) = match (Signal::try_from(signal), status) {
        (Ok(Signal::SIGSYS), _) => {
            (Code::Refused, "it asked the kernel for something its class forbids (seccomp)".into())
        }
        (Ok(Signal::SIGXCPU), _) => (Code::Refused, "it used up its processor time".into()),
        (Ok(Signal::SIGXFSZ), _) => (Code::Refused, "it wrote more than its class may".into()),
        (Ok(signal), _) => (Code::Unavailable, format!("signal {}", signal.as_str())),
        (Err(_), SPENT) => (Code::Refused, "it took more memory than its class may".into()),
        (Err(_), UNSEALED) => (Code::Refused, "it could not be sealed".into()),
        (Err(_), PANICKED) => (Code::Internal, "it panicked".into()),
        (Err(_), status) => (Code::Unavailable, format!("exit status {status}")),
    };
    Fault::new(code, format!("the {class} hand ended before it answered: {how}"))
}

impl Drop for HandLink {
    fn drop(&mut self) {
        self.shared.kill(self.ticket);
    }
}
