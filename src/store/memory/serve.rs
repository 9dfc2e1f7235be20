//! What the store's thread does when memory asks.

use std::time::Instant;

use super::super::StoreError;
use super::super::commit::not_durable;
use super::super::error::Severity;
use super::super::policy::Kind;
use super::super::worker::{Reply, Worker};
use super::super::write::Write;
use super::ask::Ask;
use super::expression::expressions;
use super::near::{Nearest, Packed, Streamed};
use super::resident::Resident;
use super::{Filter, Hit, Kept, Memory, NewMemory, Worded, around, erase, facts, rows, same, talks};
use crate::base::{Id, limits};

/// The vectors that are held in memory, or not.
#[derive(Debug, Default)]
pub(in super::super) struct Shelf {
    pub(super) resident: Resident,
    streamed: Streamed,
    /// There are more vectors than may be held: they are read from flash.
    too_many: bool,
}

impl Shelf {
    /// Holds nothing until the next question.
    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }
}

impl Worker {
    /// Serves one question.
    pub(in super::super) async fn remember(&mut self, ask: Ask) {
        let now = self.clock.wall_ms();
        match ask {
            Ask::Keep(new, reply) => send(reply, self.keep(new, now).await),
            Ask::Vectors(vectors, may_wait, reply) => send(reply, self.keep_vectors(vectors, may_wait).await),
            Ask::Bare(after, limit, reply) => {
                let found = around::bare(&mut self.db, after, limit).await;
                let bare = found.map(|mut bare| {
                    bare.retain(|one| !self.ring.holds_vector(one.seq));
                    bare
                });
                send(reply, self.noticed(bare).await);
            }
            Ask::Words(terms, trigrams, filter, limit, reply) => {
                let found = self.words(terms, trigrams, &filter, now, limit).await;
                send(reply, self.noticed(found).await);
            }
            Ask::Near(query, filter, limit, reply) => {
                let found = self.nearest(&query, &filter, now, limit).await;
                send(reply, self.noticed(found).await);
            }
            Ask::Sketches(places, neighbours, filter, reply) => {
                let found = around::sketches(&mut self.db, &places, neighbours, &filter, now).await;
                send(reply, self.noticed(found).await);
            }
            Ask::At(places, filter, reply) => send(reply, self.rows_at(places, &filter, now).await),
            Ask::List(filter, after, limit, reply) => {
                let found = rows::list(&mut self.db, &filter, now, after, limit).await;
                send(reply, self.noticed(found).await);
            }
            Ask::One(filter, id, reply) => send(reply, rows::one(&mut self.db, &filter, now, id).await),
            Ask::Forget(filter, ids, reply) => send(reply, self.forget(&filter, ids, now).await),
            Ask::Erase(person, needle, reply) => {
                let done = match self.ready().await {
                    Ok(()) => erase::forget(&mut self.db, &person, &needle).await,
                    Err(error) => Err(error),
                };
                send(reply, self.durable(done).await);
            }
            Ask::Supersede(filter, old, new, reply) => {
                let done = match self.ready().await {
                    Ok(()) => self.supersede(&filter, old, new, now).await,
                    Err(error) => Err(error),
                };
                send(reply, self.durable(done).await);
            }
            Ask::Hold(filter, id, held, reply) => send(reply, self.hold(&filter, id, held, now).await),
            Ask::Prune(budget, reply) => send(reply, self.prune(budget, now).await),
            Ask::Merge(reply) => send(reply, self.merge().await),
            Ask::Named(prefix, reply) => send(reply, rows::named(&mut self.db, &prefix).await),
            Ask::ByName(name, person, chat, reply) => {
                send(reply, rows::by_name(&mut self.db, &name, &person, &chat).await);
            }
            Ask::Files(reply) => send(reply, rows::files(&mut self.db).await),
            Ask::TalkPage(session, after, reply) => {
                let found = talks::page(&mut self.db, &session, after).await;
                send(reply, self.noticed(found).await);
            }
            Ask::Trim(prefix, bytes, reply) => {
                let done = match self.ready().await {
                    Ok(()) => facts::trim(&mut self.db, &prefix, bytes).await,
                    Err(error) => Err(error),
                };
                send(reply, self.durable(done).await);
            }
            Ask::Talks(limit, reply) => send(reply, talks::all(&mut self.db, limit).await),
            Ask::Stats(reply) => send(reply, rows::stats(&mut self.db).await),
            Ask::Retained(reply) => send(reply, self.retained().await),
            Ask::SetFact(fact, reply) => {
                let done = match self.ready().await {
                    Ok(()) => facts::set(&mut self.db, &fact).await,
                    Err(error) => Err(error),
                };
                send(reply, self.durable(done).await);
            }
            Ask::Fact(person, key, reply) => send(reply, facts::get(&mut self.db, &person, &key).await),
            Ask::Facts(person, reply) => send(reply, facts::all(&mut self.db, &person).await),
            Ask::ForgetFact(person, key, reply) => {
                let done = match self.ready().await {
                    Ok(()) => facts::forget(&mut self.db, &person, &key).await,
                    Err(error) => Err(error),
                };
                send(reply, self.durable(done).await);
            }
            Ask::Write(document, reply) => {
                let done = match self.ready().await {
                    Ok(()) => facts::write(&mut self.db, &document).await,
                    Err(error) => Err(error),
                };
                send(reply, self.durable(done).await);
            }
            Ask::Read(name, person, reply) => send(reply, facts::read(&mut self.db, &name, &person).await),
        }
    }

