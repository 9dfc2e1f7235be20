//! Changes of input lines as they happen: what makes a button more than a thing that is asked.
//!
//! A real line has its edges from the kernel, which also settles bounces (`gpio_v2_line_attribute`); the
//! events are read from a duplicate of the line's descriptor and say nothing but the level. A simulated
//! line is a file: a change of it is heard, and believed where it lasts as long as bounces may.

use std::fs::File;
use std::io::{self, ErrorKind, Read as _};
use std::os::fd::{AsFd, AsRawFd, OwnedFd, RawFd};
use std::path::PathBuf;
use std::time::Duration;

use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::sys::inotify::{AddWatchFlags, InitFlags, Inotify};
use tokio::io::unix::AsyncFd;

use super::linux::ready::readable;
use super::sim;

/// Where the changes of one line come from.
#[derive(Debug)]
pub struct Edges {
    source: Source,
    /// Whether the thing behind the line is on while the line is low.
    active_low: bool,
}

#[derive(Debug)]
enum Source {
    /// The line's request, with edges asked for.
    Kernel(File),
    /// The line's file in the bank, and how long a change must last.
    Bank { path: PathBuf, line: File, settle: Duration },
}

impl Edges {
    /// The changes of a requested line, from a duplicate of its descriptor.
    pub(super) fn kernel(line: &OwnedFd, active_low: bool) -> io::Result<Self> {
        let line = File::from(line.try_clone()?);
        Ok(Self { source: Source::Kernel(line), active_low })
    }

    /// The changes of a line of the bank.
    pub(super) fn bank(path: PathBuf, line: &OwnedFd, settle: Duration, active_low: bool) -> io::Result<Self> {
        let line = File::from(line.try_clone()?);
        Ok(Self { source: Source::Bank { path, line, settle }, active_low })
    }

    /// Begins to listen; inside a tokio runtime.
    ///
    /// # Errors
    /// The system's.
    pub fn listen(self) -> io::Result<Listening> {
        let heard = match self.source {
            Source::Kernel(line) => {
                let flags = OFlag::from_bits_retain(fcntl(line.as_fd(), FcntlArg::F_GETFL)?);
                fcntl(line.as_fd(), FcntlArg::F_SETFL(flags | OFlag::O_NONBLOCK))?;
                Heard::Kernel { line: readable(line)?, number: 0 }
            }
            Source::Bank { path, line, settle } => {
                let changes = Inotify::init(InitFlags::IN_NONBLOCK | InitFlags::IN_CLOEXEC)?;
                changes.add_watch(&path, AddWatchFlags::IN_MODIFY)?;
                let last = high(sim::level(&line)?);
                let changes = readable(Changes(changes))?;
                Heard::Bank { changes, line, settle, last }
            }
        };
        Ok(Listening { heard, active_low: self.active_low })
    }
}

/// A line that is listened to.
#[derive(Debug)]
pub struct Listening {
    heard: Heard,
    active_low: bool,
}

#[derive(Debug)]
enum Heard {
    Kernel { line: AsyncFd<File>, number: u32 },
    Bank { changes: AsyncFd<Changes>, line: File, settle: Duration, last: bool },
}

impl Listening {
    /// The value after the next change: whether the line is on, as its board says what on is.
    ///
    /// # Errors
    /// The system's; the line is not heard any more then.
    pub async fn next(&mut self) -> io::Result<bool> {
        let level = match &mut self.heard {
            Heard::Kernel { line, number } => loop {
                let mut ready = line.readable().await?;
                match event(ready.get_inner(), number) {
                    Ok(level) => break level,
                    Err(error) if error.kind() == ErrorKind::WouldBlock => ready.clear_ready(),
                    Err(error) => return Err(error),
                }
            },
            Heard::Bank { changes, line, settle, last } => loop {
                let level = high(sim::level(line)?);
                if level != *last {
                    tokio::time::sleep(*settle).await;
                    if high(sim::level(line)?) == level {
                        *last = level;
                        break level;
                    }
                    continue;
                }
                let mut ready = changes.readable().await?;
                match ready.get_inner().0.read_events() {
                    Ok(_) => {}
                    Err(nix::Error::EAGAIN) => ready.clear_ready(),
                    Err(error) => return Err(error.into()),
                }
            },
        };
        Ok(level != self.active_low)
    }
}

