//! What can go wrong with the keeper, on either side of its socket.
//!
//! Each variant is one failed step; its sentence is the message that a person reads.

use std::io;
use std::path::PathBuf;

use super::cipher::CipherFault;
use crate::base::{Code, Fault, limits};
use crate::sandbox::unreached;
use crate::wire::WireFault;

/// Why the keeper could not serve, or could not be asked.
#[derive(Debug, thiserror::Error)]
pub enum KeeperFault {
    /// The command line does not make sense.
    #[error("{0}; see hearth-keeper --help")]
    Usage(String),
    /// The inherited descriptors are not what a service manager passes.
    #[error("inherited descriptors: {0}")]
    Inherited(#[source] io::Error),
    /// The passed descriptor is not a listening Unix stream socket.
    #[error(
        "the descriptor passed by the service manager is not a listening Unix stream socket; use ListenStream= with a path"
    )]
    NotASocket,
    /// The socket could not be made.
    #[error("cannot listen at {path}: {error}")]
    Bind {
        /// Where.
        path: PathBuf,
        /// The system's words.
        #[source]
        error: io::Error,
    },
    /// Another keeper answers there.
    #[error("another process listens at {0} already; stop it, or give --socket another path")]
    InUse(PathBuf),
    /// Something that is not a socket stands there.
    #[error("{0} exists and is not a socket; remove it, or give --socket another path")]
    NotOurs(PathBuf),
    /// A wall could not be raised: the keeper does not serve without it.
    #[error("cannot raise the wall '{wall}': {error}")]
    Unsealed {
        /// Its name.
        wall: &'static str,
        /// The system's words.
        #[source]
        error: io::Error,
    },
    /// The system refused something that serving needs.
    #[error("{act}: {error}")]
    System {
        /// What was tried.
        act: &'static str,
        /// The system's words.
        #[source]
        error: io::Error,
    },
    /// No keeper at the socket.
    #[error("no keeper answers at {path}: {error}; {}", unreached(.error, "start hearth-keeper, or name its socket with --socket"))]
    Absent {
        /// Where it was looked for.
        path: PathBuf,
        /// The system's words.
        #[source]
        error: io::Error,
    },
    /// The connection broke or took too long.
    #[error("the connection to the keeper broke: {0}")]
    Broken(#[source] io::Error),
    /// A message that is longer than any may be.
    #[error("a message of {0} bytes, where {most} is the most", most = limits::KEEPER_BYTES)]
    TooLong(u32),
    /// Bytes that are not the protocol.
    #[error(transparent)]
    Wire(#[from] WireFault),
    /// An answer to something that was not asked.
    #[error("the keeper answered something else than it was asked")]
    Unasked,
    /// A frame whose tag is not the session's.
    #[error("the keeper's answer does not carry the tag of this session")]
    Untagged,
    /// No random bytes, or no memory to lock.
    #[error(transparent)]
    Cipher(#[from] CipherFault),
    /// The session key cannot be had.
    #[error("the session key in {path}: {what}")]
    SessionKey {
        /// Its file.
        path: PathBuf,
        /// What is wrong.
        what: String,
    },
    /// The keeper said no.
    #[error("the keeper refused: {0}")]
    Refused(Fault),
}

impl From<KeeperFault> for Fault {
    fn from(fault: KeeperFault) -> Self {
        let code = match &fault {
            KeeperFault::Usage(_) => Code::BadInput,
            KeeperFault::Absent { .. } | KeeperFault::InUse(_) => Code::Unavailable,
            KeeperFault::Broken(error) if error.kind() == io::ErrorKind::TimedOut => Code::Timeout,
            KeeperFault::Broken(_) => Code::Unavailable,
            KeeperFault::TooLong(_) | KeeperFault::Wire(_) | KeeperFault::Unasked | KeeperFault::Untagged => {
                Code::Garbage
            }
            KeeperFault::Refused(refusal) => refusal.code,
            _ => Code::System,
        };
        Self::new(code, fault.to_string())
    }
}
