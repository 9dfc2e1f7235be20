//! Drives a session over real connections: dial, greet, read, write, ping, reconnect.
//!
//! One task. It always takes orders, also while no broker is there: then they wait in the session's
//! bounded queue. Whatever a connection dies of is told to the [`Listener`] and followed by the next
//! attempt, later each time and never at the same moment as everybody else's.

use std::time::{Duration, Instant};

use bytes::BytesMut;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::{mpsc, oneshot};
use tokio::time::{sleep_until, timeout};

use super::codec;
use super::dial::Dial;
use super::packet::{Message, Packet};
use super::queue::Lane;
use super::session::{Event, Session};
use super::tickets::{Order, Tickets};
use crate::base::limits::{MQTT_BACKOFF, MQTT_GREETING, MQTT_ORDERS, MQTT_PACKET_BYTES, MQTT_STALL, MQTT_WRITE_BYTES};
use crate::base::{Code, Fault};

/// Hears what happens; called in the driver's task, so it must never wait.
pub trait Listener: Send {
    /// The broker has greeted us.
    fn up(&mut self, session_present: bool);
    /// The connection is gone or none could be made; why.
    fn down(&mut self, why: &str);
    /// A message, once.
    fn message(&mut self, message: Message);
}

/// The publishing end of a client.
#[derive(Clone, Debug)]
pub struct Client {
    orders: mpsc::Sender<Order>,
}

impl Client {
    /// Publishes and does not ask what came of it.
    pub async fn publish(&self, lane: Lane, message: Message) {
        let _stopped = self.orders.send(Order { lane, message, done: None }).await;
    }

    /// Publishes and waits until the broker has it.
    ///
    /// # Errors
    /// [`Code::Full`] where too many wait, [`Code::Refused`] where the broker does not take it,
    /// [`Code::Unavailable`] where the client has stopped.
    pub async fn publish_surely(&self, message: Message) -> Result<(), Fault> {
        let (done, came) = oneshot::channel();
        let stopped = || Fault::new(Code::Unavailable, "the MQTT connection has stopped");
        self.orders.send(Order { lane: Lane::Sure, message, done: Some(done) }).await.map_err(|_| stopped())?;
        came.await.map_err(|_| stopped())?
    }
}

/// The driver; [`Driver::run`] it on a task.
pub struct Driver<D, L> {
    dial: D,
    listener: L,
    session: Session,
    orders: mpsc::Receiver<Order>,
    tickets: Tickets,
    failures: u32,
}

/// A client and its driver.
pub fn client<D: Dial, L: Listener>(dial: D, session: Session, listener: L) -> (Client, Driver<D, L>) {
    let (sender, orders) = mpsc::channel(MQTT_ORDERS);
    (Client { orders: sender }, Driver { dial, listener, session, orders, tickets: Tickets::default(), failures: 0 })
}

impl<D: Dial, L: Listener> Driver<D, L> {
    /// Keeps a connection until every [`Client`] is gone.
    pub async fn run(mut self) {
        loop {
            let ended = match self.dialled().await {
                Ok(None) => return,
                Ok(Some(stream)) => self.talk(stream).await,
                Err(why) => Err(why),
            };
            self.session.closed();
            match ended {
                Ok(()) => return,
                Err(why) => self.listener.down(&why),
            }
            let again = tokio::time::Instant::now() + backoff(self.failures);
            self.failures = self.failures.saturating_add(1);
            if !self.wait_until(again).await {
                return;
            }
        }
    }

    /// Takes orders until a moment; false when every client is gone.
    async fn wait_until(&mut self, moment: tokio::time::Instant) -> bool {
        loop {
            tokio::select! {
                () = sleep_until(moment) => return true,
                order = self.orders.recv() => match order {
                    Some(order) => self.take(order),
                    None => return false,
                },
            }
        }
    }

