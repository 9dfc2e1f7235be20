//! Sessions: a token for an hour after the proof, and a tag of it on every frame.
//!
//! The tag covers direction, count and bytes, so that no frame can be replayed, dropped in the middle
//! or turned around, and a connection that was taken over says nothing that is believed.

use std::time::{Duration, Instant};

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use zeroize::Zeroizing;

use super::cipher::{self, CipherFault};
use super::role::Role;
use crate::base::limits;

/// A session's token.
pub type Token = [u8; 32];
/// Length of the tag after each buffer, in bytes.
pub const TAG_BYTES: usize = 32;

/// Who sends a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// From the asker to the keeper.
    Ask,
    /// From the keeper to the asker.
    Answer,
}

/// Tags the frames of one connection in one direction, and counts them.
#[derive(Debug)]
pub struct Tagger {
    token: Zeroizing<Token>,
    direction: Direction,
    count: u64,
}

impl Tagger {
    /// For the frames after the one that brought the token.
    #[must_use]
    pub fn new(token: &Token, direction: Direction) -> Self {
        Self { token: Zeroizing::new(*token), direction, count: 0 }
    }

    fn mac(&mut self, message: &[u8]) -> Option<Hmac<Sha256>> {
        let mut mac = Hmac::<Sha256>::new_from_slice(self.token.as_slice()).ok()?;
        mac.update(match self.direction {
            Direction::Ask => b"hearth keeper ask".as_slice(),
            Direction::Answer => b"hearth keeper answer".as_slice(),
        });
        mac.update(&self.count.to_be_bytes());
        mac.update(message);
        self.count = self.count.checked_add(1)?;
        Some(mac)
    }

    /// The tag of the next frame; `None` after 2⁶⁴ of them.
    #[must_use]
    pub fn tag(&mut self, message: &[u8]) -> Option<[u8; TAG_BYTES]> {
        Some(self.mac(message)?.finalize().into_bytes().into())
    }

    /// The message of the next frame, where its tag is right; compares in constant time.
    #[must_use]
    pub fn check<'a>(&mut self, frame: &'a [u8]) -> Option<&'a [u8]> {
        let (message, tag) = frame.split_last_chunk::<TAG_BYTES>()?;
        self.mac(message)?.verify_slice(tag).ok()?;
        Some(message)
    }
}

#[derive(Debug)]
struct Session {
    token: Zeroizing<Token>,
    role: Role,
    uid: u32,
    ends: Instant,
}

/// The sessions that hold.
#[derive(Debug, Default)]
pub struct Sessions(Vec<Session>);

impl Sessions {
    /// A new session; at most one for each connection is made, which bounds them.
    ///
    /// # Errors
    /// [`CipherFault::System`] where there are no random bytes.
    pub fn begin(&mut self, role: Role, uid: u32, now: Instant, life: Duration) -> Result<Token, CipherFault> {
        self.cleanup(now);
        if self.0.len() >= limits::KEEPER_CLIENTS {
            // More sessions than connections: the oldest belongs to one that is gone.
            self.0.remove(0);
        }
        let token = cipher::random()?;
        self.0.push(Session { token: Zeroizing::new(token), role, uid, ends: now + life });
        Ok(token)
    }

    /// The role of a session that holds; one that is over is dropped.
    pub fn validate(&mut self, token: &Token, now: Instant) -> Option<Role> {
        self.cleanup(now);
        self.0.iter().find(|session| same(&session.token, token)).map(|session| session.role.clone())
    }

    /// Ends one session; whether there was one.
    pub fn revoke(&mut self, token: &Token) -> bool {
        self.end(|session| same(&session.token, token)) > 0
    }

    /// Ends all sessions but one; how many.
    pub fn revoke_others(&mut self, but: &Token) -> usize {
        self.end(|session| !same(&session.token, but))
    }

