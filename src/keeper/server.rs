//! The keeper at work: accept, look who it is, answer, within bounds.
//!
//! One thread serves all connections. A peer of another uid, one too many, a message that does not
//! verify or is not known: the connection ends, and the keeper goes on.

use std::io::{self, Write};
use std::os::fd::AsFd;
use std::os::unix::net::{UnixListener, UnixStream};
use std::rc::Rc;
use std::time::{Duration, Instant};

use nix::sys::signal::{SigSet, Signal};
use nix::sys::signalfd::{SfdFlags, SignalFd};
use nix::sys::socket::{getsockopt, sockopt::PeerCredentials};
use nix::unistd::{Uid, getuid};
use smol::{Async, LocalExecutor, Timer, future, prelude::*};
use zeroize::Zeroizing;

use super::args::Settings;
use super::desk::{Desk, Line, Peer};
use super::fault::KeeperFault;
use super::listen::Listener;
use super::message::{Answer, Reply};
use super::safe::Safe;
use super::{frame, say};
use crate::base::{Code, Fault, limits, sys};
use crate::wire::WireFault;

/// How long the keeper waits after the system refused it a connection (no descriptors, no memory).
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

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
pub fn run(listener: &Listener, signals: &SignalFd, settings: &Settings, safe: Safe) -> Result<(), KeeperFault> {
    let fail = |error| KeeperFault::System { act: "waiting for connections", error };
    let socket = listener.socket().try_clone().and_then(Async::new).map_err(fail)?;
    let signals = Async::new(signals).map_err(fail)?;
    let executor = LocalExecutor::new();
    let desk = Rc::new(Desk::new(settings, safe));
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

/// A connection's place; given back when it ends, however it ends.
struct Place {
    desk: Rc<Desk>,
    line: Line,
}

impl Drop for Place {
    fn drop(&mut self) {
        self.desk.leave(&self.line);
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
                desk.note(&format!("cannot accept a connection: {error}"), say);
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
    let peer = look(stream, &desk.settings)?;
    let Peer { pid, uid, admin } = peer;
    if !admin && desk.settings.brain != Some(uid) && !desk.settings.allowed.contains(&uid) {
        desk.note(&format!("refused pid {pid} of uid {uid}"), say);
        return Err(Fault::new(
            Code::Refused,
            format!("uid {uid} may not talk to the keeper; --allow-uid {uid} lets it"),
        ));
    }
    let line = desk.sit(peer).ok_or_else(|| {
        Fault::new(Code::Full, format!("the keeper holds {} connections already", limits::KEEPER_CLIENTS))
    })?;
    Ok(Place { desk: Rc::clone(desk), line })
}

/// The kernel's word on the peer, as of when it connected (SO_PEERCRED, SO_PEERGROUPS).
fn look(stream: &UnixStream, settings: &Settings) -> Result<Peer, Fault> {
    let peer = getsockopt(stream, PeerCredentials).map_err(|error| Fault::new(Code::System, error.to_string()))?;
    let uid = peer.uid();
    // The brain's uid is no administrator, unless keeper and brain share one: then nothing tells them apart.
    let own = uid == getuid().as_raw() || Uid::from_raw(uid).is_root();
    let group = settings.admins.is_some_and(|gid| {
        // A kernel before 4.13 tells the first group only.
        peer.gid() == gid || sys::peer_groups(stream.as_fd()).is_ok_and(|groups| groups.contains(&gid))
    });
    Ok(Peer { pid: peer.pid(), uid, admin: own || group })
}

/// Says why, as far as the socket takes it at once, and hangs up.
fn refuse(mut stream: &UnixStream, fault: Fault) {
    if let Ok(frame) = frame::framed(&Reply { id: 0, answer: Answer::Refused(fault) }.encode()) {
        let _ = stream.write(&frame);
    }
}

/// Answers one connection until it ends.
async fn attend(mut stream: Async<UnixStream>, mut place: Place) {
    if let Err(fault) = converse(&mut stream, &mut place).await {
        place.desk.note(&format!("ended a connection: {fault}"), say);
    }
}

async fn converse(stream: &mut Async<UnixStream>, place: &mut Place) -> Result<(), KeeperFault> {
    while let Some(message) = receive(stream, place.desk.settings.idle).await? {
        let said = match place.desk.hear(&mut place.line, &message, Instant::now()) {
            Ok(said) => said,
            Err(fault) => {
                // The one thing to say to a program of another build; anything else gets no answer.
                return Err(match fault {
                    KeeperFault::Wire(wire @ WireFault::WrongVersion { .. }) => {
                        let fault = Fault::from(wire);
                        refuse(stream.get_ref(), fault.clone());
                        KeeperFault::Refused(fault)
                    }
                    other => other,
                });
            }
        };
        let frame = frame::framed(&said.frame)?;
        within(limits::KEEPER_MESSAGE, stream.write_all(&frame)).await?;
        if let Some(fault) = said.last {
            return Err(KeeperFault::Refused(fault));
        }
    }
    Ok(())
}

/// One message; `None` where the peer hung up between two, or said nothing for `idle`.
async fn receive(stream: &mut Async<UnixStream>, idle: Duration) -> Result<Option<Zeroizing<Vec<u8>>>, KeeperFault> {
    let mut prefix = [0; 4];
    let first = within(idle, stream.read(&mut prefix)).await;
    let began = match first {
        Ok(0) => return Ok(None),
        Err(KeeperFault::Broken(error)) if error.kind() == io::ErrorKind::TimedOut => return Ok(None),
        other => other?,
    };
    let deadline = Instant::now() + limits::KEEPER_MESSAGE;
    within(limits::KEEPER_MESSAGE, stream.read_exact(&mut prefix[began..])).await?;
    let mut message = Zeroizing::new(vec![0; frame::length(prefix)?]);
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
