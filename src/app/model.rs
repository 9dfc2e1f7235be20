//! The way to a model's server: a request over a `net` hand, which puts the key in; and who is thinking.

use std::collections::BTreeMap;
use std::fs::File;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio::sync::watch;

use crate::agent::{Mind, Thought, Thoughts};
use crate::base::clock::BUILT_MS;
use crate::base::limits::THOUGHTS;
use crate::base::{Bucket, Code, Fault, KeyFault};
use crate::config::{Config, Model};
use crate::gate::web::{Answer, Parts, Purse, Request, Secret, Spot, Web};
use crate::guard::address::Grants;
use crate::guard::leak;
use crate::llm::{self, Head, Limits, Message, Opened, Pieces, Sent, Wire};
use crate::net::Door;
use crate::sandbox::Hands;

use super::AppFault;

/// A server by its base URL, asked through the web.
struct Server {
    web: Web,
    url: String,
    secret: Option<String>,
    idle: Duration,
    rate: Mutex<Bucket>,
    per_minute: u32,
}

impl Wire for Server {
    fn send(&self, body: Vec<u8>) -> Sent<'_, Opened> {
        Box::pin(async move {
            self.allowed()?;
            let mut request = Request::post_json("model", &self.url, body);
            request.headers.push(("accept".to_owned(), "text/event-stream".to_owned()));
            request.idle = self.idle;
            request.secrets = self.secret.iter().map(|name| bearer(name)).collect();
            let answer = self.web.send(&request).await?;
            let events = answer.header("content-type").is_some_and(|kind| kind.contains("event-stream"));
            let retry_after = answer.header("retry-after").and_then(|seconds| seconds.trim().parse().ok());
            let head = Head { status: answer.status, events, retry_after };
            let pieces: Box<dyn Pieces> = Box::new(Body(answer));
            Ok((head, pieces))
        })
    }
}

impl Server {
    /// Whether another question may be asked now.
    fn allowed(&self) -> Result<(), Fault> {
        let taken = self.rate.lock().unwrap_or_else(PoisonError::into_inner).take(Instant::now());
        taken.map_err(|wait| {
            let (most, seconds) = (self.per_minute, wait.as_secs() + 1);
            let message = format!("it is asked at most {most} times a minute (model.per_minute); again in {seconds} s");
            Fault::new(Code::Full, message)
        })
    }
}

fn bearer(name: &str) -> Secret {
    let spot = Spot::Header { name: "authorization".to_owned(), before: "Bearer ".to_owned() };
    Secret { name: name.to_owned(), spot }
}

struct Body(Answer);

impl Pieces for Body {
    fn next(&mut self) -> Sent<'_, Result<Option<Vec<u8>>, Fault>> {
        Box::pin(self.0.chunk())
    }
}

/// The file of authorities of the settings, opened before the brain is sealed: it may lie anywhere.
///
/// # Errors
/// Where it cannot be opened.
pub(super) fn roots(config: &Config) -> Result<Option<OwnedFd>, AppFault> {
    let file = &config.net.ca_file;
    if file.as_os_str().is_empty() {
        return Ok(None);
    }
    let opened = File::open(file).map_err(AppFault::step(format!("net.ca_file {}", file.display())))?;
    Ok(Some(opened.into()))
}

/// The way out, as the settings have it, with these authorities besides the web's.
///
/// # Errors
/// A grant that is none.
pub(super) fn web(
    config: &Config,
    data: &Path,
    hands: Hands,
    roots: Option<OwnedFd>,
    now_ms: i64,
) -> Result<Web, AppFault> {
    let wrong = |why: String| AppFault::Settings(vec![KeyFault::of_file(config.origin(), format!("net.lan: {why}"))]);
    let grants = Grants::parse(config.net.lan.iter().map(String::as_str)).map_err(wrong)?;
    let purse = Some(Purse::new(config.keeper.socket.clone(), session_key(config, data)));
    let floor_ms = now_ms.max(BUILT_MS);
    Ok(Web::new(Parts { hands, door: Door::new(grants), purse, roots, floor_ms }))
}