    /// Ends the sessions of a uid but one; how many.
    pub fn revoke_uid(&mut self, uid: u32, but: &Token) -> usize {
        self.end(|session| session.uid == uid && !same(&session.token, but))
    }

    /// Drops the sessions that are over at `now`; how many.
    pub fn cleanup(&mut self, now: Instant) -> usize {
        self.end(|session| now >= session.ends)
    }

    /// How many hold.
    #[must_use]
    pub const fn count(&self) -> usize {
        self.0.len()
    }

    fn end(&mut self, over: impl Fn(&Session) -> bool) -> usize {
        let before = self.0.len();
        self.0.retain(|session| !over(session));
        before - self.0.len()
    }
}

/// Compares without telling by its time how much is the same.
fn same(one: &Token, other: &Token) -> bool {
    one.iter().zip(other).fold(0, |differs, (a, b)| differs | (a ^ b)) == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: Duration = limits::KEEPER_SESSION;

    /// Of the source, since a measured time says nothing on a busy machine: the crate compares (`subtle`), never `==`.
    #[test]
    fn tags_are_compared_by_what_takes_the_same_time_for_all() {
        let code = include_str!("session.rs").split("#[cfg(test)]").next().unwrap_or_default();
        assert_eq!(code.matches(".verify_slice(tag)").count(), 1);
        let plain = |line: &&str| line.contains("tag") && (line.contains("==") || line.contains("!="));
        assert_eq!(code.lines().find(plain), None);
    }

    #[test]
    fn a_session_ends_at_its_hour_and_not_before() {
        let (mut sessions, now) = (Sessions::default(), Instant::now());
        let token = sessions.begin(Role::Admin, 0, now, HOUR).unwrap();
        assert_eq!(sessions.validate(&token, now + HOUR - Duration::from_millis(1)), Some(Role::Admin));
        assert_eq!(sessions.validate(&[0; 32], now), None);
        assert_eq!(sessions.validate(&token, now + HOUR), None);
        assert_eq!(sessions.count(), 0, "it was not dropped");
    }

    #[test]
    fn a_revoked_session_is_refused_and_the_others_go_on() {
        let (mut sessions, now) = (Sessions::default(), Instant::now());
        let [one, two, three] = [1, 2, 2].map(|uid| sessions.begin(Role::Brain, uid, now, HOUR).unwrap());
        assert!(sessions.revoke(&one) && !sessions.revoke(&one));
        assert_eq!(sessions.validate(&one, now), None);
        assert_eq!(sessions.revoke_uid(2, &three), 1);
        assert_eq!(sessions.validate(&two, now), None);
        assert_eq!(sessions.revoke_others(&three), 0);
        assert_eq!(sessions.validate(&three, now), Some(Role::Brain));
        sessions.begin(Role::Brain, 3, now, HOUR * 2).unwrap();
        assert_eq!(sessions.cleanup(now + HOUR), 1);
    }

    #[test]
    fn a_frame_is_believed_once_in_its_place_and_direction() {
        let mut sender = Tagger::new(&[3; 32], Direction::Ask);
        let mut frame = |message: &[u8]| [message, &sender.tag(message).unwrap()].concat();
        let (first, second) = (frame(b"first"), frame(b"second"));
        let reader = || Tagger::new(&[3; 32], Direction::Ask);
        let mut whole = reader();
        assert_eq!(whole.check(&first), Some(b"first".as_slice()));
        assert_eq!(whole.check(&first), None, "replayed");
        assert_eq!(reader().check(&second), None, "the first was dropped");
        assert_eq!(Tagger::new(&[3; 32], Direction::Answer).check(&first), None, "turned around");
        assert_eq!(Tagger::new(&[4; 32], Direction::Ask).check(&first), None, "another token");
        let mut changed = first.clone();
        changed[0] ^= 1;
        assert_eq!(reader().check(&changed), None);
        assert_eq!(reader().check(b"short"), None);
    }
}
