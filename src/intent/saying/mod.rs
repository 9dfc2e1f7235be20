//! What Hearth says: what is now true, what it does not know, what it asks back, and the words for things in it.

pub(super) mod outcome;
pub(super) mod reply;
pub(super) mod riddle;
pub(super) mod spoken;
