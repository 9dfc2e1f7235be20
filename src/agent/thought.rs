//! A thought: what a model is asked and on whose behalf, and what came of it.

use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;

use crate::base::Id;
use crate::bus::Principal;
use crate::gate::Gate;
use crate::llm::Wire;
use crate::memory::Memory;
use crate::store::Store;

/// The model of this Hearth, and what one thought may take.
#[derive(Clone)]
pub struct Mind {
    /// The way to the server.
    pub wire: Arc<dyn Wire>,
    /// The model's name there.
    pub model: String,
    /// Most questions to the model in one thought.
    pub steps: u32,
    /// Longest time of one thought.
    pub time: Duration,
    /// Most tokens of one thought, by the server's count.
    pub tokens: u64,
    /// Most tokens of one answer.
    pub answer_tokens: u32,
}

impl std::fmt::Debug for Mind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Mind").field("model", &self.model).finish_non_exhaustive()
    }
}

/// A question that the home could not answer by itself, ready to be thought about.
#[derive(Debug)]
pub struct Thought {
    pub(super) mind: Mind,
    pub(super) gate: Arc<Gate>,
    pub(super) store: Store,
    pub(super) memory: Memory,
    pub(super) principal: Principal,
    pub(super) trace: Id,
    pub(super) session: String,
    pub(super) text: String,
    /// What is true of the home, for the model.
    pub(super) home: String,
    /// What the home says by itself, where the model cannot be asked.
    pub(super) alone: String,
}

/// What came of a thought.
#[derive(Debug)]
pub struct Thoughts {
    /// The answer for a person.
    pub text: String,
    /// The same for a program.
    pub detail: Value,
}
