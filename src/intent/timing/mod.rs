//! Timers, reminders, and commands that shall be carried out later.

pub(super) mod choice;
pub(super) mod later;
mod moment;
pub(super) mod remind;
pub(super) mod reminders;
mod said;
pub(super) mod timers;
pub(super) mod wording;
