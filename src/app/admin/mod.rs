//! The admin socket: how `hearth` commands talk to a running service.
//!
//! JSON lines over a Unix socket of mode 0600 in the runtime folder; one request, one response. The
//! peer's uid is asked of the kernel (SO_PEERCRED): the service's own uid and root are let in.

mod client;
mod server;

use serde::{Deserialize, Serialize};
use serde_json::Value;

pub use client::Client;
pub use server::{Answer, Server};

use crate::base::Fault;
use crate::memory::Order;

/// What a command asks of the service.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "snake_case", deny_unknown_fields)]
pub enum Request {
    /// One turn.
    Say {
        /// The sentence.
        text: String,
        /// The conversation it belongs to.
        session: String,
    },
    /// The state of everything.
    Status,
    /// Which wall refuses what to which class of hand.
    Walls,
    /// The tools and what they declare.
    Tools,
    /// One tool call through the gate.
    Tool {
        /// Its name.
        name: String,
        /// Its arguments.
        arguments: Value,
        /// Whether the caller confirms a risky call.
        #[serde(default)]
        confirmed: bool,
    },
    /// Remember, find, forget.
    Memory(Order),
    /// How the store is.
    DbStatus,
    /// Every fault of the database.
    DbCheck,
    /// A copy of the database in the data folder, whose path comes back.
    DbBackup,
    /// The database made as small as its rows.
    DbCompact,
    /// Texts to vectors.
    Embed {
        /// The texts.
        texts: Vec<String>,
    },
    /// The latest audit records.
    Calls {
        /// How many.
        limit: usize,
    },
    /// Stops every tool call, running ones included, until [`Request::Resume`]; also over a restart.
    Suspend,
    /// Lets tool calls through again.
    Resume,
    /// Asks a model one question, as a turn would.
    TryModel {
        /// The server.
        base_url: String,
        /// The model's name.
        name: String,
        /// `vault:` and the key's name there; empty: none.
        secret: String,
    },
    /// Walks the chain of audit records beside what the keeper remembers.
    AuditVerify,
    /// Audit records with their links, in the order of the chain.
    AuditPage {
        /// After this place; records from before the chain come first, at places below 1.
        after: i64,
    },
}

/// What comes back.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Response {
    /// It was done; this came of it.
    Done(Value),
    /// It was not done.
    Failed(Fault),
}

impl Response {
    /// As a result.
    ///
    /// # Errors
    /// The fault of a failed request.
    pub fn into_result(self) -> Result<Value, Fault> {
        match self {
            Self::Done(value) => Ok(value),
            Self::Failed(fault) => Err(fault),
        }
    }
}

impl From<Result<Value, Fault>> for Response {
    fn from(result: Result<Value, Fault>) -> Self {
        match result {
            Ok(value) => Self::Done(value),
            Err(fault) => Self::Failed(fault),
        }
    }
}
