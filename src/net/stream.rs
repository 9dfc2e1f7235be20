//! A handed-over socket with a deadline on every read and write, by poll(2) and nothing else.
//!
//! A sealed hand sets no socket option; the socket does not block, and each wait ends.

use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::os::fd::{AsFd, OwnedFd};
use std::time::Duration;

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

/// See the module.
#[derive(Debug)]
pub struct Patient {
    stream: TcpStream,
    /// Longest silence of the peer; `None` waits without end.
    pub silence: Option<Duration>,
}

impl Patient {
    /// Over a connected socket that does not block.
    #[must_use]
    pub fn new(socket: OwnedFd, silence: Option<Duration>) -> Self {
        Self { stream: TcpStream::from(socket), silence }
    }

    /// The socket, without its patience.
    #[must_use]
    pub fn into_inner(self) -> TcpStream {
        self.stream
    }

    fn wait(&self, flags: PollFlags) -> io::Result<()> {
        let timeout = self.silence.map_or(PollTimeout::NONE, |silence| {
            PollTimeout::try_from(silence.max(Duration::from_millis(1))).unwrap_or(PollTimeout::MAX)
        });
        loop {
            match poll(&mut [PollFd::new(self.stream.as_fd(), flags)], timeout) {
                Ok(0) => return Err(io::Error::new(io::ErrorKind::TimedOut, "the peer was silent")),
                Ok(_) => return Ok(()),
                Err(Errno::EINTR) => {}
                Err(error) => return Err(error.into()),
            }
        }
    }

    fn patiently(
        &mut self,
        flags: PollFlags,
        mut act: impl FnMut(&mut TcpStream) -> io::Result<usize>,
    ) -> io::Result<usize> {
        loop {
            match act(&mut self.stream) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => self.wait(flags)?,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                done => return done,
            }
        }
    }
}

impl Read for Patient {
    fn read(&mut self, room: &mut [u8]) -> io::Result<usize> {
        self.patiently(PollFlags::POLLIN, |stream| stream.read(room))
    }
}

impl Write for Patient {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.patiently(PollFlags::POLLOUT, |stream| stream.write(bytes))
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl AsFd for Patient {
    fn as_fd(&self) -> std::os::fd::BorrowedFd<'_> {
        self.stream.as_fd()
    }
}
