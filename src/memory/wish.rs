//! What a tool call asks of memory: on somebody's behalf, within what that one may see.
//!
//! Nothing private comes out here: a tool's result goes to a model, which may not be on the board.

use serde::Deserialize;
use serde_json::{Value, json};

use super::artefacts::{Asker, Deed, unhex};
use super::record::{Ground, Name, Record};
use super::{Change, Lists, Memory, MemoryFault, Question, Speaker};
use crate::base::{Id, limits};
use crate::store::memory::{self, Area, Class, Fact, Filter, Sector, Viewer};

/// One wish.
#[derive(Clone, Debug, Deserialize)]
#[serde(tag = "action", rename_all = "snake_case", deny_unknown_fields)]
pub enum Wish {
    /// Remember a text.
    Add {
        /// It.
        text: String,
        /// What it is for.
        #[serde(default)]
        area: Option<Area>,
        /// Its kind; what is so, where it is not said.
        #[serde(default)]
        sector: Option<Sector>,
    },
    /// Find what fits a question.
    Search {
        /// It.
        query: String,
        /// How many answers; 5, where it is not said.
        #[serde(default)]
        limit: Option<usize>,
        /// Only this area.
        #[serde(default)]
        area: Option<Area>,
        /// Only this sector.
        #[serde(default)]
        sector: Option<Sector>,
    },
    /// One memory.
    Show {
        /// Its id.
        id: String,
    },
    /// Replace the text of one's own memory.
    Edit {
        /// Its id.
        id: String,
        /// The new text.
        text: String,
    },
    /// Forget one's own memory.
    Forget {
        /// Its id.
        id: String,
    },
    /// What is so: all facts, or one.
    Facts {
        /// Its key.
        #[serde(default)]
        key: Option<String>,
    },
    /// Set a fact.
    SetFact {
        /// Its key.
        key: String,
        /// Its value.
        value: String,
    },
    /// Forget a fact.
    ForgetFact {
        /// Its key.
        key: String,
    },
    /// A node of a conversation's levels, with what lies below it.
    Describe {
        /// The conversation; the last one, where it is not said.
        #[serde(default)]
        session: Option<String>,
        /// The node; the whole, where it is not said.
        #[serde(default)]
        node: Option<String>,
    },
    /// The very messages of a node.
    Expand {
        /// The conversation.
        #[serde(default)]
        session: Option<String>,
        /// The node.
        node: String,
        /// Messages of it that are passed over.
        #[serde(default)]
        from: usize,
    },
    /// Where a text stands in a conversation.
    Grep {
        /// The conversation.
        #[serde(default)]
        session: Option<String>,
        /// The text.
        text: String,
    },
    /// A part of a large result that was kept beside the conversation, or the places of a text in it.
    Result {
        /// Its id.
        id: String,
        /// Where the part begins, in bytes.
        #[serde(default)]
        from: usize,
        /// What is looked for.
        #[serde(default)]
        text: Option<String>,
    },
    /// Artefacts that there are.
    Artefacts {},
    /// Bytes of an artefact, as text.
    Artefact {
        /// Its id.
        id: String,
        /// Where they begin.
        #[serde(default)]
        from: u64,
    },
    /// Whether artefacts are what they were: one, or all.
    VerifyArtefacts {
        /// Its id.
        #[serde(default)]
        id: Option<String>,
    },
    /// Keep a text as an artefact.
    KeepArtefact {
        /// Its file's name.
        name: String,
        /// It.
        text: String,
    },
    /// Delete one's own artefact.
    DeleteArtefact {
        /// Its id.
        id: String,
    },
    /// Read the working context.
    Context {},
    /// Write the working context.
    WriteContext {
        /// The new text.
        text: String,
        /// Behind what is there, not instead of it.
        #[serde(default)]
        append: bool,
    },
}

impl Wish {
    /// From a call's arguments.
    ///
    /// # Errors
    /// What is wrong, with the key.
    pub fn parse(arguments: &Value) -> Result<Self, String> {
        serde_json::from_value(arguments.clone()).map_err(|error| error.to_string())
    }

    /// Whether it changes what is kept.
    #[must_use]
    pub const fn writes(&self) -> bool {
        matches!(
            self,
            Self::Add { .. }
                | Self::Edit { .. }
                | Self::Forget { .. }
                | Self::SetFact { .. }
                | Self::ForgetFact { .. }
                | Self::WriteContext { .. }
                | Self::KeepArtefact { .. }
                | Self::DeleteArtefact { .. }
        )
    }

    /// Whether it takes something away for good.
    #[must_use]
    pub const fn destroys(&self) -> bool {
        matches!(self, Self::Forget { .. } | Self::ForgetFact { .. } | Self::DeleteArtefact { .. })
    }
}

/// The agent whose working context a tool call means.
pub const AGENT: &str = "hearth";

