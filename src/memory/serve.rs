//! What commands and tools get of memory: each [`Order`] carried out, as JSON.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::record::{Ground, Record};
use super::{BUDGET, Change, Memory, MemoryFault, Order, Question};
use crate::base::{Id, limits};
use crate::store::memory::{Budget, Ended, Fact, Filter, Sector, Viewer};

/// Everyone's rows with their history: what the owner's commands work on.
pub(super) fn everything() -> Filter {
    Filter { viewer: Viewer { everyone: true, ..Viewer::default() }, history: true, ..Filter::default() }
}

impl Memory {
    /// Carries an order out.
    ///
    /// # Errors
    /// See [`MemoryFault`].
    pub async fn serve(&self, order: Order) -> Result<Value, MemoryFault> {
        match order {
            Order::Add { records, source, person, chat } => {
                let viewer = Viewer { person, chat, ..Viewer::default() };
                self.add(records, &source, &viewer).await
            }
            Order::Search {
                text,
                limit,
                person,
                chat,
                area,
                sector,
                since_ms,
                until_ms,
                history,
                exact,
                lists,
                patient,
            } => {
                let viewer = Viewer { person, chat, ..Viewer::default() };
                let filter = Filter { viewer, area, sector, since_ms, until_ms, history };
                let within = if patient { limits::EMBED_WALL } else { limits::QUESTION_WALL };
                let answer = self.find(&Question { text, filter, limit, exact }, lists, within).await?;
                let hits: Vec<Value> = answer.found.iter().map(super::Found::to_json).collect();
                let mut told = json!({"sure": answer.sure, "confidence": rounded(answer.confidence), "hits": hits});
                if let Some(why) = answer.words_alone {
                    told["words_alone"] = json!(why);
                }
                Ok(told)
            }
            Order::Fill => Ok(json!(self.fill().await?)),
            Order::Show { id } => {
                let found = self.store.memory(everything(), named(&id)?).await?;
                found.map(|memory| json!(memory)).ok_or(MemoryFault::Unknown(id))
            }
            Order::Edit { id, text } => self.edit(id, text).await,
            Order::Forget { ids } => {
                let ids = ids.iter().map(|id| named(id)).collect::<Result<Vec<_>, _>>()?;
                let asked = ids.len();
                let forgotten = self.forget_all(ids).await?;
                Ok(json!({"forgotten": forgotten, "not_there": asked - forgotten}))
            }
            Order::Supersede { old, new, person, chat } => {
                let of = |name: String| self.store.memory_by_name(name, person.clone(), chat.clone());
                let missing = |name: &str| MemoryFault::Unknown(name.to_owned());
                let from = of(old.clone()).await?.ok_or_else(|| missing(&old))?;
                let to = of(new.clone()).await?.ok_or_else(|| missing(&new))?;
                self.store.supersede_memory(everything(), from, to).await?;
                self.revoke();
                Ok(json!({"replaced": old, "by": new}))
            }
            Order::Hold { id, held } => {
                self.store.hold_memory(everything(), named(&id)?, held).await?;
                self.revoke();
                Ok(json!({"id": id, "held": held}))
            }
            Order::Page { after, limit } => {
                let page = self.store.memories(everything(), after, limit).await?;
                let mut rows = Vec::with_capacity(page.len());
                for memory in &page {
                    let mut row = json!(memory);
                    // By the name that an import of this export gives it.
                    if let Some(by) = memory.replaced_by
                        && let Some(newer) = self.store.memory(everything(), by).await?
                    {
                        row["replaced_by"] = json!(newer.reference.unwrap_or_else(|| by.to_string()));
                    }
                    rows.push(row);
                }
                Ok(json!({"after": page.last().map(|memory| memory.seq), "memories": rows}))
            }
            Order::Prune { rows, bytes } => {
                let budget = Budget {
                    rows: rows.unwrap_or(BUDGET.rows),
                    bytes: bytes.unwrap_or(BUDGET.bytes),
                    ended: Ended::Now,
                    retention: self.retention,
                };
                Ok(json!({"forgotten": self.prune(budget).await?}))
            }
            Order::Retain { before_ms, sector } => Ok(json!({"forgotten": self.retain(before_ms, sector).await?})),
            Order::Merge => {
                let merged = self.store.merge_memories().await;
                self.revoke();
                Ok(json!({"merged": merged?}))
            }
            Order::Talk { session: None, limit } => Ok(json!({"talks": self.store.talks(limit).await?})),
            Order::Talk { session: Some(session), limit } => {
                let messages = self.store.messages(&session, limit).await?;
                let one =
                    |m: &crate::store::Message| json!({"id": m.id, "role": m.role, "text": m.text, "at_ms": m.at_ms});
                Ok(json!({"session": session, "messages": messages.iter().map(one).collect::<Vec<_>>()}))
            }
            Order::Describe { session, node } => self.describe(&session, node.as_deref()).await,
            Order::Expand { session, node, from } => self.expand(&session, &node, from).await,
            Order::Grep { session, text } => self.grep(&session, &text).await,
            Order::Result { person, id, from, text } => self.result(&person, &id, from, text.as_deref()).await,
            Order::Profile { person } => self.profile(&person).await,
            Order::Files => Ok(self.files().await),
            Order::Observations { session } => {
                Ok(json!({"session": session, "text": self.observations(&session).await?}))
            }
            Order::Artefact { asker, deed } => self.artefact(&asker, deed),
            Order::Stats => {
                let mut stats = json!(self.store.memory_stats().await?);
                let days: BTreeMap<_, _> = self.retention.rules().collect();
                let removed: BTreeMap<_, _> = self.store.memory_retained().await?.into_iter().collect();
                stats["retention"] = json!({"days": days, "removed": removed});
                let answers = self.answers();
                stats["cache"] = json!({"bytes": answers.bytes(), "counts": answers.counts()});
                Ok(stats)
            }
            Order::Set { person, key, value } => {
                let fact = Fact { person, key, value, source: "command".to_owned(), at_ms: self.clock.wall_ms() };
                self.set_fact(fact).await
            }
            Order::Facts { person, key: Some(key) } => Ok(json!(self.store.fact(person, key).await?)),
            Order::Facts { person, key: None } => Ok(json!(self.store.facts(person).await?)),
            Order::Unset { person, key } => Ok(json!({"forgotten": self.store.forget_fact(person, key).await?})),
            Order::Context { agent, person, text: None, .. } => {
                Ok(json!({"agent": agent, "person": person, "text": self.context(&agent, &person).await?}))
            }
            Order::Context { agent, person, text: Some(text), append } => {
                let change = if append { Change::Append(text) } else { Change::Write(text) };
                let text = self.change_context(&agent, &person, change).await?;
                Ok(json!({"agent": agent, "person": person, "text": text}))
            }
        }
    }

