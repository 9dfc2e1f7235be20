//! The one way to read a FlatBuffer that another process sent.
//!
//! The verifier's default limits let 632 bytes of shared tables burn 1.6 s, so its limits here are
//! those of a message that we would send ourselves, and the length is looked at before anything else.

#![forbid(unsafe_code)]

use flatbuffers::{Follow, Verifiable, VerifierOptions};

use crate::base::{Code, Fault, limits};

/// Why a buffer from another process was not believed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WireFault {
    /// Longer than any message of ours.
    #[error("a message of {length} bytes is over the {most} bytes of the longest message", most = limits::PACKET_BYTES)]
    TooLong {
        /// Its length, in bytes.
        length: usize,
    },
    /// Not a FlatBuffer of the expected table, or one built to be expensive.
    #[error("a message is not what its schema says: {0}")]
    NotVerified(String),
    /// The sender speaks another version of the protocol.
    #[error("a message has version {theirs} where this build speaks {ours}: both programs must come from one build")]
    WrongVersion {
        /// The version of this build.
        ours: u16,
        /// The version in the message.
        theirs: u16,
    },
    /// The union holds a kind that this build does not know.
    #[error("a message of unknown kind {0}")]
    UnknownKind(u8),
}

impl From<WireFault> for Fault {
    fn from(fault: WireFault) -> Self {
        Self::new(Code::Garbage, fault.to_string())
    }
}

/// The table `T` at the root of `bytes`, with every offset in it checked.
///
/// # Errors
/// [`WireFault::TooLong`] before a byte is read, [`WireFault::NotVerified`] otherwise.
pub fn read<'a, T>(bytes: &'a [u8]) -> Result<T::Inner, WireFault>
where
    T: Follow<'a> + Verifiable + 'a,
{
    if bytes.len() > limits::PACKET_BYTES {
        return Err(WireFault::TooLong { length: bytes.len() });
    }
    flatbuffers::root_with_opts::<T>(&options(), bytes).map_err(|fault| WireFault::NotVerified(one_line(&fault)))
}

/// Accepts the version of this build only.
///
/// # Errors
/// [`WireFault::WrongVersion`] with both numbers.
pub const fn same_version(theirs: u16) -> Result<(), WireFault> {
    if theirs == super::VERSION { Ok(()) } else { Err(WireFault::WrongVersion { ours: super::VERSION, theirs }) }
}

/// Largest vtable of ours: 30 fields.
const VTABLE_BYTES: usize = 64;

/// What the verifier saw, without the path through the tables that follows it on further lines.
fn one_line(fault: &flatbuffers::InvalidFlatbuffer) -> String {
    fault.to_string().lines().next().unwrap_or_default().to_owned()
}

/// Our own messages share nothing but vtables, so the apparent size may exceed the real one by those only.
fn options() -> VerifierOptions {
    VerifierOptions {
        max_depth: limits::PACKET_DEPTH,
        max_tables: limits::PACKET_TABLES,
        max_apparent_size: limits::PACKET_BYTES + limits::PACKET_TABLES * VTABLE_BYTES,
        ignore_missing_null_terminator: false,
    }
}
