//! What people tell Hearth to remember in a conversation, ask back, and have forgotten.

use jiff::Timestamp;

use super::record::{Ground, Name, Record};
use super::{Found, Lists, Memory, MemoryFault, Question, words};
use crate::base::{Id, limits};
use crate::guard::leak;
use crate::store::memory::{self, Class, Filter, Kept, Sector, Viewer};

/// Who speaks to memory.
#[derive(Clone, Copy, Debug)]
pub struct Speaker<'a> {
    /// The person; empty for the household's owner.
    pub person: &'a str,
    /// Whether it is somebody of the house: nobody else hears more than what is public.
    pub known: bool,
    /// The conversation.
    pub session: &'a str,
}

impl Speaker<'_> {
    /// What this speaker may see.
    #[must_use]
    pub fn viewer(&self) -> Viewer {
        let reach = (!self.known).then_some(Class::Public);
        Viewer { person: self.person.to_owned(), reach, ..Viewer::default() }
    }
}

/// Answers that are told at once.
const TOLD: usize = 3;
/// The share of the best one's score that others have which are told with it.
const BESIDE: f32 = 0.8;
/// What is looked at for a topic.
const LOOKED_AT: usize = 20;
/// The share of a topic's words that what is forgotten holds.
const FORGOTTEN: f32 = 0.6;

impl Memory {
    /// Keeps what was said; on disk when this returns.
    ///
    /// # Errors
    /// [`MemoryFault::Secret`], [`MemoryFault::Record`], [`MemoryFault::Store`].
    pub async fn keep_said(&self, speaker: &Speaker<'_>, text: &str) -> Result<Vec<Kept>, MemoryFault> {
        if let Some(kind) = leak::holds(text) {
            return Err(MemoryFault::Secret(kind));
        }
        let viewer = Viewer { person: speaker.person.to_owned(), ..Viewer::default() };
        let ground = Ground { viewer: &viewer, source: "said", now_ms: self.clock.wall_ms(), zone: &self.zone };
        let record = Record {
            text: text.to_owned(),
            speaker: Some(speaker.person.to_owned()),
            session: Some(Name::Text(speaker.session.to_owned())),
            sector: Some(Sector::Semantic),
            importance: Some(0.7),
            ..Record::default()
        };
        self.keep(record.memories(&ground).map_err(MemoryFault::Record)?).await
    }

    /// What was said about a topic, by one person where one is named; nothing where nothing is near.
    ///
    /// # Errors
    /// [`MemoryFault::Store`].
    pub async fn said_about(
        &self,
        speaker: &Speaker<'_>,
        topic: &str,
        by: Option<&str>,
    ) -> Result<Vec<Found>, MemoryFault> {
        let filter = Filter { viewer: speaker.viewer(), ..Filter::default() };
        let mut found =
            self.search(&Question { text: topic.to_owned(), filter, limit: LOOKED_AT, ..Question::default() }).await?;
        let whose = by.unwrap_or(speaker.person).to_lowercase();
        let is_theirs = |one: &Found| one.memory.speaker.to_lowercase() == whose;
        let sure = |one: &Found| is_theirs(one) && Self::is_sure(std::slice::from_ref(one));
        if by.is_some() || found.iter().any(sure) {
            found.retain(is_theirs);
        }
        if !Self::is_sure(&found) {
            return Ok(Vec::new());
        }
        let best = found.iter().map(|one| one.covered).fold(0.0, f32::max);
        found.retain(|one| one.covered >= best * 0.75);
        found.truncate(TOLD);
        Ok(found)
    }

    /// What answers a plain question: nothing where memory is not sure of it, by the confidence that was measured
    /// (docs/memory.md).
    ///
    /// # Errors
    /// [`MemoryFault::Store`].
    pub async fn answers_to(&self, speaker: &Speaker<'_>, text: &str) -> Result<Vec<Found>, MemoryFault> {
        let filter = Filter { viewer: speaker.viewer(), ..Filter::default() };
        let question = Question { text: text.to_owned(), filter, limit: LOOKED_AT, ..Question::default() };
        let answer = self.answer(&question, Lists::Both, limits::QUESTION_WALL).await?;
        let mut found = answer.found;
        let best = found.first().map_or(0.0, |one| one.score);
        found.retain(|one| answer.sure && one.score >= best * BESIDE);
        found.truncate(TOLD);
        Ok(found)
    }

