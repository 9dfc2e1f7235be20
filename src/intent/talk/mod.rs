//! Sentences that lean on others: answers to what Hearth asked back, corrections, «the other one», talk in front of a
//! command.

pub(super) mod amend;
pub(super) mod another;
pub(super) mod follow;
pub(super) mod preface;
