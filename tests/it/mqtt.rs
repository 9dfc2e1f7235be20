//! MQTT against real peers: mosquitto and its clients, a proxy that cuts, paho, and a hostile broker.

mod broker;
mod client;
mod cuts;
mod docs;
mod hostile;
mod paho;
mod peer;
mod proxy;
mod service;
mod tls;

use broker::Broker;
