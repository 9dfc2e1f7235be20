//! The service's end of the admin socket.

use std::future::Future;
use std::io;
use std::os::fd::AsFd;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::Semaphore;

use super::{Request, Response};
use crate::base::limits::{ADMIN_CLIENTS, ANSWER_BYTES, LINE_BYTES, PEER_CHECK};
use crate::base::{Code, Fault};

/// Who answers requests.
pub trait Answer: Send + Sync + 'static {
    /// The response to a request of the peer with this uid.
    fn answer(&self, request: Request, uid: u32) -> impl Future<Output = Response> + Send;
}

/// A bound admin socket; its file goes when this is dropped.
#[derive(Debug)]
pub struct Server {
    listener: UnixListener,
    path: PathBuf,
    uid: u32,
}

impl Server {
    /// Binds the socket; one that a dead service left behind is replaced.
    ///
    /// The data folder's lock is held by the caller, so nobody else can be listening there.
    ///
    /// # Errors
    /// Where the folder cannot be written or the path is too long for a socket (108 bytes, unix(7)).
    pub fn bind(path: &Path) -> io::Result<Self> {
        match std::fs::remove_file(path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let before = nix::sys::stat::umask(nix::sys::stat::Mode::from_bits_truncate(0o177));
        let listener = UnixListener::bind(path);
        nix::sys::stat::umask(before);
        let listener = listener?;
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600))?;
        Ok(Self { listener, path: path.to_owned(), uid: nix::unistd::geteuid().as_raw() })
    }

    /// Serves until dropped; at most [`ADMIN_CLIENTS`] at a time, more wait in the kernel's queue.
    pub async fn serve(self, answers: Arc<impl Answer>) {
        let room = Arc::new(Semaphore::new(ADMIN_CLIENTS));
        loop {
            let Ok(permit) = Arc::clone(&room).acquire_owned().await else { return };
            let stream = match self.listener.accept().await {
                Ok((stream, _)) => stream,
                Err(error) => {
                    tracing::warn!(%error, "an admin connection was not taken");
                    tokio::time::sleep(std::time::Duration::from_millis(100)).await;
                    continue;
                }
            };
            match stream.peer_cred().map(|peer| peer.uid()) {
                Ok(uid) if uid == self.uid || uid == 0 => {
                    let answers = Arc::clone(&answers);
                    tokio::spawn(async move {
                        if let Err(error) = converse(stream, uid, &*answers).await {
                            tracing::debug!(%error, "an admin connection ended");
                        }
                        drop(permit);
                    });
                }
                Ok(uid) => tracing::warn!(uid, "an admin connection of another user was refused"),
                Err(error) => tracing::warn!(%error, "an admin connection without credentials was refused"),
            }
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.path);
    }
}

async fn converse(stream: UnixStream, uid: u32, answers: &impl Answer) -> io::Result<()> {
    let (reader, mut writer) = stream.into_split();
    let mut reader = BufReader::new(reader);
    loop {
        let mut line = Vec::new();
        let most = u64::try_from(LINE_BYTES).unwrap_or(u64::MAX);
        if (&mut reader).take(most + 1).read_until(b'\n', &mut line).await? == 0 {
            return Ok(());
        }
        let too_long = line.len() > LINE_BYTES;
        let response = if too_long {
            let message = format!("a request has at most {LINE_BYTES} bytes");
            Response::Failed(Fault::new(Code::BadInput, message))
        } else {
            match serde_json::from_slice(&line) {
                Ok(request) => match unless_gone(answers.answer(request, uid), writer.as_ref()).await {
                    Some(response) => response,
                    None => return Ok(()),
                },
                Err(error) => Response::Failed(Fault::new(Code::BadInput, format!("not a request: {error}"))),
            }
        };
        writer.write_all(&encode(&response)).await?;
        if too_long {
            return Ok(());
        }
    }
}

/// The answer, unless the peer hangs up before: then nobody wants it, and its making ends.
async fn unless_gone<T>(answer: impl Future<Output = T>, stream: &UnixStream) -> Option<T> {
    tokio::pin!(answer);
    loop {
        tokio::select! {
            biased;
            answer = &mut answer => return Some(answer),
            () = tokio::time::sleep(PEER_CHECK) => {}
        }
        // Closed both ways; a peer that only says that it will ask nothing more still gets its answer.
        let mut polled = [PollFd::new(stream.as_fd(), PollFlags::empty())];
        let asked = poll(&mut polled, PollTimeout::ZERO);
        if asked.is_ok() && polled[0].revents().is_some_and(|events| events.contains(PollFlags::POLLHUP)) {
            return None;
        }
    }
}

fn encode(response: &Response) -> Vec<u8> {
    let bounded = serde_json::to_vec(response).ok().filter(|bytes| bytes.len() <= ANSWER_BYTES);
    let mut bytes = bounded.unwrap_or_else(|| {
        let message = format!("the answer is longer than {ANSWER_BYTES} bytes; ask for less");
        serde_json::to_vec(&Response::Failed(Fault::new(Code::Full, message))).unwrap_or_default()
    });
    bytes.push(b'\n');
    bytes
}
