//! Timers that people set: how long, what for, what is left.

/// A timer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Timer {
    /// The id: `timer.1`.
    pub id: String,
    /// What it is called (`pizza`); empty where it has no name.
    pub name: String,
    /// The area where it was set.
    pub area: Option<super::AreaRef>,
    /// The hours that it was set for.
    pub start_hours: u64,
    /// The minutes that it was set for.
    pub start_minutes: u64,
    /// The seconds that it was set for.
    pub start_seconds: u64,
    /// What is left, in seconds.
    pub left: u64,
    /// Whether it is running (not paused).
    pub active: bool,
    /// The command to carry out at the end, in the words that were said.
    pub command: Option<String>,
    /// Whether the name is a message to remind of.
    pub reminder: bool,
}

impl Timer {
    /// A timer that runs, for a span in seconds; its id comes with [`super::Home::keep_timer`].
    #[must_use]
    pub fn running(span: u64, name: String, area: Option<super::AreaRef>) -> Self {
        let (start_hours, start_minutes, start_seconds) = (span / 3600, span / 60 % 60, span % 60);
        let (id, command) = (String::new(), None);
        Self {
            id,
            name,
            area,
            start_hours,
            start_minutes,
            start_seconds,
            left: span,
            active: true,
            command,
            reminder: false,
        }
    }

    /// The whole duration that it was set for, in seconds.
    #[must_use]
    pub const fn total(&self) -> u64 {
        self.start_hours * 3600 + self.start_minutes * 60 + self.start_seconds
    }
}
