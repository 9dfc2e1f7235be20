//! The spawner: forked from `hearth` first of all, the only process that makes processes.
//!
//! It has no configuration, no threads and no secrets; it reads only the brain's orders. It seals
//! itself before it reads the first one, less narrowly than its hands, because filters stack and a
//! process in a Landlock domain cannot mount. When the brain goes, its socket closes, and the spawner
//! ends with every hand it made.

use std::collections::HashMap;
use std::os::fd::{AsFd, OwnedFd};

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::{SigSet, SigmaskHow, Signal, kill, sigprocmask};
use nix::sys::signalfd::{SfdFlags, SignalFd};
use nix::sys::wait::WaitStatus;
use nix::unistd::{ForkResult, Pid, dup2_stderr, dup2_stdin, dup2_stdout, fork, setsid};

use super::cgroup::Groups;
use super::ended::{PANICKED, SPENT, UNSEALED};
use super::filter::Filter;
use super::mould::{Birth, Mould, plain_fork};
use super::policy::{Class, Role};
use super::port::{Body, Port};
use super::wall::{Wall, Walls};
use super::{SandboxFault, heap, probe, seal};
use crate::base::{Code, Fault, limits, sys};
use crate::wire::hand::{Outcome, encode_reply};
use crate::wire::packet;
use crate::wire::spawn::{AtKeeper, Event, Order, decode_order, encode_event};

/// The brain's connection to its spawner.
#[derive(Debug)]
pub struct Spawner {
    pub(super) socket: OwnedFd,
    pub(super) pid: u32,
    /// To the child that tries the walls when it is asked.
    pub(super) probe: OwnedFd,
    pub(super) lowered: Walls,
}

/// Forks the spawner. Must be the first thing that `hearth` does.
///
/// `lowered` takes walls away, so that a test can show which one it was that held; nothing gives any.
///
/// # Errors
/// [`SandboxFault::NoSeccomp`] where the kernel has none, [`SandboxFault::NotAlone`] where a second thread
/// exists, or the step that failed.
pub fn start(bodies: &'static [(Class, Body)], lowered: Walls) -> Result<Spawner, SandboxFault> {
    // Before the threads are counted: an emulator without seccomp has threads of its own.
    if !lowered.has(Wall::Seccomp) && !sys::has_seccomp() {
        return Err(SandboxFault::NoSeccomp);
    }
    let threads = sys::thread_count().map_err(SandboxFault::step("count threads"))?;
    if threads != 1 {
        return Err(SandboxFault::NotAlone(threads));
    }
    sys::protect_relocations().map_err(SandboxFault::step("close what the loader wrote"))?;
    // Before the fork: both must be out of the group that is divided.
    let groups = if lowered.has(Wall::Cgroup) { None } else { Groups::take_over() };
    let (ours, theirs) = packet::pair().map_err(SandboxFault::step("make the spawner's socket"))?;
    let (asks, probe) = packet::pair().map_err(SandboxFault::step("make the probe's socket"))?;
    // SAFETY: the process has one thread (checked above), so the child may go on as an ordinary process.
    match unsafe { fork() }.map_err(SandboxFault::errno("fork the spawner"))? {
        ForkResult::Parent { child } => {
            Ok(Spawner { socket: ours, pid: u32::try_from(child.as_raw()).unwrap_or_default(), probe: asks, lowered })
        }
        ForkResult::Child => {
            drop((ours, asks));
            let served = serve(theirs, probe, bodies, lowered, groups);
            if let Err(fault) = &served {
                // Nobody reads it once the terminal is left; a step before that has no other way to be told.
                eprintln!("hearth: the spawner cannot go on: {fault}");
            }
            sys::exit_now(i32::from(served.is_err()))
        }
    }
}

