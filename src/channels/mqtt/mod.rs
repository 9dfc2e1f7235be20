//! MQTT 3.1.1 and 5: a client of our own, and Hearth's topics over it.
//!
//! ```text
//! packet ── codec ── session (no I/O) ── client (tokio, reconnect) ── channel (topics, bus)
//! ```

mod channel;
mod client;
mod codec;
mod codec5;
mod dial;
mod discovery;
mod inflight;
mod packet;
mod payload;
mod queue;
mod redelivery;
mod session;
mod tickets;
mod topics;

pub use channel::{Parts, Settings, run};
pub use client::{Client, Driver, Listener, backoff, client};
pub use codec::{CodecFault, frame_length, read, write};
pub use dial::{Dial, Tcp};
pub use discovery::Discovery;
pub use packet::{Hello, Message, Packet, QoS, Version, Welcome};
pub use payload::{Said, read as read_payload};
pub use queue::{Lane, Ticket};
pub use session::{Breach, Event, Options, Session};
pub use topics::{Meaning, Topics, is_topic, normalised};
