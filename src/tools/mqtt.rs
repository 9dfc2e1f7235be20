//! Tool `mqtt_set`: tells a device of the home something on its command topic.
//!
//! No hand does it: the connection is the channel's, and the bytes are a payload of the home's own
//! template. When a link hand owns the connection, it sees them pass.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::arguments::{only, text};
use crate::base::limits::STATE_BYTES;
use crate::base::{Code, Fault};
use crate::bus::Remote;
use crate::gate::{Job, Manifest, Run, Tier, Tool};

/// See the module.
#[derive(Debug)]
pub struct MqttSet {
    manifest: Manifest,
    remote: Remote,
    devices: BTreeMap<String, (String, Tier)>,
}

impl MqttSet {
    /// For these devices: entity id to command topic and the risk of moving it.
    #[must_use]
    pub fn new(remote: Remote, devices: BTreeMap<String, (String, Tier)>) -> Self {
        let manifest = Manifest {
            name: "mqtt_set",
            purpose: "Tells a device of the home something on its MQTT command topic",
            arguments: json!({
                "type": "object", "required": ["entity", "payload"], "additionalProperties": false,
                "properties": {"entity": {"type": "string"}, "payload": {"type": "string", "maxLength": STATE_BYTES}}
            }),
            class: None,
            needs: &[],
            tier: Tier::Changes,
            idempotent: true,
        };
        Self { manifest, remote, devices }
    }

    fn find(&self, arguments: &Value) -> Result<&(String, Tier), Fault> {
        let entity = text(arguments, "entity")?;
        let missing = || Fault::new(Code::NotFound, format!("no entity «{entity}» has an MQTT command topic"));
        self.devices.get(entity).ok_or_else(missing)
    }
}

impl Tool for MqttSet {
    fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    fn tier(&self, arguments: &Value) -> Tier {
        self.find(arguments).map_or(self.manifest.tier, |(_, tier)| *tier)
    }

    fn prepare(&self, arguments: &Value) -> Result<Job, Fault> {
        only(arguments, &["entity", "payload"])?;
        let (topic, _) = self.find(arguments)?;
        let payload = text(arguments, "payload")?;
        if payload.len() > STATE_BYTES {
            return Err(Fault::new(Code::BadInput, format!("a payload has at most {STATE_BYTES} bytes")));
        }
        let run =
            Run::Publish { remote: self.remote.clone(), topic: topic.clone(), payload: payload.as_bytes().to_vec() };
        Ok(Job { run, finish: Box::new(|_| Ok(json!({"told": true}))) })
    }
}
