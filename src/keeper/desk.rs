//! What the keeper answers: each request of each connection, by stage and role.
//!
//! A connection begins without rights. `Hello` numbers it, `Commit` and `Prove` show a key, and the
//! key with the kernel's word on the peer gives the role; from then on every frame is tagged.

use std::cell::{Cell, RefCell};
use std::time::{Duration, Instant};

use nix::unistd::getuid;

use super::args::Settings;
use super::fault::KeeperFault;
use super::message::{Answer, Ask, Reply, Request, State, Use, Value};
use super::role::Role;
use super::safe::Safe;
use super::schnorr::{self, PointBytes, ScalarBytes};
use super::session::{Direction, Sessions, Tagger, Token};
use super::ticket::Tickets;
use super::{cipher, seal};
use crate::base::{Code, Fault, limits};

/// The process at the other end, as the kernel saw it when it connected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Peer {
    /// Its process.
    pub pid: i32,
    /// Its uid.
    pub uid: u32,
    /// Whether it may administer: root, the keeper's own uid, a member of the admin group.
    pub admin: bool,
}

/// How far a connection is.
#[derive(Debug)]
enum Stage {
    New,
    Greeted,
    Committed { public: PointBytes, commitment: PointBytes, challenge: ScalarBytes },
    Session { token: zeroize::Zeroizing<Token>, public: PointBytes, heard: Tagger, said: Tagger },
}

/// One connection.
#[derive(Debug)]
pub struct Line {
    /// Random, so that the number of one that ended is not met again.
    number: u64,
    peer: Peer,
    stage: Stage,
}

/// What all connections share.
#[derive(Debug)]
pub struct Desk {
    began: Instant,
    /// How to serve.
    pub settings: Settings,
    lines: RefCell<Vec<(u64, Peer)>>,
    sessions: RefCell<Sessions>,
    tickets: RefCell<Tickets>,
    safe: RefCell<Safe>,
    notes: Cell<(Instant, u32)>,
}

/// The reply to send, whether the connection goes on, and what is worth a note.
#[derive(Debug)]
pub struct Said {
    /// The reply's bytes with their tag.
    pub frame: zeroize::Zeroizing<Vec<u8>>,
    /// A refusal that ends the connection.
    pub last: Option<Fault>,
}

/// A refusal, and whether the connection ends with it.
enum No {
    AndGoOn(Fault),
    AndEnd(Fault),
}

impl<F: Into<Fault>> From<F> for No {
    fn from(fault: F) -> Self {
        Self::AndGoOn(fault.into())
    }
}

fn end(text: impl Into<String>) -> No {
    No::AndEnd(Fault::new(Code::Refused, text))
}

impl Desk {
    /// A desk with nobody at it.
    #[must_use]
    pub fn new(settings: &Settings, safe: Safe) -> Self {
        let now = Instant::now();
        Self {
            began: now,
            settings: settings.clone(),
            lines: RefCell::default(),
            sessions: RefCell::default(),
            tickets: RefCell::default(),
            safe: RefCell::new(safe),
            notes: Cell::new((now, 0)),
        }
    }

    /// A place for a new connection; `None` where all are taken.
    #[must_use]
    pub fn sit(&self, peer: Peer) -> Option<Line> {
        let mut lines = self.lines.borrow_mut();
        if lines.len() >= limits::KEEPER_CLIENTS {
            return None;
        }
        let number = u64::from_be_bytes(cipher::random().ok()?);
        lines.push((number, peer));
        Some(Line { number, peer, stage: Stage::New })
    }

    /// The connection ended: its place, session and tickets go with it.
    pub fn leave(&self, line: &Line) {
        self.lines.borrow_mut().retain(|(number, _)| *number != line.number);
        self.tickets.borrow_mut().forget(line.number);
        if let Stage::Session { token, .. } = &line.stage {
            self.sessions.borrow_mut().revoke(token);
        }
    }

    /// Whether a line about a peer may be written; the last one before silence says so. Peers make
    /// these happen: a log that nobody reads must not stop the keeper.
    pub fn note(&self, line: &str, say: impl Fn(&str)) {
        const MINUTE: Duration = Duration::from_secs(60);
        let (began, count) = match self.notes.get() {
            (began, _) if began.elapsed() >= MINUTE => (Instant::now(), 0),
            same => same,
        };
        self.notes.set((began, count.saturating_add(1)));
        match count {
            ..limits::KEEPER_NOTES => say(line),
            limits::KEEPER_NOTES => say("more of the like within a minute; not written"),
            _ => {}
        }
    }

