//! The packets of both protocol versions as one set of types: what the session works with.

use bytes::Bytes;
pub use mqttbytes::QoS;

/// The protocol version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Version {
    /// MQTT 3.1.1.
    V3,
    /// MQTT 5.
    V5,
}

/// An application message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// Where it goes or came from.
    pub topic: String,
    /// Its bytes.
    pub payload: Bytes,
    /// How surely it is delivered.
    pub qos: QoS,
    /// Whether the broker keeps it (out), or had kept it (in).
    pub retain: bool,
    /// Seconds after which it means nothing any more (MQTT 5; in our queue also for 3.1.1).
    pub expiry: Option<u32>,
    /// Where an answer is wanted (MQTT 5).
    pub response_topic: Option<String>,
    /// What an answer carries back (MQTT 5).
    pub correlation: Option<Bytes>,
}

impl Message {
    /// A message without retain and properties.
    #[must_use]
    pub fn new(topic: impl Into<String>, payload: impl Into<Bytes>, qos: QoS) -> Self {
        let (topic, payload) = (topic.into(), payload.into());
        Self { topic, payload, qos, retain: false, expiry: None, response_topic: None, correlation: None }
    }

    /// The same, kept by the broker.
    #[must_use]
    pub fn retained(mut self) -> Self {
        self.retain = true;
        self
    }

    /// Bytes that it takes in a queue.
    #[must_use]
    pub fn weight(&self) -> usize {
        let extra =
            self.response_topic.as_ref().map_or(0, String::len) + self.correlation.as_ref().map_or(0, Bytes::len);
        self.topic.len() + self.payload.len() + extra
    }
}

/// What the client says first. It never holds a user name or password: see [`super::Dial`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hello {
    /// The client's name, unique at the broker.
    pub client_id: String,
    /// Longest silence, in seconds; 0 switches keep-alive off.
    pub keep_alive: u16,
    /// Whether to begin without what the broker kept.
    pub clean: bool,
    /// How long the broker keeps the session after a lost connection, in seconds (MQTT 5).
    pub session_expiry: u32,
    /// What the broker says in our name when we are gone.
    pub will: Option<Message>,
}

/// What the broker's greeting allows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Welcome {
    /// Whether the broker kept our session.
    pub session_present: bool,
    /// 0, or why it refused.
    pub code: u8,
    /// Messages it takes without having acknowledged them.
    pub receive_maximum: u16,
    /// Topic aliases that it remembers.
    pub alias_maximum: u16,
    /// Largest packet that it takes, in bytes.
    pub packet_maximum: u32,
    /// The surest delivery that it offers.
    pub qos_maximum: QoS,
    /// Whether it keeps messages.
    pub retains: bool,
    /// The keep-alive that it wants instead, in seconds.
    pub keep_alive: Option<u16>,
}

impl Welcome {
    /// A greeting that says nothing but its code, as 3.1.1 has it.
    #[must_use]
    pub const fn plain(code: u8, session_present: bool) -> Self {
        Self {
            session_present,
            code,
            receive_maximum: u16::MAX,
            alias_maximum: 0,
            packet_maximum: u32::MAX,
            qos_maximum: QoS::ExactlyOnce,
            retains: true,
            keep_alive: None,
        }
    }
}

/// A packet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Packet {
    /// Ours: the first.
    Connect(Hello),
    /// The broker's greeting.
    ConnAck(Welcome),
    /// A message; `alias` stands for an empty topic, or gives it a number.
    Publish {
        /// Sent before, perhaps.
        dup: bool,
        /// 0 for QoS 0.
        id: u16,
        /// The topic's number (MQTT 5).
        alias: Option<u16>,
        /// The message.
        message: Message,
    },
    /// QoS 1 done; `code` of 128 and above: refused.
    PubAck {
        /// The message's id.
        id: u16,
        /// The reason.
        code: u8,
    },
    /// QoS 2, second step.
    PubRec {
        /// The message's id.
        id: u16,
        /// The reason.
        code: u8,
    },
    /// QoS 2, third step.
    PubRel {
        /// The message's id.
        id: u16,
    },
    /// QoS 2 done.
    PubComp {
        /// The message's id.
        id: u16,
    },
    /// Ours: subscriptions.
    Subscribe {
        /// The packet's id.
        id: u16,
        /// Filters.
        filters: Vec<(String, QoS)>,
    },
    /// The answer: for each filter whether it was granted.
    SubAck {
        /// The packet's id.
        id: u16,
        /// In the order of the filters.
        granted: Vec<bool>,
    },
    /// The answer to an UNSUBSCRIBE; we send none.
    UnsubAck,
    /// Ours: are you there?
    PingReq,
    /// Yes.
    PingResp,
    /// The end; the reason is 0 in 3.1.1.
    Disconnect {
        /// The reason.
        code: u8,
    },
}
