//! Secrets that a command is given: each in a pipe, as its standard input or under a number of its own.
//!
//! Never as an argument and never in the environment: both can be read from outside, and go on to every
//! program that the command starts. A pipe is read once, by whoever the command lets read it.

use std::io::{self, Write as _};
use std::os::fd::{AsRawFd, OwnedFd, RawFd};
use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};

use nix::fcntl::{FcntlArg, OFlag, fcntl};

use crate::base::limits::{SHELL_GIVEN_FIRST, SHELL_GIVEN_LAST, SHELL_OUTPUT_BYTES};
use crate::base::{Code, Fault};
use crate::guard::spill::Spill;

/// What a command is given, and what its output is looked through for.
#[derive(Debug)]
pub struct Given {
    /// Its standard input.
    stdin: Option<OwnedFd>,
    /// Further descriptors by their numbers in the command.
    numbered: Vec<(RawFd, OwnedFd)>,
    /// Looks for the values.
    pub(super) spill: Spill,
}

impl Given {
    /// Nothing.
    #[must_use]
    pub fn nothing() -> Self {
        Self { stdin: None, numbered: Vec::new(), spill: Spill::of([]) }
    }

    /// Nothing yet; the output is looked through by `spill`.
    #[must_use]
    pub fn watched_by(spill: Spill) -> Self {
        Self { spill, ..Self::nothing() }
    }

    /// Gives a value as standard input.
    ///
    /// # Errors
    /// Where there is one already, or no room for it in a pipe.
    pub fn on_stdin(&mut self, value: &[u8]) -> io::Result<()> {
        if self.stdin.is_some() {
            return Err(io::Error::other("standard input is given twice"));
        }
        self.stdin = Some(pipe_of(value)?);
        Ok(())
    }

    /// Gives a value on the descriptor of this number, [`SHELL_GIVEN_FIRST`] to [`SHELL_GIVEN_LAST`].
    ///
    /// # Errors
    /// For another number, one that is taken, or where there is no room for it in a pipe.
    pub fn on(&mut self, number: RawFd, value: &[u8]) -> io::Result<()> {
        if !(SHELL_GIVEN_FIRST..=SHELL_GIVEN_LAST).contains(&number) {
            let message = format!("a descriptor is {SHELL_GIVEN_FIRST} to {SHELL_GIVEN_LAST}, not {number}");
            return Err(io::Error::other(message));
        }
        if self.numbered.iter().any(|(taken, _)| *taken == number) {
            return Err(io::Error::other(format!("descriptor {number} is given twice")));
        }
        self.numbered.push((number, pipe_of(value)?));
        Ok(())
    }

    /// Starts the command with it; nothing of it is left in this process then, but what looks for it.
    ///
    /// # Errors
    /// Where the command cannot be started.
    pub(super) fn start(&mut self, command: &mut Command) -> io::Result<std::process::Child> {
        command.stdin(self.stdin.take().map_or_else(Stdio::null, Stdio::from));
        let numbered = std::mem::take(&mut self.numbered);
        if numbered.is_empty() {
            return command.spawn();
        }
        // The standard library makes a pipe of its own; it must not lie where a value is put.
        let _taken = taken(&numbered[0].1)?;
        let places: Vec<_> = numbered.iter().map(|(number, pipe)| (*number, pipe.as_raw_fd())).collect();
        // SAFETY: between fork and exec it makes one system call for each value, and allocates nothing. The numbers
        // that it overwrites are those of `_taken` and of this process's own, which the new program does not get.
        unsafe {
            command.pre_exec(move || {
                for (number, pipe) in &places {
                    if libc::dup2(*pipe, *number) == -1 {
                        return Err(io::Error::last_os_error());
                    }
                }
                Ok(())
            });
        }
        command.spawn()
    }
}

/// The reading end of a pipe that holds a value and has no other end any more.
fn pipe_of(value: &[u8]) -> io::Result<OwnedFd> {
    let (reader, mut writer) = io::pipe()?;
    // A value is smaller than a pipe, unless this user's pipes are as small as a page (pipe(7)): then it is told.
    fcntl(&writer, FcntlArg::F_SETFL(OFlag::O_NONBLOCK))?;
    writer.write_all(value)?;
    // Above the numbers that a command may be given.
    let above = fcntl(&reader, FcntlArg::F_DUPFD_CLOEXEC(SHELL_GIVEN_LAST + 1))?;
    // SAFETY: the descriptor is new, made by the line above, and owned by nobody else.
    Ok(unsafe { std::os::fd::FromRawFd::from_raw_fd(above) })
}

