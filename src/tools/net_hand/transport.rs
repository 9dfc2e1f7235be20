//! ureq's transport over the one socket that the hand was handed; a second connection is refused.
//!
//! ureq calls this interface «unversioned»: its version is pinned to the digit in `Cargo.toml`.

use std::fmt;
use std::io::{self, Read, Write};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use rustls::{ClientConnection, StreamOwned};
use ureq::Error;
use ureq::config::Config;
use ureq::http::Uri;
use ureq::unversioned::resolver::{ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::{Buffers, ConnectionDetails, Connector, LazyBuffers, NextTimeout, Transport};

use crate::net::stream::Patient;

/// The handed socket, with TLS spoken over it or not.
pub(super) enum Stream {
    Plain(Patient),
    Tls(Box<StreamOwned<ClientConnection, Patient>>),
}

impl Stream {
    const fn patience(&mut self, silence: Option<Duration>) {
        match self {
            Self::Plain(stream) => stream.silence = silence,
            Self::Tls(stream) => stream.sock.silence = silence,
        }
    }
}

impl Read for Stream {
    fn read(&mut self, room: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Plain(stream) => stream.read(room),
            Self::Tls(stream) => stream.read(room),
        }
    }
}

impl Write for Stream {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Plain(stream) => stream.write(bytes),
            Self::Tls(stream) => stream.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Plain(stream) => stream.flush(),
            Self::Tls(stream) => stream.flush(),
        }
    }
}

impl fmt::Debug for Stream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if matches!(self, Self::Tls(_)) { "Tls" } else { "Plain" })
    }
}

/// Gives the stream to the first who connects.
#[derive(Debug)]
pub(super) struct Handed(Mutex<Option<Stream>>);

impl Handed {
    pub(super) const fn new(stream: Stream) -> Self {
        Self(Mutex::new(Some(stream)))
    }
}

impl Connector for Handed {
    type Out = Over;

    fn connect(&self, details: &ConnectionDetails<'_>, _: Option<()>) -> Result<Option<Over>, Error> {
        let stream = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        let stream = stream.ok_or(Error::ConnectionFailed)?;
        let buffers = LazyBuffers::new(details.config.input_buffer_size(), details.config.output_buffer_size());
        Ok(Some(Over { stream, buffers }))
    }
}

/// See the module.
#[derive(Debug)]
pub(super) struct Over {
    stream: Stream,
    buffers: LazyBuffers,
}

impl Transport for Over {
    fn buffers(&mut self) -> &mut dyn Buffers {
        &mut self.buffers
    }

    fn transmit_output(&mut self, amount: usize, timeout: NextTimeout) -> Result<(), Error> {
        let timeout = timeout.for_write();
        self.stream.patience(timeout.not_zero().map(|time| *time));
        let sent = self.stream.write_all(&self.buffers.output()[..amount]).and_then(|()| self.stream.flush());
        sent.map_err(|error| told(error, timeout))
    }

    fn await_input(&mut self, timeout: NextTimeout) -> Result<bool, Error> {
        let timeout = timeout.for_read();
        self.stream.patience(timeout.not_zero().map(|time| *time));
        let amount = self.stream.read(self.buffers.input_append_buf()).map_err(|error| told(error, timeout))?;
        self.buffers.input_appended(amount);
        Ok(amount > 0)
    }

    /// For a pool; there is none.
    fn is_open(&mut self) -> bool {
        false
    }

    fn is_tls(&self) -> bool {
        matches!(self.stream, Stream::Tls(_))
    }
}

fn told(error: io::Error, timeout: NextTimeout) -> Error {
    if error.kind() == io::ErrorKind::TimedOut { Error::Timeout(timeout.reason) } else { Error::Io(error) }
}

/// A hand resolves nothing: the address is a dummy that the interface asks for.
#[derive(Debug)]
pub(super) struct Nowhere;

impl Resolver for Nowhere {
    fn resolve(&self, _: &Uri, _: &Config, _: NextTimeout) -> Result<ResolvedSocketAddrs, Error> {
        let mut none = self.empty();
        none.push(SocketAddr::new(IpAddr::V4(Ipv4Addr::UNSPECIFIED), 0));
        Ok(none)
    }
}
