//! A broker of ours that does what a test says, packet by packet.

use std::time::Duration;

use bytes::BytesMut;
use mqttbytes::v5::{self, Packet};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;

/// Long enough for a busy machine.
const SOON: Duration = Duration::from_secs(90);

/// Where the client connects to.
pub(super) struct Script {
    listener: TcpListener,
    pub(super) port: u16,
}

/// One connection of the client.
pub(super) struct Connection {
    stream: TcpStream,
    buffer: BytesMut,
}

impl Script {
    pub(super) async fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = listener.local_addr().expect("an address").port();
        Self { listener, port }
    }

    /// Takes the next connection, its CONNECT, and greets with these MQTT 5 properties.
    pub(super) async fn greet(&self, session_present: bool, properties: &[u8]) -> (Connection, v5::Connect) {
        let (stream, _) = timeout(SOON, self.listener.accept()).await.expect("a connection").expect("accepted");
        stream.set_nodelay(true).expect("set");
        let mut connection = Connection { stream, buffer: BytesMut::new() };
        let Packet::Connect(hello) = connection.packet().await else { panic!("the first packet is no CONNECT") };
        let length = u8::try_from(properties.len()).expect("few");
        let greeting = [&[0x20, 3 + length, u8::from(session_present), 0, length], properties].concat();
        connection.send(&greeting).await;
        (connection, hello)
    }
}

impl Connection {
    /// The client's next packet.
    pub(super) async fn packet(&mut self) -> Packet {
        loop {
            if let Ok(packet) = v5::read(&mut self.buffer, 1 << 20) {
                return packet;
            }
            let read = timeout(SOON, self.stream.read_buf(&mut self.buffer)).await.expect("a packet in time");
            assert_ne!(read.expect("read"), 0, "the client closed the connection");
        }
    }

    /// The client's next packet, which is a message.
    pub(super) async fn message(&mut self) -> v5::Publish {
        match self.packet().await {
            Packet::Publish(message) => message,
            other => panic!("{other:?}"),
        }
    }

    /// The bytes until the client closes.
    pub(super) async fn rest(mut self) -> Vec<u8> {
        let read = async { while self.stream.read_buf(&mut self.buffer).await.is_ok_and(|length| length > 0) {} };
        timeout(SOON, read).await.expect("an end in time");
        self.buffer.to_vec()
    }

    /// Nothing comes for a while.
    pub(super) async fn is_silent(&mut self) {
        assert!(self.buffer.is_empty(), "{:?}", self.buffer);
        let read = timeout(Duration::from_millis(300), self.stream.read_buf(&mut self.buffer)).await;
        assert!(read.is_err(), "{read:?}: {:?}", self.buffer);
    }

    pub(super) async fn send(&mut self, bytes: &[u8]) {
        self.stream.write_all(bytes).await.expect("sent");
    }

    /// An acknowledgement of this type (4 PUBACK, 5 PUBREC, 7 PUBCOMP).
    pub(super) async fn acknowledge(&mut self, kind: u8, id: u16) {
        let [high, low] = id.to_be_bytes();
        self.send(&[kind << 4, 2, high, low]).await;
    }
}

/// A PUBLISH of MQTT 5; `flags` are DUP, QoS and RETAIN as they stand in the first byte.
pub(super) fn publish(flags: u8, topic: &str, id: Option<u16>, properties: &[u8], payload: &[u8]) -> Vec<u8> {
    let length = |bytes: &[u8]| u8::try_from(bytes.len()).expect("short");
    let id = id.map_or(Vec::new(), |id| id.to_be_bytes().to_vec());
    let body =
        [&[0, length(topic.as_bytes())], topic.as_bytes(), &id, &[length(properties)], properties, payload].concat();
    [&[0x30 | flags, length(&body)], &body[..]].concat()
}