    /// Opens a place to come back to inside the group that is open.
    pub(super) async fn ready(&mut self) -> Result<(), StoreError> {
        if self.status.degraded.is_some() {
            self.recover().await?;
        }
        let begun = self.begin().await;
        self.noticed(begun).await?;
        let marked = self.db.batch("SAVEPOINT memory").await;
        self.noticed(marked).await
    }

    /// Commits what was done since `ready`, or takes it back whole.
    pub(super) async fn durable<T>(&mut self, done: Result<T, StoreError>) -> Result<T, StoreError> {
        match done {
            Ok(value) => {
                let released = self.db.batch("RELEASE memory").await;
                self.noticed(released).await?;
                if let Err(error) = self.commit().await {
                    self.shelf.clear();
                    return Err(not_durable(error));
                }
                Ok(value)
            }
            Err(error) if error.severity() == Severity::Statement => {
                // What was taken out of memory already is still on the disk.
                self.shelf.clear();
                if !self.db.idle() {
                    let undone = self.db.batch("ROLLBACK TO memory; RELEASE memory").await;
                    self.noticed(undone).await?;
                }
                Err(error)
            }
            Err(error) => {
                self.shelf.clear();
                self.refused(&error).await;
                Err(not_durable(error))
            }
        }
    }

    /// Keeps memories in one commit; what says the same as one that is there is not kept twice.
    async fn keep(&mut self, new: Vec<(Id, NewMemory)>, now_ms: i64) -> Result<Vec<Kept>, StoreError> {
        self.ready().await?;
        let done = self.add(new, now_ms).await;
        self.durable(done).await
    }

    async fn add(&mut self, new: Vec<(Id, NewMemory)>, now_ms: i64) -> Result<Vec<Kept>, StoreError> {
        let mut kept = Vec::with_capacity(new.len());
        for (id, new) in new {
            let hash = same::hash(&new);
            if let Some((id, seq)) = rows::same(&mut self.db, &new, &hash).await? {
                kept.push(Kept { id, seq, duplicate: true });
                continue;
            }
            let replaced = match new.replaces {
                None => None,
                Some(old) => {
                    let filter = Filter { viewer: new.viewer.clone(), history: true, ..Filter::default() };
                    let found = rows::one(&mut self.db, &filter, now_ms, old).await?;
                    Some(found.ok_or_else(|| StoreError::NotFound(format!("memory {old}")))?.seq)
                }
            };
            let seq = rows::insert(&mut self.db, id, &new, now_ms, &hash, self.placed).await?;
            self.placed = seq;
            if let Some(old) = replaced {
                rows::replace(&mut self.db, old, seq).await?;
                // It is still there for a question that wants the history.
                self.look_again(old).await?;
            }
            kept.push(Kept { id, seq, duplicate: false });
        }
        Ok(kept)
    }

    /// Vectors are made anew from the texts where they are lost, so their commit may wait for company.
    async fn keep_vectors(&mut self, vectors: Vec<(i64, Option<Packed>)>, may_wait: bool) -> Result<(), StoreError> {
        if may_wait && self.status.degraded.is_none() && self.holds_back(Kind::Vector).await {
            // Words find their memories meanwhile.
            self.ring.push(Write::Vectors(vectors));
            return Ok(());
        }
        self.ready().await?;
        let done = self.put_vectors(&vectors).await;
        if done.is_err() {
            return self.durable(done).await;
        }
        let released = self.db.batch("RELEASE memory").await;
        self.noticed(released).await?;
        self.deadline.get_or_insert_with(|| Instant::now() + self.options.group);
        Ok(())
    }

    async fn put_vectors(&mut self, vectors: &[(i64, Option<Packed>)]) -> Result<(), StoreError> {
        for (seq, vector) in vectors {
            rows::set_vector(&mut self.db, *seq, vector.as_ref()).await?;
            self.look_again(*seq).await?;
        }
        if self.shelf.resident.len() > self.options.resident_vectors {
            self.shelf.clear();
        }
        Ok(())
    }

