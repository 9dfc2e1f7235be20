//! How a connection to the broker is made: the seam behind which TLS and credentials stay.
//!
//! The session's first packet carries no user name and no password, and the brain never needs them.
//! [`Tcp`] connects to a broker that asks for none; the service uses [`Link`] for all others. [`Handed`], with
//! which the tests stand in for the hand, is given, for each connection, one end
//! of a Unix stream; at its other end sits whoever owns the secrets (the `link` hand):
//!
//! 1. it has connected to the broker, with TLS or without, before it gives the end away;
//! 2. the first packet that the brain writes is a CONNECT without credentials, in one piece of at most
//!    [`crate::base::limits::MQTT_PACKET_BYTES`]; it adds them with [`crate::wire::login::add`];
//! 3. after that it copies bytes both ways, and closes its end when the broker closes.
//!
//! A connection that broke is not used again: the next attempt asks for a new one.

use std::future::Future;
use std::io;
use std::os::fd::OwnedFd;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpStream, UnixStream};

use crate::gate::link::{Link, Linked};

/// Makes connections.
pub trait Dial: Send + Sync + 'static {
    /// A plain byte stream to the broker.
    type Stream: AsyncRead + AsyncWrite + Unpin + Send;

    /// Connects.
    fn dial(&self) -> impl Future<Output = io::Result<Self::Stream>> + Send;
}

/// A plain TCP connection: a broker in the same house that asks for no password.
#[derive(Clone, Debug)]
pub struct Tcp {
    /// Host name or address.
    pub host: String,
    /// Port.
    pub port: u16,
}

impl Dial for Tcp {
    type Stream = TcpStream;

    async fn dial(&self) -> io::Result<TcpStream> {
        let stream = TcpStream::connect((self.host.as_str(), self.port)).await?;
        // Commands are small and wait for their answers: Nagle would hold them back.
        stream.set_nodelay(true)?;
        Ok(stream)
    }
}

/// Connections that somebody else makes and hands over as one end of a Unix stream; see the module.
#[derive(Clone, Debug)]
pub struct Handed<F>(pub F);

impl<F, Asked> Dial for Handed<F>
where
    F: Fn() -> Asked + Send + Sync + 'static,
    Asked: Future<Output = io::Result<OwnedFd>> + Send,
{
    type Stream = UnixStream;

    async fn dial(&self) -> io::Result<UnixStream> {
        let stream = std::os::unix::net::UnixStream::from((self.0)().await?);
        stream.set_nonblocking(true)?;
        UnixStream::from_std(stream)
    }
}

/// Through a `link` hand, which speaks TLS and adds the credentials.
impl Dial for Link {
    type Stream = Linked;

    async fn dial(&self) -> io::Result<Linked> {
        self.join().await.map_err(io::Error::other)
    }
}
