//! From text to items: what each stretch of words can mean, all of its senses side by side.
//!
//! The phrases of the language come from its data file, names and options from the home, values from
//! their words. What a sentence does with an item is decided in the rooms above.

pub(super) mod item;
pub(super) mod lexicon;
mod mend;
pub(super) mod number;
mod numbered;
pub(super) mod scan;
