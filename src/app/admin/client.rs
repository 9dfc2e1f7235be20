//! A command's end of the admin socket.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

use super::{Request, Response};
use crate::base::limits::ANSWER_BYTES;
use crate::base::{Code, Fault};

/// Longest wait for an answer.
const PATIENCE: Duration = Duration::from_secs(120);

/// A connection to a running service.
#[derive(Debug)]
pub struct Client {
    stream: BufReader<UnixStream>,
}

impl Client {
    /// Connects; `None` where no service listens.
    ///
    /// # Errors
    /// A socket that is there and refuses for another reason than nobody listening.
    pub fn connect(path: &Path) -> io::Result<Option<Self>> {
        match UnixStream::connect(path) {
            Ok(stream) => {
                stream.set_read_timeout(Some(PATIENCE))?;
                Ok(Some(Self { stream: BufReader::new(stream) }))
            }
            Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused) => {
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    /// Asks and waits for the answer.
    ///
    /// # Errors
    /// The service's fault, or [`Code::Unavailable`] where it went away.
    pub fn ask(&mut self, request: &Request) -> Result<serde_json::Value, Fault> {
        let gone = |error: io::Error| Fault::new(Code::Unavailable, format!("the service did not answer: {error}"));
        let mut line = serde_json::to_vec(request).map_err(|error| Fault::new(Code::Internal, error.to_string()))?;
        line.push(b'\n');
        self.stream.get_mut().write_all(&line).map_err(gone)?;
        let mut answer = Vec::new();
        let most = u64::try_from(ANSWER_BYTES).unwrap_or(u64::MAX) + 1024;
        let got = (&mut self.stream).take(most).read_until(b'\n', &mut answer).map_err(gone)?;
        if got == 0 {
            return Err(gone(io::ErrorKind::UnexpectedEof.into()));
        }
        let response: Response = serde_json::from_slice(&answer)
            .map_err(|error| Fault::new(Code::Garbage, format!("the service answered something else: {error}")))?;
        response.into_result()
    }
}