impl Memory {
    /// Fulfils a wish on somebody's behalf.
    ///
    /// # Errors
    /// See [`MemoryFault`]; what is another's is not there.
    pub async fn fulfil(&self, speaker: &Speaker<'_>, wish: Wish) -> Result<Value, MemoryFault> {
        let viewer =
            Viewer { reach: Some(if speaker.known { Class::Internal } else { Class::Public }), ..speaker.viewer() };
        let filter = Filter { viewer, ..Filter::default() };
        let person = speaker.person.to_owned();
        match wish {
            Wish::Add { text, area, sector } => self.add_wished(speaker, text, area, sector).await,
            Wish::Search { query, limit, area, sector } => {
                let filter = Filter { area, sector, ..filter };
                let limit = limit.unwrap_or(5).clamp(1, limits::MEMORY_ANSWERS);
                let question = Question { text: query, filter, limit, ..Question::default() };
                let answer = self.find(&question, Lists::Both, limits::QUESTION_WALL).await?;
                let hits: Vec<Value> = answer.found.iter().map(|one| brief(&one.memory)).collect();
                Ok(json!({"sure": answer.sure, "hits": hits}))
            }
            Wish::Show { id } => {
                let found = self.store.memory(filter, super::serve::named(&id)?).await?;
                found.map(|memory| brief(&memory)).ok_or(MemoryFault::Unknown(id))
            }
            Wish::Edit { id, text } => {
                self.own(&filter, &id, speaker).await?;
                self.edit(id, text).await
            }
            Wish::Forget { id } => {
                let own = self.own(&filter, &id, speaker).await?;
                Ok(json!({"forgotten": self.forget_said(speaker, vec![own]).await?}))
            }
            Wish::Facts { key: Some(key) } => Ok(json!(self.store.fact(person, key).await?)),
            Wish::Facts { key: None } => Ok(json!(self.store.facts(person).await?)),
            Wish::SetFact { key, value } => {
                self.set_fact(Fact { person, key, value, source: "tool".to_owned(), at_ms: self.clock.wall_ms() }).await
            }
            Wish::ForgetFact { key } => Ok(json!({"forgotten": self.store.forget_fact(person, key).await?})),
            Wish::Describe { session, node } => {
                let session = self.session_of(&person, session).await?;
                self.describe(&session, node.as_deref()).await
            }
            Wish::Expand { session, node, from } => {
                let session = self.session_of(&person, session).await?;
                self.expand(&session, &node, from).await
            }
            Wish::Grep { session, text } => {
                let session = self.session_of(&person, session).await?;
                self.grep(&session, &text).await
            }
            Wish::Result { id, from, text } => self.result(&person, &id, from, text.as_deref()).await,
            Wish::Artefacts {} => self.artefact_for(speaker, Deed::List),
            Wish::Artefact { id, from } => {
                let mut told = self.artefact_for(speaker, Deed::Read { id, from })?;
                let bytes = told["hex"].as_str().and_then(unhex).unwrap_or_default();
                told["text"] = json!(String::from_utf8_lossy(&bytes));
                told["hex"] = Value::Null;
                Ok(told)
            }
            Wish::VerifyArtefacts { id } => self.artefact_for(speaker, Deed::Verify { id }),
            Wish::KeepArtefact { name, text } => self.keep_artefact(&person, name, &text),
            Wish::DeleteArtefact { id } => self.artefact_for(speaker, Deed::Delete { id }),
            Wish::Context {} => Ok(json!({"context": self.context(AGENT, &person).await?})),
            Wish::WriteContext { text, append } => {
                let change = if append { Change::Append(text) } else { Change::Write(text) };
                let text = self.change_context(AGENT, &person, change).await?;
                Ok(json!({"bytes": text.len(), "most": limits::CONTEXT_BYTES}))
            }
        }
    }

    /// A deed on a speaker's behalf; files have no class, so who is not of the house sees none.
    fn artefact_for(&self, speaker: &Speaker<'_>, deed: Deed) -> Result<Value, MemoryFault> {
        if !speaker.known {
            return Ok(json!({"artefacts": []}));
        }
        let Viewer { person, chat, .. } = speaker.viewer();
        self.artefact(&Asker::Person { person, chat }, deed)
    }

    async fn add_wished(
        &self,
        speaker: &Speaker<'_>,
        text: String,
        area: Option<Area>,
        sector: Option<Sector>,
    ) -> Result<Value, MemoryFault> {
        let viewer = Viewer { person: speaker.person.to_owned(), ..Viewer::default() };
        let ground = Ground { viewer: &viewer, source: "tool", now_ms: self.clock.wall_ms(), zone: &self.zone };
        let record = Record {
            text,
            session: Some(Name::Text(speaker.session.to_owned())),
            area,
            sector: Some(sector.unwrap_or(Sector::Semantic)),
            ..Record::default()
        };
        let kept = self.keep(record.memories(&ground).map_err(MemoryFault::Record)?).await?;
        let ids: Vec<Id> = kept.iter().map(|one| one.id).collect();
        Ok(json!({"ids": ids, "known": kept.iter().all(|one| one.duplicate)}))
    }

    /// The id of a memory that the speaker sees and may change.
    async fn own(&self, filter: &Filter, id: &str, speaker: &Speaker<'_>) -> Result<Id, MemoryFault> {
        let found = self.store.memory(filter.clone(), super::serve::named(id)?).await?;
        let found = found.ok_or_else(|| MemoryFault::Unknown(id.to_owned()))?;
        if found.person == speaker.person { Ok(found.id) } else { Err(MemoryFault::NotYours(id.to_owned())) }
    }
}

/// A memory as a model reads it.
fn brief(memory: &memory::Memory) -> Value {
    let said = jiff::Timestamp::from_millisecond(memory.said_ms).map(|at| at.to_string()).unwrap_or_default();
    let mut json =
        json!({"id": memory.id, "text": memory.text, "said": said, "area": memory.area, "sector": memory.sector});
    if !memory.speaker.is_empty() {
        json["speaker"] = json!(memory.speaker);
    }
    json
}
