//! Runs one command in a sealed `shell` hand, and sees to it that nothing of it is left.
//!
//! The hand is the first process of the command's process namespace where there is one, else the
//! reaper of its orphans: either way every process of the tree can be found and ended. Caps are
//! looked at from here, because limits of the kernel count a process or a uid, not a tree.

use std::fs;
use std::io::{self, PipeReader, Read};
use std::os::fd::{AsFd, FromRawFd, OwnedFd};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::Path;
use std::process::{Child, Command, ExitStatus};
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::{Signal, kill};
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::{Pid, getpid};

use super::given::{Given, Output};
use super::shell_root::WORKSPACE;
use super::tree::{self, Count};
use crate::base::limits::{SHELL_CPU, SHELL_OUTPUT_BYTES, SHELL_PROCESSES, SHELL_TREE_BYTES};
use crate::base::{Code, Fault};
use crate::wire::hand::Ran;

/// How often the tree is counted.
const LOOK: Duration = Duration::from_millis(20);
/// Time for the last output of processes that were ended.
const DRAIN: Duration = Duration::from_millis(200);
/// Where programs are looked for.
const PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// Time that a command may take.
#[derive(Clone, Copy, Debug)]
pub struct Caps {
    /// By the clock.
    pub wall: Duration,
    /// Of the processors, by all its processes together, those included that have ended.
    pub processor: Duration,
}

impl Caps {
    /// So long by the clock; [`SHELL_CPU`] of the processors.
    #[must_use]
    pub const fn within(wall: Duration) -> Self {
        Self { wall, processor: SHELL_CPU }
    }
}

/// Runs a command for `/bin/sh -c` in the current folder, within its caps, with the secrets that it is given.
///
/// Must be called in a sealed `shell` hand: afterwards every process below this one has been ended.
///
/// # Errors
/// Where there is no shell, or the kernel makes no process for it; [`Code::Refused`] where it writes a secret
/// that it was given, of which nothing is told then.
pub fn run(command: &str, caps: Caps, mut given: Given) -> Result<Ran, Fault> {
    let failed = |step: &str, error: &dyn std::fmt::Display| Fault::new(Code::System, format!("{step}: {error}"));
    let (reader, writer) = io::pipe().map_err(|error| failed("make a pipe", &error))?;
    let scratch = Scratch::new();
    let spawned = shell(command, &scratch.path, writer, &mut given);
    let spawned = spawned.map_err(|error| failed("start /bin/sh", &error))?;
    let end = end_of(&spawned);
    let output = Output::watched_by(given.spill);
    let began = Instant::now();
    let next_look = began + LOOK;
    let count = Count::default();
    let processor = caps.processor;
    let mut watched = Watched { child: spawned, end, reader: Some(reader), output, next_look, count, processor };
    let (status, ended_by) = watched.until(began + caps.wall);
    end_tree();
    let status = status.or_else(|| watched.child.try_wait().ok().flatten());
    watched.drain();
    let (output, cut) = watched.output.told(ended_by.is_empty())?;
    Ok(Ran {
        status: status.and_then(|status| status.code()).unwrap_or_default(),
        signal: status.map_or(Signal::SIGKILL as i32, |status| status.signal().unwrap_or_default()),
        cut,
        output,
        ended_by,
    })
}

/// A descriptor that is ready when the child has ended (pidfd_open(2), Linux 5.3); before, it is looked for.
fn end_of(child: &Child) -> Option<OwnedFd> {
    // SAFETY: takes numbers; the descriptor is new and this function's own.
    let answer = unsafe { libc::syscall(libc::SYS_pidfd_open, child.id(), 0) };
    let descriptor = i32::try_from(answer).ok().filter(|descriptor| *descriptor >= 0)?;
    // SAFETY: as above.
    Some(unsafe { OwnedFd::from_raw_fd(descriptor) })
}

fn shell(command: &str, scratch: &Path, writer: io::PipeWriter, given: &mut Given) -> io::Result<Child> {
    let home = std::env::current_dir()?;
    let mut shell = Command::new("/bin/sh");
    shell
        .arg("-c")
        .arg(command)
        .env_clear()
        .env("PATH", PATH)
        .env("HOME", &home)
        .env("TMPDIR", scratch)
        .env("LANG", "C.UTF-8")
        .stdout(writer.try_clone()?)
        .stderr(writer)
        .process_group(0);
    given.start(&mut shell)
}

