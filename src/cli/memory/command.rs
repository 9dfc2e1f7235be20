//! What `hearth memory` takes on the command line.

use std::path::PathBuf;

use serde_json::json;

use super::files::Input;
use super::long::Interrupt;
use crate::base::Fault;
use crate::memory::Lists;
use crate::store::memory::{Area, Class, Sector};

#[derive(Debug, clap::Subcommand)]
pub(super) enum Command {
    /// Remembers a text
    Add {
        /// The text
        #[arg(required = true, num_args = 1..)]
        text: Vec<String>,
        #[command(flatten)]
        whose: Whose,
        /// Who said it
        #[arg(long, default_value = "", value_name = "NAME")]
        speaker: String,
        /// When it was said, such as 2023-05-08T13:56:00Z
        #[arg(long, value_name = "TIME")]
        time: Option<String>,
        /// When it may be forgotten
        #[arg(long, value_name = "TIME")]
        expires: Option<String>,
        /// main, fragments, solutions or instruments
        #[arg(long, value_parser = area, value_name = "AREA")]
        area: Option<Area>,
        /// episodic, semantic, procedural or reflective
        #[arg(long, value_parser = sector, value_name = "SECTOR")]
        sector: Option<Sector>,
        /// public, internal or private
        #[arg(long, value_parser = class, value_name = "CLASS")]
        class: Option<Class>,
    },
    /// Finds what fits a question best
    Search {
        /// The question
        #[arg(required_unless_present = "batch", num_args = 1..)]
        text: Vec<String>,
        #[command(flatten)]
        whose: Whose,
        /// A file of questions, one JSON object a line: {"query": …, "id": …}; «-» reads standard input
        #[arg(long, value_name = "FILE", conflicts_with = "text")]
        batch: Option<PathBuf>,
        /// How many answers
        #[arg(short = 'k', long, default_value_t = 10, value_name = "N")]
        limit: usize,
        /// Only this area
        #[arg(long, value_parser = area, value_name = "AREA")]
        area: Option<Area>,
        /// Only this sector
        #[arg(long, value_parser = sector, value_name = "SECTOR")]
        sector: Option<Sector>,
        /// Only what was said from this time on
        #[arg(long, value_name = "TIME")]
        since: Option<String>,
        /// Only what was said before this time
        #[arg(long, value_name = "TIME")]
        until: Option<String>,
        /// Also what was replaced by something newer
        #[arg(long)]
        history: bool,
        /// Only what holds every word, and «"phrases in quotes"» as phrases
        #[arg(long)]
        exact: bool,
        /// Which lists answer: both, words or vectors
        #[arg(long, value_parser = lists, default_value = "both", value_name = "LISTS")]
        by: Lists,
    },
    /// Shows one memory
    Show {
        /// Its id
        id: String,
    },
    /// Replaces the text of a memory; the old text becomes its history
    Edit {
        /// Its id
        id: String,
        /// The new text
        #[arg(required = true, num_args = 1..)]
        text: Vec<String>,
    },
    /// Forgets memories
    Forget {
        /// Their ids
        #[arg(required = true, num_args = 1..)]
        ids: Vec<String>,
    },
    /// Marks a memory as replaced by another; it stays as its history
    Supersede {
        /// What is replaced: its id, or the name that an import gave it
        old: String,
        /// What replaces it
        new: String,
        #[command(flatten)]
        whose: Whose,
    },
    /// Keeps a memory whatever prunes or forgets
    Hold {
        /// Its id
        id: String,
        /// Lifts the hold
        #[arg(long)]
        off: bool,
    },
    /// Remembers each line of a file, a JSON object each; bad lines are told and the rest goes in
    Import {
        /// The file; «-» reads standard input
        file: PathBuf,
        #[command(flatten)]
        whose: Whose,
    },
    /// Prints every memory, one JSON object a line, as `import` takes it; facts and talks go with `hearth db backup`
    Export,
    /// Forgets what has ended and what is over the budget
    Prune {
        /// Memories that may stay
        #[arg(long, value_name = "N")]
        rows: Option<usize>,
        /// Bytes of their texts
        #[arg(long, value_name = "BYTES")]
        bytes: Option<i64>,
        /// Forgets what was said before this time instead; what is held stays
        #[arg(long, value_name = "TIME", conflicts_with_all = ["rows", "bytes"])]
        before: Option<String>,
        /// Only of this sector
        #[arg(long, value_parser = sector, value_name = "SECTOR", requires = "before")]
        sector: Option<Sector>,
    },
    /// Makes what was kept twice, under several names, one: the newest stays, the others are its history
    Merge,
    /// The working context, shown to a model at every turn: prints it, or changes it
    Context {
        /// The new text
        text: Vec<String>,
        /// Puts the text behind what is there
        #[arg(long, requires = "text")]
        append: bool,
        /// Empties it
        #[arg(long, conflicts_with = "text")]
        clear: bool,
        /// The person; the household, where it is not said
        #[arg(long, default_value = "", value_name = "NAME")]
        person: String,
        /// The agent
        #[arg(long, default_value = crate::memory::AGENT, value_name = "NAME")]
        agent: String,
    },
    /// Conversations: lists them, or prints what was said in one
    Talk {
        /// The conversation
        #[arg(long, value_name = "NAME")]
        session: Option<String>,
        /// How many, the latest
        #[arg(short = 'n', long, default_value_t = 50, value_name = "N")]
        limit: usize,
    },
    /// The levels of a conversation: summaries of its messages, and the way back to each of them
    Dag {
        /// The conversation, such as admin:ask; «hearth memory talk» lists them
        session: String,
        /// The node, such as c0, s0 or whole
        #[arg(default_value = "whole")]
        node: String,
        /// Prints the messages that the node stands for
        #[arg(long)]
        expand: bool,
        /// Messages of the node that are passed over
        #[arg(long, default_value_t = 0, requires = "expand", value_name = "N")]
        from: usize,
        /// Finds a text in the conversation
        #[arg(long, conflicts_with = "expand", value_name = "TEXT")]
        grep: Option<String>,
    },
    /// A large result that was kept beside a conversation: a part of it, or the places of a text
    Result {
        /// Its id
        id: String,
        /// Where the part begins, in bytes
        #[arg(long, default_value_t = 0, value_name = "BYTES")]
        from: usize,
        /// Finds a text in it
        #[arg(long, value_name = "TEXT")]
        grep: Option<String>,
        /// The person; the household, where it is not said
        #[arg(long, default_value = "", value_name = "NAME")]
        person: String,
    },
    /// What is kept of a person: facts, working context, conversations
    Profile {
        /// The person; the household, where it is not said
        #[arg(default_value = "", value_name = "NAME")]
        person: String,
    },
    /// SOUL.md, AGENT.md, USER.md, TOOLS.md and MEMORY/ of the data folder: what became of each file
    Files,
    /// What was observed in a conversation
    Observations {
        /// The conversation
        #[arg(default_value = "admin:ask")]
        session: String,
    },
    /// Counts and sizes
    Stats,
    /// Facts by key: set one, look it up, list them, forget one
    Fact {
        /// The key; lists all where there is none
        key: Option<String>,
        /// The new value
        value: Option<String>,
        /// Forgets the key
        #[arg(long, conflicts_with = "value", requires = "key")]
        forget: bool,
        #[command(flatten)]
        whose: Whose,
    },
}

