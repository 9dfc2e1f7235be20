//! `hearth memory`: remember, find, show, edit, forget, and whole files of it.

mod bench;
mod files;

use std::path::PathBuf;
use std::process::ExitCode;

use serde_json::{Value, json};

use self::files::Input;
use super::reach::Door;
use super::{fail, print, print_json};
use crate::app::Options;
use crate::app::admin::Request;
use crate::base::{Code, Fault, limits};
use crate::memory::{Lists, Order, when};
use crate::store::memory::{Area, Class, Sector};

/// `hearth memory …`
#[derive(Debug, clap::Args)]
pub(super) struct MemoryArgs {
    #[command(subcommand)]
    command: Which,
    /// Prints JSON
    #[arg(long, global = true)]
    json: bool,
}

/// What opens the home's memory, and what does not.
#[derive(Debug, clap::Subcommand)]
enum Which {
    #[command(flatten)]
    Home(Command),
    /// Measures this board on a memory of its own: how fast, how well, at what cost
    Bench(bench::BenchArgs),
}

#[derive(Debug, clap::Subcommand)]
enum Command {
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
    /// Prints everything, one JSON object a line, as `import` takes it
    Export,
    /// Forgets what has ended and what is over the budget
    Prune {
        /// Memories that may stay
        #[arg(long, value_name = "N")]
        rows: Option<usize>,
        /// Bytes of their texts
        #[arg(long, value_name = "BYTES")]
        bytes: Option<i64>,
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
struct Whose {
    /// The person; the household, where it is not said
    #[arg(long, default_value = "", value_name = "NAME")]
    person: String,
    /// The chat
    #[arg(long, default_value = "", value_name = "NAME")]
    chat: String,
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

/// Does it.
#[must_use]
pub(super) fn run(args: MemoryArgs, options: &Options) -> ExitCode {
    let MemoryArgs { command, json } = args;
    let command = match command {
        Which::Home(command) => command,
        Which::Bench(args) => return bench::run(&args, options, json).unwrap_or_else(|fault| fail(&fault, json)),
    };
    // The file first: a Hearth opened for this command is sealed, and opens nothing more by name.
    let done = command.input().and_then(|input| {
        let mut door = Door::open(options, true)?;
        act(command, input, json, &mut door)
    });
    match done {
        Ok(code) => code,
        Err(fault) => fail(&fault, json),
    }
}

impl Command {
    /// The file that it reads, opened.
    fn input(&self) -> Result<Option<Input>, Fault> {
        match self {
            Self::Import { file, .. } | Self::Search { batch: Some(file), .. } => Input::open(file).map(Some),
            _ => Ok(None),
        }
    }
}

fn act(command: Command, input: Option<Input>, json: bool, door: &mut Door) -> Result<ExitCode, Fault> {
    let order = match command {
        Command::Add { text, whose, speaker, time, expires, area, sector, class } => {
            let record = json!({
                "text": text.join(" "), "speaker": speaker, "time": time, "expires": expires, "area": area,
                "sector": sector, "class": class,
            });
            return add(door, record, whose, json);
        }
        Command::Search { text, whose, limit, area, sector, since, until, history, exact, by, batch, .. } => {
            if !(1..=limits::MEMORY_ANSWERS).contains(&limit) {
                let message = format!("-k {limit}: must be from 1 to {}", limits::MEMORY_ANSWERS);
                return Err(Fault::new(Code::BadInput, message));
            }
            let (since_ms, until_ms) = (moment("--since", since)?, moment("--until", until)?);
            let Whose { person, chat } = whose;
            let question = move |text: String| Order::Search {
                // More is not read, and may be more than one request holds.
                text: text[..text.floor_char_boundary(limits::QUESTION_BYTES)].to_owned(),
                limit,
                person: person.clone(),
                chat: chat.clone(),
                area,
                sector,
                since_ms,
                until_ms,
                history,
                exact,
                lists: by,
                patient: batch.is_some(),
            };
            return match input {
                Some(input) => files::batch(door, input, question),
                None => search(door, question(text.join(" ")), json),
            };
        }
        Command::Import { whose, .. } => return files::import(door, input, &whose.person, &whose.chat, json),
        Command::Export => return files::export(door),
        Command::Show { id } => Order::Show { id },
        Command::Edit { id, text } => Order::Edit { id, text: text.join(" ") },
        Command::Forget { ids } => Order::Forget { ids },
        Command::Supersede { old, new, whose } => Order::Supersede { old, new, person: whose.person, chat: whose.chat },
        Command::Hold { id, off } => Order::Hold { id, held: !off },
        Command::Prune { rows, bytes } => Order::Prune { rows, bytes },
        Command::Merge => Order::Merge,
        Command::Context { text, append, clear, person, agent } => {
            let text = (clear || !text.is_empty()).then(|| text.join(" "));
            Order::Context { agent, person, text, append }
        }
        Command::Talk { session, limit } => Order::Talk { session, limit },
        Command::Dag { session, grep: Some(text), .. } => Order::Grep { session, text },
        Command::Dag { session, node, expand: true, from, .. } => Order::Expand { session, node, from },
        Command::Dag { session, node, .. } => Order::Describe { session, node: Some(node) },
        Command::Result { id, from, grep, person } => Order::Result { person, id, from, text: grep },
        Command::Profile { person } => Order::Profile { person },
        Command::Files => Order::Files,
        Command::Observations { session } => Order::Observations { session },
        Command::Stats => Order::Stats,
        Command::Fact { key: Some(key), forget: true, whose, .. } => Order::Unset { person: whose.person, key },
        Command::Fact { key: Some(key), value: Some(value), whose, .. } => {
            Order::Set { person: whose.person, key, value }
        }
        Command::Fact { key, whose, .. } => Order::Facts { person: whose.person, key },
    };
    let answer = door.ask(Request::Memory(order))?;
    if json {
        print_json(&answer);
    } else {
        print(&lines(&answer));
    }
    Ok(ExitCode::SUCCESS)
}

fn moment(key: &str, text: Option<String>) -> Result<Option<i64>, Fault> {
    let Some(text) = text else { return Ok(None) };
    let found = when::parse(&text, &jiff::tz::TimeZone::system());
    let message = || format!("{key} {text}: not a time; write it as 2023-05-08 or 2023-05-08T13:56:00Z");
    found.map(Some).ok_or_else(|| Fault::new(Code::BadInput, message()))
}

fn add(door: &mut Door, record: Value, whose: Whose, json: bool) -> Result<ExitCode, Fault> {
    let Whose { person, chat } = whose;
    let order = Order::Add { records: vec![record], source: "command".to_owned(), person, chat };
    let answer = door.ask(Request::Memory(order))?;
    if let Some(fault) = answer["faults"][0]["fault"].as_str() {
        return Err(Fault::new(Code::BadInput, fault));
    }
    if json {
        print_json(&answer);
    } else {
        let known = answer["duplicates"].as_u64().unwrap_or(0) > 0;
        let id = answer["ids"][0].as_str().unwrap_or_default();
        print(&format!("{} {id}\n", if known { "known already:" } else { "remembered:" }));
    }
    Ok(ExitCode::SUCCESS)
}

/// One search; exit code 1 where nothing was found.
fn search(door: &mut Door, order: Order, json: bool) -> Result<ExitCode, Fault> {
    let answer = door.ask(Request::Memory(order))?;
    let hits = answer["hits"].as_array().map(Vec::as_slice).unwrap_or_default();
    let sure = answer["sure"] == true;
    if let Some(why) = answer["words_alone"].as_str().filter(|_| !json) {
        eprintln!("hearth: searched by words alone: {why}");
    }
    if json {
        print_json(&answer);
    } else if hits.is_empty() || !sure {
        print("I have nothing on that.\n");
    }
    if !json {
        print(&hits.iter().map(line).collect::<String>());
    }
    Ok(if sure { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// A hit on one line: when, who, what, and its id.
fn line(hit: &Value) -> String {
    let at = hit["said_ms"].as_i64().and_then(|ms| jiff::Timestamp::from_millisecond(ms).ok());
    let at = at.map(|at| at.strftime("%Y-%m-%d %H:%M").to_string()).unwrap_or_default();
    let text = |key: &str| hit[key].as_str().unwrap_or_default().to_owned();
    let speaker = if text("speaker").is_empty() { String::new() } else { format!("{}: ", text("speaker")) };
    format!("{at}  {speaker}{}  [{}]\n", text("text"), text("id"))
}

/// Any answer as lines of `key  value`.
fn lines(answer: &Value) -> String {
    let plain = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    match answer {
        Value::Object(fields) => fields.iter().map(|(key, value)| format!("{key:<12} {}\n", plain(value))).collect(),
        Value::Array(rows) => rows.iter().map(|row| lines(row) + "\n").collect(),
        other => plain(other) + "\n",
    }
}
