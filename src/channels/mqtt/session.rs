//! One MQTT session without any I/O: packets in, packets and events out.
//!
//! It outlives its connections: what was sent and not acknowledged, and the QoS 2 messages taken and
//! not released, are kept over a reconnect. Nothing here waits, reads a clock or owns a socket; the
//! driver (`client`) and the tests give it packets and times.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Instant;

use super::inflight::{Inflight, Stage};
use super::packet::{Hello, Message, Packet, QoS, Version, Welcome};
use super::queue::{Lane, Queue, Ticket, Waiting};
use super::redelivery::Redelivery;
use crate::base::Code;
use crate::base::limits::{MQTT_ALIASES, MQTT_INFLIGHT, MQTT_UNSURE};

/// What a session is made with.
#[derive(Clone, Debug)]
pub struct Options {
    /// The protocol version.
    pub version: Version,
    /// The first packet.
    pub hello: Hello,
    /// What is subscribed after each greeting.
    pub filters: Vec<(String, QoS)>,
}

/// What a session tells its owner.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// The broker greeted us.
    Up {
        /// Whether it kept our session.
        session_present: bool,
    },
    /// A message, once.
    Message(Message),
    /// A message of ours is at the broker (QoS 1 and 2), or was handed to the socket (QoS 0).
    Sent(Ticket),
    /// A message of ours will not be sent; why, in words.
    Unsent(Ticket, Code, String),
    /// A filter was not granted.
    Unheard(String),
    /// So much of our telemetry made room for newer.
    Dropped(u64),
}

/// What ends a connection, in the session's view.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Breach {
    /// The greeting was a refusal.
    #[error("the broker refused us (code {0})")]
    Refused(u8),
    /// The broker ended the connection.
    #[error("the broker ended the connection (reason {0})")]
    Ended(u8),
    /// A packet at the wrong time or with the wrong content.
    #[error("the broker broke the protocol: {0}")]
    Protocol(&'static str),
}

/// Dropped messages behind one event after the first.
const DROPPED_TOLD: u64 = 100;

/// The state of this connection.
#[derive(Debug, PartialEq, Eq)]
enum Stand {
    Down,
    Greeting,
    Up,
}

/// See the module.
#[derive(Debug)]
pub struct Session {
    options: Options,
    stand: Stand,
    welcome: Welcome,
    inflight: Inflight,
    received: BTreeSet<u16>,
    redelivery: Redelivery,
    queue: Queue,
    /// Telemetry dropped and not told yet.
    dropped: u64,
    told_dropping: bool,
    subscribing: Option<u16>,
    aliases_in: BTreeMap<u16, String>,
    aliases_out: BTreeMap<String, u16>,
    out: VecDeque<Packet>,
    events: VecDeque<Event>,
}

impl Session {
    /// A session that is not connected.
    #[must_use]
    pub fn new(options: Options) -> Self {
        Self {
            options,
            stand: Stand::Down,
            welcome: Welcome::plain(0, false),
            inflight: Inflight::default(),
            received: BTreeSet::new(),
            redelivery: Redelivery::default(),
            queue: Queue::default(),
            dropped: 0,
            told_dropping: false,
            subscribing: None,
            aliases_in: BTreeMap::new(),
            aliases_out: BTreeMap::new(),
            out: VecDeque::new(),
            events: VecDeque::new(),
        }
    }

    /// The protocol version.
    #[must_use]
    pub const fn version(&self) -> Version {
        self.options.version
    }

    /// The keep-alive in force, in seconds; 0 for none.
    #[must_use]
    pub fn keep_alive(&self) -> u16 {
        self.welcome.keep_alive.unwrap_or(self.options.hello.keep_alive)
    }

    /// Whether the broker has greeted us on this connection.
    #[must_use]
    pub fn is_up(&self) -> bool {
        self.stand == Stand::Up
    }

    /// Messages that wait, and messages that are not acknowledged.
    #[must_use]
    pub fn pending(&self) -> (usize, usize) {
        (self.queue.len(), self.inflight.len())
    }

    /// A connection is there: the first packet goes out.
    pub fn opened(&mut self) {
        self.closed();
        self.stand = Stand::Greeting;
        self.out.push_back(Packet::Connect(self.options.hello.clone()));
    }

    /// The connection is gone; what it was about to say is said again on the next.
    pub fn closed(&mut self) {
        self.stand = Stand::Down;
        self.out.clear();
        self.subscribing = None;
        self.aliases_in.clear();
        self.aliases_out.clear();
        self.redelivery.connection_lost();
    }

