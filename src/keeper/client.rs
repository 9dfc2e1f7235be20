//! How the brain and the commands ask the keeper: one connection, one question at a time, blocking.
//!
//! Every wait has its end; a keeper that hangs is a fault with a code, never a hang of the asker.

use std::os::unix::net::UnixStream;
use std::path::Path;

use super::fault::KeeperFault;
use super::frame;
use super::message::{Answer, Ask, Reply, Request, State, Vault};
use crate::base::limits;

/// A connection that was greeted.
#[derive(Debug)]
pub struct Client {
    stream: UnixStream,
    last: u64,
    program: String,
}

impl Client {
    /// Connects to the keeper at `path` and greets it.
    ///
    /// # Errors
    /// [`KeeperFault::Absent`] where nobody listens, [`KeeperFault::Refused`] where it says no.
    pub fn connect(path: &Path) -> Result<Self, KeeperFault> {
        let stream = UnixStream::connect(path).map_err(|error| KeeperFault::Absent { path: path.to_owned(), error })?;
        stream.set_read_timeout(Some(limits::KEEPER_MESSAGE)).map_err(KeeperFault::Broken)?;
        stream.set_write_timeout(Some(limits::KEEPER_MESSAGE)).map_err(KeeperFault::Broken)?;
        let mut client = Self { stream, last: 0, program: String::new() };
        match client.ask(Ask::Hello)? {
            Answer::Welcome(program) => client.program = program,
            _ => return Err(KeeperFault::Unasked),
        }
        Ok(client)
    }

    /// The keeper's version.
    #[must_use]
    pub fn program(&self) -> &str {
        &self.program
    }

    /// What the keeper is, and which of its walls hold.
    ///
    /// # Errors
    /// Where the connection broke or the answer is not one.
    pub fn status(&mut self) -> Result<State, KeeperFault> {
        match self.ask(Ask::Status)? {
            Answer::State(state) => Ok(state),
            _ => Err(KeeperFault::Unasked),
        }
    }

    /// Whether there is a vault, and the names of the secrets in it.
    ///
    /// # Errors
    /// Where the connection broke or the answer is not one.
    pub fn names(&mut self) -> Result<(Vault, Vec<String>), KeeperFault> {
        match self.ask(Ask::ListNames)? {
            Answer::Names(vault, names) => Ok((vault, names)),
            _ => Err(KeeperFault::Unasked),
        }
    }

    fn ask(&mut self, ask: Ask) -> Result<Answer, KeeperFault> {
        self.last += 1;
        // A keeper that refuses at the door says why and hangs up: its words matter more than EPIPE.
        let sent = frame::write(&mut self.stream, &Request { id: self.last, ask }.encode());
        let heard = frame::read(&mut self.stream).map_err(timed_out);
        let reply = match (sent, heard) {
            (_, Ok(message)) => Reply::decode(&message)?,
            (Err(fault), Err(_)) | (Ok(()), Err(fault)) => return Err(fault),
        };
        match reply.answer {
            Answer::Refused(fault) => Err(KeeperFault::Refused(fault)),
            answer if reply.id == self.last => Ok(answer),
            _ => Err(KeeperFault::Unasked),
        }
    }
}

/// A receive timeout of a socket reads as `WouldBlock` (socket(7), SO_RCVTIMEO).
fn timed_out(fault: KeeperFault) -> KeeperFault {
    match fault {
        KeeperFault::Broken(error) if error.kind() == std::io::ErrorKind::WouldBlock => {
            KeeperFault::Broken(std::io::Error::new(std::io::ErrorKind::TimedOut, "no answer in time"))
        }
        other => other,
    }
}