/// Bytes of `struct gpio_v2_line_event` (include/uapi/linux/gpio.h).
const EVENT_BYTES: usize = 48;
/// `GPIO_V2_LINE_EVENT_RISING_EDGE` and `…_FALLING_EDGE`.
const RISING: u32 = 1;
const FALLING: u32 = 2;

/// The level after one edge, from the kernel's record of it.
fn event(mut line: &File, number: &mut u32) -> io::Result<bool> {
    let mut record = [0; EVENT_BYTES];
    let length = line.read(&mut record)?;
    let (level, now) = (length == EVENT_BYTES).then(|| decoded(&record)).flatten().ok_or_else(|| {
        io::Error::new(ErrorKind::InvalidData, "the kernel's record of an edge is none that is known")
    })?;
    let lost = now.wrapping_sub(*number).wrapping_sub(1);
    if lost > 0 {
        // The kernel keeps the latest: what is true now is not lost, a press between is.
        tracing::warn!(lost, "edges came faster than they were heard");
    }
    *number = now;
    Ok(level)
}

/// The level after an edge and the number of the edge on its line.
fn decoded(record: &[u8; EVENT_BYTES]) -> Option<(bool, u32)> {
    let word = |at: usize| record.get(at..at + 4)?.try_into().ok().map(u32::from_ne_bytes);
    let level = match word(8)? {
        RISING => true,
        FALLING => false,
        _ => return None,
    };
    Some((level, word(20)?))
}

fn high(level: f64) -> bool {
    level != 0.0
}

/// Changes of a file, as the executor wants them.
#[derive(Debug)]
struct Changes(Inotify);

impl From<Changes> for OwnedFd {
    fn from(changes: Changes) -> Self {
        changes.0.into()
    }
}

impl AsRawFd for Changes {
    fn as_raw_fd(&self) -> RawFd {
        self.0.as_fd().as_raw_fd()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::*;

    #[test]
    fn a_record_says_level_and_number() {
        let mut record = [0; EVENT_BYTES];
        assert_eq!(decoded(&record), None, "neither rising nor falling");
        record[8..12].copy_from_slice(&FALLING.to_ne_bytes());
        record[20..24].copy_from_slice(&7_u32.to_ne_bytes());
        assert_eq!(decoded(&record), Some((false, 7)));
        record[8..12].copy_from_slice(&RISING.to_ne_bytes());
        assert_eq!(decoded(&record), Some((true, 7)));
    }

    #[test]
    fn a_press_on_the_bank_is_heard_and_a_bounce_is_not() {
        let bank = std::env::temp_dir().join(format!("hearth-edges-{}", std::process::id()));
        let outside = File::from(sim::open(&bank, "demo", "button", 0.0).expect("opened"));
        let pull = |level: f64| sim::put(&outside, sim::Field::Pull, Some(level)).expect("pulled");
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        runtime.expect("a runtime").block_on(async {
            let settle = Duration::from_secs(1);
            let line = OwnedFd::from(outside.try_clone().expect("a duplicate"));
            let edges = Edges::bank(sim::path(&bank, "demo", "button"), &line, settle, true).expect("edges");
            let mut button = edges.listen().expect("listening");
            pull(1.0);
            assert!(!button.next().await.expect("pressed"), "active low: high is off");
            let bouncing = async {
                let began = Instant::now();
                pull(0.0);
                tokio::time::sleep(settle / 50).await;
                pull(1.0);
                let bounced = began.elapsed();
                tokio::time::sleep(settle * 2).await;
                let pressed = Instant::now();
                pull(0.0);
                (bounced, pressed)
            };
            let hearing = async { (button.next().await, Instant::now()) };
            let ((heard, at), (bounced, pressed)) = tokio::join!(hearing, bouncing);
            assert!(heard.expect("pressed at last"));
            if bounced >= settle {
                // The machine stood still meanwhile: that was no bounce.
                return eprintln!("a_press_on_the_bank_is_heard_and_a_bounce_is_not: SKIPPED, too busy to bounce");
            }
            assert!(at >= pressed + settle, "the bounce was taken for a press");
        });
        std::fs::remove_dir_all(bank).expect("cleaned");
    }
}
