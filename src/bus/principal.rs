//! Who speaks: what a channel knows of the other side, and what that side may do.

/// What a principal may do; ordered from least to most.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Rights {
    /// Ask, but move nothing.
    Ask,
    /// Ask and move what carries no risk.
    Use,
    /// Everything, with a confirmation where a risk asks for one.
    Own,
}

/// Someone on the other side of a channel.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Principal {
    /// `console`, `admin:0`, `mqtt:kitchen`: the channel and what it knows.
    pub name: String,
    /// What it may do.
    pub rights: Rights,
}

impl Principal {
    /// Somebody a channel cannot name: least rights.
    #[must_use]
    pub fn unknown(channel: &str) -> Self {
        Self { name: format!("{channel}:unknown"), rights: Rights::Ask }
    }

    /// The one who sits at the machine or holds its admin socket.
    #[must_use]
    pub fn owner(name: impl Into<String>) -> Self {
        Self { name: name.into(), rights: Rights::Own }
    }

    /// The person of the settings behind it; the owner at the machine speaks for the household and is «».
    #[must_use]
    pub fn person(&self) -> &str {
        self.name.split_once('@').map_or("", |(person, _)| person)
    }

    /// Whether it is a person of the settings, or the owner.
    #[must_use]
    pub fn is_known(&self) -> bool {
        self.name.contains('@') || self.rights == Rights::Own
    }
}
