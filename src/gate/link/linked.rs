//! The plain stream of a joined broker: when it ends, its hand is asked why.

use std::fmt;
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::UnixStream;

use crate::base::Fault;
use crate::sandbox::HandLink;

/// See the module. Its end is an error that says what ended it; dropping it ends the hand.
pub struct Linked {
    stream: UnixStream,
    hand: Hand,
}

enum Hand {
    Lives(HandLink),
    Leaves(Pin<Box<dyn Future<Output = Fault> + Send>>),
    Gone(String),
}

impl Linked {
    pub(super) fn new(stream: UnixStream, hand: HandLink) -> Self {
        Self { stream, hand: Hand::Lives(hand) }
    }

    /// Why the stream has ended, once that is known.
    fn why(&mut self, context: &mut Context<'_>) -> Poll<io::Error> {
        let hand = std::mem::replace(&mut self.hand, Hand::Gone(String::new()));
        self.hand = match hand {
            Hand::Lives(link) => Hand::Leaves(Box::pin(link.parting())),
            other => other,
        };
        if let Hand::Leaves(parting) = &mut self.hand {
            let fault = std::task::ready!(parting.as_mut().poll(context));
            self.hand = Hand::Gone(fault.message);
        }
        let Hand::Gone(why) = &self.hand else { return Poll::Pending };
        Poll::Ready(io::Error::new(io::ErrorKind::ConnectionAborted, why.clone()))
    }
}

impl fmt::Debug for Linked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Linked").field("stream", &self.stream).finish_non_exhaustive()
    }
}

impl AsyncRead for Linked {
    fn poll_read(mut self: Pin<&mut Self>, context: &mut Context<'_>, room: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = room.filled().len();
        match std::task::ready!(Pin::new(&mut self.stream).poll_read(context, room)) {
            Ok(()) if room.filled().len() > before || room.remaining() == 0 => Poll::Ready(Ok(())),
            Ok(()) | Err(_) => self.why(context).map(Err),
        }
    }
}

impl AsyncWrite for Linked {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        match std::task::ready!(Pin::new(&mut self.stream).poll_write(context, bytes)) {
            Ok(written) => Poll::Ready(Ok(written)),
            Err(_) => self.why(context).map(Err),
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
