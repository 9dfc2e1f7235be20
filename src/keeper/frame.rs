//! Frames on the keeper's stream socket: a length (u32, little endian), then so many bytes.
//!
//! The length is checked before a byte of the message is read or room for it is made.

use std::io::{Read, Write};

use zeroize::Zeroizing;

use super::fault::KeeperFault;
use crate::base::limits;

/// The length of the message that follows `prefix`.
///
/// # Errors
/// [`KeeperFault::TooLong`].
pub fn length(prefix: [u8; 4]) -> Result<usize, KeeperFault> {
    let length = u32::from_le_bytes(prefix);
    match usize::try_from(length) {
        Ok(fits) if fits <= limits::KEEPER_BYTES => Ok(fits),
        _ => Err(KeeperFault::TooLong(length)),
    }
}

/// `message` with its length before it.
///
/// # Errors
/// [`KeeperFault::TooLong`] where the other side would not read it.
pub fn framed(message: &[u8]) -> Result<Zeroizing<Vec<u8>>, KeeperFault> {
    let prefix = u32::try_from(message.len()).unwrap_or(u32::MAX).to_le_bytes();
    length(prefix)?;
    Ok(Zeroizing::new([&prefix, message].concat()))
}

/// Reads one frame from a blocking stream.
///
/// # Errors
/// [`KeeperFault::Broken`] and [`KeeperFault::TooLong`].
pub fn read(stream: &mut impl Read) -> Result<Zeroizing<Vec<u8>>, KeeperFault> {
    let mut prefix = [0; 4];
    stream.read_exact(&mut prefix).map_err(KeeperFault::Broken)?;
    let mut message = Zeroizing::new(vec![0; length(prefix)?]);
    stream.read_exact(&mut message).map_err(KeeperFault::Broken)?;
    Ok(message)
}

/// Writes one frame to a blocking stream.
///
/// # Errors
/// [`KeeperFault::Broken`] and [`KeeperFault::TooLong`].
pub fn write(stream: &mut impl Write, message: &[u8]) -> Result<(), KeeperFault> {
    stream.write_all(&framed(message)?).map_err(KeeperFault::Broken)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_reads_back() {
        let mut bytes = Vec::new();
        write(&mut bytes, b"abc").unwrap();
        assert_eq!(bytes, b"\x03\0\0\0abc");
        assert_eq!(read(&mut bytes.as_slice()).unwrap().as_slice(), b"abc");
    }

    #[test]
    fn the_cap_holds_both_ways_and_before_reading() {
        let most = vec![0; limits::KEEPER_BYTES];
        assert!(framed(&most).is_ok());
        assert!(matches!(framed(&[most.as_slice(), &[0]].concat()), Err(KeeperFault::TooLong(65_537))));
        // Only the prefix is there: a reader that made room or read first would say Broken.
        assert!(matches!(read(&mut [0xff_u8; 4].as_slice()), Err(KeeperFault::TooLong(u32::MAX))));
    }
}
