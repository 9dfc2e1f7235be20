//! Hearth over MQTT: what is heard goes onto the bus, answers, states and events go to their topics.
//!
//! Two halves. [`Ears`] hear in the driver's task and never wait; the [`Relay`] brings back what has
//! to be published, and waits for the client where that is behind: then the broadcast of changes tells
//! it what it missed, and the retained states are published whole.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use serde_json::Value;
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::{mpsc, watch};

use super::client::{Client, Listener, client};
use super::dial::Dial;
use super::discovery::Discovery;
use super::packet::{Hello, Message, QoS, Version};
use super::payload;
use super::queue::Lane;
use super::session::{Options, Session};
use super::topics::{Meaning, Topics, is_topic};
use crate::base::limits::{MQTT_ORDERS, OUTBOUND_QUEUE};
use crate::base::{Fault, Id, IdSource};
use crate::bus::{self, Bus, Change, Inbound, News, Notice, Outbound, Publication, Remote, Taken};

/// What the channel is set to.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The protocol version.
    pub version: Version,
    /// The client's name at the broker.
    pub client_id: String,
    /// The topics' prefix.
    pub prefix: String,
    /// The device's name, part of each topic.
    pub device: String,
    /// Longest silence, in seconds.
    pub keep_alive: u16,
    /// How long the broker keeps our session; 0 for a clean one each time.
    pub session_expiry: u32,
    /// What this Hearth is, for the topic `status`.
    pub status: Value,
    /// State topics of the home's devices.
    pub devices: Vec<String>,
    /// What Home Assistant is told of the home; `None`: nothing.
    pub discovery: Option<Discovery>,
}

/// What the channel works with.
pub struct Parts {
    /// Where messages go.
    pub bus: Bus,
    /// Trace ids.
    pub ids: Arc<IdSource>,
    /// Changes of the home.
    pub news: News,
    /// Devices of the home behind the broker.
    pub remote: Remote,
    /// What they are told.
    pub publications: mpsc::Receiver<Publication>,
    /// What people are told unasked.
    pub notices: mpsc::Receiver<Notice>,
}

/// Where an answer goes.
#[derive(Clone, Debug)]
struct Return {
    trace: Id,
    topic: String,
    correlation: Option<Bytes>,
    id: Option<String>,
}

type Returns = Arc<Mutex<VecDeque<Return>>>;

/// Runs the channel until it is dropped.
pub async fn run<D: Dial>(dial: D, settings: Settings, parts: Parts) {
    let topics = Topics::new(&settings.prefix, &settings.device);
    let Parts { bus, ids, news, remote, publications, notices } = parts;
    let (answers, answered) = bus::answers();
    let (back, to_say) = mpsc::channel(MQTT_ORDERS);
    let returns = Returns::default();
    let up = watch::Sender::new(0);
    let relay = Relay {
        up: up.subscribe(),
        news: news.clone(),
        topics: topics.clone(),
        returns: Arc::clone(&returns),
        status: settings.status.clone(),
        discovery: settings.discovery.clone(),
    };
    let session = Session::new(options(&settings, &topics));
    let Settings { devices, discovery, .. } = settings;
    let ears = Ears { bus, news, ids, topics, remote, devices, discovery, returns, answers, back, up };
    let (client, driver) = client(dial, session, ears);
    tokio::join!(driver.run(), relay.run(client, Inflow { answers: answered, back: to_say, publications, notices }));
}

fn options(settings: &Settings, topics: &Topics) -> Options {
    let mut filters = topics.filters();
    filters.extend(settings.devices.iter().map(|topic| (topic.clone(), QoS::AtLeastOnce)));
    filters.extend(settings.discovery.iter().map(|discovery| (discovery.filter(), QoS::AtLeastOnce)));
    let hello = Hello {
        client_id: settings.client_id.clone(),
        keep_alive: settings.keep_alive,
        clean: settings.session_expiry == 0,
        session_expiry: settings.session_expiry,
        will: Some(Message::new(topics.availability(), "offline", QoS::AtLeastOnce).retained()),
    };
    Options { version: settings.version, hello, filters }
}

/// See the module.
struct Ears {
    bus: Bus,
    news: News,
    ids: Arc<IdSource>,
    topics: Topics,
    remote: Remote,
    devices: Vec<String>,
    discovery: Option<Discovery>,
    returns: Returns,
    answers: mpsc::Sender<Outbound>,
    back: mpsc::Sender<Message>,
    up: watch::Sender<u64>,
}

impl Listener for Ears {
    fn up(&mut self, session_present: bool) {
        tracing::info!(session_present, "MQTT is connected");
        self.remote.set_up(true);
        self.up.send_modify(|times| *times += 1);
    }

