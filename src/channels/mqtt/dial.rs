//! How a connection to the broker is made: the seam behind which TLS and credentials stay.
//!
//! The session's first packet carries no user name and no password, and the brain never needs them.
//! [`Tcp`] connects to a broker that asks for none. [`Link`] is for all others: for each connection it gets
//! one end of a Unix stream, and at the other end sits a `link` hand, which owns the secrets:
//!
//! 1. it has connected to the broker, with TLS or without, before it gives the end away;
//! 2. the first packet that the brain writes is a CONNECT without credentials, in one piece of at most
//!    [`crate::base::limits::MQTT_PACKET_BYTES`]; it adds them with [`crate::wire::login::add`];
//! 3. after that it copies bytes both ways, and closes its end when the broker closes.
//!
//! A connection that broke is not used again: the next attempt asks for a new one.

use std::future::Future;
use std::io;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;

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

/// Through a `link` hand, which speaks TLS and adds the credentials.
impl Dial for Link {
    type Stream = Linked;

    async fn dial(&self) -> io::Result<Linked> {
        self.join().await.map_err(io::Error::other)
    }
}
