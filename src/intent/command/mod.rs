//! Commands carried through: clauses and targets come together as readings and calls.
//!
//! `run` takes the clauses of a sentence one after the other; the files beside it are commands that are no
//! clauses: a name by itself, something to play, a hint.

pub(super) mod again;
pub(super) mod felt;
pub(super) mod outright;
pub(super) mod play;
pub(super) mod run;
