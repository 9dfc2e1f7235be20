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

#[cfg(test)]
mod tests {
    use flatbuffers::FlatBufferBuilder;
    use proptest::prelude::*;

    use super::*;
    use crate::wire::generated::hand;

    /// A request whose table of lines refers `copies` times to one grant: every reference is a table
    /// to the verifier, while the buffer grows by four bytes only.
    fn holding(copies: usize) -> Vec<u8> {
        let mut fbb = FlatBufferBuilder::new();
        let args = hand::LineGrantArgs { period_ns: 20_000_000, writable: true, ..Default::default() };
        let grant = hand::LineGrant::create(&mut fbb, &args);
        let lines = Some(fbb.create_vector(&vec![grant; copies]));
        let work = Some(hand::Hold::create(&mut fbb, &hand::HoldArgs { lines }).as_union_value());
        let args = hand::RequestArgs { version: 1, id: 7, work_type: hand::Work::Hold, work };
        let root = hand::Request::create(&mut fbb, &args);
        fbb.finish(root, None);
        fbb.finished_data().to_vec()
    }

    /// Reads everything that an accepted request can hold.
    fn walk(request: &hand::Request<'_>) -> usize {
        let mut seen = usize::from(request.version()) + usize::try_from(request.id()).unwrap_or(0) % 2;
        if let Some(hold) = request.work_as_hold() {
            seen += hold.lines().iter().filter(|line| line.writable() && line.period_ns() > 0).count();
        }
        seen +=
            request.work_as_line_set().map_or(0, |set| usize::from(set.value() > 0.0) + usize::from(set.line() > 0));
        seen += request.work_as_tell_time().map_or(0, |tell| tell.zone().chars().count());
        seen += request.work_as_evaluate().map_or(0, |evaluate| evaluate.expression().chars().count());
        seen += request.work_as_file_write().map_or(0, |write| write.bytes().iter().filter(|byte| *byte > 0).count());
        seen + request.work_as_file_edit().map_or(0, |edit| edit.find().len() + edit.replace().chars().count())
    }

    #[test]
    fn a_message_of_ours_is_read() {
        let bytes = holding(limits::PACKET_DESCRIPTORS);
        let request = read::<hand::Request<'_>>(&bytes).unwrap();
        assert_eq!(request.work_as_hold().unwrap().lines().len(), limits::PACKET_DESCRIPTORS);
    }

    #[test]
    fn shared_tables_are_counted_each_time_and_refused() {
        // With the default limits this buffer of about a kilobyte is accepted: that is the bomb.
        let bytes = holding(limits::PACKET_TABLES + 1);
        assert!(flatbuffers::root::<hand::Request<'_>>(&bytes).is_ok());
        let fault = read::<hand::Request<'_>>(&bytes).unwrap_err();
        assert!(matches!(&fault, WireFault::NotVerified(text) if text.to_lowercase().contains("table")), "{fault}");
    }

    #[test]
    fn the_verifier_gets_our_limits() {
        let options = options();
        assert!(options.max_tables <= 256 && options.max_depth <= 8 && options.max_apparent_size <= 256 * 1024);
    }

    #[test]
    fn the_length_is_looked_at_first() {
        let bytes = vec![0; limits::PACKET_BYTES + 1];
        assert_eq!(read::<hand::Request<'_>>(&bytes).unwrap_err(), WireFault::TooLong { length: bytes.len() });
    }

    #[test]
    fn only_our_version_is_spoken() {
        assert_eq!(same_version(super::super::VERSION), Ok(()));
        assert!(matches!(same_version(0), Err(WireFault::WrongVersion { ours: 1, theirs: 0 })));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]

        #[test]
        fn random_bytes_are_refused_or_can_be_walked(bytes in proptest::collection::vec(any::<u8>(), 0..256)) {
            if let Ok(request) = read::<hand::Request<'_>>(&bytes) {
                walk(&request);
            }
        }

        #[test]
        fn damaged_messages_are_refused_or_can_be_walked(
            copies in 0usize..8,
            damage in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
        ) {
            let mut bytes = holding(copies);
            for (at, byte) in damage {
                let place = at.index(bytes.len());
                bytes[place] = byte;
            }
            if let Ok(request) = read::<hand::Request<'_>>(&bytes) {
                walk(&request);
            }
        }
    }
}
