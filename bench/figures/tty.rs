//! The far end of a pty pair that speaks frames.

use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::time::Duration;

use hearth::wire::frame::{FromHearth, ToHearth, decode, encode};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::pty::openpty;
use nix::sys::termios::{SetArg, cfmakeraw, tcgetattr, tcsetattr};

pub(crate) struct Tty {
    master: File,
    /// Keeps the pair alive while Hearth opens and closes its end.
    slave: OwnedFd,
    inside: Vec<u8>,
}

impl Tty {
    pub(crate) fn new() -> Self {
        let pair = openpty(None, None).expect("a pty");
        let mut raw = tcgetattr(&pair.slave).expect("its settings");
        cfmakeraw(&mut raw);
        tcsetattr(&pair.slave, SetArg::TCSANOW, &raw).expect("raw");
        Self { master: pair.master.into(), slave: pair.slave, inside: Vec::new() }
    }

    pub(crate) fn path(&self) -> String {
        nix::unistd::ttyname(&self.slave).expect("a name").display().to_string()
    }

    /// Waits until somebody answers.
    pub(crate) fn wait(&mut self) {
        for id in 0..200 {
            self.send(&ToHearth::Ping { id });
            if self.comes(Duration::from_millis(100)) {
                while self.frame() != (FromHearth::Pong { id }) {}
                return;
            }
        }
        panic!("nobody answers on the line");
    }

    /// Says something; the next frame.
    pub(crate) fn ask(&mut self, message: &ToHearth) -> FromHearth {
        self.send(message);
        self.frame()
    }

    fn send(&mut self, message: &ToHearth) {
        self.master.write_all(&encode(message).expect("fits")).expect("written");
    }

    fn comes(&self, within: Duration) -> bool {
        let mut wanted = [PollFd::new(self.master.as_fd(), PollFlags::POLLIN)];
        poll(&mut wanted, PollTimeout::try_from(within).expect("short")).expect("polled") > 0
    }

    fn frame(&mut self) -> FromHearth {
        let mut byte = [0];
        loop {
            self.master.read_exact(&mut byte).expect("read");
            if byte[0] != 0 {
                self.inside.push(byte[0]);
            } else if !self.inside.is_empty() {
                return decode(&std::mem::take(&mut self.inside)).expect("a frame");
            }
        }
    }
}
