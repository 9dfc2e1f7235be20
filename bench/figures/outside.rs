//! Commands from outside: MQTT against a real mosquitto, frames over a pty, and what waiting costs.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use hearth::channels::mqtt::{Client, Hello, Listener, Message, Options, QoS, Session, Tcp, Version, client};
use hearth::wire::frame::{FromHearth, ToHearth, fitted};
use tokio::sync::mpsc;

use super::agent::Agent;
use super::broker::Broker;
use super::budget::Report;
use super::stats::{Spread, float};
use super::tty::Tty;

/// Commands measured over MQTT, and frames over the serial line.
const COMMANDS: usize = 500;
/// Messages published for one rate.
const MESSAGES: usize = 20_000;
/// Messages on their way at one time while a rate is measured.
const AT_ONCE: usize = 200;
/// Lost connections measured.
const LOSSES: usize = 15;
/// How long an idle agent is watched.
const WATCHED: Duration = Duration::from_secs(60);

const HOME: &str = "\n[people.house]\nis = [\"mqtt\", \"serial\"]\nrights = \"use\"\n\
    [[home.entities]]\nid = \"light.kitchen_lamp\"\nname = \"Kitchen lamp\"\nline = \"kitchen_lamp\"\n";

/// Measures all of it.
pub(crate) fn measure(report: &mut Report, binaries: &Path) {
    let Some(broker) = Broker::start() else { return report.shown("MQTT", "SKIPPED: no mosquitto here") };
    commands(report, binaries, &broker);
    rates(report, &broker);
    losses(report, binaries);
    queued(report, binaries, broker);
    serial(report, binaries);
}

fn settings(port: u16, more: &str) -> String {
    format!("device = \"bench\"\n[mqtt]\nenabled = true\nport = {port}\n{more}{HOME}")
}

struct Ear(mpsc::UnboundedSender<Option<Message>>);

impl Listener for Ear {
    fn up(&mut self, _session_present: bool) {
        let _ = self.0.send(None);
    }
    fn down(&mut self, why: &str) {
        panic!("the broker is gone: {why}");
    }
    fn message(&mut self, message: Message) {
        let _ = self.0.send(Some(message));
    }
}

/// Our own client on this broker, once it is connected; needs a runtime.
async fn connected(port: u16, name: &str, filter: Option<&str>) -> (Client, mpsc::UnboundedReceiver<Option<Message>>) {
    let hello = Hello { client_id: name.into(), keep_alive: 60, clean: true, session_expiry: 0, will: None };
    let filters = filter.map(|filter| (filter.to_owned(), QoS::AtLeastOnce)).into_iter().collect();
    let (sender, mut heard) = mpsc::unbounded_channel();
    let options = Options { version: Version::V5, hello, filters };
    let (ours, driver) = client(Tcp { host: "127.0.0.1".into(), port }, Session::new(options), Ear(sender));
    tokio::spawn(driver.run());
    assert!(heard.recv().await.expect("open").is_none(), "a message before the greeting");
    (ours, heard)
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime")
}

/// Command on its topic → line moved → line read back → answer on the reply topic.
fn commands(report: &mut Report, binaries: &Path, broker: &Broker) {
    let agent = Agent::start_with(binaries, &settings(broker.port, ""));
    let mut took = Spread::default();
    runtime().block_on(async {
        let (client, mut heard) = connected(broker.port, "commander", Some("hearth/bench/reply")).await;
        wait_online(broker);
        for number in 0..COMMANDS + 20 {
            let began = Instant::now();
            let value = if number.is_multiple_of(2) { "ON" } else { "OFF" };
            let command = Message::new("hearth/bench/cmd/light.kitchen_lamp/set", value, QoS::AtLeastOnce);
            client.publish_surely(command).await.expect("published");
            let answer = heard.recv().await.flatten().expect("an answer");
            let text = String::from_utf8_lossy(&answer.payload).into_owned();
            assert!(text.contains("\"outcome\":\"done\""), "{text}");
            if number >= 20 {
                took.push(began.elapsed().as_secs_f64() * 1e3);
            }
        }
    });
    report.measured("mqtt_p99_ms", took.percentile(99.0), "ms, p99, command → line → read → reply");
    report.shown("MQTT command", &took.line("ms"));
    agent.stop();
}

fn wait_online(broker: &Broker) {
    let until = Instant::now() + Duration::from_secs(30);
    while broker.hear("hearth/bench/availability") != "online" {
        assert!(Instant::now() < until, "Hearth did not come");
    }
}

