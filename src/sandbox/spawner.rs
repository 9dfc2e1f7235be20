//! The spawner: forked from `hearth` first of all, the only process that makes processes.
//!
//! It has no configuration, no threads and no secrets; it reads only the brain's orders. When the
//! brain goes, its socket closes, and the spawner ends with every hand it made.

use std::collections::HashMap;
use std::os::fd::{AsFd, OwnedFd};

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::{SigSet, SigmaskHow, Signal, kill, sigprocmask};
use nix::sys::signalfd::{SfdFlags, SignalFd};
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::{ForkResult, Pid, dup2_stderr, dup2_stdin, dup2_stdout, fork, setsid};

use super::policy::Class;
use super::port::{Body, Port};
use super::{SandboxFault, seal};
use crate::base::{Code, Fault, limits, sys};
use crate::wire::hand::{Outcome, encode_reply};
use crate::wire::packet;
use crate::wire::spawn::{Event, Order, decode_order, encode_event};

/// The brain's connection to its spawner.
#[derive(Debug)]
pub struct Spawner {
    pub(super) socket: OwnedFd,
    pub(super) pid: u32,
}

/// Exit status of a hand that panicked.
pub(super) const PANICKED: i32 = 101;
/// Exit status of a hand that could not be sealed.
pub(super) const UNSEALED: i32 = 70;

/// Forks the spawner. Must be the first thing that `hearth` does.
///
/// # Errors
/// [`SandboxFault::NotAlone`] where a second thread exists, or the step that failed.
pub fn start(bodies: &'static [(Class, Body)]) -> Result<Spawner, SandboxFault> {
    let threads = sys::thread_count().map_err(SandboxFault::step("count threads"))?;
    if threads != 1 {
        return Err(SandboxFault::NotAlone(threads));
    }
    let (ours, theirs) = packet::pair().map_err(SandboxFault::step("make the spawner's socket"))?;
    // SAFETY: the process has one thread (checked above), so the child may go on as an ordinary process.
    match unsafe { fork() }.map_err(SandboxFault::errno("fork the spawner"))? {
        ForkResult::Parent { child } => {
            Ok(Spawner { socket: ours, pid: u32::try_from(child.as_raw()).unwrap_or_default() })
        }
        ForkResult::Child => {
            drop(ours);
            let status = i32::from(serve(theirs, bodies).is_err());
            sys::exit_now(status)
        }
    }
}

fn serve(socket: OwnedFd, bodies: &'static [(Class, Body)]) -> Result<(), SandboxFault> {
    let children = shed()?;
    let mut nursery = Nursery { socket, bodies, hands: HashMap::new(), room: Vec::new() };
    loop {
        let mut ready =
            [PollFd::new(nursery.socket.as_fd(), PollFlags::POLLIN), PollFd::new(children.as_fd(), PollFlags::POLLIN)];
        match poll(&mut ready, PollTimeout::NONE) {
            Ok(_) | Err(nix::errno::Errno::EINTR) => {}
            Err(error) => return Err(SandboxFault::errno("wait for orders")(error)),
        }
        let ended = ready[1].any().unwrap_or(false);
        let ordered = ready[0].any().unwrap_or(false);
        if ended {
            let _ = children.read_signal();
            nursery.reap();
        }
        if ordered && !nursery.obey() {
            nursery.end_all();
            return Ok(());
        }
    }
}

/// Leaves the terminal, its signals and its streams; SIGCHLD becomes readable.
fn shed() -> Result<SignalFd, SandboxFault> {
    sys::die_with_parent(Signal::SIGKILL);
    sys::set_process_name(c"hearth-spawner");
    setsid().map_err(SandboxFault::errno("leave the terminal's group"))?;
    std::panic::set_hook(Box::new(|_| {}));
    for signal in [Signal::SIGINT, Signal::SIGTERM, Signal::SIGHUP, Signal::SIGQUIT] {
        // SAFETY: ignoring a signal installs no handler of ours.
        unsafe { nix::sys::signal::signal(signal, nix::sys::signal::SigHandler::SigIgn) }
            .map_err(SandboxFault::errno("ignore the terminal's signals"))?;
    }
    let null = std::fs::File::options().read(true).write(true).open("/dev/null");
    let null = null.map_err(SandboxFault::step("open /dev/null"))?;
    dup2_stdin(&null).map_err(SandboxFault::errno("leave the terminal's input"))?;
    dup2_stdout(&null).map_err(SandboxFault::errno("leave the terminal's output"))?;
    dup2_stderr(&null).map_err(SandboxFault::errno("leave the terminal's errors"))?;
    let mut mask = SigSet::empty();
    mask.add(Signal::SIGCHLD);
    sigprocmask(SigmaskHow::SIG_BLOCK, Some(&mask), None).map_err(SandboxFault::errno("block SIGCHLD"))?;
    SignalFd::with_flags(&mask, SfdFlags::SFD_NONBLOCK | SfdFlags::SFD_CLOEXEC)
        .map_err(SandboxFault::errno("watch SIGCHLD"))
}

