//! Our client at library level, with an ear that keeps what it hears.

use std::io::{self, Read as _, Write as _};
use std::net::{Shutdown, TcpStream};
use std::os::unix::net::UnixStream;
use std::time::Duration;

use hearth::channels::mqtt::{
    Client, Dial, Hello, Lane, Listener, Message, Options, QoS, Session, Tcp, Version, client,
};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::timeout;

/// What an ear heard.
#[derive(Debug)]
pub(super) enum Heard {
    Up(bool),
    Down(String),
    Message(Message),
}

struct Ear(mpsc::UnboundedSender<Heard>);

impl Listener for Ear {
    fn up(&mut self, session_present: bool) {
        let _ = self.0.send(Heard::Up(session_present));
    }
    fn down(&mut self, why: &str) {
        let _ = self.0.send(Heard::Down(why.to_owned()));
    }
    fn message(&mut self, message: Message) {
        let _ = self.0.send(Heard::Message(message));
    }
}

/// A client of ours on a task.
pub(super) struct Peer {
    pub(super) client: Client,
    pub(super) heard: mpsc::UnboundedReceiver<Heard>,
    pub(super) task: JoinHandle<()>,
}

/// Options of a client with a session that the broker keeps.
pub(super) fn options(version: Version, name: &str, filters: &[(&str, QoS)]) -> Options {
    let hello = Hello { client_id: name.into(), keep_alive: 5, clean: false, session_expiry: 300, will: None };
    Options { version, hello, filters: filters.iter().map(|(filter, qos)| ((*filter).to_owned(), *qos)).collect() }
}

impl Peer {
    /// Starts one; needs a runtime.
    pub(super) fn start(port: u16, options: Options) -> Self {
        Self::dial(Tcp { host: "127.0.0.1".into(), port }, options)
    }

    /// Starts one over any dialler.
    pub(super) fn dial<D: Dial>(dial: D, options: Options) -> Self {
        let (sender, heard) = mpsc::unbounded_channel();
        let (client, driver) = client(dial, Session::new(options), Ear(sender));
        Self { client, heard, task: tokio::spawn(driver.run()) }
    }

    /// The next thing heard.
    pub(super) async fn next(&mut self) -> Heard {
        timeout(crate::kit::SOON, self.heard.recv()).await.expect("something in time").expect("open")
    }

    /// Waits until it is connected.
    pub(super) async fn up(&mut self) -> bool {
        loop {
            if let Heard::Up(present) = self.next().await {
                return present;
            }
        }
    }

    /// The next message.
    pub(super) async fn message(&mut self) -> Message {
        loop {
            if let Heard::Message(message) = self.next().await {
                return message;
            }
        }
    }

    /// All messages heard until there is silence for `pause`.
    pub(super) async fn rest(&mut self, pause: Duration) -> Vec<Message> {
        let mut all = Vec::new();
        while let Ok(Some(heard)) = timeout(pause, self.heard.recv()).await {
            if let Heard::Message(message) = heard {
                all.push(message);
            }
        }
        all
    }

    /// Publishes and waits for the broker's acknowledgement.
    pub(super) async fn say(&self, topic: &str, payload: impl Into<Vec<u8>>, qos: QoS) {
        let payload: Vec<u8> = payload.into();
        let done = self.client.publish_surely(Message::new(topic, payload, qos));
        timeout(crate::kit::SOON, done).await.expect("in time").expect("published");
    }

    /// Publishes telemetry.
    pub(super) async fn tell(&self, topic: &str, payload: &str) {
        self.client.publish(Lane::Telemetry, Message::new(topic, payload.to_owned(), QoS::AtLeastOnce)).await;
    }
}

/// Asks, for each connection, for one end of a Unix stream to a broker that wants these credentials.
pub(super) struct LoggedIn {
    pub(super) port: u16,
    pub(super) user: &'static str,
    pub(super) password: &'static str,
}

impl Dial for LoggedIn {
    type Stream = tokio::net::UnixStream;

    async fn dial(&self) -> io::Result<Self::Stream> {
        let stream = logged_in(self.port, self.user, self.password)?;
        stream.set_nonblocking(true)?;
        tokio::net::UnixStream::from_std(stream)
    }
}

/// Connects, adds credentials to the first packet, and gives one end of a Unix stream away: what the
/// hand that owns them does.
fn logged_in(port: u16, user: &str, password: &str) -> io::Result<UnixStream> {
    let mut broker = TcpStream::connect(("127.0.0.1", port))?;
    broker.set_nodelay(true)?;
    let (given, mut kept) = UnixStream::pair()?;
    let (user, password) = (user.to_owned(), password.to_owned());
    std::thread::spawn(move || -> io::Result<()> {
        let mut first = vec![0; 4096];
        let length = kept.read(&mut first)?;
        let whole = hearth::wire::login::add(&first[..length], &user, password.as_bytes());
        broker.write_all(&whole.map_err(|fault| io::Error::other(fault.to_string()))?)?;
        let (mut from, mut to) = (broker.try_clone()?, kept.try_clone()?);
        std::thread::spawn(move || {
            let copied = io::copy(&mut from, &mut to);
            let _ = to.shutdown(Shutdown::Both);
            copied
        });
        let copied = io::copy(&mut kept, &mut broker).map(drop);
        broker.shutdown(Shutdown::Both)?;
        copied
    });
    Ok(given)
}

/// A runtime as the brain has it.
pub(super) fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime")
}
