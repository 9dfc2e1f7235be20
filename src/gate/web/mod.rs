//! HTTP for the brain without a secret in it: resolve, check, connect, then a `net` hand does the rest.
//!
//! ```text
//! Web::send ── Door (checked, pinned socket) ── fresh net hand ── Greet ── Purse buys tickets ── Fetch
//!   Answer { status, headers } ── Answer::chunk() … None          dropping it closes the connection
//! ```
//!
//! **How to use.** Make a [`Request`], [`Web::send`] it, read [`Answer::chunk`] until `None`. Any status is
//! an answer. A server-sent stream needs nothing special: a piece comes as soon as the server sent it, at
//! most [`Request::idle`] apart. A secret is named, never held: [`Secret`] says which and where it goes,
//! and the hand fetches the value from the keeper itself. Dropping the future or the answer ends the hand,
//! and with it the connection, at once. Redirects are followed only where [`Request::redirects`] says so,
//! each checked like the first URL; none takes a secret to another server.

mod purse;
mod send;

use std::fmt;
use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::time::Duration;

pub use purse::Purse;

use crate::base::limits::{NET_ANSWER_BYTES, NET_IDLE};
use crate::base::{Code, Fault};
use crate::net::Door;
use crate::sandbox::{HandLink, Hands};
use crate::wire::hand::{Outcome, Work};
use crate::wire::net::{Ask, Header, Told};

/// Where a secret goes in a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Spot {
    /// Into a header of its own: `authorization`, `Bearer `.
    Header {
        /// The header's name.
        name: String,
        /// What stands before the value.
        before: String,
    },
    /// In the place of [`MARK`], which stands once in the URL's path.
    Path,
    /// In the place of [`MARK`], which stands once in the body; escaped where the body is JSON.
    Body,
}

/// What a secret takes the place of in a path or a body.
pub const MARK: &str = "{secret}";

/// A secret of the vault that a request needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Secret {
    /// Its name in the vault.
    pub name: String,
    /// Where it goes.
    pub spot: Spot,
}

/// What is asked.
#[derive(Clone, Debug)]
pub struct Request {
    /// The tool on whose behalf; tickets are bought for it.
    pub tool: String,
    /// `GET`, `HEAD`, `POST`, `PUT`, `PATCH`, `DELETE`.
    pub method: String,
    /// `https`, or `http` (a secret goes over `http` only to a granted address of the LAN).
    pub url: String,
    /// Headers, without secrets.
    pub headers: Vec<Header>,
    /// The body; of POST, PUT and PATCH.
    pub body: Vec<u8>,
    /// Secrets that the hand puts in.
    pub secrets: Vec<Secret>,
    /// How many redirects are followed; 0: they are answers.
    pub redirects: u8,
    /// Longest silence of the server, before its answer and within it.
    pub idle: Duration,
    /// Most bytes of an answer.
    pub most: u64,
}

impl Request {
    /// A GET without headers, secrets or redirects.
    #[must_use]
    pub fn get(tool: &str, url: &str) -> Self {
        Self {
            tool: tool.to_owned(),
            method: "GET".into(),
            url: url.to_owned(),
            headers: Vec::new(),
            body: Vec::new(),
            secrets: Vec::new(),
            redirects: 0,
            idle: NET_IDLE,
            most: NET_ANSWER_BYTES,
        }
    }

    /// A POST of a JSON text.
    #[must_use]
    pub fn post_json(tool: &str, url: &str, body: Vec<u8>) -> Self {
        let headers = vec![("content-type".to_owned(), "application/json".to_owned())];
        Self { method: "POST".into(), headers, body, ..Self::get(tool, url) }
    }
}

/// Sends requests; cheap to clone.
#[derive(Clone)]
pub struct Web {
    parts: Arc<Parts>,
}

/// What requests need.
pub struct Parts {
    /// Makes the hands.
    pub hands: Hands,
    /// Resolves, checks and connects.
    pub door: Door,
    /// Buys tickets; [`None`] where no keeper is set, so that no request has a secret.
    pub purse: Option<Purse>,
    /// A file of authorities that are trusted besides the web's.
    pub roots: Option<OwnedFd>,
    /// A time that has surely passed, in milliseconds since 1970 (boards without a clock).
    pub floor_ms: i64,
}

impl fmt::Debug for Web {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Web").field("door", &self.parts.door).finish_non_exhaustive()
    }
}

impl Web {
    /// Of these parts.
    #[must_use]
    pub fn new(parts: Parts) -> Self {
        Self { parts: Arc::new(parts) }
    }

    /// Sends a request; the answer's body is yet to be read.
    ///
    /// # Errors
    /// [`Code::Refused`] for a URL, address, redirect, certificate or ticket that is refused;
    /// [`Code::Unavailable`] where host or keeper is not there; [`Code::Timeout`]; the hand's own fault.
    pub async fn send(&self, request: &Request) -> Result<Answer, Fault> {
        send::send(&self.parts, request).await
    }
}

/// An answer that is being read; dropping it closes the connection.
#[derive(Debug)]
pub struct Answer {
    /// HTTP status.
    pub status: u16,
    /// Headers; names in lower case.
    pub headers: Vec<Header>,
    /// The URL that answered, after redirects.
    pub url: String,
    link: HandLink,
    within: Duration,
    left: u64,
    over: bool,
}

impl Answer {
    /// A header's first value.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(of, _)| of.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    /// The next piece as soon as it is there; `None` at the end.
    ///
    /// # Errors
    /// [`Code::Timeout`] after a silence, [`Code::Full`] above the request's cap, [`Code::Refused`] where the
    /// server repeats the secret, the hand's own fault.
    pub async fn chunk(&mut self) -> Result<Option<Vec<u8>>, Fault> {
        if self.over {
            return Ok(None);
        }
        let told = self.link.call(&Work::Net(Ask::More), self.within).await?;
        let Outcome::Net(Told::Chunk { bytes, last }) = told else {
            return Err(Fault::new(Code::Garbage, "the net hand answered something else than a piece"));
        };
        let length = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        self.left = self.left.checked_sub(length).ok_or_else(|| Fault::new(Code::Full, "the answer is too long"))?;
        self.over = last;
        Ok(if last && bytes.is_empty() { None } else { Some(bytes) })
    }

    /// All of the body.
    ///
    /// # Errors
    /// As [`Answer::chunk`].
    pub async fn whole(mut self) -> Result<Vec<u8>, Fault> {
        let mut all = Vec::new();
        while let Some(piece) = self.chunk().await? {
            all.extend(piece);
        }
        Ok(all)
    }
}
