//! From what was spoken of to the entities that are meant.
//!
//! Names before kinds, the speaker's area before others, what was mentioned before what was not; where
//! more than one entity is left and no group was asked for, nobody is meant and Hearth asks.

mod group;
pub(super) mod kinds;
mod mention;
mod named;
pub(super) mod scene;
pub(super) mod state_rank;