    /// Answers one frame; `None` where it deserves no answer but the end.
    ///
    /// # Errors
    /// The fault of a frame that is not the protocol.
    pub fn hear(&self, line: &mut Line, frame: &[u8], now: Instant) -> Result<Said, KeeperFault> {
        let message = match &mut line.stage {
            Stage::Session { heard, .. } => {
                let untagged = || Fault::new(Code::Refused, "a frame without the tag of its session");
                heard.check(frame).ok_or_else(|| KeeperFault::Refused(untagged()))?
            }
            _ => frame,
        };
        let request = Request::decode(message)?;
        // The tag begins after the reply that brings the token.
        let tagged = matches!(line.stage, Stage::Session { .. });
        let (answer, last) = match self.answer(line, request.ask, now) {
            Ok(answer) => (answer, None),
            Err(No::AndGoOn(fault)) => (Answer::Refused(fault), None),
            Err(No::AndEnd(fault)) => (Answer::Refused(fault.clone()), Some(fault)),
        };
        let mut frame = Reply { id: request.id, answer }.encode();
        if let (true, Stage::Session { said, .. }) = (tagged, &mut line.stage) {
            let full = || KeeperFault::Refused(Fault::new(Code::Full, "the session has no more tags"));
            let tag = said.tag(&frame).ok_or_else(full)?;
            frame = zeroize::Zeroizing::new([frame.as_slice(), &tag].concat());
        }
        Ok(Said { frame, last })
    }

    fn answer(&self, line: &mut Line, ask: Ask, now: Instant) -> Result<Answer, No> {
        match (&line.stage, ask) {
            (_, Ask::Hello) => {
                if matches!(line.stage, Stage::New) {
                    line.stage = Stage::Greeted;
                }
                Ok(Answer::Welcome { program: env!("CARGO_PKG_VERSION").to_owned(), connection: line.number })
            }
            (Stage::New, _) => {
                Err(No::AndEnd(Fault::new(Code::BadInput, "the first request of a connection is Hello")))
            }
            (_, Ask::Status) => Ok(Answer::State(self.state(now))),
            (Stage::Greeted, Ask::Commit { public, commitment }) => {
                if !schnorr::is_point(&public) || !schnorr::is_point(&commitment) {
                    return Err(end("what was committed to is no point of the curve"));
                }
                let challenge = cipher::random().map_err(system)?;
                line.stage = Stage::Committed { public, commitment, challenge };
                Ok(Answer::Challenge(challenge))
            }
            (Stage::Committed { public, commitment, challenge }, Ask::Prove(response)) => {
                let proved = schnorr::verify(public, commitment, challenge, &response);
                let public = *public;
                // Used once, whatever comes of it.
                line.stage = Stage::Greeted;
                if !proved {
                    return Err(end("the proof does not hold"));
                }
                self.admit(line, public, now)
            }
            (Stage::Session { token, public, .. }, ask) => {
                let Some(role) = self.sessions.borrow_mut().validate(token, now) else {
                    return Err(end("the session is over; prove again"));
                };
                if !role.may(&ask) {
                    return Err(end(format!("{} may not ask this", role.word())));
                }
                self.serve(line, &token.clone(), public, ask, now)
            }
            _ => Err(end("prove who you are first")),
        }
    }

    /// The session of whoever proved `public`.
    fn admit(&self, line: &mut Line, public: PointBytes, now: Instant) -> Result<Answer, No> {
        let Peer { uid, admin, .. } = line.peer;
        let enrolled = self.safe.borrow_mut().vault().ok().and_then(|vault| vault.enrolled(uid));
        let role = if self.tickets.borrow_mut().fits(&public, line.number, now) {
            Role::Hand
        } else if uid == self.brain_uid() && enrolled == Some(public) {
            Role::Brain
        } else if admin {
            Role::Admin
        } else {
            return Err(end(format!(
                "uid {uid} proved a key that is neither enrolled nor a ticket for this connection; hearth keeper enrol enrols one"
            )));
        };
        let life = self.settings.session;
        let token = self.sessions.borrow_mut().begin(role, uid, now, life).map_err(system)?;
        let (heard, said) = (Tagger::new(&token, Direction::Ask), Tagger::new(&token, Direction::Answer));
        line.stage = Stage::Session { token: zeroize::Zeroizing::new(token), public, heard, said };
        Ok(Answer::Session { token, lasts_ms: millis(life) })
    }

