//! Descriptors that the executor waits for until there is something to read.

use std::io;
use std::os::fd::{AsRawFd, OwnedFd};

use tokio::io::Interest;
use tokio::io::unix::AsyncFd;

/// What `source` was made of, watched; inside a tokio runtime.
pub(crate) fn readable<T: AsRawFd + Into<OwnedFd>>(source: T) -> io::Result<AsyncFd<T>> {
    // SAFETY: only what owns its descriptor becomes an `OwnedFd`; it moves into the `AsyncFd`, so the
    // descriptor stays open and the same while it is watched.
    unsafe { AsyncFd::register_with_interest(source, Interest::READABLE) }.map_err(Into::into)
}
