//! A tool as the gate sees it: a manifest, and jobs for hands.

use std::future::Future;
use std::os::fd::{AsFd, OwnedFd};
use std::pin::Pin;
use std::sync::Arc;

use serde_json::Value;

use super::command::Command;
use super::web::{Request, Web};
use super::{Manifest, Tier};
use crate::base::{Code, Fault, limits};
use crate::bus::{Principal, Remote};
use crate::sandbox::{Class, Hands, Holder};
use crate::wire::hand::{Outcome, Work};
use crate::wire::net::Told;

/// A tool: it says what it is and turns arguments into a job; it never does the job.
pub trait Tool: Send + Sync {
    /// What it declares.
    fn manifest(&self) -> &Manifest;

    /// The risk of a call with these arguments, where that is more than the manifest's.
    fn tier(&self, _arguments: &Value) -> Tier {
        self.manifest().tier
    }

    /// Whether a model may be offered it; not so for what only a sentence changes.
    fn offered(&self) -> bool {
        true
    }

    /// The job for these arguments: decides, opens what the hand is handed, does nothing yet.
    ///
    /// # Errors
    /// Arguments that make no sense, or something that cannot be opened.
    fn prepare(&self, arguments: &Value) -> Result<Job, Fault>;

    /// The same on somebody's behalf; for a tool whose answer depends on who asks.
    ///
    /// # Errors
    /// As [`Tool::prepare`].
    fn prepare_for(&self, arguments: &Value, _principal: &Principal) -> Result<Job, Fault> {
        self.prepare(arguments)
    }

    /// What of the arguments stands in the audit records, which are never changed.
    fn recorded(&self, arguments: &Value) -> Value {
        arguments.clone()
    }
}

/// Work for a hand and what to make of its outcomes.
pub struct Job {
    /// Which hand, and the work.
    pub run: Run,
    /// Turns the outcomes into the tool's result; may rename or sync what the brain opened.
    pub finish: Finish,
}

/// See [`Job::finish`].
pub(super) type Finish = Box<dyn FnOnce(Vec<Outcome>) -> Result<Value, Fault> + Send>;

/// Which hand does the work.
pub enum Run {
    /// A fresh hand that ends afterwards.
    Once {
        /// Its class.
        class: Class,
        /// What it is handed.
        descriptors: Vec<OwnedFd>,
        /// What it does, in order; the first failure ends it.
        work: Vec<Work>,
    },
    /// A command in a fresh `shell` hand.
    Command(Box<Command>),
    /// A hand that lives on.
    Held {
        /// The hand.
        holder: Arc<Holder>,
        /// What it does, in order; what one piece fails at is its outcome, and the next goes on.
        work: Vec<Work>,
    },
    /// A fresh `net` hand for each hop; the outcomes are the URL that answered, its head, its bytes.
    Fetch {
        /// The way out.
        web: Web,
        /// What is asked.
        request: Box<Request>,
        /// Most bytes that are taken; the rest is left.
        most: usize,
    },
    /// No hand: the brain's own rows, which no tool reaches but by what it is made with.
    Inside(Inside),
    /// No hand: a payload of the home's own template for a device behind a channel, which owns the
    /// connection.
    Publish {
        /// The way to the channel.
        remote: Remote,
        /// The device's command topic.
        topic: String,
        /// What it is told.
        payload: Vec<u8>,
    },
}

/// Work on what is the brain's own.
pub type Inside = Pin<Box<dyn Future<Output = Result<Vec<Outcome>, Fault>> + Send>>;

impl Run {
    pub(super) async fn perform(self, hands: &Hands) -> Result<Vec<Outcome>, Fault> {
        match self {
            Self::Held { holder, work } => {
                let mut outcomes = Vec::with_capacity(work.len());
                for piece in &work {
                    outcomes.push(holder.call(piece, limits::LINE_DEADLINE).await.unwrap_or_else(Outcome::Failed));
                }
                Ok(outcomes)
            }
            Self::Inside(doing) => doing.await,
            Self::Fetch { web, request, most } => {
                let fetched = tokio::time::timeout(limits::WEB_WALL, fetch(&web, &request, most)).await;
                let late = || Fault::new(Code::Timeout, format!("nothing whole came within {:?}", limits::WEB_WALL));
                fetched.unwrap_or_else(|_| Err(late()))
            }
            Self::Publish { remote, topic, payload } => {
                let telling = remote.publish(topic, payload);
                match tokio::time::timeout(limits::HAND_WALL, telling).await {
                    Ok(told) => told.map(|()| Vec::new()),
                    // It may arrive yet: the broker has it on its way.
                    Err(_) => Err(Fault::new(Code::OutcomeUnknown, "the MQTT broker did not confirm in time")),
                }
            }
            Self::Command(command) => command.perform(hands).await,
            Self::Once { class, descriptors, work } => {
                let seconds = u32::try_from(limits::HAND_CPU_SECONDS).unwrap_or(u32::MAX);
                let passed: Vec<_> = descriptors.iter().map(AsFd::as_fd).collect();
                let mut link = hands.spawn(class, seconds, &passed).await?;
                let mut outcomes = Vec::with_capacity(work.len());
                for piece in &work {
                    outcomes.push(link.call(piece, limits::HAND_WALL).await?);
                }
                Ok(outcomes)
            }
        }
    }
}

async fn fetch(web: &Web, request: &Request, most: usize) -> Result<Vec<Outcome>, Fault> {
    let mut answer = web.send(request).await?;
    let (url, status, headers) = (answer.url.clone(), answer.status, std::mem::take(&mut answer.headers));
    let mut bytes = Vec::new();
    let mut total = 0;
    while bytes.len() < most {
        let Some(piece) = answer.chunk().await? else { break };
        total += piece.len();
        bytes.extend_from_slice(&piece[..piece.len().min(most - bytes.len())]);
    }
    if bytes.len() == most && total == most && answer.chunk().await?.is_some() {
        total += 1;
    }
    let total = u64::try_from(total).unwrap_or(u64::MAX);
    Ok(vec![Outcome::Text(url), Outcome::Net(Told::Head { status, headers }), Outcome::Bytes { bytes, total }])
}
