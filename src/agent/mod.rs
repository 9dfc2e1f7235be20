//! One turn: a sentence becomes calls through the gate, and a reply that says what is now true.
//!
//! The home is asked first, by the local intent path; what it is not sure of changes nothing. Every
//! actuation is read back before it is claimed. A turn always ends in one answer: refusal, timeout
//! and death of a hand are ordinary faults. Turns of several sessions run beside each other (`world`).
//! The agent never names a channel and opens nothing itself.

#![forbid(unsafe_code)]

mod act;
mod commands;
mod lines;
mod lists;
mod places;
mod prompt;
mod recall;
mod remote;
mod session;
mod set;
mod think;
mod thought;
mod threads;
mod timers;
mod world;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::{Value, json};
use tracing::Instrument;

use crate::base::limits::OBSERVE_TOKENS;
use crate::base::{Clock, Id};
use crate::bus::{Inbound, Outbound, Outside, Principal};
use crate::gate::Gate;
use crate::guard::leak;
use crate::home::Home;
use crate::intent::{self, Decision, Turn, Understanding};
use crate::memory::{Memory, Observer};
use crate::store::{Role, Store, StoreError};

use act::Acted;
pub use places::Places;
pub use thought::{Mind, Thought, Thoughts};
pub use timers::Rung;

use session::{Session, Sessions};
use world::World;

/// What a turn needs from the rest of Hearth.
#[derive(Debug)]
pub struct Parts {
    /// The devices and what is true of them.
    pub home: Home,
    /// The one way to a tool.
    pub gate: Arc<Gate>,
    /// Messages, records and states.
    pub store: Store,
    /// Both clocks.
    pub clock: Clock,
    /// Where the home is.
    pub zone: TimeZone,
    /// What channels are told, and devices behind them.
    pub outside: Outside,
    /// What was said to be remembered.
    pub memory: Memory,
    /// The model, where there is one.
    pub mind: Option<Mind>,
    /// Where speakers are.
    pub places: Places,
}

/// The agent; one turn at a time in each session, which the bus sees to.
#[derive(Debug)]
pub struct Agent {
    world: World,
    sessions: Mutex<Sessions>,
}

/// On whose behalf, and under which trace, something is done.
#[derive(Clone, Copy, Debug)]
struct Behalf<'a> {
    principal: &'a Principal,
    trace: Id,
    confirmed: bool,
}

/// What became of a message.
#[derive(Debug)]
pub enum Turned {
    /// It was answered.
    Answered(Outbound),
    /// The home alone cannot: this is to be thought about, and concluded.
    Thinks(Box<Thought>),
}

/// An answer in its two forms.
struct Said {
    text: String,
    detail: Value,
}

impl Agent {
    /// An agent over these parts.
    #[must_use]
    pub fn new(parts: Parts) -> Self {
        Self { world: World::new(parts), sessions: Mutex::default() }
    }

    /// The states of all entities, by their ids.
    #[must_use]
    pub fn states(&self) -> Value {
        let home = self.world.home();
        let entities = home.entities.iter();
        Value::Object(entities.map(|entity| (entity.id.clone(), entity.to_json())).collect())
    }

    /// Answers one message, or leaves a thought that answers it: thinking takes long, and the home obeys
    /// meanwhile. Never fails, an answer is all that can happen.
    pub async fn turn(&self, message: &Inbound) -> Turned {
        let span = tracing::info_span!("turn", trace = %message.trace, session = message.session);
        self.answer(message).instrument(span).await
    }

    /// Notes what mattered in a conversation, if enough was said since the last time.
    pub async fn look_back(&self, session: &str) {
        // Counted in this run; the first look of a run asks the store.
        let due =
            self.with_session(session, |session| session.unobserved.is_none_or(|bytes| bytes >= OBSERVE_TOKENS * 4));
        if !due {
            return;
        }
        let mind = self.world.mind.as_ref();
        let observer = mind.map(|mind| Observer { wire: &*mind.wire, model: &mind.model });
        match self.world.memory.observe(session, observer).await {
            Ok(left) => self.with_session(session, |session| session.unobserved = Some(left * 4)),
            Err(fault) => tracing::warn!(%fault, "a conversation was not observed"),
        }
    }

    /// The answer that came of thinking about a message.
    pub async fn conclude(&self, message: &Inbound, thoughts: Thoughts) -> Outbound {
        let span = tracing::info_span!("turn", trace = %message.trace, session = message.session);
        let said = Said { text: thoughts.text, detail: thoughts.detail };
        self.tell(message, said).instrument(span).await
    }

