//! From items to clauses: what a sentence speaks of and what it says of that, before it is held against the home.
//!
//! Sentences that must not act, however well the rest fits, are told here as well.

pub(super) mod bounds;
pub(super) mod clause;
pub(super) mod guard;
pub(super) mod np;
mod parse;
