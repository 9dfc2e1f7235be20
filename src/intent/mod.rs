//! Understanding what is said about the home: fast, offline, sure or silent.
//!
//! [`understand`] reads one sentence against one home and decides: act, answer, ask back or abstain. It
//! changes nothing and touches nothing; the caller carries the calls out (through the gate), lets the
//! home observe the outcome, and gets from [`reply`] what is now true.
//!
//! ```text
//! text ── items ── clauses ── orders ── targets ── calls ── decision
//!         words    sentence   order     meant      command  understand
//!                        questions: asked   timers: timing   what leans on other sentences: talk
//! ```
//!
//! The rooms stand in a row, each importing only those before it: `words`, `sentence`, `saying`, `meant`,
//! `order`, `command`, `asked`, `timing`, `talk`; a sentence within a sentence is read by way of the scene.
//!
//! The one rule behind it: every word must be accounted for. A sentence with a word that no reading
//! explains is not acted upon, however well the rest fits; that is what keeps other people's sentences
//! from moving devices. The language itself is data: `data/en.txt`.

#![forbid(unsafe_code)]

mod asked;
mod command;
mod inform;
mod lists;
mod meant;
mod opinion;
mod order;
mod recall;
mod saying;
mod sentence;
mod talk;
#[cfg(test)]
mod tests;
mod timing;
mod turn;
mod understand;
mod words;

pub use opinion::{AHEAD, BELIEVED, Opinion, consider};
pub use recall::{Recall, asks, recall};
pub use saying::reply::reply;
pub use timing::wording::title as timer_title;
pub use turn::{Context, Decision, Done, Outcome, Question, Reading, Slot, Slots, Turn, Understanding};
pub use understand::{prepare, understand};