    async fn answer(&self, message: &Inbound) -> Turned {
        let began = std::time::Instant::now();
        self.resume(message).await;
        self.note(message, Role::User, &message.text).await;
        let behalf = Behalf { principal: &message.principal, trace: message.trace, confirmed: false };
        let mut said = match message.text.strip_prefix('/') {
            Some(command) if matches!(command.trim(), "new" | "session") => {
                self.thread_command(message, command.trim()).await
            }
            Some(command) => match set::arguments(command) {
                Some(arguments) => self.set(&message.session, arguments, behalf).await,
                None => self.command(command, behalf).await,
            },
            None => self.sentence(message, behalf).await,
        };
        if said.detail["decision"] == "abstain" {
            match &self.world.mind {
                Some(mind) => return Turned::Thinks(Box::new(self.thought(mind.clone(), message, said.text))),
                None => said.text.push_str(" There is no model that I could ask; hearth onboard sets one up."),
            }
        }
        let micros = u64::try_from(began.elapsed().as_micros()).unwrap_or(u64::MAX);
        said.detail["micros"] = json!(micros);
        Turned::Answered(self.tell(message, said).await)
    }

    fn thought(&self, mind: Mind, message: &Inbound, alone: String) -> Thought {
        Thought {
            mind,
            gate: Arc::clone(&self.world.gate),
            store: self.world.store.clone(),
            memory: self.world.memory.clone(),
            principal: message.principal.clone(),
            trace: message.trace,
            session: message.session.clone(),
            text: message.text.clone(),
            home: self.state(),
            alone,
        }
    }

    async fn tell(&self, message: &Inbound, mut said: Said) -> Outbound {
        // Nobody is told what looks like a secret, whoever asked.
        let missed = self.world.outside.notices.missed(&message.session);
        if !missed.is_empty() {
            said.detail["notices"] = json!(missed);
            said.text = format!("{}\n{}", missed.join("\n"), said.text);
        }
        said.text = leak::clean(&said.text, leak::Policy::Secrets).into_owned();
        leak::clean_json(&mut said.detail, leak::Policy::Secrets);
        self.note(message, Role::Assistant, &said.text).await;
        said.detail["trace"] = json!(message.trace);
        tracing::info!(micros = said.detail["micros"].as_u64(), decision = said.detail["decision"].as_str(), "turn");
        Outbound { trace: message.trace, text: said.text, detail: said.detail }
    }

    async fn sentence(&self, message: &Inbound, behalf: Behalf<'_>) -> Said {
        let now = self.world.clock.monotonic();
        let waiting = self.with_session(&message.session, |session| session.waiting(now));
        if let Some(waiting) = waiting {
            if session::is_yes(&message.text) {
                return self.act(&message.session, waiting, Behalf { confirmed: true, ..behalf }).await;
            }
            if session::is_no(&message.text) {
                return Said { text: "All right, I left it as it is.".into(), detail: json!({"decision": "answer"}) };
            }
        }
        if let Some(said) = self.recall(message).await {
            return said;
        }
        let mut understood = self.understand(message);
        if understood.decision == Decision::Answer && self.look(behalf).await {
            // The hardware says something else than it did before: read the sentence against that.
            understood = self.understand(message);
        }
        self.with_session(&message.session, |session| session.context = understood.context.clone());
        if understood.decision == Decision::Abstain
            // A model has memory as a tool, and goes before it.
            && self.world.mind.is_none()
            && let Some(said) = self.look_up(message).await
        {
            return said;
        }
        match understood.decision {
            Decision::Act => self.act(&message.session, understood, behalf).await,
            Decision::Answer | Decision::Ask | Decision::Abstain => {
                Said { detail: detail(&understood), text: understood.say }
            }
        }
    }

    fn with_session<T>(&self, key: &str, with: impl FnOnce(&mut Session) -> T) -> T {
        with(self.sessions().of(key))
    }

    fn sessions(&self) -> MutexGuard<'_, Sessions> {
        self.sessions.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether turns can be taken: waits until lines could be moved.
    pub async fn alive(&self) {
        drop(self.world.hold_lines().await);
    }

    fn understand(&self, message: &Inbound) -> Understanding {
        let context = self.with_session(&message.session, |session| session.context.clone());
        let now = Timestamp::from_millisecond(self.world.clock.wall_ms()).unwrap_or(Timestamp::UNIX_EPOCH);
        let now = now.to_zoned(self.world.zone.clone()).datetime();
        let mut home = self.world.home();
        self.world.timers.refresh(&mut home, self.world.clock.monotonic());
        let area = self.world.places.of(message).or(home.default_area);
        intent::understand(&home, &Turn { text: &message.text, area, now, context })
    }

