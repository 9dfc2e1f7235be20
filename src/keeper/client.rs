//! How the brain and the commands ask the keeper: one connection, one question at a time, blocking.
//!
//! Every wait has its end; a keeper that hangs is a fault with a code, never a hang of the asker.

use std::os::unix::net::UnixStream;
use std::path::Path;

use super::fault::KeeperFault;
use super::frame;
use super::message::{Answer, Ask, Head, Reply, Request, State, Use, Value, Vault};
use super::schnorr::{PointBytes, Prover, Secret};
use super::session::{Direction, Tagger};
use super::{cipher, ticket};
use crate::base::limits;

/// A connection that was greeted.
#[derive(Debug)]
pub struct Client {
    stream: UnixStream,
    last: u64,
    program: String,
    connection: u64,
    /// Of what is asked and what is answered, once there is a session.
    tags: Option<(Tagger, Tagger)>,
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
        Self::over(stream)
    }

    /// Greets the keeper over a connection that was made before, with its timeouts set: a sealed hand's.
    ///
    /// # Errors
    /// As [`Client::connect`].
    pub fn over(stream: UnixStream) -> Result<Self, KeeperFault> {
        let mut client = Self { stream, last: 0, program: String::new(), connection: 0, tags: None };
        match client.ask(Ask::Hello)? {
            Answer::Welcome { program, connection } => (client.program, client.connection) = (program, connection),
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

    /// The keeper's number for this connection: a hand tells it to the brain, which buys a ticket for it.
    #[must_use]
    pub const fn connection(&self) -> u64 {
        self.connection
    }

    /// Begins a session by proving `secret`: the brain its enrolled key, an administrator any.
    ///
    /// # Errors
    /// [`KeeperFault::Refused`] where the keeper does not know the key.
    pub fn prove(&mut self, secret: &Secret) -> Result<(), KeeperFault> {
        let prover = Prover::begin(secret)?;
        let commit = Ask::Commit { public: secret.public(), commitment: prover.commitment };
        let Answer::Challenge(challenge) = self.ask(commit)? else { return Err(KeeperFault::Unasked) };
        match self.ask(Ask::Prove(prover.respond(secret, &challenge)))? {
            Answer::Session { token, .. } => {
                self.tags = Some((Tagger::new(&token, Direction::Ask), Tagger::new(&token, Direction::Answer)));
                Ok(())
            }
            _ => Err(KeeperFault::Unasked),
        }
    }

    /// Begins an administrator's session; who that is, the kernel tells the keeper.
    ///
    /// # Errors
    /// [`KeeperFault::Refused`] where this process is none.
    pub fn administer(&mut self) -> Result<(), KeeperFault> {
        let secret = Secret::derive(&cipher::random()?).ok_or(cipher::CipherFault::System)?;
        self.prove(&secret)
    }

    /// Buys a ticket for the hand on `connection`.
    ///
    /// # Errors
    /// [`KeeperFault::Refused`] where there is no such secret or connection.
    pub fn buy(&mut self, what: Use, connection: u64) -> Result<ticket::TicketBytes, KeeperFault> {
        match self.ask(Ask::Buy { what, connection })? {
            Answer::Ticket { bytes, .. } => Ok(bytes),
            _ => Err(KeeperFault::Unasked),
        }
    }

    /// Proves a ticket on this connection, which it must be for, and takes the value.
    ///
    /// # Errors
    /// [`KeeperFault::Refused`] where the ticket is spent, over, or for another use or connection.
    pub fn redeem(&mut self, ticket: &ticket::TicketBytes, what: Use) -> Result<Value, KeeperFault> {
        let secret = Secret::derive(ticket).ok_or(cipher::CipherFault::System)?;
        self.prove(&secret)?;
        self.value(Ask::Redeem(what))
    }

    /// Makes the vault.
    ///
    /// # Errors
    /// [`KeeperFault::Refused`] where there is one.
    pub fn init(&mut self) -> Result<(), KeeperFault> {
        self.done(Ask::Init).map(drop)
    }

    /// Keeps a value.
    ///
    /// # Errors
    /// [`KeeperFault::Refused`] where the name is taken (unless `replace`) or the vault says no.
    pub fn put(&mut self, name: &str, value: Value, replace: bool) -> Result<(), KeeperFault> {
        self.done(Ask::Put { name: name.to_owned(), value, replace }).map(drop)
    }

    /// Forgets everything: the vault, and the key file in its folder.
    ///
    /// # Errors
    /// [`KeeperFault::Refused`] where a file cannot be removed.
    pub fn wipe(&mut self) -> Result<(), KeeperFault> {
        self.done(Ask::Wipe).map(drop)
    }

    /// Gives the vault a new data key; how many records were sealed anew.
    ///
    /// # Errors
    /// [`KeeperFault::Refused`] where the vault says no.
    pub fn rotate(&mut self) -> Result<u64, KeeperFault> {
        self.done(Ask::Rotate)
    }

    /// Forgets a secret.
    ///
    /// # Errors
    /// [`KeeperFault::Refused`] where there is none of that name.
    pub fn delete(&mut self, name: &str) -> Result<(), KeeperFault> {
        self.done(Ask::Delete { name: name.to_owned() }).map(drop)
    }

    /// The value of a secret.
    ///
    /// # Errors
    /// [`KeeperFault::Refused`] where there is none of that name.
    pub fn export(&mut self, name: &str) -> Result<Value, KeeperFault> {
        self.value(Ask::Export { name: name.to_owned() })
    }

    /// Remembers `public` as the session key of `uid`; older sessions of that uid end.
    ///
    /// # Errors
    /// [`KeeperFault::Refused`] where the vault says no.
    pub fn enrol(&mut self, uid: u32, public: PointBytes) -> Result<(), KeeperFault> {
        self.done(Ask::Enrol { uid, public }).map(drop)
    }

    /// Ends every session but this one; how many.
    ///
    /// # Errors
    /// Where the connection broke.
    pub fn revoke(&mut self) -> Result<u64, KeeperFault> {
        self.done(Ask::Revoke)
    }

    /// Shows the keeper a head of the chain of audit records, which it remembers; its MAC.
    ///
    /// # Errors
    /// [`KeeperFault::Refused`] where it remembers a later one.
    pub fn vouch(&mut self, head: Head) -> Result<[u8; 32], KeeperFault> {
        match self.ask(Ask::Vouch(head))? {
            Answer::Head { mac, .. } => Ok(mac),
            _ => Err(KeeperFault::Unasked),
        }
    }

    /// The head that the keeper remembers, and its MAC.
    ///
    /// # Errors
    /// [`KeeperFault::Refused`] where it was shown none.
    pub fn head(&mut self) -> Result<(Head, [u8; 32]), KeeperFault> {
        match self.ask(Ask::ShowHead)? {
            Answer::Head { head, mac } => Ok((head, mac)),
            _ => Err(KeeperFault::Unasked),
        }
    }

    /// Asks to let the records up to this one go off the front of the chain; its MAC.
    ///
    /// # Errors
    /// [`KeeperFault::Refused`] for one of the latest, or one before what was let go already.
    pub fn cut(&mut self, cut: Head) -> Result<[u8; 32], KeeperFault> {
        match self.ask(Ask::Cut(cut))? {
            Answer::Head { mac, .. } => Ok(mac),
            _ => Err(KeeperFault::Unasked),
        }
    }

    /// The last record that the keeper let go; place 0 where it let none go.
    ///
    /// # Errors
    /// As of every question.
    pub fn cut_at(&mut self) -> Result<Head, KeeperFault> {
        match self.ask(Ask::ShowCut)? {
            Answer::Head { head, .. } => Ok(head),
            _ => Err(KeeperFault::Unasked),
        }
    }

    fn done(&mut self, ask: Ask) -> Result<u64, KeeperFault> {
        match self.ask(ask)? {
            Answer::Done(count) => Ok(count),
            _ => Err(KeeperFault::Unasked),
        }
    }

    fn value(&mut self, ask: Ask) -> Result<Value, KeeperFault> {
        match self.ask(ask)? {
            Answer::Value(value) => Ok(value),
            _ => Err(KeeperFault::Unasked),
        }
    }

    fn ask(&mut self, ask: Ask) -> Result<Answer, KeeperFault> {
        self.last += 1;
        let mut message = Request { id: self.last, ask }.encode();
        if let Some((asked, _)) = &mut self.tags {
            let tag = asked.tag(&message).ok_or(KeeperFault::Untagged)?;
            message = zeroize::Zeroizing::new([message.as_slice(), &tag].concat());
        }
        // A keeper that refuses at the door says why and hangs up: its words matter more than EPIPE.
        let sent = frame::write(&mut self.stream, &message);
        let heard = frame::read(&mut self.stream).map_err(timed_out);
        let frame = match (sent, heard) {
            (_, Ok(frame)) => frame,
            (Err(fault), Err(_)) | (Ok(()), Err(fault)) => return Err(fault),
        };
        let message = match &mut self.tags {
            Some((_, answered)) => answered.check(&frame).ok_or(KeeperFault::Untagged)?,
            None => &frame,
        };
        let reply = Reply::decode(message)?;
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