    fn down(&mut self, why: &str) {
        tracing::warn!(why, "MQTT is not connected");
        self.remote.set_up(false);
    }

    fn message(&mut self, message: Message) {
        if !is_topic(&message.topic) {
            return tracing::warn!(topic = message.topic, "a message on something that is no topic was ignored");
        }
        if self.devices.contains(&message.topic) {
            return self.remote.report(&message.topic, &message.payload);
        }
        if let Some(discovery) = self.discovery.as_ref().filter(|discovery| discovery.holds(&message.topic)) {
            if discovery.is_left_over(&message.topic) && !message.payload.is_empty() {
                self.take_away(message.topic);
            }
            return;
        }
        let Some(meaning) = self.topics.meaning(&message.topic) else {
            return tracing::warn!(topic = message.topic, "a message on a topic that means nothing was ignored");
        };
        if message.retain {
            // A command that the broker kept would run at each start, perhaps years later.
            return tracing::warn!(topic = message.topic, "a retained command was ignored");
        }
        self.said(meaning, &message);
    }
}

impl Ears {
    fn said(&self, meaning: Meaning<'_>, message: &Message) {
        let mut back = self.way_back(meaning, message);
        let said = match payload::read(meaning, &message.payload) {
            Ok(said) => said,
            // Peers of the request form expect silence (`mqtt_channel` of the vectors).
            Err(fault) if matches!(meaning, Meaning::Request(_)) => {
                return tracing::warn!(topic = message.topic, %fault, "a request was ignored");
            }
            Err(fault) => return self.refuse(&back, &fault),
        };
        back.id.clone_from(&said.id);
        let (identity, session) = match meaning {
            Meaning::Request(client) => (format!("mqtt:{client}"), format!("mqtt:request:{client}")),
            Meaning::Say => ("mqtt:say".to_owned(), "mqtt:say".to_owned()),
            // Each device for itself: one that is silent holds no other up. Names that are none share one.
            Meaning::Set(entity) if self.news.state(entity).is_some() => {
                ("mqtt:cmd".to_owned(), format!("mqtt:cmd:{entity}"))
            }
            Meaning::Set(_) => ("mqtt:cmd".to_owned(), "mqtt:cmd".to_owned()),
        };
        let inbound = Inbound {
            trace: back.trace,
            principal: self.bus.who(&[&identity, "mqtt"]),
            session,
            text: said.text,
            reply_to: self.answers.clone(),
        };
        self.expect(back.clone());
        let taken = match &said.id {
            Some(id) => self.bus.say_once(inbound, id),
            None => self.bus.say(inbound).map(|()| Taken::Now),
        };
        if taken != Ok(Taken::Now) {
            self.forget(back.trace);
        }
        if let Err(fault) = taken {
            self.refuse(&back, &fault);
        }
    }

    /// Has the broker forget the description of an entity that an earlier home had.
    fn take_away(&self, topic: String) {
        tracing::info!(topic, "the description of an entity that is gone is taken away");
        if self.back.try_send(Message::new(topic, "", QoS::AtLeastOnce).retained()).is_err() {
            tracing::warn!("it was not taken away: too many wait; the next connection tries again");
        }
    }

    fn way_back(&self, meaning: Meaning<'_>, message: &Message) -> Return {
        let ours = match meaning {
            Meaning::Request(client) => self.topics.response(client),
            Meaning::Say | Meaning::Set(_) => self.topics.reply(),
        };
        let wanted = message.response_topic.clone().filter(|topic| {
            let ok = self.topics.is_foreign(topic) && !self.devices.contains(topic);
            if !ok {
                tracing::warn!(topic, "an answer was wanted on a topic where none goes");
            }
            ok
        });
        let correlation = message.correlation.clone();
        Return { trace: self.ids.next(), topic: wanted.unwrap_or(ours), correlation, id: None }
    }

    fn expect(&self, back: Return) {
        let mut returns = self.returns.lock().unwrap_or_else(PoisonError::into_inner);
        // Each waits for a message on the bus, so there cannot be more than the queues hold.
        if returns.len() >= OUTBOUND_QUEUE * 4 {
            returns.pop_front();
        }
        returns.push_back(back);
    }

    fn forget(&self, trace: Id) {
        self.returns.lock().unwrap_or_else(PoisonError::into_inner).retain(|back| back.trace != trace);
    }

    fn refuse(&self, back: &Return, fault: &Fault) {
        tracing::warn!(%fault, "a message was refused");
        let mut message = Message::new(back.topic.clone(), payload::error(fault, back.id.as_deref()), QoS::AtLeastOnce);
        message.correlation.clone_from(&back.correlation);
        if self.back.try_send(message).is_err() {
            tracing::warn!("the refusal was not told: too many wait");
        }
    }
}

