//! The keeper at work: accept, look who it is, answer, within bounds.
//!
//! One thread serves all connections. A peer of another uid, one too many, a message that does not
//! verify or is not known: the connection ends, and the keeper goes on.

use std::cell::Cell;
use std::io::{self, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::rc::Rc;
use std::time::{Duration, Instant};

use nix::sys::signal::{SigSet, Signal};
use nix::sys::signalfd::{SfdFlags, SignalFd};
use nix::sys::socket::{getsockopt, sockopt::PeerCredentials};
use nix::unistd::{Uid, getuid};
use smol::{Async, LocalExecutor, Timer, future, prelude::*};

use super::args::Settings;
use super::fault::KeeperFault;
use super::listen::Listener;
use super::message::{Answer, Ask, Reply, Request, State, Vault};
use super::{frame, say, seal};
use crate::base::{Code, Fault, limits};
use crate::wire::WireFault;

/// How long the keeper waits after the system refused it a connection (no descriptors, no memory).
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// The time for which [`limits::KEEPER_NOTES`] counts.
const NOTES_TIME: Duration = Duration::from_secs(60);

/// SIGTERM and SIGINT as a descriptor; called before there is a second thread.
///
/// # Errors
/// [`KeeperFault::System`].
pub fn ending_signals() -> Result<SignalFd, KeeperFault> {
    let fail = |error: nix::Error| KeeperFault::System { act: "waiting for signals", error: error.into() };
    let set: SigSet = [Signal::SIGTERM, Signal::SIGINT].into_iter().collect();
    set.thread_block().map_err(fail)?;
    SignalFd::with_flags(&set, SfdFlags::SFD_NONBLOCK | SfdFlags::SFD_CLOEXEC).map_err(fail)
}

/// Serves until a signal ends it.
///
/// # Errors
/// [`KeeperFault::System`] where the socket or the signals cannot be waited for.
pub fn run(listener: &Listener, signals: &SignalFd, settings: &Settings) -> Result<(), KeeperFault> {
    let fail = |error| KeeperFault::System { act: "waiting for connections", error };
    let socket = listener.socket().try_clone().and_then(Async::new).map_err(fail)?;
    let signals = Async::new(signals).map_err(fail)?;
    let executor = LocalExecutor::new();
    let now = Instant::now();
    let desk = Desk { began: now, clients: Cell::new(0), notes: Cell::new((now, 0)), settings: settings.clone() };
    let desk = Rc::new(desk);
    // Without a service manager this says nothing to nobody.
    let _ = sd_notify::notify(&[sd_notify::NotifyState::Ready]);
    let ended = async { signals.read_with(|signals| caught(signals)).await.map_err(fail) };
    smol::block_on(executor.run(future::or(accept(&executor, &socket, &desk), ended)))?;
    let _ = sd_notify::notify(&[sd_notify::NotifyState::Stopping]);
    Ok(())
}

/// A signal that came; `WouldBlock` where there is none yet.
fn caught(signals: &SignalFd) -> io::Result<()> {
    signals.read_signal()?.map(drop).ok_or_else(|| io::ErrorKind::WouldBlock.into())
}

/// What all connections share.
struct Desk {
    began: Instant,
    clients: Cell<usize>,
    /// When the minute of notes began, and how many were made in it.
    notes: Cell<(Instant, u32)>,
    settings: Settings,
}

impl Desk {
    /// A line about a peer. Peers make these happen, so only so many a minute are written: a log that
    /// nobody reads must not stop the keeper.
    fn note(&self, line: &str) {
        let (began, count) = match self.notes.get() {
            (began, _) if began.elapsed() >= NOTES_TIME => (Instant::now(), 0),
            same => same,
        };
        self.notes.set((began, count.saturating_add(1)));
        match count {
            ..limits::KEEPER_NOTES => say(line),
            limits::KEEPER_NOTES => say("more of the like within a minute; not written"),
            _ => {}
        }
    }
}

/// A connection's place; given back when it ends, however it ends.
struct Place(Rc<Desk>);

impl Place {
    fn take(desk: &Rc<Desk>) -> Option<Self> {
        let taken = desk.clients.get();
        (taken < limits::KEEPER_CLIENTS).then(|| {
            desk.clients.set(taken + 1);
            Self(Rc::clone(desk))
        })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.0.clients.set(self.0.clients.get().saturating_sub(1));
    }
}

async fn accept(
    executor: &LocalExecutor<'_>,
    socket: &Async<UnixListener>,
    desk: &Rc<Desk>,
) -> Result<(), KeeperFault> {
    loop {
        let stream = match socket.accept().await {
            Ok((stream, _)) => stream,
            Err(error) => {
                desk.note(&format!("cannot accept a connection: {error}"));
                Timer::after(ACCEPT_PAUSE).await;
                continue;
            }
        };
        match admit(stream.get_ref(), desk) {
            Ok(place) => executor.spawn(attend(stream, place)).detach(),
            Err(fault) => refuse(stream.get_ref(), fault),
        }
    }
}

/// Who may connect, and whether there is room.
fn admit(stream: &UnixStream, desk: &Rc<Desk>) -> Result<Place, Fault> {
    let peer = getsockopt(stream, PeerCredentials).map_err(|error| Fault::new(Code::System, error.to_string()))?;
    let uid = peer.uid();
    let own = uid == getuid().as_raw() || Uid::from_raw(uid).is_root();
    if !own && !desk.settings.allowed.contains(&uid) {
        desk.note(&format!("refused pid {} of uid {uid}", peer.pid()));
        return Err(Fault::new(
            Code::Refused,
            format!("uid {uid} may not talk to the keeper; --allow-uid {uid} lets it"),
        ));
    }
    Place::take(desk).ok_or_else(|| {
        Fault::new(Code::Full, format!("the keeper holds {} connections already", limits::KEEPER_CLIENTS))
    })
}

/// Says why, as far as the socket takes it at once, and hangs up.
fn refuse(mut stream: &UnixStream, fault: Fault) {
    if let Ok(frame) = frame::framed(&Reply { id: 0, answer: Answer::Refused(fault) }.encode()) {
        let _ = stream.write(&frame);
    }
}

/// Answers one connection until it ends.
async fn attend(mut stream: Async<UnixStream>, place: Place) {
    if let Err(fault) = converse(&mut stream, &place.0).await {
        place.0.note(&format!("ended a connection: {fault}"));
    }
}

async fn converse(stream: &mut Async<UnixStream>, desk: &Desk) -> Result<(), KeeperFault> {
    let mut greeted = false;
    while let Some(message) = receive(stream, desk.settings.idle).await? {
        let request = match Request::decode(&message) {
            Ok(request) => request,
            // The one thing to say to a program of another build; anything else gets no answer.
            Err(fault @ WireFault::WrongVersion { .. }) => {
                refuse(stream.get_ref(), fault.clone().into());
                return Err(fault.into());
            }
            Err(fault) => return Err(fault.into()),
        };
        if !greeted && request.ask != Ask::Hello {
            refuse(stream.get_ref(), Fault::new(Code::BadInput, "the first request of a connection is Hello"));
            return Err(KeeperFault::Unasked);
        }
        greeted = true;
        let reply = Reply { id: request.id, answer: answer(request.ask, desk) };
        let frame = frame::framed(&reply.encode())?;
        within(limits::KEEPER_MESSAGE, stream.write_all(&frame)).await?;
    }
    Ok(())
}

/// One message; `None` where the peer hung up between two, or said nothing for `idle`.
async fn receive(stream: &mut Async<UnixStream>, idle: Duration) -> Result<Option<Vec<u8>>, KeeperFault> {
    let mut prefix = [0; 4];
    let first = within(idle, stream.read(&mut prefix)).await;
    let began = match first {
        Ok(0) => return Ok(None),
        Err(KeeperFault::Broken(error)) if error.kind() == io::ErrorKind::TimedOut => return Ok(None),
        other => other?,
    };
    let deadline = Instant::now() + limits::KEEPER_MESSAGE;
    within(limits::KEEPER_MESSAGE, stream.read_exact(&mut prefix[began..])).await?;
    let mut message = vec![0; frame::length(prefix)?];
    within(deadline.saturating_duration_since(Instant::now()), stream.read_exact(&mut message)).await?;
    Ok(Some(message))
}

/// `work`, or [`KeeperFault::Broken`] with `TimedOut` after `time`.
async fn within<T>(time: Duration, work: impl Future<Output = io::Result<T>>) -> Result<T, KeeperFault> {
    let late = async {
        Timer::after(time).await;
        Err(io::ErrorKind::TimedOut.into())
    };
    future::or(work, late).await.map_err(KeeperFault::Broken)
}

fn answer(ask: Ask, desk: &Desk) -> Answer {
    match ask {
        Ask::Hello => Answer::Welcome(env!("CARGO_PKG_VERSION").to_owned()),
        Ask::Status => Answer::State(state(desk)),
        Ask::ListNames => Answer::Names(Vault::NotInitialised, Vec::new()),
    }
}

fn state(desk: &Desk) -> State {
    let (walls, missing) = seal::observe();
    State {
        program: env!("CARGO_PKG_VERSION").to_owned(),
        pid: std::process::id(),
        uid: getuid().as_raw(),
        uptime_ms: u64::try_from(desk.began.elapsed().as_millis()).unwrap_or(u64::MAX),
        clients: u32::try_from(desk.clients.get()).unwrap_or(u32::MAX),
        walls,
        missing,
        vault: Vault::NotInitialised,
    }
}
