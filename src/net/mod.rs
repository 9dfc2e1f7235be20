//! The way out: find a host's addresses, check every one, connect to one that was checked.
//!
//! ```text
//! URL ── guard::url ── Resolve ── guard::address on each answer ── connect to exactly that address
//! ```
//!
//! The socket is handed to a hand, which speaks TLS and HTTP over it and can open none itself; so a
//! name that answers differently the second time (DNS rebinding) is never asked a second time. What
//! the hands need of TLS lies in [`tls`] and [`stream`]. Nothing here speaks HTTP or holds a secret.

#![forbid(unsafe_code)]

mod door;
mod resolve;
pub mod stream;
pub mod tls;

pub use door::{Connected, Door};
pub use resolve::{Answer, Resolve, Scripted, System};

use crate::base::{Code, Fault};

/// Why a host was not reached.
#[derive(Debug, thiserror::Error)]
pub enum NetFault {
    /// The URL or every address of its host is refused.
    #[error("{host} is not asked: {why}")]
    Refused {
        /// The host, or «the URL».
        host: String,
        /// The reason.
        why: String,
    },
    /// The name has no address, or nobody answered for it; without an address nothing is asked.
    #[error("{host} has no address: {why}")]
    NoAddress {
        /// The host.
        host: String,
        /// The resolver's answer.
        why: String,
    },
    /// No checked address took the connection.
    #[error("{host} was not reached at {address}: {error}")]
    Unreachable {
        /// The host.
        host: String,
        /// The last address that was tried.
        address: std::net::SocketAddr,
        /// The system's answer.
        error: std::io::Error,
    },
    /// The time for it ran out.
    #[error("{host} was not reached within {within:?}")]
    Timeout {
        /// The host.
        host: String,
        /// The time.
        within: std::time::Duration,
    },
    /// Authorities or a certificate that cannot be used.
    #[error("{what}: {why}")]
    Pem {
        /// What they are for.
        what: &'static str,
        /// What is wrong.
        why: String,
    },
}

impl From<NetFault> for Fault {
    fn from(fault: NetFault) -> Self {
        let code = match &fault {
            NetFault::Refused { .. } => Code::Refused,
            NetFault::NoAddress { .. } | NetFault::Unreachable { .. } => Code::Unavailable,
            NetFault::Timeout { .. } => Code::Timeout,
            NetFault::Pem { .. } => Code::BadInput,
        };
        Self::new(code, fault.to_string())
    }
}