/// Messages a second from one publisher, ours and paho's, until the broker has acknowledged the last.
fn rates(report: &mut Report, broker: &Broker) {
    for (number, qos) in [QoS::AtMostOnce, QoS::AtLeastOnce, QoS::ExactlyOnce].into_iter().enumerate() {
        let took = runtime().block_on(async {
            let (client, _heard) = connected(broker.port, "rate", None).await;
            let began = Instant::now();
            let mut flying = tokio::task::JoinSet::new();
            for _ in 0..MESSAGES {
                if flying.len() >= AT_ONCE {
                    flying.join_next().await.expect("some").expect("ran");
                }
                let client = client.clone();
                flying.spawn(async move {
                    client.publish_surely(Message::new("rate/t", vec![b'x'; 64], qos)).await.expect("published");
                });
            }
            while flying.join_next().await.is_some() {}
            began.elapsed().as_secs_f64()
        });
        report.shown(&format!("messages/s, QoS {number}, ours"), &format!("{:.0}", float(MESSAGES as u64) / took));
    }
    let python = std::env::var("HEARTH_PAHO").unwrap_or_else(|_| "target/paho/bin/python".into());
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/bench/figures/paho_rate.py");
    let told = Command::new(python).args([script, &broker.port.to_string(), &MESSAGES.to_string()]).output();
    match told {
        Ok(told) if told.status.success() => {
            for (number, rate) in String::from_utf8_lossy(&told.stdout).lines().enumerate() {
                report.shown(&format!("messages/s, QoS {number}, paho"), rate);
            }
        }
        other => report.shown("paho", &format!("SKIPPED: {other:?}")),
    }
}

/// From a lost connection to `online` at the broker, where the broker is there again at once.
fn losses(report: &mut Report, binaries: &Path) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let agent = Agent::start_with(binaries, &settings(port, ""));
    let (mut back, mut spoke) = (Spread::default(), Spread::default());
    let mut lost: Option<Instant> = None;
    for _ in 0..=LOSSES {
        let (mut stream, _) = listener.accept().expect("a connection");
        if let Some(lost) = lost {
            back.push(lost.elapsed().as_secs_f64() * 1e3);
        }
        let mut bytes = [0; 4096];
        assert!(stream.read(&mut bytes).expect("a CONNECT") > 0);
        let greeted = Instant::now();
        stream.write_all(&[0x20, 3, 0, 0, 0]).expect("greeted");
        read_until(&mut stream, b"online");
        spoke.push(greeted.elapsed().as_secs_f64() * 1e3);
        lost = Some(Instant::now());
    }
    report.measured("mqtt_reconnect_ms", back.percentile(99.0), "ms, p99, connection lost → the next");
    report.shown("reconnect", &back.line("ms"));
    report.shown("greeting → online", &spoke.line("ms"));
    drop(listener);
    agent.stop();
}

fn read_until(stream: &mut TcpStream, wanted: &[u8]) {
    let (mut all, mut bytes) = (Vec::new(), [0; 4096]);
    while !all.windows(wanted.len()).any(|part| part == wanted) {
        let length = stream.read(&mut bytes).expect("more");
        assert!(length > 0, "closed");
        all.extend_from_slice(&bytes[..length]);
    }
}

/// Memory of an agent whose queue for the broker is full, and the wakeups of an idle one.
fn queued(report: &mut Report, binaries: &Path, broker: Broker) {
    let tty = Tty::new();
    let line = format!("[serial]\nport = \"{}\"\n", tty.path());
    let mut agent = Agent::start_with(binaries, &settings(broker.port, &line));
    wait_online(&broker);
    for number in 0..40 {
        agent.say(if number % 2 == 0 { "turn on the kitchen lamp" } else { "turn off the kitchen lamp" });
    }
    std::thread::sleep(Duration::from_secs(5));
    let before = agent.wakeups();
    std::thread::sleep(WATCHED);
    let woken = agent.wakeups() - before;
    report.measured("idle_wakeups", woken, "a minute, all processes, MQTT and serial on");
    let sum = |agent: &Agent| agent.memory().iter().map(|(_, pss)| pss).sum::<f64>();
    let idle = sum(&agent);
    drop(broker);
    // Each turn that moves the lamp leaves a state and an event.
    for number in 0..600 {
        agent.say(if number % 2 == 0 { "turn on the kitchen lamp" } else { "turn off the kitchen lamp" });
    }
    std::thread::sleep(Duration::from_secs(1));
    let full = sum(&agent);
    report.shown("PSS, MQTT up, idle", &format!("{idle:.0} KiB"));
    report.measured("queued_pss_kib", full - idle, "KiB more with 1,000 messages queued");
    agent.stop();
}

/// Frames there and back over a pty.
fn serial(report: &mut Report, binaries: &Path) {
    let mut tty = Tty::new();
    let settings = format!("device = \"bench\"\n[serial]\nport = \"{}\"\n{HOME}", tty.path());
    let agent = Agent::start_with(binaries, &settings);
    let (mut pings, mut commands) = (Spread::default(), Spread::default());
    tty.wait();
    for number in 0..COMMANDS {
        let id = u16::try_from(number).expect("small");
        let began = Instant::now();
        assert_eq!(tty.ask(&ToHearth::Ping { id }), FromHearth::Pong { id });
        pings.push(began.elapsed().as_secs_f64() * 1e3);
        let text = fitted("/set light.kitchen_lamp toggle");
        let began = Instant::now();
        let reply = tty.ask(&ToHearth::Command { id, text });
        commands.push(began.elapsed().as_secs_f64() * 1e3);
        assert!(matches!(&reply, FromHearth::Reply { text, .. } if text.contains("lamp is")), "{reply:?}");
    }
    report.measured("serial_ping_ms", pings.percentile(99.0), "ms, p99, ping → pong over a pty");
    report.shown("serial ping", &pings.line("ms"));
    report.shown("serial command", &commands.line("ms"));
    agent.stop();
}
