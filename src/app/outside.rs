//! The channels of the settings: who speaks on them, and what runs them.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Value, json};
use tokio::sync::mpsc;

use crate::base::IdSource;
use crate::bus::{Bus, Outside, People, Person, Publication, Rights};
use crate::channels::mqtt::{self, Tcp, Version};
use crate::channels::serial::{self, Mode};
use crate::config::{self, Config};
use crate::gate::Tier;
use crate::gate::link::Link;
use crate::home::{Binding, Entity, Home};

/// Everything that the channels need, until they run.
pub(super) struct Channels {
    pub(super) mqtt: Option<mqtt::Settings>,
    pub(super) broker: Tcp,
    pub(super) link: Option<Link>,
    pub(super) publications: mpsc::Receiver<Publication>,
    pub(super) serial: Option<serial::Settings>,
}

impl Channels {
    /// What the settings ask for.
    /// Over MQTT with TLS or credentials by `link`, whose hand holds them.
    pub(super) fn of(
        config: &Config,
        home: &Home,
        board: &str,
        publications: mpsc::Receiver<Publication>,
        link: Option<Link>,
    ) -> Self {
        let status = json!({"version": env!("CARGO_PKG_VERSION"), "device": config.device.as_str(), "board": board});
        let mqtt = config.mqtt.enabled.then(|| mqtt_settings(config, home, status));
        let broker = Tcp { host: config.mqtt.host.clone(), port: config.mqtt.port };
        Self { mqtt, broker, link, publications, serial: serial_settings(config) }
    }

    /// Runs them until it is dropped.
    pub(super) async fn run(self, bus: Bus, ids: Arc<IdSource>, outside: Outside) {
        let Outside { news, remote, notices } = outside;
        let Self { mqtt, broker, link, publications, serial } = self;
        let (line_bus, line_ids, line_news) = (bus.clone(), Arc::clone(&ids), news.clone());
        // Only a channel that is set up takes notices: what is for nobody waits for the session's next answer.
        let over_mqtt = async {
            let Some(settings) = mqtt else { return };
            let parts = mqtt::Parts { bus, ids, news, remote, publications, notices: notices.of("mqtt") };
            match link {
                Some(link) => mqtt::run(link, settings, parts).await,
                None => mqtt::run(broker, settings, parts).await,
            }
        };
        let over_serial = async {
            if let Some(settings) = serial {
                let (bus, ids, news) = (line_bus, line_ids, line_news);
                let line = serial::Parts { bus, ids, news, notices: notices.of("serial") };
                serial::run(settings, line).await;
            }
        };
        tokio::join!(over_mqtt, over_serial);
    }
}

fn serial_settings(config: &Config) -> Option<serial::Settings> {
    let set = &config.serial;
    let mode = match set.mode.as_str() {
        "text" => Mode::Text,
        "frames" => Mode::Frames,
        _ => Mode::Both,
    };
    let pin_hash = Some(set.pin_hash.clone()).filter(|hash| !hash.is_empty());
    Some(serial::Settings { path: config::tty::path(&set.port)?, baud: set.baud, mode, pin_hash })
}

fn mqtt_settings(config: &Config, home: &Home, status: Value) -> mqtt::Settings {
    let set = &config.mqtt;
    let named = Some(set.client_id.clone()).filter(|id| !id.is_empty());
    let reports = |entity: &Entity| match &entity.binding {
        Binding::Mqtt { topics, .. } => Some(topics.state.clone()),
        _ => None,
    };
    let mut devices: Vec<_> = home.entities.iter().filter_map(reports).collect();
    devices.sort();
    devices.dedup();
    let topics = mqtt::Topics::new(&set.prefix, config.device.as_str());
    let discovery = mqtt::Discovery::of(home, &set.discovery, config.device.as_str(), &status, &topics);
    mqtt::Settings {
        version: if set.version == "3.1.1" { Version::V3 } else { Version::V5 },
        client_id: named.unwrap_or_else(|| format!("hearth-{}", config.device)),
        prefix: set.prefix.clone(),
        device: config.device.to_string(),
        keep_alive: set.keep_alive_s,
        session_expiry: set.session_expiry_s,
        status,
        devices,
        discovery,
    }
}

/// Who is meant by what channels know.
pub(super) fn people(config: &Config) -> People {
    let rights = |rights| match rights {
        config::Rights::Ask => Rights::Ask,
        config::Rights::Use => Rights::Use,
        config::Rights::Own => Rights::Own,
    };
    let person = |(name, person): (&String, &config::Person)| Person {
        name: name.clone(),
        rights: rights(person.rights),
        is: person.is.clone(),
    };
    People::new(config.people.iter().map(person).collect())
}

/// Command topics of the home's devices, with the risk of moving each.
pub(super) fn devices(home: &Home) -> BTreeMap<String, (String, Tier)> {
    let told = |entity: &Entity| match &entity.binding {
        Binding::Mqtt { topics, .. } => {
            Some((entity.id.clone(), (topics.command.clone()?, super::lines::tier(entity))))
        }
        _ => None,
    };
    home.entities.iter().filter_map(told).collect()
}
