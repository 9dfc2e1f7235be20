//! The connection is cut at every packet boundary of an exchange: nothing is lost in either direction, what
//! we hear is heard once at QoS 1 and 2, and what we say arrives once at QoS 2. At QoS 1 the broker may get
//! one of ours twice (once marked as a duplicate, `offers`), which is what QoS 1 is; devices and answers bear it.

use std::collections::BTreeMap;
use std::time::Duration;

use hearth::channels::mqtt::{Message, QoS, Version};

use super::Broker;
use super::peer::{Peer, options, runtime};
use super::proxy::Proxy;

const MESSAGES: usize = 3;

/// Both directions with one cut; the number of packets that passed.
async fn exchange(broker: &Broker, version: Version, qos: QoS, cut: usize) -> usize {
    let name = format!("{version:?}-{qos:?}-{cut}");
    let (out, back) = (format!("{name}/out"), format!("{name}/back"));
    let mut peer = Peer::start(broker.port, options(version, &format!("{name}-peer"), &[(&out, qos)]));
    peer.up().await;
    let proxy = Proxy::start(broker.port, cut);
    let mut ours = Peer::start(proxy.port, options(version, &format!("{name}-ours"), &[(&back, qos)]));
    let all = async {
        for number in 0..MESSAGES {
            ours.say(&out, number.to_string(), qos).await;
        }
        let mut heard = Vec::new();
        while heard.len() < MESSAGES {
            heard.push(ours.message().await);
        }
        heard.extend(ours.rest(Duration::from_millis(600)).await);
        heard
    };
    let echo = async {
        // Duplicates of our QoS 1 messages are the broker's right: the peer answers each once.
        let mut seen: BTreeMap<Vec<u8>, usize> = BTreeMap::new();
        while seen.len() < MESSAGES {
            let message = peer.message().await;
            let times = seen.entry(message.payload.to_vec()).or_default();
            *times += 1;
            if *times == 1 {
                peer.say(&back, message.payload, qos).await;
            }
        }
        for message in peer.rest(Duration::from_millis(600)).await {
            *seen.entry(message.payload.to_vec()).or_default() += 1;
        }
        seen
    };
    let (heard, seen) = tokio::join!(all, echo);
    let payloads = |messages: &[Message]| -> Vec<String> {
        messages.iter().map(|message| String::from_utf8_lossy(&message.payload).into_owned()).collect()
    };
    let expected: Vec<_> = (0..MESSAGES).map(|number| number.to_string()).collect();
    assert_eq!(payloads(&heard), expected, "{name}: what we heard");
    assert_eq!(seen.len(), MESSAGES, "{name}: what the peer heard");
    if qos == QoS::ExactlyOnce {
        assert!(seen.values().all(|times| *times == 1), "{name}: {seen:?}");
    } else {
        assert!(seen.values().sum::<usize>() <= MESSAGES + 1, "{name}: one cut doubles one message at most: {seen:?}");
    }
    ours.task.abort();
    peer.task.abort();
    proxy.passed()
}

fn at_every_boundary(version: Version, qos: QoS) {
    let Some(broker) = Broker::start() else { return };
    runtime().block_on(async {
        let packets = exchange(&broker, version, qos, usize::MAX).await;
        assert!(packets >= 4 + 4 * MESSAGES * if qos == QoS::ExactlyOnce { 2 } else { 1 }, "{packets} packets");
        // Packets of the exchange come in either order at some places, so a few more boundaries than
        // one run has.
        for cut in 0..packets + 2 {
            exchange(&broker, version, qos, cut).await;
        }
    });
}

#[test]
fn qos_1_of_3_1_1_survives_every_cut() {
    at_every_boundary(Version::V3, QoS::AtLeastOnce);
}

#[test]
fn qos_2_of_3_1_1_survives_every_cut() {
    at_every_boundary(Version::V3, QoS::ExactlyOnce);
}

#[test]
fn qos_1_of_5_survives_every_cut() {
    at_every_boundary(Version::V5, QoS::AtLeastOnce);
}

#[test]
fn qos_2_of_5_survives_every_cut() {
    at_every_boundary(Version::V5, QoS::ExactlyOnce);
}
