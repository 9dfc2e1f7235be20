//! The broker's side of a link: a socket that does not block, with TLS over it or not.

use std::collections::VecDeque;
use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::os::fd::{AsFd, BorrowedFd};

use rustls::ClientConnection;

/// See the module.
pub(super) struct Far {
    socket: TcpStream,
    session: Option<Box<ClientConnection>>,
    /// Plain bytes that the socket did not take yet; with TLS the session keeps them.
    waiting: VecDeque<u8>,
}

impl Far {
    pub(super) const fn plain(socket: TcpStream) -> Self {
        Self { socket, session: None, waiting: VecDeque::new() }
    }

    /// After the handshake.
    pub(super) fn tls(session: ClientConnection, socket: TcpStream) -> Self {
        Self { socket, session: Some(Box::new(session)), waiting: VecDeque::new() }
    }

    /// Takes bytes to be sent; the caller asks [`Far::behind`] before it takes more.
    pub(super) fn push(&mut self, bytes: &[u8]) -> io::Result<()> {
        match &mut self.session {
            Some(session) => session.writer().write_all(bytes)?,
            None => self.waiting.extend(bytes),
        }
        self.flush()
    }

    /// Whether bytes wait for the socket.
    pub(super) fn behind(&self) -> bool {
        self.session.as_ref().map_or(!self.waiting.is_empty(), |session| session.wants_write())
    }

    /// Sends what the socket takes now.
    pub(super) fn flush(&mut self) -> io::Result<()> {
        while self.behind() {
            let sent = match &mut self.session {
                Some(session) => session.write_tls(&mut Sends(&self.socket)),
                None => self.socket.write(self.waiting.as_slices().0).inspect(|sent| drop(self.waiting.drain(..*sent))),
            };
            match sent {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(_) => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Bytes that came; `WouldBlock` where there are none now, 0 at the end.
    pub(super) fn read(&mut self, room: &mut [u8]) -> io::Result<usize> {
        let Some(session) = &mut self.session else { return self.socket.read(room) };
        loop {
            match session.reader().read(room) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                done => return done,
            }
            if session.read_tls(&mut self.socket)? == 0 {
                return Ok(0);
            }
            let came = session.process_new_packets();
            came.map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))?;
        }
    }
}

/// Writes by send(2) alone: a standard socket would write several pieces by writev(2), which no link hand has.
struct Sends<'a>(&'a TcpStream);

impl Write for Sends<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl AsFd for Far {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}
