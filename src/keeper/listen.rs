//! The keeper's one socket: passed by the service manager, or made here with mode 0600.
//!
//! A socket that was made here is removed at the end, if it is still the same one.

use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::fs::{FileTypeExt, MetadataExt, PermissionsExt};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};

use nix::sys::socket::{SockType, getsockopt, sockopt};
use nix::sys::stat::{Mode, umask};

use super::fault::KeeperFault;

/// A listening socket, and what to remove at its end.
#[derive(Debug)]
pub struct Listener {
    socket: UnixListener,
    made: Option<Made>,
}

/// A socket file by its path and its inode, so that a successor's file is left alone.
#[derive(Debug)]
struct Made {
    path: PathBuf,
    device: u64,
    inode: u64,
}

impl Listener {
    /// The socket that the service manager passed.
    ///
    /// # Errors
    /// [`KeeperFault::NotASocket`] where it is something else than a listening Unix stream socket.
    pub fn activated(descriptor: OwnedFd) -> Result<Self, KeeperFault> {
        let stream = matches!(getsockopt(&descriptor, sockopt::SockType), Ok(SockType::Stream));
        let listens = matches!(getsockopt(&descriptor, sockopt::AcceptConn), Ok(true));
        let socket = UnixListener::from(descriptor);
        // The address of another family does not read as a Unix one.
        if !stream || !listens || socket.local_addr().is_err() {
            return Err(KeeperFault::NotASocket);
        }
        Ok(Self { socket, made: None })
    }

    /// A new socket at `path`, mode 0600; one that a dead keeper left is replaced.
    ///
    /// # Errors
    /// [`KeeperFault::InUse`], [`KeeperFault::NotOurs`], [`KeeperFault::Bind`].
    pub fn bind(path: &Path) -> Result<Self, KeeperFault> {
        let fail = |error| KeeperFault::Bind { path: path.to_owned(), error };
        clear_stale(path)?;
        // The mode is right from the first moment: there is no time between bind and chmod.
        let before = umask(Mode::S_IRWXG | Mode::S_IRWXO | Mode::S_IXUSR);
        let bound = UnixListener::bind(path);
        umask(before);
        let socket = bound.map_err(fail)?;
        let file = path.symlink_metadata().map_err(fail)?;
        let listener =
            Self { socket, made: Some(Made { path: path.to_owned(), device: file.dev(), inode: file.ino() }) };
        if file.permissions().mode() & 0o777 != 0o600 {
            return Err(fail(io::Error::other("the file system does not keep mode 0600")));
        }
        Ok(listener)
    }

    /// The socket.
    #[must_use]
    pub const fn socket(&self) -> &UnixListener {
        &self.socket
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        let Some(made) = &self.made else { return };
        if made.path.symlink_metadata().is_ok_and(|file| file.dev() == made.device && file.ino() == made.inode) {
            // Nothing is lost where it cannot be removed: the next keeper replaces it.
            let _ = std::fs::remove_file(&made.path);
        }
    }
}

/// Removes a socket at `path` to which nobody listens.
fn clear_stale(path: &Path) -> Result<(), KeeperFault> {
    let fail = |error| KeeperFault::Bind { path: path.to_owned(), error };
    match path.symlink_metadata() {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(fail(error)),
        Ok(file) if !file.file_type().is_socket() => return Err(KeeperFault::NotOurs(path.to_owned())),
        Ok(_) => {}
    }
    match UnixStream::connect(path) {
        Ok(_) => Err(KeeperFault::InUse(path.to_owned())),
        Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => std::fs::remove_file(path).map_err(fail),
        Err(error) => Err(fail(error)),
    }
}
