//! The brain's side of the spawner: asks for hands, hears of their ends.
//!
//! Where the spawner is gone, every request is refused: nothing here ever does a hand's work itself.

use std::collections::HashMap;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};

use tokio::io::unix::AsyncFd;
use tokio::sync::{OnceCell, OwnedSemaphorePermit, Semaphore, watch};

use super::link::{End, HandLink};
use super::policy::Class;
use super::report::Report;
use super::spawner::Spawner;
use super::wall::Walls;
use crate::base::{Code, Fault, limits};
use crate::wire::spawn::{AtKeeper, Event, Order, decode_event, encode_order};
use crate::wire::{PacketFault, packet};

/// Makes hands; cheap to clone.
#[derive(Clone, Debug)]
pub struct Hands {
    shared: Arc<Shared>,
}

/// What `status` and `doctor` say of the spawner and its hands.
#[derive(Clone, Debug, serde::Serialize)]
pub struct HandsStatus {
    /// Whether a tool could run now.
    pub up: bool,
    /// The spawner's process id.
    pub spawner_pid: u32,
    /// Hands alive, with their class and process id.
    pub alive: Vec<(String, u32)>,
    /// Hands made since the start.
    pub made: u64,
}

#[derive(Debug)]
pub(super) struct Shared {
    socket: AsyncFd<OwnedFd>,
    spawner_pid: u32,
    up: AtomicBool,
    tickets: AtomicU64,
    room: Arc<Semaphore>,
    live: Mutex<HashMap<u64, Live>>,
    probe: AsyncFd<OwnedFd>,
    report: OnceCell<Arc<Report>>,
    lowered: Walls,
}

#[derive(Debug)]
struct Live {
    class: Class,
    pid: u32,
    end: watch::Sender<Option<End>>,
    _permit: OwnedSemaphorePermit,
}

impl Hands {
    /// Takes the spawner over; inside a tokio runtime.
    ///
    /// # Errors
    /// Where the socket cannot be watched.
    pub fn attach(spawner: Spawner) -> io::Result<Self> {
        let socket = watchable(spawner.socket)?;
        let shared = Arc::new(Shared {
            socket,
            spawner_pid: spawner.pid,
            up: AtomicBool::new(true),
            tickets: AtomicU64::new(1),
            room: Arc::new(Semaphore::new(limits::HANDS)),
            live: Mutex::new(HashMap::new()),
            probe: watchable(spawner.probe)?,
            report: OnceCell::new(),
            lowered: spawner.lowered,
        });
        tokio::spawn(listen(Arc::clone(&shared)));
        Ok(Self { shared })
    }