fn serve(
    socket: OwnedFd,
    asked: OwnedFd,
    bodies: &'static [(Class, Body)],
    lowered: Walls,
    groups: Option<Groups>,
) -> Result<(), SandboxFault> {
    shed()?;
    let mould = Mould::make(lowered, groups)?;
    // Before the seal: the probe tries what the spawner itself will not be able to do any more.
    let probe = plain_fork().map_err(SandboxFault::step("fork the probe"))?;
    if probe.is_none() {
        drop(socket);
        probe::serve(&asked, &mould);
        sys::exit_now(0);
    }
    drop(asked);
    let children = watch_children()?;
    seal_itself(lowered)?;
    let mut nursery = Nursery { socket, bodies, mould, probe, hands: HashMap::new(), room: Vec::new() };
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

/// Leaves the terminal, its signals and its streams.
fn shed() -> Result<(), SandboxFault> {
    sys::die_with_parent(Signal::SIGKILL);
    sys::set_process_name(c"hearth-spawner");
    setsid().map_err(SandboxFault::errno("leave the terminal's group"))?;
    // With or without unwinding: abort(3) would send a signal that no hand may.
    std::panic::set_hook(Box::new(|_| sys::exit_now(PANICKED)));
    for signal in [Signal::SIGINT, Signal::SIGTERM, Signal::SIGHUP, Signal::SIGQUIT] {
        // SAFETY: ignoring a signal installs no handler of ours.
        unsafe { nix::sys::signal::signal(signal, nix::sys::signal::SigHandler::SigIgn) }
            .map_err(SandboxFault::errno("ignore the terminal's signals"))?;
    }
    let null = std::fs::File::options().read(true).write(true).open("/dev/null");
    let null = null.map_err(SandboxFault::step("open /dev/null"))?;
    dup2_stdin(&null).map_err(SandboxFault::errno("leave the terminal's input"))?;
    dup2_stdout(&null).map_err(SandboxFault::errno("leave the terminal's output"))?;
    dup2_stderr(&null).map_err(SandboxFault::errno("leave the terminal's errors"))
}

/// No new privileges, no memory to look into, its system calls and no other.
fn seal_itself(lowered: Walls) -> Result<(), SandboxFault> {
    // Children that a shell leaves behind come to the spawner, which ends them.
    nix::sys::prctl::set_child_subreaper(true).map_err(SandboxFault::errno("take orphans over"))?;
    sys::forbid_new_privileges().map_err(SandboxFault::step("no new privileges"))?;
    sys::forbid_dumping().map_err(SandboxFault::step("not dumpable"))?;
    if lowered.has(Wall::Seccomp) { Ok(()) } else { Filter::of(Role::Spawner)?.enforce() }
}

/// Ends of children become readable.
fn watch_children() -> Result<SignalFd, SandboxFault> {
    let mut mask = SigSet::empty();
    mask.add(Signal::SIGCHLD);
    sigprocmask(SigmaskHow::SIG_BLOCK, Some(&mask), None).map_err(SandboxFault::errno("block SIGCHLD"))?;
    SignalFd::with_flags(&mask, SfdFlags::SFD_NONBLOCK | SfdFlags::SFD_CLOEXEC)
        .map_err(SandboxFault::errno("watch SIGCHLD"))
}

/// A hand that lives.
#[derive(Clone, Copy)]
struct Hand {
    pid: Pid,
    place: u32,
    uid: Option<u32>,
    cpu_seconds: u64,
    /// What its group had counted of processes ended for their memory, before it was in it.
    ended_for_memory: u64,
}

/// The hands that live, by the brain's number.
struct Nursery {
    socket: OwnedFd,
    bodies: &'static [(Class, Body)],
    mould: Mould,
    probe: Option<Pid>,
    hands: HashMap<u64, Hand>,
    room: Vec<u8>,
}

impl Nursery {
    /// Takes one order; false when the brain has gone or speaks garbage.
    fn obey(&mut self) -> bool {
        let Ok(Some(packet)) = packet::receive(&self.socket, &mut self.room) else { return false };
        match decode_order(&packet.bytes) {
            Ok(Order::Spawn { ticket, class, cpu_seconds, keeper }) => {
                let event = match self.spawn(ticket, class, u64::from(cpu_seconds), packet.descriptors, keeper) {
                    Ok(pid) => Event::Started { ticket, pid },
                    Err(fault) => Event::Refused { ticket, fault },
                };
                self.tell(&event)
            }
            Ok(Order::Kill { ticket }) => {
                if let Some(hand) = self.hands.get(&ticket) {
                    end(*hand);
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
        keeper: Option<AtKeeper>,
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
        let place = (0..).find(|place| self.hands.values().all(|hand| hand.place != *place)).unwrap_or_default();
        let birth = Birth { class, walls: self.mould.walls(class), place, cpu_seconds, strict: true, keeper };
        let ended_for_memory = self.ended_for_memory(place);
        let born = self.mould.bear(&birth, |order| live(order, socket, descriptors, body));
        match born {
            Ok(pid) => {
                let uid = birth.walls.has(Wall::Uid).then_some(limits::HAND_UIDS + place);
                self.hands.insert(ticket, Hand { pid, place, uid, cpu_seconds, ended_for_memory });
                Ok(u32::try_from(pid.as_raw()).unwrap_or_default())
            }
            Err(error) => Err(Fault::new(Code::System, format!("fork a {} hand: {error}", class.word()))),
        }
    }

    fn reap(&mut self) {
        while let Ok((status, cpu_seconds)) = wait_any() {
            let (pid, mut status, mut signal) = match status {
                WaitStatus::Exited(pid, status) => (pid, status, 0),
                WaitStatus::Signaled(pid, signal, _) => (pid, 0, signal as i32),
                WaitStatus::StillAlive => return,
                _ => continue,
            };
            let Some(ticket) = self.hands.iter().find(|(_, of)| of.pid == pid).map(|(ticket, _)| *ticket) else {
                continue;
            };
            let hand = self.hands.remove(&ticket);
            // Told as the allocator tells it, where the group's cap was passed first.
            if hand.is_some_and(|hand| {
                signal == libc::SIGKILL && self.ended_for_memory(hand.place) > hand.ended_for_memory
            }) {
                (status, signal) = (SPENT, 0);
            }
            if let (Some(groups), Some(hand)) = (&self.mould.groups, hand) {
                groups.clear(hand.place);
            }
            self.sweep();
            // The first process of a process namespace gets no SIGXCPU, only the kill behind it.
            let used_up = hand.is_some_and(|hand| hand.cpu_seconds > 0 && cpu_seconds >= hand.cpu_seconds);
            if signal == libc::SIGKILL && used_up {
                signal = libc::SIGXCPU;
            }
            let pid = u32::try_from(pid.as_raw()).unwrap_or_default();
            self.tell(&Event::Ended { ticket, pid, status, signal });
        }
    }

    /// The count of the group at a place; none without groups.
    fn ended_for_memory(&self, place: u32) -> u64 {
        self.mould.groups.as_ref().map_or(0, |groups| groups.ended_for_memory(place))
    }

    /// Ends what a hand that was ended left behind: such orphans become children of the spawner.
    fn sweep(&self) {
        let known = |pid: &Pid| Some(*pid) == self.probe || self.hands.values().any(|hand| hand.pid == *pid);
        let path = format!("/proc/self/task/{}/children", nix::unistd::gettid());
        let listed = std::fs::read_to_string(path).unwrap_or_default();
        let children = listed.split_whitespace().filter_map(|pid| pid.parse().ok()).map(Pid::from_raw);
        for orphan in children.filter(|pid| !known(pid)) {
            let _ = kill(orphan, Signal::SIGKILL);
        }
    }

    fn tell(&self, event: &Event) -> bool {
        packet::send(&self.socket, &encode_event(event), &[]).is_ok()
    }

    fn end_all(&self) {
        for hand in self.hands.values() {
            end(*hand);
        }
    }
}

/// Ends a hand. One that has its own uid is out of reach of this uid, so a child takes its uid to end it.
fn end(hand: Hand) {
    let Some(uid) = hand.uid else {
        let _ = kill(hand.pid, Signal::SIGKILL);
        return;
    };
    if let Ok(None) = plain_fork() {
        let taken = nix::unistd::setresuid(uid.into(), uid.into(), uid.into());
        let _ = taken.and_then(|()| kill(hand.pid, Signal::SIGKILL));
        sys::exit_now(0);
    }
}

/// A child that ended, if one did, and the processor time that it used, in whole seconds.
fn wait_any() -> nix::Result<(WaitStatus, u64)> {
    let mut status = 0;
    // SAFETY: all zeros is a valid rusage.
    let mut usage: libc::rusage = unsafe { std::mem::zeroed() };
    // SAFETY: both pointers are to values of this function.
    let pid = unsafe { libc::wait4(-1, &raw mut status, libc::WNOHANG, &raw mut usage) };
    match pid {
        -1 => Err(nix::errno::Errno::last()),
        0 => Ok((WaitStatus::StillAlive, 0)),
        pid => {
            let micros = usage.ru_utime.tv_usec + usage.ru_stime.tv_usec;
            let seconds = usage.ru_utime.tv_sec + usage.ru_stime.tv_sec + micros / 1_000_000;
            Ok((WaitStatus::from_raw(Pid::from_raw(pid), status)?, u64::try_from(seconds).unwrap_or_default()))
        }
    }
}

/// The life of a hand: seal, work; its exit status.
fn live(order: &seal::Order<'_>, socket: OwnedFd, descriptors: Vec<OwnedFd>, body: Body) -> i32 {
    match seal::hand(order, socket, descriptors) {
        Ok(sealed) => {
            heap::end_when_spent();
            i32::from(body(&mut Port::new(sealed.socket, sealed.keeper), sealed.descriptors).is_err())
        }
        Err((fault, voice)) => {
            if let Some(voice) = voice {
                let word = order.class.word();
                let code =
                    if matches!(fault, SandboxFault::NoKeeper { .. }) { Code::Unavailable } else { Code::Refused };
                let fault = Fault::new(code, format!("the {word} hand was not sealed: {fault}"));
                let _ = packet::send(&voice, &encode_reply(0, &Outcome::Failed(fault)), &[]);
            }
            UNSEALED
        }
    }
}
