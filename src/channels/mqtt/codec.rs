//! Bytes to packets and back: our framing and length checks around the codec of `mqttbytes`.
//!
//! A frame is cut out and bounded here before the codec sees it, and only types that a broker may
//! send get that far: its v5 half prints on UNSUBSCRIBE, refuses the legal two-byte DISCONNECT, and
//! asks for more bytes inside a complete frame, which would stall a reader that believed it.

use bytes::{Buf, BytesMut};
use mqttbytes::v4;
use thiserror::Error;

use super::codec5;
use super::packet::{Message, Packet, Version, Welcome};

/// Bytes that are no packet, or a packet that cannot be written.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum CodecFault {
    /// Its header says more than we take.
    #[error("a packet of {0} bytes, over our limit")]
    TooLarge(usize),
    /// Its length has more than four bytes.
    #[error("a packet length that is no length")]
    BadLength,
    /// A type that a broker may not send.
    #[error("a packet of type {0}, which a broker never sends")]
    NotFromBroker(u8),
    /// The codec's refusal.
    #[error("a malformed packet of type {kind}: {what}")]
    Malformed {
        /// The type.
        kind: u8,
        /// In the codec's words.
        what: String,
    },
    /// One of ours that cannot be said in this version.
    #[error("a packet that cannot be written: {0}")]
    Unwritable(String),
}

/// The length of the frame at the head of `buffer`; `None` while its header is not complete.
///
/// # Errors
/// [`CodecFault::TooLarge`], [`CodecFault::BadLength`].
pub fn frame_length(buffer: &[u8], most: usize) -> Result<Option<usize>, CodecFault> {
    let mut length = 0_usize;
    for (place, byte) in buffer.iter().skip(1).take(4).enumerate() {
        length |= usize::from(byte & 0x7f) << (7 * place);
        if byte & 0x80 == 0 {
            let whole = 2 + place + length;
            return if whole > most { Err(CodecFault::TooLarge(whole)) } else { Ok(Some(whole)) };
        }
    }
    if buffer.len() >= 5 { Err(CodecFault::BadLength) } else { Ok(None) }
}

/// Takes the next packet of a broker off `buffer`; `None` while it is not complete.
///
/// # Errors
/// [`CodecFault`]; the connection is of no use afterwards.
pub fn read(buffer: &mut BytesMut, version: Version, most: usize) -> Result<Option<Packet>, CodecFault> {
    let Some(length) = frame_length(buffer, most)? else { return Ok(None) };
    if buffer.len() < length {
        return Ok(None);
    }
    let mut frame = buffer.split_to(length);
    let kind = frame[0] >> 4;
    let may = matches!(kind, 2..=7 | 9 | 11 | 13) || (kind == 14 && version == Version::V5);
    if !may {
        return Err(CodecFault::NotFromBroker(kind));
    }
    // Complete, so that «more bytes are needed» can only mean that the frame is malformed.
    let malformed = |error: mqttbytes::Error| CodecFault::Malformed { kind, what: format!("{error:?}") };
    match version {
        Version::V3 => v4::read(&mut frame, most).map_err(malformed).and_then(from_v4).map(Some),
        Version::V5 if kind == 14 && length <= 3 => {
            // The reason may be left out for 0, and the properties for none (5, section 3.14.2).
            frame.advance(2);
            Ok(Some(Packet::Disconnect { code: frame.first().copied().unwrap_or(0) }))
        }
        Version::V5 => codec5::read(&mut frame, most)
            .map_err(malformed)?
            .map_or(Err(CodecFault::NotFromBroker(kind)), |packet| Ok(Some(packet))),
    }
}

/// Appends a packet of ours to `buffer`.
///
/// # Errors
/// [`CodecFault::Unwritable`]; the buffer is as before.
pub fn write(packet: &Packet, version: Version, buffer: &mut BytesMut) -> Result<(), CodecFault> {
    let before = buffer.len();
    let written = match version {
        Version::V3 => write_v4(packet, buffer),
        Version::V5 => codec5::write(packet, buffer),
    };
    written.map_err(|error| {
        buffer.truncate(before);
        CodecFault::Unwritable(format!("{error:?}"))
    })
}