/// What comes to the relay from the rest of Hearth.
struct Inflow {
    answers: mpsc::Receiver<Outbound>,
    back: mpsc::Receiver<Message>,
    publications: mpsc::Receiver<Publication>,
    notices: mpsc::Receiver<Notice>,
}

/// See the module.
struct Relay {
    up: watch::Receiver<u64>,
    news: News,
    topics: Topics,
    returns: Returns,
    status: Value,
    discovery: Option<Discovery>,
}

impl Relay {
    async fn run(mut self, client: Client, inflow: Inflow) {
        let Inflow { mut answers, mut back, mut publications, mut notices } = inflow;
        let mut changes = self.news.subscribe();
        loop {
            tokio::select! {
                Some(answer) = answers.recv() => self.answer(&client, &answer).await,
                Some(message) = back.recv() => client.publish(Lane::Sure, message).await,
                Some(publication) = publications.recv() => publish(&client, publication),
                Some(notice) = notices.recv() => self.notice(&client, &notice).await,
                came = self.up.changed() => match came {
                    Ok(()) => self.present(&client).await,
                    Err(_) => return,
                },
                change = changes.recv() => match change {
                    Ok(change) => self.changed(&client, &change).await,
                    Err(RecvError::Lagged(missed)) => {
                        tracing::warn!(missed, "MQTT is behind: all states are published again");
                        self.states(&client).await;
                    }
                    Err(RecvError::Closed) => return,
                },
            }
        }
    }

    async fn answer(&self, client: &Client, answer: &Outbound) {
        let back = {
            let mut returns = self.returns.lock().unwrap_or_else(PoisonError::into_inner);
            let place = returns.iter().position(|back| back.trace == answer.trace);
            place.and_then(|place| returns.remove(place))
        };
        let Some(Return { topic, correlation, id, .. }) = back else {
            return tracing::warn!(trace = %answer.trace, "an answer belongs to no message");
        };
        let mut message = Message::new(topic, payload::answer(answer, id.as_deref()), QoS::AtLeastOnce);
        message.correlation = correlation;
        client.publish(Lane::Sure, message).await;
    }

    /// Where the answers of its session go.
    async fn notice(&self, client: &Client, notice: &Notice) {
        let asker = notice.session.strip_prefix("mqtt:request:");
        let topic = asker.map_or_else(|| self.topics.reply(), |client| self.topics.response(client));
        client.publish(Lane::Sure, Message::new(topic, payload::notice(notice), QoS::AtLeastOnce)).await;
    }

    /// What is published after each greeting.
    async fn present(&self, client: &Client) {
        let online = Message::new(self.topics.availability(), "online", QoS::AtLeastOnce).retained();
        client.publish(Lane::Sure, online).await;
        let status = Message::new(self.topics.status(), self.status.to_string(), QoS::AtLeastOnce).retained();
        client.publish(Lane::Sure, status).await;
        for (topic, description) in self.discovery.iter().flat_map(|discovery| &discovery.known) {
            let message = Message::new(topic.clone(), description.clone(), QoS::AtLeastOnce).retained();
            client.publish(Lane::Sure, message).await;
        }
        self.states(client).await;
    }

    async fn states(&self, client: &Client) {
        for (entity, state) in self.news.states() {
            self.state(client, &entity, &state).await;
        }
    }

    async fn state(&self, client: &Client, entity: &str, state: &Value) {
        let topic = self.topics.state(entity);
        if !is_topic(&topic) {
            return tracing::debug!(entity, "an entity whose id cannot stand in a topic is not published");
        }
        let message = Message::new(topic, state.to_string(), QoS::AtLeastOnce).retained();
        client.publish(Lane::Telemetry, message).await;
    }

    async fn changed(&self, client: &Client, change: &Change) {
        if let Some(state) = self.news.state(&change.entity) {
            self.state(client, &change.entity, &state).await;
        }
        let payload = serde_json::to_vec(change).unwrap_or_default();
        client.publish(Lane::Telemetry, Message::new(self.topics.event(), payload, QoS::AtMostOnce)).await;
    }
}

/// Publishes beside the relay, which must not wait for the broker's acknowledgement.
fn publish(client: &Client, publication: Publication) {
    let Publication { topic, payload, done } = publication;
    let client = client.clone();
    tokio::spawn(async move {
        let came = client.publish_surely(Message::new(topic, payload, QoS::AtLeastOnce)).await;
        // The caller may have given up; what the device does is then seen by its state.
        let _ = done.send(came);
    });
}