/// Whose memory.
#[derive(Clone, Debug, clap::Args)]
pub(super) struct Whose {
    /// The person; the household, where it is not said
    #[arg(long, default_value = "", value_name = "NAME")]
    pub(super) person: String,
    /// The chat
    #[arg(long, default_value = "", value_name = "NAME")]
    pub(super) chat: String,
}

fn area(word: &str) -> Result<Area, String> {
    Area::named(word).ok_or_else(|| "must be main, fragments, solutions or instruments".to_owned())
}

fn sector(word: &str) -> Result<Sector, String> {
    Sector::named(word).ok_or_else(|| "must be episodic, semantic, procedural or reflective".to_owned())
}

fn class(word: &str) -> Result<Class, String> {
    Class::named(word).ok_or_else(|| "must be public, internal or private".to_owned())
}

fn lists(word: &str) -> Result<Lists, String> {
    serde_json::from_value(json!(word)).map_err(|_| "must be both, words or vectors".to_owned())
}

impl Command {
    /// The file that it reads, opened.
    pub(super) fn input(&self) -> Result<Option<Input>, Fault> {
        match self {
            Self::Import { file, .. } | Self::Search { batch: Some(file), .. } => {
                Input::open(file, Interrupt::heed()?).map(Some)
            }
            _ => Ok(None),
        }
    }
}
