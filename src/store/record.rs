//! What is stored, as the rest of Hearth sees it.

use std::path::PathBuf;
use std::time::Duration;

use crate::base::{Code, Id};

/// What was decided about a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Decision {
    /// It may run.
    Allow,
    /// A human is asked first.
    Ask,
    /// It may not run.
    Refuse,
}

impl Decision {
    /// The stored word.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Allow => "allow",
            Self::Ask => "ask",
            Self::Refuse => "refuse",
        }
    }

    /// The decision behind a stored word; an unknown one reads as a refusal.
    #[must_use]
    pub fn from_word(word: &str) -> Self {
        match word {
            "allow" => Self::Allow,
            "ask" => Self::Ask,
            _ => Self::Refuse,
        }
    }
}

/// The begin record of a tool call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BeginCall {
    /// Tool name.
    pub tool: String,
    /// Who asked.
    pub principal: String,
    /// The turn that it belongs to.
    pub trace: Id,
    /// Summary of the arguments, without secrets; cut at `limits::AUDIT_TEXT_BYTES`.
    pub args: String,
    /// What was decided.
    pub decision: Decision,
    /// Why, in the policy's words.
    pub reason: String,
}

/// The end record of a tool call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EndCall {
    /// `Ok`, or the code of its fault.
    pub outcome: Result<(), Code>,
    /// What happened, for a person; cut at `limits::AUDIT_TEXT_BYTES`.
    pub detail: String,
    /// Time from begin to end.
    pub took: Duration,
}

/// A call as it was recorded: its begin and, if it came, its end.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct CallRecord {
    /// The call id, under which both records stand.
    pub id: Id,
    /// Tool name.
    pub tool: String,
    /// Who asked.
    pub principal: String,
    /// The turn.
    pub trace: Id,
    /// Summary of the arguments.
    pub args: String,
    /// What was decided.
    pub decision: Decision,
    /// Why.
    pub reason: String,
    /// Wall clock of the begin, milliseconds since 1970.
    pub began_ms: i64,
    /// The end record; `None` while the call runs.
    pub end: Option<CallEnd>,
}

/// The end of a [`CallRecord`].
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct CallEnd {
    /// «ok» or the word of a [`Code`].
    pub outcome: &'static str,
    /// What happened.
    pub detail: String,
    /// Time from begin to end, microseconds.
    pub took_us: i64,
    /// Wall clock of the end, milliseconds since 1970.
    pub ended_ms: i64,
}

/// Which calls to read.
#[derive(Clone, Copy, Debug)]
pub enum CallQuery {
    /// The latest calls, newest first.
    Latest(usize),
    /// The calls of one turn, oldest first.
    Trace(Id),
}

/// The head of the chain of audit records.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChainHead {
    /// How many records are chained up to here.
    pub place: i64,
    /// The last one's link.
    pub link: [u8; 32],
}

impl serde::Serialize for ChainHead {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let link: String = self.link.iter().map(|byte| format!("{byte:02x}")).collect();
        serde_json::json!({"place": self.place, "link": link}).serialize(serializer)
    }
}

/// What a walk along the whole chain found.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct ChainReport {
    /// Records whose links fit.
    pub records: u64,
    /// Records from before there was a chain; the first link covers them.
    pub older: u64,
    /// The last record that was cut off the front because there were too many.
    pub cut: Option<ChainHead>,
    /// The last record that fits.
    pub head: Option<ChainHead>,
    /// What does not fit.
    pub fault: Option<String>,
}

/// An audit record as it stands in the chain.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct ChainRow {
    /// Its place; minus its row's number for a record from before the chain.
    pub place: i64,
    /// Its link, in hexadecimal; empty for a record from before the chain.
    pub link: String,
    /// Its columns by their names; those that a begin or an end does not have are left out.
    pub record: serde_json::Map<String, serde_json::Value>,
}

/// Who said a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// The person.
    User,
    /// Hearth.
    Assistant,
    /// A tool's result.
    Tool,
    /// Hearth's own instruction.
    System,
}

impl Role {
    /// The stored word.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Assistant => "assistant",
            Self::Tool => "tool",
            Self::System => "system",
        }
    }

    /// The role behind a stored word; an unknown one reads as a tool's, the least trusted.
    #[must_use]
    pub fn from_word(word: &str) -> Self {
        match word {
            "user" => Self::User,
            "assistant" => Self::Assistant,
            "system" => Self::System,
            _ => Self::Tool,
        }
    }
}

/// A stored message.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Message {
    /// Its id; order of ids is order of messages.
    pub id: Id,
    /// The session's key.
    pub session: String,
    /// Who said it.
    pub role: Role,
    /// The words.
    pub text: String,
    /// The turn.
    pub trace: Option<Id>,
    /// Wall clock, milliseconds since 1970.
    pub at_ms: i64,
}

/// The last read-back state of one device.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct DeviceState {
    /// Entity id.
    pub entity: String,
    /// The state, in the home's own shape.
    pub state: serde_json::Value,
    /// When it was read back, milliseconds since 1970.
    pub at_ms: i64,
    /// What it was read from.
    pub source: String,
}

/// A step of a migration, for the caller's progress report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// The version before this step.
    pub from: u32,
    /// The version after it.
    pub to: u32,
}

/// How the store was found.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct Opened {
    /// Schema version now.
    pub version: u32,
    /// Schema version before, where a migration ran on existing data.
    pub migrated_from: Option<u32>,
    /// Where a damaged file was moved; a new one was made.
    pub quarantined: Option<PathBuf>,
    /// Rows of it that could still be read and are in the new one.
    pub carried: u64,
    /// Whether every page was read and is sound; a large file is checked beside the work that follows.
    pub checked: bool,
    /// Why nothing can be written, if so.
    pub degraded: Option<String>,
}

/// The store's state, for `hearth status` and `doctor`.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct StoreStatus {
    /// Schema version.
    pub version: u32,
    /// Size of the database file, bytes.
    pub bytes: u64,
    /// Size of the write-ahead log beside it, bytes.
    pub log_bytes: u64,
    /// Grouped writes that are not yet durable.
    pub pending: usize,
    /// Why nothing can be written, if so.
    pub degraded: Option<String>,
    /// Records that wait in memory for the disk to recover.
    pub held: usize,
    /// Records dropped because the memory for them was full.
    pub dropped: u64,
    /// Wall clock of the last commit, milliseconds since 1970.
    pub last_commit_ms: Option<i64>,
    /// Commits since the start.
    pub commits: u64,
    /// Bytes that the store's thread wrote since midnight UTC or the start, whichever is later, by
    /// the kernel's count; `None` where the kernel does not count.
    pub written_today: Option<u64>,
    /// Bytes that may be written in a day.
    pub flash_day: u64,
    /// What is held in memory for the rest of the day because the budget is spent, if anything.
    pub shedding: Option<&'static str>,
    /// Rows that went since the start because their tables were full.
    pub pruned: u64,
    /// Where a damaged file was moved at or since the start.
    pub quarantined: Option<PathBuf>,
    /// Rows of it that could still be read and are in the new one.
    pub carried: u64,
    /// Whether every page was read since the start, and is sound.
    pub checked: bool,
}
