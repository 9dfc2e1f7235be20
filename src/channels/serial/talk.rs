//! What happens on an open line: bytes in, bytes out, and what each side of it keeps.

use std::collections::VecDeque;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::sync::{broadcast, mpsc};
use tokio::time::{Instant, sleep_until};

use super::machine::Machine;
use super::person::Person;
use super::pin::{self, Lock};
use super::port::{Mode, Parts, Settings};
use super::split::{Splitter, Unit};
use crate::base::limits::{SERIAL_NOISE, SERIAL_STALL, SERIAL_WRITE_BYTES};
use crate::base::{Fault, Id};
use crate::bus::{self, Change, Inbound, Outbound};
use crate::channels::Heard;
use crate::wire::frame::FRAME_BYTES;

/// Everything that outlives a reconnect of the line.
pub(super) struct Talk {
    pub(super) settings: Settings,
    pub(super) parts: Parts,
    pub(super) lock: Lock,
    pub(super) out: Out,
    pub(super) person: Person,
    pub(super) machine: Machine,
    answers: (mpsc::Sender<Outbound>, mpsc::Receiver<Outbound>),
    splitter: Splitter,
    noise: u32,
}

/// Bytes on their way to the line; bounded.
#[derive(Default)]
pub(super) struct Out {
    bytes: VecDeque<u8>,
    dropping: bool,
}

impl Out {
    /// Puts bytes at the end, all or none.
    pub(super) fn push(&mut self, bytes: &[u8]) {
        if self.bytes.len() + bytes.len() <= SERIAL_WRITE_BYTES {
            self.bytes.extend(bytes);
        } else if !std::mem::replace(&mut self.dropping, true) {
            tracing::warn!("answers on the serial line are dropped: it does not take them");
        }
    }

    fn clear(&mut self) {
        (self.bytes, self.dropping) = (VecDeque::new(), false);
    }
}

impl Talk {
    pub(super) fn new(settings: Settings, parts: Parts) -> Self {
        Self {
            settings,
            parts,
            lock: Lock::closed(),
            out: Out::default(),
            person: Person::default(),
            machine: Machine::default(),
            answers: bus::answers(),
            splitter: Splitter::default(),
            noise: 0,
        }
    }

    /// Talks on one open line until it breaks; why it did.
    pub(super) async fn on(&mut self, line: impl AsyncRead + AsyncWrite + Unpin) -> String {
        let (mut reader, mut writer) = tokio::io::split(line);
        let mut changes = self.parts.news.subscribe();
        let mut buffer = [0; 512];
        let (mut frame_ends, mut stalls) = (None, None);
        self.splitter = Splitter::default();
        let broke = loop {
            if self.out.bytes.is_empty() {
                stalls = None;
            } else if stalls.is_none() {
                stalls = Some(Instant::now() + SERIAL_STALL);
            }
            // A locked line is told nothing: it waits until the PIN is given.
            let open = self.is_open();
            let waiting = self.out.bytes.as_slices().0;
            tokio::select! {
                got = reader.read(&mut buffer) => match got {
                    Ok(0) => break "it was closed".to_owned(),
                    Ok(length) => {
                        for byte in &buffer[..length] {
                            self.byte(*byte).await;
                        }
                        frame_ends = self.splitter.inside_a_frame().then(|| Instant::now() + self.frame_time());
                    }
                    Err(error) => break error.to_string(),
                },
                put = writer.write(waiting), if !waiting.is_empty() => match put {
                    Ok(0) => break "it takes nothing any more".to_owned(),
                    Ok(length) => {
                        self.out.bytes.drain(..length);
                        (self.out.dropping, stalls) = (false, None);
                    }
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                    Err(error) => break error.to_string(),
                },
                Some(answer) = self.answers.1.recv() => self.answered(&answer),
                Some(notice) = self.parts.notices.recv(), if open => self.show(&notice.text),
                change = changes.recv() => self.changed(change),
                () = at(frame_ends) => {
                    frame_ends = None;
                    if let Some(unit) = self.splitter.give_up() {
                        self.unit(unit).await;
                    }
                }
                () = at(stalls) => {
                    tracing::warn!(bytes = self.out.bytes.len(), "the serial line takes nothing: what waited is dropped");
                    self.out.clear();
                }
            }
        };
        self.lock.close();
        self.machine.events = false;
        self.out.clear();
        broke
    }

    /// The time that the longest frame may take on this line.
    fn frame_time(&self) -> Duration {
        let bits = u64::try_from(FRAME_BYTES * 10).unwrap_or(u64::MAX);
        Duration::from_secs(1).max(Duration::from_millis(3_000 * bits / u64::from(self.settings.baud.max(1))))
    }