/// Where the brain's session key is.
pub(super) fn session_key(config: &Config, data: &Path) -> PathBuf {
    let key = &config.keeper.session_key;
    if key.as_os_str().is_empty() { data.join("session.key") } else { key.clone() }
}

/// The mind that the settings describe; [`None`] without a `base_url`.
pub(super) fn mind(set: &Model, web: Web) -> Option<Mind> {
    if set.base_url.is_empty() {
        return None;
    }
    let url = format!("{}/chat/completions", set.base_url.trim_end_matches('/'));
    let secret = set.secret.strip_prefix("vault:").map(str::to_owned);
    let idle = Duration::from_secs(set.idle_s.into());
    let rate = Mutex::new(Bucket::full(set.per_minute, Instant::now()));
    Some(Mind {
        wire: Arc::new(Server { web, url, secret, idle, rate, per_minute: set.per_minute }),
        model: set.name.clone(),
        steps: set.steps,
        time: Duration::from_secs(set.time_s.into()),
        tokens: set.tokens,
        answer_tokens: set.answer_tokens,
    })
}

/// One short question; how long the answer took.
///
/// # Errors
/// Why there was none.
pub(super) async fn try_once(set: &Model, web: Web) -> Result<Value, Fault> {
    let Some(mind) = mind(set, web) else { return Err(Fault::new(Code::BadInput, "there is no base_url")) };
    let began = Instant::now();
    let limits = Limits { until: (began + Duration::from_secs(set.time_s.into())).into(), tries: 1 };
    let messages = vec![Message::User("Answer with one word: ready".to_owned())];
    let request = llm::Request { model: mind.model, messages, offers: Vec::new(), answer_tokens: mind.answer_tokens };
    let answer = llm::ask(&*mind.wire, &request, limits, &mut |_| {}).await.map_err(Fault::from)?;
    let took = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
    Ok(json!({"took_ms": took, "said": leak::clean(&answer.text, leak::Policy::Secrets)}))
}

/// Who is thinking, by session, and the way to stop each.
#[derive(Debug, Default)]
pub(super) struct Thinking(Mutex<BTreeMap<String, watch::Sender<bool>>>);

impl Thinking {
    /// A place for a thought of this session; none where it thinks already, or too many do.
    pub(super) fn begin(&self, session: &str) -> Result<watch::Receiver<bool>, String> {
        let mut running = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if running.contains_key(session) {
            return Err("I am still thinking about what you asked before; /stop ends that.".to_owned());
        }
        if running.len() >= THOUGHTS {
            return Err("I am thinking about too much already; ask again in a moment.".to_owned());
        }
        let (stop, stopped) = watch::channel(false);
        running.insert(session.to_owned(), stop);
        Ok(stopped)
    }

    /// The thought of this session is over.
    pub(super) fn end(&self, session: &str) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(session);
    }

    /// Stops the thought of this session, or of all; how many.
    pub(super) fn stop(&self, session: Option<&str>) -> usize {
        let running = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let chosen = running.iter().filter(|(of, _)| session.is_none_or(|wanted| wanted == of.as_str()));
        let mut stopped = 0;
        for (_, stop) in chosen {
            stop.send_replace(true);
            stopped += 1;
        }
        stopped
    }
}

/// Thinks, until the end or until stopped: then the thought is dropped, and its connection with it.
pub(super) async fn think(thought: Thought, mut stopped: watch::Receiver<bool>) -> Thoughts {
    tokio::select! {
        biased;
        _ = stopped.wait_for(|stop| *stop) => Thoughts {
            text: "I stopped thinking about it.".to_owned(),
            detail: serde_json::json!({"decision": "think", "ended": "stopped"}),
        },
        thoughts = thought.think() => thoughts,
    }
}