    /// A connection; `None` when every client is gone meanwhile.
    async fn dialled(&mut self) -> Result<Option<D::Stream>, String> {
        let Self { dial, listener, orders, session, tickets, .. } = self;
        let dialling = timeout(MQTT_GREETING, dial.dial());
        tokio::pin!(dialling);
        loop {
            tokio::select! {
                dialled = &mut dialling => return match dialled {
                    Ok(Ok(stream)) => Ok(Some(stream)),
                    Ok(Err(error)) => Err(format!("no connection: {error}")),
                    Err(_) => Err(format!("no connection within {MQTT_GREETING:?}")),
                },
                order = orders.recv() => match order {
                    Some(order) => {
                        tickets.take(order, session);
                        // Also without a broker: who is refused must not wait until one comes.
                        tell(session, listener, tickets);
                    }
                    None => return Ok(None),
                },
            }
        }
    }

    fn take(&mut self, order: Order) {
        self.tickets.take(order, &mut self.session);
        self.tell();
    }

    /// One connection from greeting to end; `Ok` when every client is gone.
    async fn talk(&mut self, stream: D::Stream) -> Result<(), String> {
        let (mut reader, mut writer) = tokio::io::split(stream);
        let (mut read, mut write) = (BytesMut::with_capacity(4096), BytesMut::new());
        let mut watch = Watch::new();
        self.session.opened();
        loop {
            self.session.pump(Instant::now());
            self.tell();
            self.encode(&mut write, &mut watch)?;
            let deadline = watch.next(self.session.keep_alive(), self.session.is_up(), !write.is_empty());
            tokio::select! {
                biased;
                got = reader.read_buf(&mut read) => match got {
                    Ok(0) => return Err("the broker closed the connection".into()),
                    Ok(_) => {
                        watch.heard();
                        self.decode(&mut read)?;
                    }
                    Err(error) => return Err(format!("the connection broke: {error}")),
                },
                put = writer.write_buf(&mut write), if !write.is_empty() => match put {
                    Ok(0) => return Err("the connection takes nothing any more".into()),
                    Ok(_) => watch.wrote(),
                    Err(error) => return Err(format!("the connection broke: {error}")),
                },
                order = self.orders.recv() => match order {
                    Some(order) => self.take(order),
                    None => {
                        let _ = codec::write(&Packet::Disconnect { code: 0 }, self.session.version(), &mut write);
                        let _gone = timeout(MQTT_STALL, writer.write_all_buf(&mut write)).await;
                        return Ok(());
                    }
                },
                () = wait(deadline) => watch.due(&mut self.session, !write.is_empty())?,
            }
        }
    }

    fn decode(&mut self, read: &mut BytesMut) -> Result<(), String> {
        let version = self.session.version();
        // A greeting begins with 2, a farewell with 14: anything else is no MQTT, however long it claims to be.
        if !self.session.is_up() && read.first().is_some_and(|first| !matches!(first >> 4, 2 | 14)) {
            return Err("what answers there does not speak MQTT".into());
        }
        while let Some(packet) = codec::read(read, version, MQTT_PACKET_BYTES).map_err(|fault| fault.to_string())? {
            self.session.receive(packet).map_err(|breach| breach.to_string())?;
            if self.session.is_up() {
                self.failures = 0;
            }
            // Before the acknowledgement is written: what is acknowledged has been delivered.
            self.tell();
        }
        Ok(())
    }

    fn encode(&mut self, write: &mut BytesMut, watch: &mut Watch) -> Result<(), String> {
        let was_empty = write.is_empty();
        while write.len() < MQTT_WRITE_BYTES {
            let Some(packet) = self.session.next_packet() else { break };
            if let Err(fault) = codec::write(&packet, self.session.version(), write) {
                tracing::error!(%fault, "an MQTT packet of ours was not sent");
            }
        }
        if was_empty && !write.is_empty() {
            watch.wrote();
        }
        Ok(())
    }

    fn tell(&mut self) {
        tell(&mut self.session, &mut self.listener, &mut self.tickets);
    }
}

