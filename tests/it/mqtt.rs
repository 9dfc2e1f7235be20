//! MQTT against real peers: mosquitto and its clients, a proxy that cuts, paho, and a hostile broker.

pub(crate) mod broker;
mod client;
mod cuts;
mod discovery;
mod docs;
mod flood;
mod hostile;
mod offers;
mod paho;
mod peer;
mod proxy;
mod said;
mod schemas;
mod script;
mod service;
mod tls;

use broker::Broker;