    fn serve(&self, line: &Line, token: &Token, public: &PointBytes, ask: Ask, now: Instant) -> Result<Answer, No> {
        let mut safe = self.safe.borrow_mut();
        match ask {
            Ask::ListNames => {
                let names = safe.vault().map(|vault| vault.names()).unwrap_or_default();
                return Ok(Answer::Names(safe.state(), names));
            }
            Ask::Init => safe.init()?,
            Ask::Put { name, value, replace } => safe.vault()?.put(&name, &value.0, replace).map_err(Fault::from)?,
            Ask::Rotate => {
                let count = safe.vault()?.rotate().map_err(Fault::from)?;
                return Ok(Answer::Done(u64::try_from(count).unwrap_or(u64::MAX)));
            }
            Ask::Delete { name } => safe.vault()?.delete(&name).map_err(Fault::from)?,
            Ask::Export { name } => {
                let value = safe.vault()?.value(&name).map_err(Fault::from)?;
                return Ok(Answer::Value(Value::new(value.bytes())));
            }
            Ask::Enrol { uid, public } => {
                if !schnorr::is_point(&public) {
                    return Err(Fault::new(Code::BadInput, "the key is no point of the curve").into());
                }
                safe.vault()?.enrol(uid, &public).map_err(Fault::from)?;
                // Whoever holds the old key holds nothing from here on.
                self.sessions.borrow_mut().revoke_uid(uid, token);
            }
            Ask::Wipe => {
                safe.wipe()?;
                self.tickets.replace(Tickets::default());
                self.sessions.borrow_mut().revoke_others(token);
            }
            Ask::Revoke => {
                let count = self.sessions.borrow_mut().revoke_others(token);
                return Ok(Answer::Done(u64::try_from(count).unwrap_or(u64::MAX)));
            }
            Ask::Vouch(head) => {
                // An administrator may say that the chain begins anew; the brain may only go on.
                let anew = self.sessions.borrow_mut().validate(token, now) == Some(Role::Admin);
                let mac = safe.vault()?.vouch(head, anew).map_err(Fault::from)?;
                return Ok(Answer::Head { head, mac });
            }
            Ask::ShowHead => {
                let (head, mac) = safe.vault()?.vouched().map_err(Fault::from)?;
                return Ok(Answer::Head { head, mac });
            }
            Ask::Cut(cut) => {
                let admin = self.sessions.borrow_mut().validate(token, now) == Some(Role::Admin);
                let mac = safe.vault()?.cut(cut, admin).map_err(Fault::from)?;
                return Ok(Answer::Head { head: cut, mac });
            }
            Ask::ShowCut => {
                let (head, mac) = safe.vault()?.cut_at().map_err(Fault::from)?;
                return Ok(Answer::Head { head, mac });
            }
            Ask::Buy { what, connection } => return self.sell(&mut safe, line, what, connection, now),
            Ask::Redeem(what) => {
                if !self.tickets.borrow_mut().redeem(public, line.number, &what, now) {
                    return Err(end("the ticket is spent, over, or for another use"));
                }
                let value = safe.vault()?.value(&what.secret).map_err(Fault::from)?;
                return Ok(Answer::Value(Value::new(value.bytes())));
            }
            Ask::Hello | Ask::Status | Ask::Commit { .. } | Ask::Prove(_) => {
                return Err(end("a session is made once on a connection"));
            }
        }
        Ok(Answer::Done(0))
    }

    fn sell(&self, safe: &mut Safe, line: &Line, what: Use, connection: u64, now: Instant) -> Result<Answer, No> {
        let fits = |text: &str| text.len() <= limits::TICKET_TEXT_BYTES && !text.contains(char::is_control);
        if what.tool.is_empty() || !fits(&what.tool) || !fits(&what.host) {
            return Err(Fault::new(Code::BadInput, "a ticket names a tool, and a host of at most 253 bytes").into());
        }
        if !safe.vault()?.holds(&what.secret) {
            return Err(Fault::new(Code::NotFound, format!("there is no secret '{}'", what.secret)).into());
        }
        let hand = self.lines.borrow().iter().find(|(number, _)| *number == connection).map(|(_, peer)| *peer);
        let Some(hand) = hand else {
            return Err(Fault::new(Code::NotFound, "no connection has this number: the hand is gone").into());
        };
        // Whoever buys does not redeem: the value is for a process that was sealed for one job.
        if hand.pid == line.peer.pid {
            return Err(end("a ticket is for the connection of a hand, not for the buyer's own process"));
        }
        match self.tickets.borrow_mut().sell(what, connection, now).map_err(system)? {
            Some(bytes) => Ok(Answer::Ticket { bytes: *bytes, lasts_ms: millis(limits::TICKET_LIFE) }),
            None => Err(Fault::new(Code::Full, format!("{} tickets are out already", limits::TICKETS)).into()),
        }
    }

    /// The uid whose enrolled key is the brain's: the keeper's own where none is named.
    fn brain_uid(&self) -> u32 {
        self.settings.brain.unwrap_or_else(|| getuid().as_raw())
    }

    fn state(&self, now: Instant) -> State {
        let (walls, missing) = seal::observe();
        let safe = self.safe.borrow();
        self.sessions.borrow_mut().cleanup(now);
        State {
            program: env!("CARGO_PKG_VERSION").to_owned(),
            pid: std::process::id(),
            uid: getuid().as_raw(),
            uptime_ms: millis(self.began.elapsed()),
            clients: u32::try_from(self.lines.borrow().len()).unwrap_or(u32::MAX),
            sessions: u32::try_from(self.sessions.borrow().count()).unwrap_or(u32::MAX),
            walls,
            missing,
            vault: safe.state(),
            note: safe.note().to_owned(),
            key: safe.source().to_owned(),
            separated: self.brain_uid() != getuid().as_raw(),
        }
    }
}

fn system(fault: cipher::CipherFault) -> Fault {
    Fault::new(Code::System, fault.to_string())
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
