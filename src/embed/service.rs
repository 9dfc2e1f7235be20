//! The brain's side: asks the hand for vectors, and lets it go when nobody asks.

#![forbid(unsafe_code)]

use std::os::fd::OwnedFd;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::sync::oneshot;
use tokio::time::Instant;

use super::file::ModelFile;
use super::pinned::{DIMENSIONS, MODEL_SHA256};
use super::queue::{Priority, Queue, Taker, Waiting};
use crate::base::{Code, Fault, limits};
use crate::board;
use crate::sandbox::{Class, Hands, Holder};
use crate::wire::hand::{Embedded, Outcome, Work};

/// How this board embeds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Mode {
    /// All of the model in memory while it is used.
    Full,
    /// The table of word pieces stays in the file.
    Mapped,
    /// Words only, and why.
    Off(String),
}

/// What is known of a text after it was looked at.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct Noted {
    /// [`DIMENSIONS`] numbers of length 1; `None` where a vector would mislead.
    pub vector: Option<Vec<f32>>,
    /// ISO 639-1, or `und` where it is not told.
    pub language: String,
    /// Pieces that the model read.
    pub tokens: u32,
    /// Whether the end of the text was not read.
    pub cut: bool,
}

/// Embeds texts; cheap to clone.
#[derive(Clone, Debug)]
pub struct Embedder {
    queue: Queue,
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    mode: Mode,
    model: String,
    loads: AtomicU64,
    texts: AtomicU64,
    loaded: Mutex<Result<bool, String>>,
}

impl Embedder {
    /// The embedder of this board; inside a tokio runtime. A model that is missing switches it off, with that reason.
    #[must_use]
    pub fn start(hands: &Hands, fits: board::Embedder, model: Result<ModelFile, Fault>) -> Self {
        let (mode, mapped) = match fits {
            board::Embedder::Full => (Mode::Full, false),
            board::Embedder::Mapped => (Mode::Mapped, true),
            board::Embedder::Off => return Self::off("this board has no memory for it"),
        };
        let model = match model {
            Ok(model) => model,
            Err(fault) => return Self::off(fault.message),
        };
        let made = Self::of(mode, model.path().display().to_string());
        let first = Work::LoadModel { sha256: MODEL_SHA256.to_owned(), mapped };
        let descriptor = OwnedFd::from(model.into_file());
        let processors = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        // An import takes minutes: a board with memory for a second hand uses a second processor.
        if let (Mode::Full, 2.., Ok(descriptor)) = (made.mode(), processors, descriptor.try_clone()) {
            let help = Holder::new(hands.clone(), Class::Embed, vec![descriptor], first.clone());
            tokio::spawn(help_out(made.clone(), help));
        }
        let holder = Holder::new(hands.clone(), Class::Embed, vec![descriptor], first);
        tokio::spawn(work(made.clone(), holder));
        made
    }

    /// An embedder that refuses every text with this reason.
    #[must_use]
    pub fn off(reason: impl Into<String>) -> Self {
        Self::of(Mode::Off(reason.into()), String::new())
    }

    fn of(mode: Mode, model: String) -> Self {
        let (loads, texts) = (AtomicU64::new(0), AtomicU64::new(0));
        let shared = Shared { mode, model, loads, texts, loaded: Mutex::new(Ok(false)) };
        Self { queue: Queue::default(), shared: Arc::new(shared) }
    }

    /// The vectors of texts, in their order, within `within` for all of them.
    ///
    /// # Errors
    /// [`Code::Unavailable`] where there is no embedder, [`Code::BadInput`] for too many texts or one that is
    /// too long, [`Code::Full`] where too many wait, [`Code::Timeout`], or what ended the hand.
    pub async fn embed(&self, texts: Vec<String>, priority: Priority, within: Duration) -> Result<Vec<Noted>, Fault> {
        if let Some(reason) = self.refuses() {
            let message = format!("no embedder, memory is searched by words alone: {reason}");
            return Err(Fault::new(Code::Unavailable, message));
        }
        check(&texts)?;
        let until = Instant::now() + within;
        let (waiting, answers): (Vec<_>, Vec<_>) = texts
            .into_iter()
            .map(|text| {
                let (answer, heard) = oneshot::channel();
                (Waiting { text, until, answer }, heard)
            })
            .unzip();
        self.queue.put(priority, waiting)?;
        let all = async {
            let mut made = Vec::with_capacity(answers.len());
            for answer in answers {
                let late = || Fault::new(Code::Timeout, format!("not embedded within {within:?}"));
                made.push(noted(answer.await.map_err(|_| late())??)?);
            }
            Ok(made)
        };
        let late = |_| Fault::new(Code::Timeout, format!("not embedded within {within:?}; other texts wait too"));
        tokio::time::timeout_at(until, all).await.map_err(late)?
    }

    /// Why every text is refused, where that is so.
    #[must_use]
    pub fn refuses(&self) -> Option<&str> {
        match &self.shared.mode {
            Mode::Off(reason) => Some(reason),
            Mode::Full | Mode::Mapped => None,
        }
    }

    /// How it embeds.
    #[must_use]
    pub fn mode(&self) -> &Mode {
        &self.shared.mode
    }