fn from_v4(packet: v4::Packet) -> Result<Packet, CodecFault> {
    Ok(match packet {
        v4::Packet::ConnAck(ack) => Packet::ConnAck(Welcome::plain(ack.code as u8, ack.session_present)),
        v4::Packet::Publish(publish) => {
            let mut message = Message::new(publish.topic, publish.payload, publish.qos);
            message.retain = publish.retain;
            Packet::Publish { dup: publish.dup, id: publish.pkid, alias: None, message }
        }
        v4::Packet::PubAck(ack) => Packet::PubAck { id: ack.pkid, code: 0 },
        v4::Packet::PubRec(ack) => Packet::PubRec { id: ack.pkid, code: 0 },
        v4::Packet::PubRel(ack) => Packet::PubRel { id: ack.pkid },
        v4::Packet::PubComp(ack) => Packet::PubComp { id: ack.pkid },
        v4::Packet::SubAck(ack) => {
            let granted = |code: &v4::SubscribeReasonCode| matches!(code, v4::SubscribeReasonCode::Success(_));
            Packet::SubAck { id: ack.pkid, granted: ack.return_codes.iter().map(granted).collect() }
        }
        v4::Packet::UnsubAck(_) => Packet::UnsubAck,
        v4::Packet::PingResp => Packet::PingResp,
        v4::Packet::Connect(_) => return Err(CodecFault::NotFromBroker(1)),
        v4::Packet::Subscribe(_) => return Err(CodecFault::NotFromBroker(8)),
        v4::Packet::Unsubscribe(_) => return Err(CodecFault::NotFromBroker(10)),
        v4::Packet::PingReq => return Err(CodecFault::NotFromBroker(12)),
        v4::Packet::Disconnect => return Err(CodecFault::NotFromBroker(14)),
    })
}

fn write_v4(packet: &Packet, buffer: &mut BytesMut) -> Result<(), mqttbytes::Error> {
    let _length = match packet {
        Packet::Connect(hello) => {
            let mut connect = v4::Connect::new(hello.client_id.clone());
            connect.keep_alive = hello.keep_alive;
            connect.clean_session = hello.clean;
            connect.last_will = hello
                .will
                .as_ref()
                .map(|will| v4::LastWill::new(&will.topic, will.payload.to_vec(), will.qos, will.retain));
            connect.write(buffer)?
        }
        Packet::Publish { dup, id, message, .. } => {
            let mut publish = v4::Publish::from_bytes(&message.topic, message.qos, message.payload.clone());
            (publish.dup, publish.pkid, publish.retain) = (*dup, *id, message.retain);
            publish.write(buffer)?
        }
        Packet::PubAck { id, .. } => v4::PubAck::new(*id).write(buffer)?,
        Packet::PubRec { id, .. } => v4::PubRec::new(*id).write(buffer)?,
        Packet::PubRel { id } => v4::PubRel::new(*id).write(buffer)?,
        Packet::PubComp { id } => v4::PubComp::new(*id).write(buffer)?,
        Packet::Subscribe { id, filters } => {
            let filters = filters.iter().map(|(path, qos)| v4::SubscribeFilter::new(path.clone(), *qos));
            let mut subscribe = v4::Subscribe::new_many(filters);
            subscribe.pkid = *id;
            subscribe.write(buffer)?
        }
        Packet::PingReq => v4::PingReq.write(buffer)?,
        Packet::Disconnect { .. } => v4::Disconnect.write(buffer)?,
        Packet::ConnAck(_) | Packet::SubAck { .. } | Packet::UnsubAck | Packet::PingResp => {
            return Err(mqttbytes::Error::IncorrectPacketFormat);
        }
    };
    Ok(())
}