/// The hands that live, by the brain's number.
struct Nursery {
    socket: OwnedFd,
    bodies: &'static [(Class, Body)],
    hands: HashMap<u64, Pid>,
    room: Vec<u8>,
}

impl Nursery {
    /// Takes one order; false when the brain has gone or speaks garbage.
    fn obey(&mut self) -> bool {
        let Ok(Some(packet)) = packet::receive(&self.socket, &mut self.room) else { return false };
        match decode_order(&packet.bytes) {
            Ok(Order::Spawn { ticket, class, cpu_seconds }) => {
                let event = match self.spawn(ticket, class, u64::from(cpu_seconds), packet.descriptors) {
                    Ok(pid) => Event::Started { ticket, pid },
                    Err(fault) => Event::Refused { ticket, fault },
                };
                self.tell(&event)
            }
            Ok(Order::Kill { ticket }) => {
                if let Some(pid) = self.hands.get(&ticket) {
                    let _ = kill(*pid, Signal::SIGKILL);
                }
                true
            }
            Err(_) => false,
        }
    }

    fn spawn(
        &mut self,
        ticket: u64,
        class: crate::wire::spawn::Class,
        cpu_seconds: u64,
        mut descriptors: Vec<OwnedFd>,
    ) -> Result<u32, Fault> {
        let class = Class::from_wire(class)
            .ok_or_else(|| Fault::new(Code::Refused, format!("there is no hand of class {}", class.0)))?;
        let body = self.bodies.iter().find(|(of, _)| *of == class).map(|(_, body)| *body);
        let body =
            body.ok_or_else(|| Fault::new(Code::Refused, format!("this build has no {} hands", class.word())))?;
        if self.hands.len() >= limits::HANDS {
            return Err(Fault::new(Code::Full, format!("{} hands are alive already", limits::HANDS)));
        }
        if descriptors.is_empty() {
            return Err(Fault::new(Code::BadInput, "a hand needs its socket"));
        }
        let socket = descriptors.remove(0);
        // SAFETY: the spawner never makes a second thread, so the child may go on as an ordinary process.
        match unsafe { fork() } {
            Ok(ForkResult::Parent { child }) => {
                self.hands.insert(ticket, child);
                Ok(u32::try_from(child.as_raw()).unwrap_or_default())
            }
            Ok(ForkResult::Child) => live(class, cpu_seconds, socket, descriptors, body),
            Err(error) => Err(Fault::new(Code::System, format!("fork a {} hand: {error}", class.word()))),
        }
    }

    fn reap(&mut self) {
        while let Ok(status) = waitpid(None, Some(WaitPidFlag::WNOHANG)) {
            let (pid, status, signal) = match status {
                WaitStatus::Exited(pid, status) => (pid, status, 0),
                WaitStatus::Signaled(pid, signal, _) => (pid, 0, signal as i32),
                WaitStatus::StillAlive => return,
                _ => continue,
            };
            let Some(ticket) = self.hands.iter().find(|(_, of)| **of == pid).map(|(ticket, _)| *ticket) else {
                continue;
            };
            self.hands.remove(&ticket);
            let pid = u32::try_from(pid.as_raw()).unwrap_or_default();
            self.tell(&Event::Ended { ticket, pid, status, signal });
        }
    }

    fn tell(&self, event: &Event) -> bool {
        packet::send(&self.socket, &encode_event(event), &[]).is_ok()
    }

    fn end_all(&self) {
        for pid in self.hands.values() {
            let _ = kill(*pid, Signal::SIGKILL);
        }
    }
}

/// The life of a hand: seal, work, end.
fn live(class: Class, cpu_seconds: u64, socket: OwnedFd, descriptors: Vec<OwnedFd>, body: Body) -> ! {
    let voice = socket.try_clone();
    match seal::hand(class, cpu_seconds, socket, descriptors) {
        Ok(sealed) => {
            let mut port = Port::new(sealed.socket);
            let lived = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| body(&mut port, sealed.descriptors)));
            sys::exit_now(lived.map_or(PANICKED, |done| i32::from(done.is_err())))
        }
        Err(fault) => {
            if let Ok(voice) = voice {
                let fault = Fault::new(Code::Refused, format!("the {} hand was not sealed: {fault}", class.word()));
                let _ = packet::send(&voice, &encode_reply(0, &Outcome::Failed(fault)), &[]);
            }
            sys::exit_now(UNSEALED)
        }
    }
}