    /// For status and doctor.
    #[must_use]
    pub fn status(&self) -> Value {
        let shared = &self.shared;
        let (mode, why) = match &shared.mode {
            Mode::Full => ("full", None),
            Mode::Mapped => ("mapped", None),
            Mode::Off(reason) => return json!({"mode": "off", "search": "words only", "why": reason}),
        };
        let why = why.or_else(|| self.loaded().as_ref().err().cloned());
        let state = match &*self.loaded() {
            Ok(true) => "loaded",
            Ok(false) => "resting",
            Err(_) => "failed",
        };
        let (talk, import) = self.queue.waiting();
        let mut told = json!({
            "mode": mode, "model": shared.model, "state": state,
            "loads": shared.loads.load(Ordering::Relaxed), "texts": shared.texts.load(Ordering::Relaxed),
            "waiting": {"talk": talk, "import": import},
        });
        if let Some(why) = why {
            told["why"] = json!(why);
        }
        told
    }

    fn loaded(&self) -> std::sync::MutexGuard<'_, Result<bool, String>> {
        self.shared.loaded.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Feeds the hand for as long as the runtime lives.
async fn work(embedder: Embedder, holder: Holder) {
    loop {
        let fresh = !holder.is_up().await;
        // Without a hand there is nothing to let go, and no reason to wake up.
        let idle = if fresh { Duration::MAX } else { limits::EMBED_IDLE };
        let Some(slice) = embedder.queue.slice(Taker::First, idle).await else {
            if holder.let_go().await {
                tracing::info!("the embed hand was let go: nobody asked");
            }
            *embedder.loaded() = Ok(false);
            continue;
        };
        let work = Work::Embed { texts: slice.iter().map(|waiting| waiting.text.clone()).collect() };
        let answer = holder.call(&work, limits::EMBED_WALL).await;
        *embedder.loaded() = match &answer {
            Ok(_) => Ok(true),
            Err(fault) => Err(fault.message.clone()),
        };
        if fresh && answer.is_ok() {
            embedder.shared.loads.fetch_add(1, Ordering::Relaxed);
        }
        let counted = u64::try_from(slice.len()).unwrap_or_default();
        embedder.shared.texts.fetch_add(counted, Ordering::Relaxed);
        hand_out(slice, answer);
    }
}

/// Feeds a second hand while an import has more than the first one can take.
async fn help_out(embedder: Embedder, holder: Holder) {
    loop {
        let idle = if holder.is_up().await { limits::EMBED_HELP_IDLE } else { Duration::MAX };
        let Some(slice) = embedder.queue.slice(Taker::Help, idle).await else {
            holder.let_go().await;
            continue;
        };
        let work = Work::Embed { texts: slice.iter().map(|waiting| waiting.text.clone()).collect() };
        let answer = holder.call(&work, limits::EMBED_WALL).await;
        if let Err(fault) = &answer {
            // The first one answers for them, with its own fault if it has one.
            tracing::warn!(%fault, "the second embed hand rests");
            drop(embedder.queue.put(Priority::Import, slice));
            tokio::time::sleep(limits::FILL_AGAIN).await;
            continue;
        }
        embedder.shared.texts.fetch_add(u64::try_from(slice.len()).unwrap_or_default(), Ordering::Relaxed);
        hand_out(slice, answer);
    }
}

fn hand_out(slice: Vec<Waiting>, answer: Result<Outcome, Fault>) {
    let garbage = |what: &str| Fault::new(Code::Garbage, format!("the embed hand {what}"));
    let made = match answer {
        Ok(Outcome::Vectors(made)) if made.len() == slice.len() => Ok(made),
        Ok(Outcome::Vectors(made)) => Err(garbage(&format!("answered {} of {} texts", made.len(), slice.len()))),
        Ok(other) => Err(garbage(&format!("answered {other:?}"))),
        Err(fault) => Err(fault),
    };
    match made {
        // Where nobody waits any more the answer is dropped.
        Ok(made) => slice.into_iter().zip(made).for_each(|(waiting, one)| drop(waiting.answer.send(Ok(one)))),
        Err(fault) => slice.into_iter().for_each(|waiting| drop(waiting.answer.send(Err(fault.clone())))),
    }
}

/// What one request may hold.
///
/// # Errors
/// [`Code::BadInput`] for too many texts or one that is too long.
pub fn check(texts: &[String]) -> Result<(), Fault> {
    if texts.len() > limits::EMBED_TEXTS {
        let message = format!("{} texts at once, at most {}", texts.len(), limits::EMBED_TEXTS);
        return Err(Fault::new(Code::BadInput, message));
    }
    match texts.iter().find(|text| text.len() > limits::EMBED_TEXT_BYTES) {
        None => Ok(()),
        Some(long) => {
            let (has, most) = (long.len(), limits::EMBED_TEXT_BYTES);
            let message =
                format!("a text of {has} bytes is over the {most} bytes that are embedded; cut it into parts");
            Err(Fault::new(Code::BadInput, message))
        }
    }
}

/// The hand is foreign once it has read a text: its numbers are looked at.
fn noted(one: Embedded) -> Result<Noted, Fault> {
    let Embedded { vector, language, tokens, cut } = one;
    let right = vector.len() == DIMENSIONS && vector.iter().all(|value| value.is_finite() && value.abs() <= 1.001);
    if !(vector.is_empty() || right) {
        return Err(Fault::new(Code::Garbage, "the embed hand gave a vector that is none"));
    }
    let vector = (!vector.is_empty()).then_some(vector);
    Ok(Noted { vector, language: language.chars().take(8).collect(), tokens, cut })
}
