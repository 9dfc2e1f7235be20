//! Processes under test: run to the end, or left running and watched.

use std::io::{Read, Write};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

/// What a finished command left.
#[derive(Debug)]
pub(crate) struct Output {
    /// Whether it exited with 0.
    pub(crate) ok: bool,
    /// Its exit code; `None` after a signal.
    pub(crate) code: Option<i32>,
    /// Its standard output.
    pub(crate) out: String,
    /// Its standard error.
    pub(crate) err: String,
}

impl Output {
    /// Runs a command to its end.
    pub(crate) fn of(mut command: Command, input: &[u8]) -> Self {
        let mut child = command.stdin(Stdio::piped()).spawn().expect("started");
        let mut stdin = child.stdin.take().expect("a pipe");
        let input = input.to_vec();
        let writer = std::thread::spawn(move || drop(stdin.write_all(&input)));
        let output = child.wait_with_output().expect("ended");
        writer.join().expect("written");
        Self {
            ok: output.status.success(),
            code: output.status.code(),
            out: String::from_utf8_lossy(&output.stdout).into_owned(),
            err: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }

    /// Its standard output as JSON.
    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error} in {self:?}"))
    }
}

/// A process that runs until told otherwise; killed when dropped.
pub(crate) struct Running {
    child: Child,
    log: Arc<Mutex<String>>,
}

impl Running {
    /// Starts a command and keeps what it writes to standard error.
    pub(crate) fn start(mut command: Command) -> Self {
        let mut child = command.stdout(Stdio::null()).spawn().expect("started");
        let mut stderr = child.stderr.take().expect("a pipe");
        let log = Arc::new(Mutex::new(String::new()));
        let kept = Arc::clone(&log);
        std::thread::spawn(move || {
            let mut part = [0; 4096];
            while let Ok(length @ 1..) = stderr.read(&mut part) {
                kept.lock().expect("a lock").push_str(&String::from_utf8_lossy(&part[..length]));
            }
        });
        Self { child, log }
    }

    /// Its process id.
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// What it wrote to standard error so far.
    pub(crate) fn log(&self) -> String {
        self.log.lock().expect("a lock").clone()
    }

    /// Sends it a signal.
    pub(crate) fn signal(&self, signal: Signal) {
        kill(pid(self.child.id()), signal).expect("signalled");
    }

    /// Asks it to end and waits; its exit code.
    pub(crate) fn stop(mut self) -> Option<i32> {
        self.signal(Signal::SIGTERM);
        self.child.wait().expect("ended").code()
    }

    /// Waits for its end.
    pub(crate) fn wait(mut self) {
        self.child.wait().expect("ended");
    }

    /// Whether it still runs.
    pub(crate) fn lives(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }

    /// Its child processes, theirs included, with their names.
    pub(crate) fn descendants(&self) -> Vec<(u32, String)> {
        let mut found = Vec::new();
        let mut parents = vec![self.pid()];
        while let Some(parent) = parents.pop() {
            let path = format!("/proc/{parent}/task/{parent}/children");
            for child in std::fs::read_to_string(path).unwrap_or_default().split_whitespace() {
                let child: u32 = child.parse().expect("a number");
                let name = std::fs::read_to_string(format!("/proc/{child}/comm")).unwrap_or_default();
                found.push((child, name.trim().to_owned()));
                parents.push(child);
            }
        }
        found
    }

    /// The descendant of this name.
    pub(crate) fn descendant(&self, name: &str) -> Option<u32> {
        self.descendants().into_iter().find(|(_, of)| of == name).map(|(pid, _)| pid)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A process id for `nix`.
pub(crate) fn pid(of: u32) -> Pid {
    Pid::from_raw(i32::try_from(of).expect("a process id"))
}
