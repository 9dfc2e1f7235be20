//! The keeper's protocol as types: what is asked and what is answered.
//!
//! Both sides use this file; `codec` turns it into FlatBuffers and back. Values never show in a
//! debug print, and their memory is overwritten.

use zeroize::Zeroizing;

use super::schnorr::{PointBytes, ScalarBytes};
use crate::base::Fault;

/// Where a hand may put a value. There is no argument and no environment: others can read those.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// A header of a request.
    Header,
    /// Part of the URL's path.
    Path,
    /// The body of a request.
    Body,
    /// Standard input of a program.
    Stdin,
    /// A descriptor that is handed over.
    Descriptor,
}

/// The one use that a ticket is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Use {
    /// The tool.
    pub tool: String,
    /// The secret's name.
    pub secret: String,
    /// Where the value goes.
    pub place: Place,
    /// The host that gets it; empty where none does.
    pub host: String,
}

/// Bytes of a secret.
#[derive(Clone, PartialEq, Eq)]
pub struct Value(pub Zeroizing<Vec<u8>>);

impl Value {
    /// A copy of these bytes.
    #[must_use]
    pub fn new(bytes: &[u8]) -> Self {
        Self(Zeroizing::new(bytes.to_vec()))
    }
}

impl std::fmt::Debug for Value {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Value(..)")
    }
}

/// What can be asked; `role` says by whom.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ask {
    /// The first request of each connection.
    Hello,
    /// What the keeper is and what holds it.
    Status,
    /// The names of the secrets.
    ListNames,
    /// Begins a proof.
    Commit {
        /// The key to be proved.
        public: PointBytes,
        /// The nonce's point.
        commitment: PointBytes,
    },
    /// Answers the challenge; a session follows.
    Prove(ScalarBytes),
    /// A ticket for the hand on a connection.
    Buy {
        /// For what.
        what: Use,
        /// The number that the keeper gave to the hand's connection.
        connection: u64,
    },
    /// The value that the proved ticket is for.
    Redeem(Use),
    /// A new vault.
    Init,
    /// Keeps a value.
    Put {
        /// Its name.
        name: String,
        /// The value.
        value: Value,
        /// Whether one of that name gets a new value.
        replace: bool,
    },
    /// A new data key for the vault.
    Rotate,
    /// Forgets a secret.
    Delete {
        /// Its name.
        name: String,
    },
    /// The value of a secret, for an administrator.
    Export {
        /// Its name.
        name: String,
    },
    /// Remembers the session key of the brain.
    Enrol {
        /// The uid that it is for.
        uid: u32,
        /// The key.
        public: PointBytes,
    },
    /// Ends every session but the asker's.
    Revoke,
    /// Remembers this head of the chain of audit records.
    Vouch(Head),
    /// The head that is remembered.
    ShowHead,
    /// Lets the records up to this one go off the front of the chain.
    Cut(Head),
    /// The last record that was let go.
    ShowCut,
    /// Forgets everything: the vault, and the key file in its folder.
    Wipe,
}

/// The head of the chain of audit records.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    /// How many records.
    pub place: u64,
    /// The last one's link.
    pub link: [u8; 32],
}

/// One request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// The asker's own number, repeated in the reply.
    pub id: u64,
    /// What is asked.
    pub ask: Ask,
}

/// Whether there is a vault to take secrets from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Vault {
    /// No vault was made yet.
    NotInitialised,
    /// There is one.
    Open,
    /// There is one that this keeper cannot open.
    Locked,
}

impl Vault {
    /// The word used in JSON and for people.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::NotInitialised => "not_initialised",
            Self::Open => "open",
            Self::Locked => "locked",
        }
    }
}

/// What the keeper is, as it sees itself while it is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct State {
    /// The keeper's version.
    pub program: String,
    /// Its process.
    pub pid: u32,
    /// The uid that it runs as.
    pub uid: u32,
    /// Milliseconds since it began to serve.
    pub uptime_ms: u64,
    /// Connections at this moment, the asker's included.
    pub clients: u32,
    /// Sessions that hold.
    pub sessions: u32,
    /// Walls that were seen to hold.
    pub walls: Vec<String>,
    /// Walls that were not.
    pub missing: Vec<String>,
    /// The vault.
    pub vault: Vault,
    /// Why it is locked; empty where it is not.
    pub note: String,
    /// Where the master key came from; empty where there is none.
    pub key: String,
    /// Whether the keeper runs under another uid than the brain: only then does the kernel hold the
    /// brain off the vault's file.
    pub separated: bool,
}

/// What can be answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// To [`Ask::Hello`].
    Welcome {
        /// The keeper's version.
        program: String,
        /// This connection's number.
        connection: u64,
    },
    /// To [`Ask::Status`].
    State(State),
    /// To [`Ask::ListNames`].
    Names(Vault, Vec<String>),
    /// To anything; the connection ends after some of them.
    Refused(Fault),
    /// To [`Ask::Commit`].
    Challenge(ScalarBytes),
    /// To [`Ask::Prove`]; every later frame is tagged with the token.
    Session {
        /// The token.
        token: [u8; 32],
        /// How long it holds, in milliseconds.
        lasts_ms: u64,
    },
    /// To [`Ask::Buy`].
    Ticket {
        /// What the hand proves.
        bytes: [u8; 32],
        /// How long it is good, in milliseconds.
        lasts_ms: u64,
    },
    /// To [`Ask::Redeem`] and [`Ask::Export`].
    Value(Value),
    /// To [`Ask::Vouch`] and [`Ask::ShowHead`].
    Head {
        /// What is remembered.
        head: Head,
        /// HMAC-SHA256 over it under a key that only the keeper has.
        mac: [u8; 32],
    },
    /// To everything else; a number where one was counted.
    Done(u64),
}

/// One reply.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// The number of the request; 0 where the keeper refuses before it read one.
    pub id: u64,
    /// What is answered.
    pub answer: Answer,
}
