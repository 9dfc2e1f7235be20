//! Long work at a terminal: how far it is, and its end by Ctrl-C.
//!
//! Progress goes to a terminal on standard error and nowhere else. Ctrl-C, SIGTERM and a terminal that is closed are noticed
//! between two steps and while input is waited for, so that what is said of the work when it ends is true.

use std::cell::Cell;
use std::fs::File;
use std::io::{self, IsTerminal, Read};
use std::os::fd::AsFd;
use std::rc::Rc;

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::{SigSet, Signal};
use nix::sys::signalfd::{SfdFlags, SignalFd};

use crate::base::{Code, Fault, hangup};

/// What a command ends with that Ctrl-C ended (128 and the number of the signal, as shells count).
pub(super) const INTERRUPTED: u8 = 130;

/// Ctrl-C, SIGTERM and SIGHUP, as a question.
#[derive(Debug)]
pub(super) struct Interrupt {
    signals: SignalFd,
    came: Cell<bool>,
}

impl Interrupt {
    /// From here on these signals end nothing by themselves. Before there is a second thread or a second process.
    ///
    /// # Errors
    /// The system's.
    pub(super) fn heed() -> Result<Rc<Self>, Fault> {
        let fail = |error: nix::Error| Fault::new(Code::System, format!("waiting for signals: {error}"));
        let mut set: SigSet = [Signal::SIGTERM, Signal::SIGINT].into_iter().collect();
        if !hangup::is_ignored() {
            set.add(Signal::SIGHUP);
        }
        set.thread_block().map_err(fail)?;
        let signals = SignalFd::with_flags(&set, SfdFlags::SFD_NONBLOCK | SfdFlags::SFD_CLOEXEC).map_err(fail)?;
        Ok(Rc::new(Self { signals, came: Cell::new(false) }))
    }

    /// Whether one came, now or earlier.
    pub(super) fn came(&self) -> bool {
        if !self.came.get() && matches!(self.signals.read_signal(), Ok(Some(_))) {
            self.came.set(true);
        }
        self.came.get()
    }
}

/// Standard input that ends when the work is interrupted.
#[derive(Debug)]
pub(super) struct Heeding {
    input: File,
    interrupt: Rc<Interrupt>,
}

impl Heeding {
    /// Standard input.
    ///
    /// # Errors
    /// The system's.
    pub(super) fn standard(interrupt: Rc<Interrupt>) -> io::Result<Self> {
        Ok(Self { input: File::from(io::stdin().as_fd().try_clone_to_owned()?), interrupt })
    }
}

impl Read for Heeding {
    fn read(&mut self, room: &mut [u8]) -> io::Result<usize> {
        while !self.interrupt.came() {
            let of = |fd| PollFd::new(fd, PollFlags::POLLIN);
            let mut both = [of(self.input.as_fd()), of(self.interrupt.signals.as_fd())];
            poll(&mut both, PollTimeout::NONE)?;
            // An end of the input is an event too, and is read as one.
            if both[0].any().unwrap_or(true) && !self.interrupt.came() {
                return self.input.read(room);
            }
        }
        Ok(0)
    }
}

/// How far the work is, on one line that goes when it is done.
#[derive(Debug)]
pub(super) struct Progress {
    to_terminal: bool,
    shown: bool,
}

impl Progress {
    /// For a person at a terminal; `quiet` where a program reads.
    pub(super) fn new(quiet: bool) -> Self {
        Self { to_terminal: !quiet && io::stderr().is_terminal(), shown: false }
    }

    /// Shows it instead of what it showed before.
    pub(super) fn tell(&mut self, text: &str) {
        if self.to_terminal {
            eprint!("\r{text}\x1b[K");
            self.shown = true;
        }
    }

    /// Takes the line away: something else is printed.
    pub(super) fn clear(&mut self) {
        if std::mem::take(&mut self.shown) {
            eprint!("\r\x1b[K");
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.clear();
    }
}
