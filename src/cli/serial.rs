//! `hearth serial-client` and `hearth serial-pin`: the other end of the serial line, and its PIN.
//!
//! The client speaks frames, as a microcontroller would; `docs/serial-frames.md` describes them. Exit
//! code 0 where the command was done, 1 otherwise.

use std::io::{BufRead as _, Read as _};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use tokio::io::AsyncWriteExt as _;
use tokio::time::timeout;
use tokio_serial::SerialStream;

use super::{fail, print};
use crate::base::{Code, Fault};
use crate::channels::serial::{open, pin_hash};
use crate::wire::frame::{COMMAND_BYTES, FRAME_BYTES, FromHearth, Outcome, ToHearth, decode, encode, fitted};

/// `hearth serial-client …`
#[derive(Debug, clap::Args)]
pub struct Client {
    /// The tty at this end
    #[arg(long, value_name = "TTY")]
    port: PathBuf,
    /// Its speed
    #[arg(long, default_value_t = 115_200)]
    baud: u32,
    /// Reads the line's PIN from standard input first
    #[arg(long)]
    pin: bool,
    /// Asks for changes and prints them, until interrupted
    #[arg(long)]
    events: bool,
    /// The sentence; without one: version and ping
    text: Vec<String>,
}

/// `hearth serial-pin`
#[derive(Debug, clap::Args)]
pub struct Pin {}

/// Time for one answer, and how often a command is said again under its id: it runs once.
const PATIENCE: Duration = Duration::from_secs(4);
const TIMES: u32 = 3;

/// Talks with a Hearth on a serial line.
#[must_use]
pub fn client(args: Client) -> ExitCode {
    let runtime = match super::run::executor() {
        Ok(runtime) => runtime,
        Err(fault) => return fail(&Fault::new(Code::System, fault.to_string()), false),
    };
    match runtime.block_on(talk(args)) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(fault) => fail(&fault, false),
    }
}

async fn talk(args: Client) -> Result<bool, Fault> {
    let port = open(&args.port, args.baud)
        .map_err(|error| Fault::new(Code::System, format!("{}: {error}", args.port.display())))?;
    let mut line = Line { port, inside: Vec::new(), ready: Vec::new() };
    let [high, low, ..] = *uuid::Uuid::new_v4().as_bytes();
    let id = u16::from_be_bytes([high, low]);
    if args.pin {
        let pin = pin_typed()?;
        line.ask(&ToHearth::Pin { id: id.wrapping_add(1), pin: fitted(&pin) }, id.wrapping_add(1)).await?;
    }
    let text = args.text.join(" ");
    if text.len() > COMMAND_BYTES {
        return Err(Fault::new(Code::BadInput, format!("a command has at most {COMMAND_BYTES} bytes")));
    }
    let done = if text.is_empty() {
        line.version(id).await?
    } else {
        line.ask(&ToHearth::Command { id, text: fitted(&text) }, id).await?
    };
    if args.events {
        line.send(&ToHearth::Events { on: true }).await?;
        loop {
            let event = line_next(&mut line, Duration::MAX).await?;
            line.show(event);
        }
    }
    Ok(done)
}

async fn line_next(line: &mut Line, within: Duration) -> Result<FromHearth, Fault> {
    let silent = || Fault::new(Code::Timeout, "nobody answers on the line");
    timeout(within, line.next()).await.map_err(|_| silent())?
}

/// One end of a line, as a microcontroller would have it.
struct Line {
    port: SerialStream,
    inside: Vec<u8>,
    ready: Vec<u8>,
}

impl Line {
    async fn send(&mut self, message: &ToHearth) -> Result<(), Fault> {
        let frame = encode(message).map_err(|fault| Fault::new(Code::BadInput, fault.to_string()))?;
        self.port.write_all(&frame).await.map_err(gone)
    }

    /// The next good frame; others are told and skipped.
    async fn next(&mut self) -> Result<FromHearth, Fault> {
        loop {
            while !self.ready.is_empty() {
                let byte = self.ready.remove(0);
                if byte != 0 {
                    // Text of the console side, or noise: only what fits a frame is kept.
                    if self.inside.len() <= FRAME_BYTES {
                        self.inside.push(byte);
                    }
                    continue;
                }
                let inside = std::mem::take(&mut self.inside);
                if let Ok(message) = decode(&inside) {
                    return Ok(message);
                }
            }
            let mut bytes = [0; 256];
            match tokio::io::AsyncReadExt::read(&mut self.port, &mut bytes).await.map_err(gone)? {
                0 => return Err(gone(std::io::ErrorKind::UnexpectedEof.into())),
                length => self.ready.extend_from_slice(&bytes[..length]),
            }
        }
    }

    async fn version(&mut self, id: u16) -> Result<bool, Fault> {
        self.send(&ToHearth::Version).await?;
        let version = line_next(self, PATIENCE).await?;
        self.show(version);
        self.send(&ToHearth::Ping { id }).await?;
        let pong = line_next(self, PATIENCE).await?;
        self.show(pong);
        Ok(true)
    }

    /// Says something under an id until its whole answer is there; whether it was done.
    async fn ask(&mut self, message: &ToHearth, id: u16) -> Result<bool, Fault> {
        for _ in 0..TIMES {
            self.send(message).await?;
            while let Ok(answer) = line_next(self, PATIENCE).await {
                match &answer {
                    FromHearth::Reply { id: of, outcome, last, .. } if *of == id => {
                        let (last, done) = (*last, *outcome == Outcome::Done);
                        self.show(answer);
                        if last {
                            print("\n");
                            return Ok(done);
                        }
                    }
                    FromHearth::Error { id: Some(of), text, code } if *of == id => {
                        return Err(Fault::new(Code::from_number(*code), text.as_str()));
                    }
                    _ => {}
                }
            }
        }
        Err(Fault::new(Code::Timeout, "nobody answers on the line"))
    }

    fn show(&self, message: FromHearth) {
        match message {
            FromHearth::Version { protocol, hearth } => {
                print(&format!("Hearth {hearth}, frames of version {protocol}\n"))
            }
            FromHearth::Pong { .. } => print("it answers\n"),
            FromHearth::Reply { text, .. } => print(&text),
            FromHearth::Event { entity, property, value } => print(&format!("{entity} {property} {value}\n")),
            FromHearth::Error { text, .. } => print(&format!("{text}\n")),
        }
    }
}

fn gone(error: std::io::Error) -> Fault {
    Fault::new(Code::Unavailable, format!("the line is gone: {error}"))
}

fn pin_typed() -> Result<String, Fault> {
    let mut typed = String::new();
    let read = std::io::stdin().lock().take(256).read_line(&mut typed);
    read.map_err(|error| Fault::new(Code::BadInput, format!("the PIN could not be read: {error}")))?;
    Ok(typed.trim().to_owned())
}

/// Reads a PIN from standard input and prints the line for the settings.
#[must_use]
pub fn pin(_args: &Pin) -> ExitCode {
    match pin_typed().and_then(|pin| pin_hash(&pin)) {
        Ok(hash) => {
            print(&format!("pin_hash = \"{hash}\"\n"));
            ExitCode::SUCCESS
        }
        Err(fault) => fail(&fault, false),
    }
}