fn tell(session: &mut Session, listener: &mut impl Listener, tickets: &mut Tickets) {
    while let Some(event) = session.next_event() {
        match event {
            Event::Up { session_present } => listener.up(session_present),
            Event::Message(message) => listener.message(message),
            Event::Sent(ticket) => tickets.tell(ticket, Ok(())),
            Event::Unsent(ticket, code, why) => {
                let why = Fault::new(code, why);
                tracing::warn!(%why, "a message was not sent");
                tickets.tell(ticket, Err(why));
            }
            Event::Unheard(filter) => tracing::error!(filter, "the broker does not let us listen there"),
            Event::Dropped(count) => tracing::warn!(count, "telemetry was dropped: too much waits for the broker"),
        }
    }
}

/// When something has to happen on a silent connection.
struct Watch {
    opened: Instant,
    last_heard: Instant,
    last_wrote: Instant,
    pinged: Option<Instant>,
}

impl Watch {
    fn new() -> Self {
        let now = Instant::now();
        Self { opened: now, last_heard: now, last_wrote: now, pinged: None }
    }

    fn heard(&mut self) {
        (self.last_heard, self.pinged) = (Instant::now(), None);
    }

    fn wrote(&mut self) {
        self.last_wrote = Instant::now();
    }

    /// The next moment to look again; `None` for never.
    fn next(&self, keep_alive: u16, up: bool, writing: bool) -> Option<Instant> {
        let stall = writing.then(|| self.last_wrote + MQTT_STALL);
        let silence = if up { self.silence(keep_alive) } else { Some(self.opened + MQTT_GREETING) };
        [stall, silence].into_iter().flatten().min()
    }

    fn silence(&self, keep_alive: u16) -> Option<Instant> {
        let pause = Duration::from_secs(keep_alive.into());
        match (keep_alive, self.pinged) {
            (0, _) => None,
            // Half of the pause for the answer: the broker itself gives up after one and a half.
            (_, Some(pinged)) => Some(pinged + (pause / 2).max(Duration::from_secs(1))),
            // Both sides must have been heard of: one's own packets do not show that the other lives.
            (_, None) => Some(self.last_wrote.min(self.last_heard) + pause),
        }
    }

    fn due(&mut self, session: &mut Session, writing: bool) -> Result<(), String> {
        let now = Instant::now();
        if writing && now >= self.last_wrote + MQTT_STALL {
            return Err(format!("the broker took nothing for {MQTT_STALL:?}"));
        }
        if !session.is_up() {
            return if now >= self.opened + MQTT_GREETING { Err("the broker does not greet".into()) } else { Ok(()) };
        }
        if self.silence(session.keep_alive()).is_none_or(|moment| now < moment) {
            return Ok(());
        }
        if self.pinged.is_some() {
            return Err("the broker does not answer".into());
        }
        self.pinged = Some(now);
        session.ping();
        Ok(())
    }
}

async fn wait(until: Option<Instant>) {
    match until {
        Some(until) => sleep_until(until.into()).await,
        None => std::future::pending().await,
    }
}

/// The wait before the next attempt: doubled each time, with a random half of it, so that the clients
/// of a restarted broker do not come back all at once.
#[must_use]
pub fn backoff(failures: u32) -> Duration {
    let (first, most) = MQTT_BACKOFF;
    let whole = first.saturating_mul(1 << failures.min(16)).min(most);
    let [random, ..] = *uuid::Uuid::new_v4().as_bytes();
    whole / 2 + whole.mul_f64(f64::from(random) / 510.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attempts_come_later_each_time_up_to_a_bound_and_never_at_one_moment() {
        let (first, most) = MQTT_BACKOFF;
        for failures in [0, 1, 2, 5, 8, 40, u32::MAX] {
            let whole = first.saturating_mul(1 << failures.min(16)).min(most);
            let waits: std::collections::BTreeSet<_> = (0..200).map(|_| backoff(failures)).collect();
            assert!(waits.iter().all(|wait| *wait >= whole / 2 && *wait <= whole), "{failures}");
            assert!(waits.len() > 20, "a random half");
        }
        assert!(backoff(u32::MAX) >= most / 2);
    }
}