    /// What was found, each with its date, as people are told it.
    #[must_use]
    pub fn told_all(&self, found: &[Found], to: &str) -> String {
        found.iter().map(|one| self.told(&one.memory, to)).collect::<Vec<_>>().join("\n")
    }

    /// What may be meant by «forget …»: the speaker's own, and for an owner the household's.
    ///
    /// # Errors
    /// [`MemoryFault::Store`].
    pub async fn to_forget(&self, speaker: &Speaker<'_>, topic: &str) -> Result<Vec<memory::Memory>, MemoryFault> {
        let filter = Filter { viewer: speaker.viewer(), ..Filter::default() };
        let found =
            self.search(&Question { text: topic.to_owned(), filter, limit: LOOKED_AT, ..Question::default() }).await?;
        let same = |one: &&Found| plain(&one.memory.text) == plain(topic);
        if let Some(exact) = found.iter().find(same) {
            return Ok(vec![exact.memory.clone()]);
        }
        let best = found.iter().map(|one| one.covered).fold(0.0, f32::max);
        let meant = |one: &Found| one.covered >= FORGOTTEN && one.covered >= best * 0.75;
        Ok(found.into_iter().filter(meant).map(|one| one.memory).collect())
    }

    /// A memory that the speaker may see.
    ///
    /// # Errors
    /// [`MemoryFault::Store`].
    pub async fn seen(&self, speaker: &Speaker<'_>, id: Id) -> Result<Option<memory::Memory>, MemoryFault> {
        let filter = Filter { viewer: speaker.viewer(), ..Filter::default() };
        Ok(self.store.memory(filter, id).await?)
    }

    /// Forgets these of what the speaker sees, and their words in what was said in conversations; how many went.
    ///
    /// # Errors
    /// [`MemoryFault::Store`]: for one under a hold, none goes.
    pub async fn forget_said(&self, speaker: &Speaker<'_>, ids: Vec<Id>) -> Result<usize, MemoryFault> {
        let filter = Filter { viewer: speaker.viewer(), ..Filter::default() };
        let mut texts = Vec::new();
        for id in &ids {
            texts.extend(self.store.memory(filter.clone(), *id).await?.map(|memory| memory.text));
        }
        let went = self.store.forget_memories(filter, ids).await;
        self.revoke();
        self.maker.again();
        let went = went?;
        for text in texts {
            self.store.forget_in_messages(speaker.person, &text).await?;
        }
        Ok(went)
    }

    /// Whether a topic holds a word that says what is meant.
    #[must_use]
    pub fn is_topic(topic: &str) -> bool {
        words::says_something(topic)
    }

    /// When and by whom something was said: «On Thursday, 20 November 2025, at 18:04 you said: …».
    #[must_use]
    pub fn told(&self, memory: &memory::Memory, to: &str) -> String {
        let who = match memory.speaker.as_str() {
            speaker if speaker.eq_ignore_ascii_case(to) => "you".to_owned(),
            "" => "someone".to_owned(),
            speaker => {
                let mut letters = speaker.chars();
                letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
            }
        };
        format!("On {} {who} said: {}", self.day_and_time(memory.said_ms), closed(&memory.text))
    }

    /// A moment as people say it, where the home is.
    #[must_use]
    pub fn day_and_time(&self, at_ms: i64) -> String {
        let at = Timestamp::from_millisecond(at_ms).unwrap_or(Timestamp::UNIX_EPOCH);
        at.to_zoned(self.zone.clone()).strftime("%A, %-d %B %Y, at %H:%M").to_string()
    }
}

fn closed(text: &str) -> String {
    let text = text.trim_end();
    if text.ends_with(['.', '!', '?', '…']) { text.to_owned() } else { format!("{text}.") }
}

fn plain(text: &str) -> String {
    let words = text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    words.map(str::to_lowercase).collect::<Vec<_>>().join(" ")
}