    /// Carries an understanding out and says what is true afterwards.
    async fn act(&self, session: &str, understood: Understanding, behalf: Behalf<'_>) -> Said {
        let acted = act::carry_out(&self.world, &understood, behalf, session).await;
        let Acted { outcomes, changes, unconfirmed, beyond, unkept } = acted;
        self.world.save(&changes).await;
        let mut detail = detail(&understood);
        detail["changes"] = json!(changes);
        if unconfirmed {
            let text = act::question(&self.world.home(), &understood);
            detail["decision"] = json!("ask");
            let now = self.world.clock.monotonic();
            self.with_session(session, |session| session.wait_for_yes(understood, now));
            return Said { text, detail };
        }
        detail["outcomes"] = act::outcomes_json(&self.world.home(), &outcomes, &unkept);
        let mut text = Vec::new();
        if !outcomes.is_empty() || beyond.is_empty() && unkept.is_empty() {
            text.push(intent::reply(&self.world.home(), &understood, &outcomes));
        } else if unkept.is_empty() {
            detail["decision"] = json!("abstain");
        }
        text.extend(unkept);
        text.extend(beyond.iter().map(|what| format!("I understood that, but I cannot {what} yet.")));
        Said { text: text.join(" "), detail }
    }

    /// Reads every line of the home; whether anything changed.
    async fn look(&self, behalf: Behalf<'_>) -> bool {
        let changes = lines::read_all(&self.world, behalf).await;
        self.world.save(&changes).await;
        !changes.is_empty()
    }

    /// Reads every line at the start: what was true before the last power cut may not be true now.
    pub async fn look_at_everything(&self, trace: Id) {
        let principal = Principal::owner("start");
        self.look(Behalf { principal: &principal, trace, confirmed: false }).await;
        for entity in &self.world.home().entities {
            self.world.outside.news.know(&entity.id, entity.to_json());
        }
    }

    /// Takes up the timers and lists of earlier runs; once, before the first turn.
    ///
    /// # Errors
    /// What the store says: then there are none, and new ones are kept all the same.
    pub async fn take_up(&self) -> Result<(), StoreError> {
        lists::take_up(&self.world).await?;
        let rows = self.world.store.timers().await?;
        let (now, wall_ms) = (self.world.clock.monotonic(), self.world.clock.wall_ms());
        self.world.timers.take_up(&mut self.world.home(), rows, now, wall_ms);
        Ok(())
    }

    /// Waits until a timer ends. What it asks for is the caller's to do; then it calls [`Agent::rung_out`].
    pub async fn rung(&self) -> Rung {
        self.world.timers.next(&self.world).await
    }

    /// A timer was told and done with: it must not come back at the next start.
    pub async fn rung_out(&self, rung: &Rung) {
        if let Err(error) = self.world.store.end_timer(rung.row).await {
            tracing::error!(%error, "a timer that has ended stays on disk, and is told again at the next start");
        }
    }

    /// Takes in what devices behind a channel have reported since it was last called.
    pub async fn hear_devices(&self) {
        let changes = remote::hear(&self.world);
        self.world.save(&changes).await;
    }

    /// Takes in that a line has changed.
    pub async fn hear_line(&self, line: &str, on: bool) {
        let changes = lines::changed(&self.world, line, on).await;
        tracing::debug!(line, on, changes = changes.len(), "a line has changed");
        self.world.save(&changes).await;
    }

    async fn note(&self, message: &Inbound, role: Role, text: &str) {
        self.with_session(&message.session, |session| {
            session.unobserved = session.unobserved.map(|bytes| bytes.saturating_add(text.len()));
        });
        let store = &self.world.store;
        let channel = message.session.split(':').next().unwrap_or_default();
        let noted = async {
            store.touch_session(&message.session, &message.principal.name, channel).await?;
            store.add_message(&message.session, role, text, Some(message.trace)).await
        };
        if let Err(error) = noted.await {
            tracing::warn!(%error, "a message was not kept");
        }
    }
}

fn detail(understood: &Understanding) -> Value {
    let intents: Vec<_> = understood
        .readings
        .iter()
        .map(|reading| json!({"intent": reading.intent, "slots": reading.slots.to_json()}))
        .collect();
    json!({"decision": understood.decision, "confidence": understood.confidence, "intents": intents})
}
