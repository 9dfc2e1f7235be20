//! The second opinion: wording that the grammar does not know, brought near to wording that it does.
//!
//! Whoever has a sense of meaning (the embedder) offers rewordings with their similarity; the grammar
//! reads the best one. A second opinion never outvotes a first that was sure, never moves a guarded
//! device by itself, and abstains where two rewordings that mean different things are about as near.

use super::turn::{Decision, Turn, Understanding};
use super::understand::understand;
use crate::home::{Home, Tier};

/// A wording that may mean the same as what was said.
#[derive(Clone, Debug, PartialEq)]
pub struct Opinion {
    /// The wording, one that the grammar can read.
    pub text: String,
    /// How alike the two are: the cosine of their embeddings, -1 to 1.
    pub similarity: f64,
}

/// Least similarity at which a rewording is believed.
pub const BELIEVED: f64 = 0.86;
/// How much nearer than the next different meaning it must be.
pub const AHEAD: f64 = 0.04;

/// What the sentence means in the light of rewordings; `first` itself where it was understood or none is near.
#[must_use]
pub fn consider(home: &Home, turn: &Turn<'_>, first: Understanding, opinions: &[Opinion]) -> Understanding {
    // A refusal to act (a negation, a report, a hypothesis) is an understanding too.
    if first.decision != Decision::Abstain || !first.open {
        return first;
    }
    let mut near: Vec<&Opinion> = opinions.iter().filter(|o| o.similarity >= BELIEVED - AHEAD).collect();
    near.sort_by(|a, b| b.similarity.total_cmp(&a.similarity));
    let Some(best) = near.first().filter(|o| o.similarity >= BELIEVED) else { return first };
    let read = |o: &Opinion| understand(home, &Turn { text: &o.text, ..turn.clone() });
    let mut second = read(best);
    if second.decision == Decision::Abstain {
        return first;
    }
    let rivals = near.iter().skip(1).filter(|o| best.similarity - o.similarity < AHEAD);
    let disputed = rivals.map(|o| read(o)).any(|r| r.readings != second.readings);
    let guarded = second.calls.iter().any(|call| home.plan(call).tier() == Tier::Guarded);
    if disputed || guarded {
        return first;
    }
    second.confidence = second.confidence.min(best.similarity);
    second
}