    /// A new hand of `class` that holds `descriptors`; it ends when the link is dropped.
    ///
    /// `cpu_seconds` bounds its processor time; 0 for a long-lived hand.
    ///
    /// # Errors
    /// [`Code::Unavailable`] without a spawner, [`Code::Full`] with too many hands, or the system's answer.
    pub async fn spawn(
        &self,
        class: Class,
        cpu_seconds: u32,
        descriptors: &[BorrowedFd<'_>],
    ) -> Result<HandLink, Fault> {
        self.spawn_at_keeper(class, cpu_seconds, descriptors, None).await
    }

    /// [`Hands::spawn`] of a hand that connects to the keeper before it is sealed, to redeem tickets there.
    ///
    /// # Errors
    /// As above. Where no keeper answers, the hand's first call fails with [`Code::Unavailable`].
    pub async fn spawn_at_keeper(
        &self,
        class: Class,
        cpu_seconds: u32,
        descriptors: &[BorrowedFd<'_>],
        keeper: Option<AtKeeper>,
    ) -> Result<HandLink, Fault> {
        let shared = &self.shared;
        let room = tokio::time::timeout(limits::HAND_WALL, Arc::clone(&shared.room).acquire_owned()).await;
        let Ok(Ok(permit)) = room else {
            return Err(Fault::new(Code::Full, format!("all {} hands are busy; try again", limits::HANDS)));
        };
        shared.refuse_without_spawner()?;
        let (ours, theirs) =
            packet::pair().map_err(|error| Fault::new(Code::System, format!("socketpair: {error}")))?;
        let ours = watchable(ours).map_err(|error| Fault::new(Code::System, format!("watch a socket: {error}")))?;
        let ticket = shared.tickets.fetch_add(1, Ordering::Relaxed);
        let (end, ended) = watch::channel(None);
        shared.live().insert(ticket, Live { class, pid: 0, end, _permit: permit });
        let mut passed = vec![theirs.as_fd()];
        passed.extend_from_slice(descriptors);
        let order = encode_order(&Order::Spawn { ticket, class: class.to_wire(), cpu_seconds, keeper });
        if let Err(fault) = shared.order(&order, &passed).await {
            shared.live().remove(&ticket);
            return Err(fault.into());
        }
        Ok(HandLink::new(class, ticket, ours, ended, Arc::clone(shared)))
    }

    /// What the probe found: which wall refuses what to which class. The first call tries them.
    ///
    /// # Errors
    /// [`Code::Unavailable`] where the probe gave no report.
    pub async fn walls(&self) -> Result<Arc<Report>, Fault> {
        self.shared.report.get_or_try_init(|| self.shared.ask_probe()).await.cloned()
    }

    /// The same where they have been tried already; nothing is waited for.
    #[must_use]
    pub fn walls_so_far(&self) -> Option<Arc<Report>> {
        self.shared.report.get().cloned()
    }

    /// Walls that were taken away when the program was started; only tests do.
    #[must_use]
    pub fn lowered(&self) -> Walls {
        self.shared.lowered
    }

    /// What lives now.
    #[must_use]
    pub fn status(&self) -> HandsStatus {
        let live = self.shared.live();
        let mut alive: Vec<_> = live.values().map(|hand| (hand.class.word().to_owned(), hand.pid)).collect();
        alive.sort();
        HandsStatus {
            up: self.shared.up.load(Ordering::Relaxed),
            spawner_pid: self.shared.spawner_pid,
            alive,
            made: self.shared.tickets.load(Ordering::Relaxed) - 1,
        }
    }
}

impl Shared {
    fn live(&self) -> MutexGuard<'_, HashMap<u64, Live>> {
        self.live.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    fn refuse_without_spawner(&self) -> Result<(), Fault> {
        if self.up.load(Ordering::Relaxed) {
            return Ok(());
        }
        Err(Fault::new(Code::Unavailable, "the spawner has ended, so no tool can run until Hearth is restarted"))
    }

    async fn ask_probe(&self) -> Result<Arc<Report>, Fault> {
        let lost = |error: String| Fault::new(Code::Unavailable, format!("the walls could not be tried: {error}"));
        packet::send(self.probe.get_ref(), b"try", &[]).map_err(|error| lost(error.to_string()))?;
        let mut room = Vec::new();
        let heard = tokio::time::timeout(limits::PROBE_WALL, receive(&self.probe, &mut room)).await;
        let packet = heard.map_err(|_| lost(format!("no report within {:?}", limits::PROBE_WALL)))?;
        let packet = packet.map_err(|error| lost(error.to_string()))?;
        Report::decode(&packet.bytes).map(Arc::new).map_err(|error| lost(error.to_string()))
    }

    async fn order(&self, order: &[u8], descriptors: &[BorrowedFd<'_>]) -> Result<(), PacketFault> {
        loop {
            let mut ready = self.socket.writable().await.map_err(PacketFault::System)?;
            match packet::send(self.socket.get_ref(), order, descriptors) {
                Err(PacketFault::System(error)) if error.kind() == io::ErrorKind::WouldBlock => ready.clear_ready(),
                answer => return answer,
            }
        }
    }

    /// Ends a hand at once; where the order cannot be sent, the closed socket ends it.
    pub(super) fn kill(&self, ticket: u64) {
        if self.live().contains_key(&ticket) {
            let _ = packet::send(self.socket.get_ref(), &encode_order(&Order::Kill { ticket }), &[]);
        }
    }

    fn hear(&self, event: Event) {
        match event {
            Event::Started { ticket, pid } => {
                if let Some(hand) = self.live().get_mut(&ticket) {
                    hand.pid = pid;
                }
            }
            Event::Refused { ticket, fault } => self.finish(ticket, End::Refused(fault)),
            Event::Ended { ticket, status, signal, .. } => self.finish(ticket, End::Ended { status, signal }),
        }
    }

    fn finish(&self, ticket: u64, end: End) {
        let hand = self.live().remove(&ticket);
        if let Some(hand) = hand {
            hand.end.send_replace(Some(end));
        }
    }
}

/// Hears the spawner until it goes; then every hand counts as ended.
async fn listen(shared: Arc<Shared>) {
    let mut room = Vec::new();
    while let Ok(packet) = receive(&shared.socket, &mut room).await {
        match decode_event(&packet.bytes) {
            Ok(event) => shared.hear(event),
            Err(fault) => {
                tracing::error!(%fault, "the spawner speaks garbage");
                break;
            }
        }
    }
    shared.up.store(false, Ordering::Relaxed);
    tracing::error!(pid = shared.spawner_pid, "the spawner has ended: every tool is refused from now on");
    let gone: Vec<_> = shared.live().drain().collect();
    for (_, hand) in gone {
        hand.end.send_replace(Some(End::SpawnerGone));
    }
}

/// The next packet on a watched socket.
///
/// # Errors
/// As `packet::receive_now`, without `WouldBlock`.
pub(super) async fn receive(socket: &AsyncFd<OwnedFd>, room: &mut Vec<u8>) -> io::Result<packet::Packet> {
    loop {
        let mut ready = socket.readable().await?;
        if let Ok(answer) = ready.try_io(|socket| packet::receive_now(socket.get_ref(), room)) {
            return answer;
        }
    }
}

fn watchable(socket: OwnedFd) -> io::Result<AsyncFd<OwnedFd>> {
    let flags = nix::fcntl::OFlag::O_NONBLOCK;
    nix::fcntl::fcntl(&socket, nix::fcntl::FcntlArg::F_SETFL(flags))?;
    // SAFETY: the `OwnedFd` moves into the `AsyncFd`, so the descriptor stays open and the same while it is watched.
    unsafe { AsyncFd::register(socket) }.map_err(Into::into)
}