/// Descriptors in every free place up to the last that a command may be given.
fn taken(some: &OwnedFd) -> io::Result<Vec<OwnedFd>> {
    let mut all = vec![some.try_clone()?];
    while all.last().is_some_and(|last| last.as_raw_fd() <= SHELL_GIVEN_LAST) {
        all.push(some.try_clone()?);
    }
    Ok(all)
}

/// What a command has written, as far as it may be told: at most [`SHELL_OUTPUT_BYTES`].
pub(super) struct Output {
    spill: Spill,
    told: Vec<u8>,
    cut: bool,
    /// Bytes that it wrote.
    pub(super) written: usize,
    /// Whether a value was among them.
    pub(super) spilled: bool,
}

impl Output {
    pub(super) const fn watched_by(spill: Spill) -> Self {
        Self { spill, told: Vec::new(), cut: false, written: 0, spilled: false }
    }

    /// Takes what was written next; a value may begin in one piece and end in another.
    pub(super) fn take(&mut self, piece: &[u8]) {
        self.written += piece.len();
        match self.spill.feed(piece) {
            Ok(bytes) => self.keep(&bytes),
            Err(_) => self.spilled = true,
        }
    }

    fn keep(&mut self, bytes: &[u8]) {
        let room = SHELL_OUTPUT_BYTES - self.told.len();
        self.told.extend_from_slice(&bytes[..bytes.len().min(room)]);
        self.cut |= bytes.len() > room;
    }

    /// All of it, and whether there was more. Where the command was ended in the middle of something that may be
    /// a value, that is left out.
    ///
    /// # Errors
    /// [`Code::Refused`] where a value was among it.
    pub(super) fn told(mut self, ended_by_itself: bool) -> Result<(Vec<u8>, bool), Fault> {
        if self.spilled {
            let message = "the command wrote a secret that it was given; it was ended, and nothing of it is passed on";
            return Err(Fault::new(Code::Refused, message));
        }
        let rest = self.spill.rest();
        if ended_by_itself {
            self.keep(&rest);
        } else {
            self.cut |= !rest.is_empty();
        }
        Ok((self.told, self.cut))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_never_told_wherever_it_is_cut() {
        let watched = || Output::watched_by(Spill::of([b"secret-value".as_slice()]));
        let told = |pieces: &[&[u8]], ended| {
            let mut output = watched();
            pieces.iter().for_each(|piece| output.take(piece));
            output.told(ended)
        };
        assert_eq!(told(&[b"a secret-", b"santa"], true), Ok((b"a secret-santa".to_vec(), false)));
        assert!(told(&[b"a secret-", b"value"], true).is_err());
        assert_eq!(told(&[b"a secret-"], false), Ok((b"a ".to_vec(), true)), "ended in the middle of it");
        // At the end of what is kept: the first part of a value is not kept either.
        let most = vec![b'x'; SHELL_OUTPUT_BYTES - 4];
        assert!(told(&[&most, b"secret-value"], true).is_err());
        assert_eq!(told(&[&most, b"secret-val"], false), Ok((most.clone(), true)));
        let (kept, cut) = told(&[&most, b"12345"], true).expect("told");
        assert!(cut && kept.len() == SHELL_OUTPUT_BYTES && kept.ends_with(b"1234"));
    }

    #[test]
    fn values_arrive_on_their_descriptors_and_nowhere_else() {
        let mut given = Given::nothing();
        given.on_stdin(b"first").expect("given");
        given.on(3, b"second").expect("given");
        given.on(9, &[b'x'; 16 * 1024]).expect("given");
        for (number, why) in [(3, "twice"), (2, "not 2"), (10, "not 10")] {
            assert!(given.on(number, b"").expect_err(why).to_string().contains(why));
        }
        assert!(given.on_stdin(b"").expect_err("twice").to_string().contains("twice"));
        let script = "cat; echo; cat <&3; echo; cat <&9 | wc -c; tr '\\0' ' ' < /proc/$$/cmdline; cat /proc/$$/environ";
        let mut command = Command::new("/bin/sh");
        command.args(["-c", script]).stdout(Stdio::piped());
        let output = given.start(&mut command).expect("started").wait_with_output().expect("ended");
        let told = String::from_utf8_lossy(&output.stdout);
        assert!(told.starts_with("first\nsecond\n16384\n"), "{told}");
        assert_eq!((told.matches("first").count(), told.matches("second").count()), (1, 1), "{told}");
    }
}