    /// Forgets what was said before a time, its history too, a page at a time; how many went.
    async fn retain(&self, before_ms: i64, sector: Option<Sector>) -> Result<usize, MemoryFault> {
        let filter = Filter { sector, until_ms: Some(before_ms), ..everything() };
        let (mut after, mut went) = (0, 0);
        loop {
            let page = self.store.memories(filter.clone(), after, limits::MEMORY_BATCH).await?;
            let Some(last) = page.last() else { return Ok(went) };
            after = last.seq;
            let ids = page.into_iter().filter(|memory| !memory.held).map(|memory| memory.id).collect();
            went += self.forget_all(ids).await?;
        }
    }

    /// Keeps what can be kept; the faults of the others by their places in the list.
    async fn add(&self, records: Vec<Value>, source: &str, viewer: &Viewer) -> Result<Value, MemoryFault> {
        let now_ms = self.clock.wall_ms();
        let ground = Ground { viewer, source, now_ms, zone: &self.zone };
        let mut faults = Vec::new();
        let mut new = Vec::new();
        for (place, record) in records.into_iter().enumerate() {
            let made = serde_json::from_value::<Record>(record).map_err(|error| error.to_string());
            let made = made.and_then(|record| record.memories(&ground)).and_then(|memories| {
                let secret = memories.iter().find_map(|memory| crate::guard::leak::holds(&memory.text));
                secret.map_or(Ok(memories), |kind| Err(MemoryFault::Secret(kind).to_string()))
            });
            match made {
                Ok(memories) => new.extend(memories),
                Err(fault) => faults.push(json!({"record": place, "fault": fault})),
            }
        }
        let kept = self.keep(new).await?;
        let ids: Vec<Id> = kept.iter().map(|kept| kept.id).collect();
        let duplicates = kept.iter().filter(|kept| kept.duplicate).count();
        Ok(json!({"kept": kept.len() - duplicates, "duplicates": duplicates, "ids": ids, "faults": faults}))
    }

    /// The facts that count for a person.
    ///
    /// # Errors
    /// [`MemoryFault::Store`].
    pub async fn facts_of(&self, person: &str) -> Result<Vec<Fact>, MemoryFault> {
        Ok(self.store.facts(person.to_owned()).await?)
    }

    pub(super) async fn set_fact(&self, fact: Fact) -> Result<Value, MemoryFault> {
        if fact.key.trim().is_empty() {
            return Err(MemoryFault::Record("key: is empty".to_owned()));
        }
        for (what, text, most) in
            [("key", &fact.key, limits::MEMORY_NAME_BYTES), ("value", &fact.value, limits::MEMORY_TEXT_BYTES)]
        {
            if text.len() > most {
                return Err(MemoryFault::Record(format!("{what}: is {} bytes; at most {most} are kept", text.len())));
            }
            if let Some(kind) = crate::guard::leak::holds(text) {
                return Err(MemoryFault::Secret(kind));
            }
        }
        self.store.set_fact(fact.clone()).await?;
        Ok(json!(fact))
    }

    pub(super) async fn edit(&self, id: String, text: String) -> Result<Value, MemoryFault> {
        let old = self.store.memory(everything(), named(&id)?).await?.ok_or(MemoryFault::Unknown(id))?;
        let viewer = Viewer { person: old.person.clone(), chat: old.chat.clone(), ..Viewer::default() };
        let ground = Ground { viewer: &viewer, source: "edit", now_ms: self.clock.wall_ms(), zone: &self.zone };
        let record = Record {
            text,
            speaker: Some(old.speaker),
            session: Some(super::record::Name::Text(old.session)),
            area: Some(old.area),
            sector: Some(old.sector),
            class: Some(old.class),
            held: old.held,
            importance: Some(old.importance),
            ..Record::default()
        };
        let mut new = record.memories(&ground).map_err(MemoryFault::Record)?;
        if let Some(first) = new.first_mut() {
            first.replaces = Some(old.id);
        }
        let kept = self.keep(new).await?;
        Ok(json!({"replaced": old.id, "ids": kept.iter().map(|kept| kept.id).collect::<Vec<_>>()}))
    }
}

/// For people and programs: four digits.
fn rounded(number: f32) -> f64 {
    (f64::from(number) * 1e4).round() / 1e4
}

pub(super) fn named(id: &str) -> Result<Id, MemoryFault> {
    id.parse().map_err(|_| MemoryFault::Unknown(id.to_owned()))
}