    /// Puts a message into the queue; what comes of it is told by its ticket.
    pub fn publish(&mut self, lane: Lane, message: Message, ticket: Ticket, now: Instant) {
        let waiting = Waiting { message, ticket, since: now, again: false };
        if let Err(refused) = self.queue.push(lane, waiting) {
            self.events.push_back(Event::Unsent(refused, Code::Full, "too many messages wait for the broker".into()));
        }
        // One event for the first and one for every hundred: a broker may be away for days.
        self.dropped += self.queue.take_dropped();
        if self.dropped >= DROPPED_TOLD || (self.dropped > 0 && !self.told_dropping) {
            self.told_dropping = true;
            self.events.push_back(Event::Dropped(std::mem::take(&mut self.dropped)));
        }
    }

    /// Asks whether the broker is there.
    pub fn ping(&mut self) {
        self.redelivery.ping_sent();
        self.out.push_back(Packet::PingReq);
    }

    /// Takes a packet of the broker in.
    ///
    /// # Errors
    /// [`Breach`]: the connection has to be closed.
    pub fn receive(&mut self, packet: Packet) -> Result<(), Breach> {
        match (&self.stand, packet) {
            (Stand::Greeting, Packet::ConnAck(welcome)) => self.greeted(welcome),
            (Stand::Greeting, Packet::Disconnect { code }) | (Stand::Up, Packet::Disconnect { code }) => {
                Err(Breach::Ended(code))
            }
            (Stand::Up, Packet::ConnAck(_)) => Err(Breach::Protocol("a second greeting")),
            (Stand::Up, packet) => self.receive_up(packet),
            _ => Err(Breach::Protocol("a packet before the greeting")),
        }
    }

    fn greeted(&mut self, welcome: Welcome) -> Result<(), Breach> {
        if welcome.code != 0 {
            return Err(Breach::Refused(welcome.code));
        }
        if welcome.receive_maximum == 0 {
            return Err(Breach::Protocol("a receive maximum of 0"));
        }
        let session_present = welcome.session_present;
        self.told_dropping = false;
        if self.dropped > 0 {
            self.events.push_back(Event::Dropped(std::mem::take(&mut self.dropped)));
        }
        self.welcome = welcome;
        self.stand = Stand::Up;
        // First: who answers what we send again must be heard.
        if !self.options.filters.is_empty() {
            let id = self.inflight.free_id();
            self.subscribing = Some(id);
            self.out.push_back(Packet::Subscribe { id, filters: self.options.filters.clone() });
        }
        if session_present {
            self.out.extend(self.inflight.resend());
        } else {
            self.received.clear();
            self.redelivery = Redelivery::default();
            let (again, finished) = self.inflight.start_over();
            self.queue.push_front(again);
            self.events.extend(finished.into_iter().map(Event::Sent));
        }
        self.events.push_back(Event::Up { session_present });
        Ok(())
    }

    fn receive_up(&mut self, packet: Packet) -> Result<(), Breach> {
        match packet {
            Packet::Publish { dup, id, alias, message } => return self.heard(dup, id, alias, message),
            Packet::PubAck { id, code } => {
                if let Some(ticket) = self.inflight.finish(id, Stage::Acknowledged) {
                    self.events.push_back(sent(ticket, code));
                }
            }
            Packet::PubRec { id, code } if code >= 0x80 => {
                if let Some(ticket) = self.inflight.finish(id, Stage::Recorded) {
                    self.events.push_back(sent(ticket, code));
                }
            }
            Packet::PubRec { id, .. } => {
                // Also for an id that is not ours any more: the broker waits for it.
                self.inflight.recorded(id);
                self.out.push_back(Packet::PubRel { id });
            }
            Packet::PubRel { id } => {
                self.received.remove(&id);
                self.out.push_back(Packet::PubComp { id });
            }
            Packet::PubComp { id } => {
                if let Some(ticket) = self.inflight.finish(id, Stage::Complete) {
                    self.events.push_back(Event::Sent(ticket));
                }
            }
            Packet::SubAck { id, granted } => {
                if self.subscribing != Some(id) {
                    return Err(Breach::Protocol("an answer to no subscription"));
                }
                self.subscribing = None;
                let filters = self.options.filters.iter().zip(granted.into_iter().chain(std::iter::repeat(false)));
                let refused = filters.filter(|(_, granted)| !granted).map(|((filter, _), _)| filter.clone());
                self.events.extend(refused.map(Event::Unheard));
            }
            Packet::PingResp => self.redelivery.ping_answered(),
            _ => {}
        }
        Ok(())
    }

