//! The MQTT 5 half of the codec: properties to fields and back.

use bytes::BytesMut;
use mqttbytes::v5;

use super::packet::{Hello, Message, Packet, QoS, Welcome};
use crate::base::limits::{MQTT_ALIASES, MQTT_INFLIGHT, MQTT_PACKET_BYTES};

/// Reads one complete frame; `None` for a packet that a broker never sends.
pub(super) fn read(frame: &mut BytesMut, most: usize) -> Result<Option<Packet>, mqttbytes::Error> {
    Ok(Some(match v5::read(frame, most)? {
        v5::Packet::ConnAck(ack) => Packet::ConnAck(welcome(&ack)),
        v5::Packet::Publish(publish) => message(publish),
        v5::Packet::PubAck(ack) => Packet::PubAck { id: ack.pkid, code: ack.reason as u8 },
        v5::Packet::PubRec(ack) => Packet::PubRec { id: ack.pkid, code: ack.reason as u8 },
        v5::Packet::PubRel(ack) => Packet::PubRel { id: ack.pkid },
        v5::Packet::PubComp(ack) => Packet::PubComp { id: ack.pkid },
        v5::Packet::SubAck(ack) => {
            let granted = ack.return_codes.iter().map(|code| (*code as u8) < 0x80).collect();
            Packet::SubAck { id: ack.pkid, granted }
        }
        v5::Packet::UnsubAck(_) => Packet::UnsubAck,
        v5::Packet::PingResp => Packet::PingResp,
        v5::Packet::Disconnect(end) => Packet::Disconnect { code: end.reason_code as u8 },
        v5::Packet::Connect(_) | v5::Packet::Subscribe(_) | v5::Packet::Unsubscribe(_) | v5::Packet::PingReq => {
            return Ok(None);
        }
    }))
}

fn welcome(ack: &v5::ConnAck) -> Welcome {
    let plain = Welcome::plain(ack.code as u8, ack.session_present);
    let Some(says) = &ack.properties else { return plain };
    Welcome {
        receive_maximum: says.receive_max.unwrap_or(u16::MAX),
        alias_maximum: says.topic_alias_max.unwrap_or(0),
        packet_maximum: says.max_packet_size.unwrap_or(u32::MAX),
        qos_maximum: says.max_qos.and_then(|qos| mqttbytes::qos(qos).ok()).unwrap_or(QoS::ExactlyOnce),
        retains: says.retain_available != Some(0),
        keep_alive: says.server_keep_alive,
        ..plain
    }
}

fn message(publish: v5::Publish) -> Packet {
    let mut message = Message::new(publish.topic, publish.payload, publish.qos);
    message.retain = publish.retain;
    let mut alias = None;
    if let Some(says) = publish.properties {
        alias = says.topic_alias;
        message.expiry = says.message_expiry_interval;
        message.response_topic = says.response_topic;
        message.correlation = says.correlation_data;
    }
    Packet::Publish { dup: publish.dup, id: publish.pkid, alias, message }
}

/// Appends a packet of ours.
pub(super) fn write(packet: &Packet, buffer: &mut BytesMut) -> Result<(), mqttbytes::Error> {
    let _length = match packet {
        Packet::Connect(hello) => connect(hello).write(buffer)?,
        Packet::Publish { dup, id, alias, message } => publish(*dup, *id, *alias, message).write(buffer)?,
        Packet::PubAck { id, .. } => v5::PubAck::new(*id).write(buffer)?,
        Packet::PubRec { id, .. } => v5::PubRec::new(*id).write(buffer)?,
        Packet::PubRel { id } => v5::PubRel::new(*id).write(buffer)?,
        Packet::PubComp { id } => v5::PubComp::new(*id).write(buffer)?,
        Packet::Subscribe { id, filters } => {
            let filters = filters.iter().map(|(path, qos)| v5::SubscribeFilter::new(path.clone(), *qos)).collect();
            v5::Subscribe { pkid: *id, filters, properties: None }.write(buffer)?
        }
        Packet::PingReq => v5::PingReq.write(buffer)?,
        // Written by hand: the codec counts one byte too few where there is a reason and no properties.
        Packet::Disconnect { code } => {
            let bytes: &[u8] = if *code == 0 { &[0xe0, 0] } else { &[0xe0, 1, *code] };
            buffer.extend_from_slice(bytes);
            bytes.len()
        }
        Packet::ConnAck(_) | Packet::SubAck { .. } | Packet::UnsubAck | Packet::PingResp => {
            return Err(mqttbytes::Error::IncorrectPacketFormat);
        }
    };
    Ok(())
}

fn connect(hello: &Hello) -> v5::Connect {
    let mut connect = v5::Connect::new(hello.client_id.clone());
    connect.keep_alive = hello.keep_alive;
    connect.clean_session = hello.clean;
    connect.last_will =
        hello.will.as_ref().map(|will| v5::LastWill::new(&will.topic, will.payload.to_vec(), will.qos, will.retain));
    connect.properties = Some(v5::ConnectProperties {
        session_expiry_interval: (!hello.clean).then_some(hello.session_expiry),
        receive_maximum: Some(MQTT_INFLIGHT),
        max_packet_size: u32::try_from(MQTT_PACKET_BYTES).ok(),
        topic_alias_max: Some(MQTT_ALIASES),
        request_response_info: None,
        request_problem_info: None,
        user_properties: Vec::new(),
        authentication_method: None,
        authentication_data: None,
    });
    connect
}

fn publish(dup: bool, id: u16, alias: Option<u16>, message: &Message) -> v5::Publish {
    let topic = message.topic.clone();
    let mut publish = v5::Publish::from_bytes(topic, message.qos, message.payload.clone());
    (publish.dup, publish.pkid, publish.retain) = (dup, id, message.retain);
    let plain = alias.is_none()
        && message.expiry.is_none()
        && message.response_topic.is_none()
        && message.correlation.is_none();
    publish.properties = (!plain).then(|| v5::PublishProperties {
        payload_format_indicator: None,
        message_expiry_interval: message.expiry,
        topic_alias: alias,
        response_topic: message.response_topic.clone(),
        correlation_data: message.correlation.clone(),
        user_properties: Vec::new(),
        subscription_identifiers: Vec::new(),
        content_type: None,
    });
    publish
}
