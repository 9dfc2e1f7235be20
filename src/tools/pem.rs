//! Files of certificates that a hand was handed, whole.

use std::os::fd::OwnedFd;

use nix::sys::uio::pread;

use crate::base::limits::PEM_BYTES;
use crate::base::{Code, Fault};

/// The bytes of a handed file, at most [`PEM_BYTES`].
///
/// # Errors
/// [`Code::BadInput`] where it was not handed, is larger, or cannot be read.
pub(super) fn read(file: Option<OwnedFd>) -> Result<Vec<u8>, Fault> {
    let bad = |what: String| Fault::new(Code::BadInput, format!("a file of certificates {what}"));
    let file = file.ok_or_else(|| bad("was named and not handed".into()))?;
    let most = usize::try_from(PEM_BYTES).unwrap_or(usize::MAX);
    let (mut bytes, mut room) = (Vec::new(), [0; 4096]);
    loop {
        let offset = libc::off_t::try_from(bytes.len()).unwrap_or(libc::off_t::MAX);
        match pread(&file, &mut room, offset) {
            Ok(0) => return Ok(bytes),
            Ok(length) if bytes.len() + length <= most => bytes.extend_from_slice(&room[..length]),
            Ok(_) => return Err(bad(format!("is larger than {PEM_BYTES} bytes"))),
            Err(error) => return Err(bad(format!("cannot be read: {error}"))),
        }
    }
}
