//! Understanding what is said about the home: fast, offline, sure or silent.
//!
//! [`understand`] reads one sentence against one home and decides: act, answer, ask back or abstain. It
//! changes nothing and touches nothing; the caller carries the calls out (through the gate), lets the
//! home observe the outcome, and gets from [`reply`] what is now true.
//!
//! ```text
//! text ── words ── items ── clauses ── frames ── targets ── decision
//!          split    scan     clause     frame     resolve    understand
//! ```
//!
//! The one rule behind it: every word must be accounted for. A sentence with a word that no reading
//! explains is not acted upon, however well the rest fits; that is what keeps other people's sentences
//! from moving devices. The language itself is data: `data/en.txt`.

#![forbid(unsafe_code)]

mod amend;
mod another;
mod answer;
mod asked_by_name;
mod asked_not;
mod asked_partly;
mod at_large;
mod bounds;
mod clause;
mod climate;
mod degrees;
mod felt;
mod follow;
mod frame;
mod guard;
mod inform;
mod kinds;
mod later;
mod lexicon;
mod light;
mod lists;
mod look;
mod media;
mod mention;
mod moment;
mod movement;
mod np;
mod number;
mod numbered;
mod opinion;
mod outright;
mod past;
mod preface;
mod question;
mod recall;
mod remind;
mod reply;
mod resolve;
mod scan;
mod special;
mod state_rank;
#[cfg(test)]
mod tests;
mod timer_choice;
mod timer_words;
mod timers;
mod turn;
mod understand;

pub use opinion::{AHEAD, BELIEVED, Opinion, consider};
pub use recall::{Recall, asks, recall};
pub use reply::reply;
pub use timers::title as timer_title;
pub use turn::{Context, Decision, Done, Outcome, Question, Reading, Slot, Slots, Turn, Understanding};
pub use understand::{prepare, understand};