/// The private folder for temporary files: `/tmp` of the own root, else one in the workspace that goes afterwards.
struct Scratch {
    path: std::path::PathBuf,
    ours: bool,
}

impl Scratch {
    fn new() -> Self {
        let here = std::env::current_dir().unwrap_or_default();
        if here == Path::new(WORKSPACE) {
            return Self { path: "/tmp".into(), ours: false };
        }
        let path = here.join(format!(".hearth-tmp-{}", getpid()));
        let ours = fs::create_dir(&path).is_ok();
        Self { path, ours }
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        if self.ours {
            let _ = fs::remove_dir_all(&self.path);
        }
    }
}

/// A command that runs.
struct Watched {
    child: Child,
    /// Ready when it has ended.
    end: Option<OwnedFd>,
    /// What it writes; nothing once nobody writes any more.
    reader: Option<PipeReader>,
    output: Output,
    /// When the tree is counted next: that walks through all of `/proc`.
    next_look: Instant,
    count: Count,
    /// Processor time that the tree may use.
    processor: Duration,
}

impl Watched {
    /// Waits for its end, or for the cap that ends it.
    fn until(&mut self, deadline: Instant) -> (Option<ExitStatus>, String) {
        loop {
            self.listen(LOOK);
            match self.child.try_wait() {
                Ok(Some(status)) => return (Some(status), String::new()),
                Ok(None) => {}
                Err(error) => return (None, format!("it was lost: {error}")),
            }
            if let Some(cap) = self.passed(deadline) {
                return (None, cap);
            }
        }
    }

    /// The cap that was passed.
    fn passed(&mut self, deadline: Instant) -> Option<String> {
        let now = Instant::now();
        if now >= deadline {
            return Some("it timed out".into());
        }
        if self.output.spilled {
            return Some("it wrote a secret".into());
        }
        if self.output.written > 10 * SHELL_OUTPUT_BYTES {
            return Some(format!("it wrote more than {} bytes", 10 * SHELL_OUTPUT_BYTES));
        }
        if now < self.next_look {
            return None;
        }
        self.next_look = now + LOOK;
        let taken = self.count.look();
        if taken.processes > SHELL_PROCESSES {
            return Some(format!("it had more than {SHELL_PROCESSES} processes"));
        }
        if taken.bytes > SHELL_TREE_BYTES {
            return Some(format!("it took more than {SHELL_TREE_BYTES} bytes of memory"));
        }
        let seconds = self.processor.as_secs();
        (taken.processor > self.processor).then(|| format!("it used more than {seconds} s of processor time"))
    }

    /// Takes what it wrote, waiting for at most `time`; true where there was something.
    fn listen(&mut self, time: Duration) -> bool {
        let sources = self.end.iter().map(AsFd::as_fd).chain(self.reader.iter().map(AsFd::as_fd));
        let mut ready: Vec<_> = sources.map(|source| PollFd::new(source, PollFlags::POLLIN)).collect();
        if ready.is_empty() {
            // Nobody writes any more, and this kernel does not tell of the end.
            std::thread::sleep(time.min(Duration::from_millis(1)));
            return false;
        }
        let time = PollTimeout::try_from(time).unwrap_or(PollTimeout::ZERO);
        let told = poll(&mut ready, time).is_ok();
        let readable = ready.last().and_then(PollFd::any).unwrap_or(false);
        let Some(reader) = self.reader.as_mut().filter(|_| told && readable) else { return false };
        let mut part = [0; 16 * 1024];
        let Ok(got @ 1..) = reader.read(&mut part) else {
            self.reader = None;
            return false;
        };
        self.output.take(&part[..got]);
        true
    }

    fn drain(&mut self) {
        let until = Instant::now() + DRAIN;
        while self.output.written <= 10 * SHELL_OUTPUT_BYTES && Instant::now() < until && self.listen(Duration::ZERO) {}
    }
}

/// Ends everything below this process, however deep and however detached, and reaps it.
fn end_tree() {
    loop {
        if getpid().as_raw() == 1 {
            // As the first process of its namespace: all others in it.
            let _ = kill(Pid::from_raw(-1), Signal::SIGKILL);
        } else {
            for pid in tree::below() {
                let _ = kill(pid, Signal::SIGKILL);
            }
        }
        loop {
            match waitpid(None, Some(WaitPidFlag::WNOHANG)) {
                Ok(WaitStatus::StillAlive) => break,
                Err(Errno::ECHILD) => return,
                _ => {}
            }
        }
        std::thread::sleep(Duration::from_millis(1));
    }
}
