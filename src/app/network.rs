//! The way to a broker with TLS or credentials: its files opened before the seal, then its link.

use std::fs::File;
use std::os::fd::OwnedFd;
use std::path::Path;

use super::{AppFault, model};
use crate::base::KeyFault;
use crate::config::Config;
use crate::gate::link::{Broker, Link};
use crate::gate::web::Purse;
use crate::guard::address::Grants;
use crate::sandbox::Hands;

/// What was opened, and what it is for.
pub(super) struct Network {
    purse: Purse,
    broker: Option<Broker>,
}

/// Faults of the settings of the network.
pub(super) fn check(config: &Config) -> Vec<KeyFault> {
    let fault = |key: &str, problem: &str| {
        let mut told = KeyFault::of_file(config.origin(), problem);
        told.key = key.to_owned();
        told
    };
    let mut faults = Vec::new();
    if let Err(why) = Grants::parse(config.net.lan.iter().map(String::as_str)) {
        faults.push(fault("net.lan", &why));
    }
    let mqtt = &config.mqtt;
    if mqtt.user.is_empty() != mqtt.password_from.is_empty() {
        faults.push(fault("mqtt.user", "user and password_from go together"));
    }
    if mqtt.client_cert.as_os_str().is_empty() != mqtt.client_key_from.is_empty() {
        faults.push(fault("mqtt.client_cert", "client_cert and client_key_from go together"));
    }
    let files = [&mqtt.client_cert, &mqtt.ca_file].into_iter().any(|path| !path.as_os_str().is_empty());
    if files && !mqtt.tls {
        faults.push(fault("mqtt.tls", "ca_file and client_cert are for TLS, and tls is false"));
    }
    faults
}

impl Network {
    /// Opens what is named in the settings, before the brain is sealed.
    ///
    /// # Errors
    /// The file that cannot be opened.
    pub(super) fn open(config: &Config, data: &Path) -> Result<Self, AppFault> {
        let mqtt = &config.mqtt;
        let purse = Purse::new(config.keeper.socket.clone(), model::session_key(config, data));
        if !mqtt.enabled || (!mqtt.tls && mqtt.user.is_empty()) {
            return Ok(Self { purse, broker: None });
        }
        let broker = Broker {
            host: mqtt.host.clone(),
            port: mqtt.port,
            tls: mqtt.tls,
            roots: file("mqtt.ca_file", &mqtt.ca_file)?,
            certificate: file("mqtt.client_cert", &mqtt.client_cert)?,
            user: mqtt.user.clone(),
            password: mqtt.password_from.clone(),
            key: mqtt.client_key_from.clone(),
            floor_ms: 0,
        };
        Ok(Self { purse, broker: Some(broker) })
    }

    /// The broker, where it needs a hand. `floor_ms`: a time that has surely passed.
    pub(super) fn link(self, hands: &Hands, floor_ms: i64) -> Option<Link> {
        let Self { purse, broker } = self;
        broker.map(|broker| Link::new(hands.clone(), Some(purse), Broker { floor_ms, ..broker }))
    }
}

fn file(key: &str, path: &Path) -> Result<Option<OwnedFd>, AppFault> {
    if path.as_os_str().is_empty() {
        return Ok(None);
    }
    let opened = File::open(path).map_err(AppFault::step(format!("{key} = {}", path.display())))?;
    Ok(Some(opened.into()))
}