    fn heard(&mut self, dup: bool, id: u16, alias: Option<u16>, mut message: Message) -> Result<(), Breach> {
        self.resolve(alias, &mut message)?;
        match message.qos {
            QoS::AtMostOnce => {}
            QoS::AtLeastOnce => {
                self.out.push_back(Packet::PubAck { id, code: 0 });
                if self.redelivery.is_one(dup, id, &message) {
                    return Ok(());
                }
            }
            QoS::ExactlyOnce => {
                if self.received.len() >= MQTT_UNSURE {
                    return Err(Breach::Protocol("too many QoS 2 messages that are never released"));
                }
                self.out.push_back(Packet::PubRec { id, code: 0 });
                if !self.received.insert(id) {
                    return Ok(());
                }
            }
        }
        self.events.push_back(Event::Message(message));
        Ok(())
    }

    fn resolve(&mut self, alias: Option<u16>, message: &mut Message) -> Result<(), Breach> {
        let Some(alias) = alias else {
            return if message.topic.is_empty() { Err(Breach::Protocol("a message without a topic")) } else { Ok(()) };
        };
        if alias == 0 || alias > MQTT_ALIASES {
            return Err(Breach::Protocol("a topic alias that we did not offer"));
        }
        if message.topic.is_empty() {
            let known = self.aliases_in.get(&alias).ok_or(Breach::Protocol("an unknown topic alias"))?;
            message.topic.clone_from(known);
        } else {
            self.aliases_in.insert(alias, message.topic.clone());
        }
        Ok(())
    }

    /// Moves what waits towards the socket, as far as the broker takes it.
    pub fn pump(&mut self, now: Instant) {
        while self.is_up() && self.inflight.len() < usize::from(self.welcome.receive_maximum.min(MQTT_INFLIGHT)) {
            let Some(mut waiting) = self.queue.pop() else { return };
            let ticket = waiting.ticket;
            if let Err(why) = self.prepare(&mut waiting, now) {
                self.events.push_back(Event::Unsent(ticket, Code::Refused, why));
                continue;
            }
            let Waiting { message, .. } = waiting;
            if message.qos == QoS::AtMostOnce {
                self.out.push_back(Packet::Publish { dup: false, id: 0, alias: None, message });
                self.events.push_back(Event::Sent(ticket));
            } else {
                let packet = self.inflight.begin(message, ticket);
                self.out.push_back(packet);
            }
        }
    }

    /// Fits a message to what the broker takes.
    fn prepare(&self, waiting: &mut Waiting, now: Instant) -> Result<(), String> {
        let message = &mut waiting.message;
        if let Some(expiry) = message.expiry {
            let waited = u32::try_from(now.saturating_duration_since(waiting.since).as_secs()).unwrap_or(u32::MAX);
            if waited >= expiry && !waiting.again {
                return Err("it expired while it waited for the broker".into());
            }
            message.expiry = Some(expiry.saturating_sub(waited).max(1));
        }
        // Fixed header, topic length, id and the properties that we use, generously.
        let most = usize::try_from(self.welcome.packet_maximum).unwrap_or(usize::MAX);
        if message.weight() + 64 > most {
            return Err(format!("the broker takes packets of {most} bytes at most"));
        }
        message.retain &= self.welcome.retains;
        if (message.qos as u8) > (self.welcome.qos_maximum as u8) {
            message.qos = self.welcome.qos_maximum;
        }
        Ok(())
    }

    /// The next packet for the socket.
    pub fn next_packet(&mut self) -> Option<Packet> {
        let mut packet = self.out.pop_front()?;
        if let Packet::Publish { alias, message, .. } = &mut packet {
            *alias = self.shorten(message);
        }
        Some(packet)
    }

    /// Topics that come again and again (retained states) travel as a number.
    fn shorten(&mut self, message: &mut Message) -> Option<u16> {
        let most = usize::from(self.welcome.alias_maximum.min(MQTT_ALIASES));
        if let Some(alias) = self.aliases_out.get(&message.topic) {
            message.topic.clear();
            return Some(*alias);
        }
        if !message.retain || self.aliases_out.len() >= most {
            return None;
        }
        let alias = u16::try_from(self.aliases_out.len() + 1).ok()?;
        self.aliases_out.insert(message.topic.clone(), alias);
        Some(alias)
    }

    /// The next event.
    pub fn next_event(&mut self) -> Option<Event> {
        self.events.pop_front()
    }
}

fn sent(ticket: Ticket, code: u8) -> Event {
    if code < 0x80 {
        Event::Sent(ticket)
    } else {
        Event::Unsent(ticket, Code::Refused, format!("the broker refused it (reason {code})"))
    }
}