    /// What is held in memory of a row becomes what the table says of it now.
    async fn look_again(&mut self, seq: i64) -> Result<(), StoreError> {
        for (marks, packed) in rows::marks(&mut self.db, seq - 1, 1).await? {
            if let Some(packed) = packed.filter(|_| marks.seq == seq) {
                self.shelf.resident.add(&marks, &packed);
            }
        }
        Ok(())
    }

    /// Rows that hold any of these terms, as far as [`expressions`] look.
    async fn words(
        &mut self,
        terms: Vec<String>,
        trigrams: bool,
        filter: &Filter,
        now_ms: i64,
        limit: usize,
    ) -> Result<Worded, StoreError> {
        let mut counted = Vec::with_capacity(terms.len());
        for term in terms {
            let rows = rows::frequency(&mut self.db, &term, trigrams).await?;
            counted.push((rows, term));
        }
        let frequencies = counted.iter().map(|(rows, _)| *rows).collect();
        let all = self.db.number("SELECT max(seq) FROM memories").await?;
        let mut found = Worded { hits: Vec::new(), frequencies, rows: all };
        counted.retain(|(rows, _)| *rows > 0);
        counted.sort();
        for expression in expressions(&counted) {
            found.hits = rows::words(&mut self.db, &expression, trigrams, filter, now_ms, limit).await?;
            if found.hits.len() == limit {
                break;
            }
        }
        Ok(found)
    }

    async fn nearest(
        &mut self,
        query: &Packed,
        filter: &Filter,
        now_ms: i64,
        limit: usize,
    ) -> Result<Vec<Hit>, StoreError> {
        let Shelf { resident, streamed, too_many } = &mut self.shelf;
        if !*too_many {
            *too_many = !resident.load(&mut self.db, self.options.resident_vectors).await?;
        }
        if *too_many {
            return streamed.nearest(&mut self.db, query, filter, now_ms, limit).await;
        }
        resident.nearest(&mut self.db, query, filter, now_ms, limit).await
    }

    async fn rows_at(&mut self, places: Vec<i64>, filter: &Filter, now_ms: i64) -> Result<Vec<Memory>, StoreError> {
        let mut found = Vec::with_capacity(places.len());
        for seq in places.into_iter().take(limits::STORE_ROWS) {
            found.extend(rows::at(&mut self.db, filter, now_ms, seq).await?);
        }
        Ok(found)
    }

    async fn forget(&mut self, filter: &Filter, ids: Vec<Id>, now_ms: i64) -> Result<usize, StoreError> {
        self.ready().await?;
        let done = self.drop_rows(filter, ids, now_ms).await;
        self.durable(done).await
    }

    async fn drop_rows(&mut self, filter: &Filter, ids: Vec<Id>, now_ms: i64) -> Result<usize, StoreError> {
        let mut went = 0;
        for id in ids {
            let Some(memory) = rows::one(&mut self.db, filter, now_ms, id).await? else { continue };
            if memory.held {
                return Err(StoreError::Held(id.to_string()));
            }
            went += self.drop_told(vec![memory.seq]).await?;
        }
        Ok(went)
    }

    async fn hold(&mut self, filter: &Filter, id: Id, held: bool, now_ms: i64) -> Result<(), StoreError> {
        self.ready().await?;
        let found = rows::one(&mut self.db, filter, now_ms, id).await?;
        let memory = found.ok_or_else(|| StoreError::NotFound(format!("memory {id}")))?;
        let mut done = rows::hold(&mut self.db, memory.seq, held).await;
        if done.is_ok() {
            done = self.look_again(memory.seq).await;
        }
        self.durable(done).await
    }

    async fn supersede(&mut self, filter: &Filter, old: Id, new: Id, now_ms: i64) -> Result<(), StoreError> {
        let mut places = Vec::new();
        for id in [old, new] {
            let found = rows::one(&mut self.db, filter, now_ms, id).await?;
            places.push(found.ok_or_else(|| StoreError::NotFound(format!("memory {id}")))?.seq);
        }
        if same::is_circle(&mut self.db, places[0], places[1]).await? {
            return Err(StoreError::Circle(old.to_string(), new.to_string()));
        }
        rows::replace(&mut self.db, places[0], places[1]).await?;
        self.look_again(places[0]).await
    }
}

fn send<T>(reply: Reply<T>, answer: Result<T, StoreError>) {
    // A caller that no longer waits has cancelled its turn; what was written stays written.
    drop(reply.send(answer));
}