    async fn byte(&mut self, byte: u8) {
        if matches!(byte, 0x08 | 0x7f) && self.person.echo && !self.splitter.inside_a_frame() {
            if self.splitter.rub_out() {
                self.out.push(b"\x08 \x08");
            }
            return;
        }
        let was_frame = self.splitter.inside_a_frame() || byte == 0;
        let unit = self.splitter.push(byte);
        if self.person.echo && !was_frame {
            self.out.push(if matches!(byte, b'\r' | b'\n') { b"\r\n" } else { std::slice::from_ref(&byte) });
        }
        if let Some(unit) = unit {
            self.unit(unit).await;
        }
    }

    async fn unit(&mut self, unit: Unit) {
        match (unit, self.settings.mode) {
            (Unit::Frame(Ok(message)), Mode::Both | Mode::Frames) => {
                self.readable();
                self.machine_says(message).await;
            }
            (Unit::Frame(Err(fault)), Mode::Both | Mode::Frames) => {
                if self.unreadable(&fault.to_string()) {
                    self.machine_misheard(fault);
                }
            }
            (Unit::Text(Heard::Line(line)), Mode::Both | Mode::Text) => {
                self.readable();
                self.person_says(line).await;
            }
            (Unit::Text(Heard::TooLong(length)), Mode::Both | Mode::Text) => {
                if self.unreadable("a line that is too long") {
                    let most = super::split::LINE_BYTES;
                    self.show(&format!("That line had {length} bytes; a line has at most {most}. Nothing was done."));
                }
            }
            (Unit::Text(Heard::NotText), Mode::Both | Mode::Text) => {
                if self.unreadable("a line that is no text") {
                    self.show("That line was not UTF-8 text. Nothing was done.");
                }
            }
            (Unit::Frame(_), Mode::Text) => drop(self.unreadable("a frame on a line for people")),
            (Unit::Text(_), Mode::Frames) => drop(self.unreadable("text on a line for machines")),
        }
    }

    fn readable(&mut self) {
        if std::mem::take(&mut self.noise) >= SERIAL_NOISE {
            tracing::info!("the serial line is readable again");
        }
    }

    /// Counts what could not be read; whether it is still worth an answer.
    fn unreadable(&mut self, what: &str) -> bool {
        self.noise = self.noise.saturating_add(1);
        if self.noise == SERIAL_NOISE {
            tracing::warn!(what, baud = self.settings.baud, "the serial line carries only noise: is its speed right?");
        }
        self.noise < SERIAL_NOISE
    }

    /// Whether what is said is heard: the line has no PIN, or it was given.
    pub(super) fn is_open(&mut self) -> bool {
        self.settings.pin_hash.is_none() || self.lock.is_open(std::time::Instant::now())
    }

    /// Tries a PIN; what to say of it.
    pub(super) async fn try_pin(&mut self, pin: String) -> Result<(), String> {
        let Some(stored) = self.settings.pin_hash.clone() else { return Ok(()) };
        let now = std::time::Instant::now();
        if let Some(wait) = self.lock.wait(now) {
            return Err(format!("Too many wrong attempts: wait {} s.", wait.as_secs() + 1));
        }
        // Beside the executor: it takes long on purpose.
        let right = tokio::task::spawn_blocking(move || pin::matches(&pin, &stored)).await.unwrap_or(false);
        self.lock.attempted(right, now);
        if right {
            return Ok(());
        }
        tracing::warn!("a wrong PIN on the serial line");
        Err("That is not the PIN.".into())
    }

    /// Puts something said on the bus; the trace under which its answer comes.
    pub(super) fn say(&self, side: &str, text: String) -> Result<Id, Fault> {
        let name = self.settings.path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let trace = self.parts.ids.next();
        let inbound = Inbound {
            trace,
            principal: self.parts.bus.who(&[&format!("serial:{name}"), "serial"]),
            session: format!("serial:{side}"),
            text,
            reply_to: self.answers.0.clone(),
        };
        self.parts.bus.say(inbound).map(|()| trace)
    }

    fn answered(&mut self, answer: &Outbound) {
        if !self.machine_answered(answer) {
            self.show(&answer.text);
        }
    }

    fn changed(&mut self, change: Result<Arc<Change>, broadcast::error::RecvError>) {
        match change {
            Ok(change) => self.machine_hears(&change),
            Err(error) => tracing::warn!(%error, "the serial line is behind: changes were not told"),
        }
    }
}

async fn at(moment: Option<Instant>) {
    match moment {
        Some(moment) => sleep_until(moment).await,
        None => std::future::pending().await,
    }
}
