//! How a connection to the broker is made: the seam behind which TLS and credentials stay.
//!
//! The session's first packet carries no user name and no password, and the brain never needs them:
//! whoever owns the secrets (the `link` hand) hands the brain a plain stream and adds them to the
//! first packet that passes, with [`crate::wire::login::add`]. [`Tcp`] adds nothing.

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
