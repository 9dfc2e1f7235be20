//! The far end of a pty pair: what a terminal or a microcontroller at the other end of the cable does.

use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::fs::chown;
use std::time::{Duration, Instant};

use hearth::wire::frame::{FromHearth, ToHearth, decode, encode};
use nix::fcntl::{FcntlArg, FdFlag, OFlag, fcntl};
use nix::pty::openpty;
use nix::sys::termios::{SetArg, cfmakeraw, tcgetattr, tcsetattr};

use crate::kit::SOON;

/// See the module.
pub(crate) struct Far {
    master: File,
    /// Kept open, so that the pair lives while Hearth opens and closes its end.
    slave: OwnedFd,
    path: String,
    text: Vec<u8>,
    frames: std::collections::VecDeque<FromHearth>,
    inside: Option<Vec<u8>>,
}

impl Far {
    pub(crate) fn new() -> Self {
        let pair = openpty(None, None).expect("a pty");
        let path = nix::unistd::ttyname(&pair.slave).expect("a name");
        // The service must not hold this end open: dropping it is unplugging.
        for end in [pair.master.as_fd(), pair.slave.as_fd()] {
            fcntl(end, FcntlArg::F_SETFD(FdFlag::FD_CLOEXEC)).expect("set");
        }
        let mut raw = tcgetattr(&pair.slave).expect("its settings");
        cfmakeraw(&mut raw);
        tcsetattr(&pair.slave, SetArg::TCSANOW, &raw).expect("raw");
        // The service runs under another uid where the tests are root.
        let _ = chown(&path, Some(54_321), None);
        let flags = OFlag::from_bits_retain(fcntl(pair.master.as_fd(), FcntlArg::F_GETFL).expect("flags"));
        fcntl(pair.master.as_fd(), FcntlArg::F_SETFL(flags | OFlag::O_NONBLOCK)).expect("set");
        let path = path.display().to_string();
        let (text, frames) = (Vec::new(), std::collections::VecDeque::new());
        Self { master: pair.master.into(), slave: pair.slave, path, text, frames, inside: None }
    }

    /// The name of Hearth's end.
    pub(crate) fn path(&self) -> &str {
        &self.path
    }

    /// The settings of the terminal, as whoever opened the near end left them.
    pub(crate) fn terminal(&self) -> nix::sys::termios::Termios {
        tcgetattr(&self.slave).expect("its settings")
    }

    /// Writes all, however slowly it is taken; what comes meanwhile is kept.
    pub(crate) fn write(&mut self, mut bytes: &[u8]) {
        let until = Instant::now() + SOON;
        while !bytes.is_empty() {
            match self.master.write(bytes) {
                Ok(length) => bytes = &bytes[length..],
                Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {
                    std::thread::sleep(Duration::from_millis(1));
                }
                Err(error) => panic!("{error}"),
            }
            assert!(Instant::now() < until, "the line takes nothing");
        }
    }

    pub(crate) fn send(&mut self, message: &ToHearth) {
        let frame = encode(message).expect("fits");
        self.write(&frame);
    }

    /// Takes in what is there now.
    pub(crate) fn drain(&mut self) {
        let mut bytes = [0; 4096];
        while let Ok(length @ 1..) = self.master.read(&mut bytes) {
            for byte in &bytes[..length] {
                match (&mut self.inside, byte) {
                    (None, 0) => self.inside = Some(Vec::new()),
                    (None, byte) => self.text.push(*byte),
                    (Some(inside), 0) if inside.is_empty() => {}
                    (Some(_), 0) => {
                        let inside = self.inside.take().unwrap_or_default();
                        self.frames.push_back(decode(&inside).unwrap_or_else(|fault| panic!("{fault}: {inside:?}")));
                    }
                    (Some(inside), byte) => inside.push(*byte),
                }
            }
        }
    }

    /// The text that came and was not expected yet.
    pub(crate) fn text(&mut self) -> String {
        self.drain();
        String::from_utf8_lossy(&self.text).into_owned()
    }

    /// Waits for a text, and forgets everything up to its end.
    #[track_caller]
    pub(crate) fn expect(&mut self, part: &str) {
        let until = Instant::now() + SOON;
        loop {
            let text = self.text();
            if let Some(place) = text.find(part) {
                self.text = text.as_bytes()[place + part.len()..].to_vec();
                return;
            }
            assert!(Instant::now() < until, "no {part:?} in {text:?}");
            std::thread::sleep(Duration::from_millis(2));
        }
    }

    /// The next frame.
    #[track_caller]
    pub(crate) fn frame(&mut self) -> FromHearth {
        let until = Instant::now() + SOON;
        loop {
            self.drain();
            if let Some(frame) = self.frames.pop_front() {
                return frame;
            }
            assert!(Instant::now() < until, "no frame; text {:?}", String::from_utf8_lossy(&self.text));
            std::thread::sleep(Duration::from_micros(200));
        }
    }

    /// Joins this end to that of another pair, as a cable joins two ttys: the thread that does it, and the
    /// name of the other end.
    pub(crate) fn bridged(self) -> (std::thread::JoinHandle<()>, String) {
        let other = Self::new();
        let path = other.path.clone();
        let thread = std::thread::spawn(move || {
            let (mut one, mut two) = (self, other);
            let mut bytes = [0; 4096];
            loop {
                let mut idle = true;
                if let Ok(length @ 1..) = one.master.read(&mut bytes) {
                    two.write(&bytes[..length]);
                    idle = false;
                }
                if let Ok(length @ 1..) = two.master.read(&mut bytes) {
                    one.write(&bytes[..length]);
                    idle = false;
                }
                if idle {
                    std::thread::sleep(Duration::from_micros(500));
                }
            }
        });
        (thread, path)
    }
}

/// A runtime as the brain has it.
pub(crate) fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime")
}
