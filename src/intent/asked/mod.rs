//! Questions about the home: taken apart, and answered from what is true now. Nothing here moves anything.
//!
//! `question` takes a sentence apart, `answer` finds who answers it, and the files beside them answer one sort of
//! question each, from the `facts`.

pub(super) mod answer;
mod at_large;
mod by_name;
mod by_word;
pub(super) mod denied;
mod facts;
mod group;
mod look;
mod look_answer;
pub(super) mod past;
mod question;
mod temperature;
