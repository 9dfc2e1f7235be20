//! `hearth memory`: remember, find, show, edit, forget, and whole files of it.

mod artefacts;
mod bench;
mod command;
mod files;
mod long;

use std::process::ExitCode;

use serde_json::{Value, json};

use self::command::{Command, Whose};
use self::files::Input;
use super::reach::Door;
use super::{fail, print, print_json};
use crate::app::Options;
use crate::app::admin::Request;
use crate::base::{Code, Fault, limits};
use crate::memory::{Order, when};

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
    /// Files that are kept with their metadata and checksums
    Artefact(artefacts::ArtefactArgs),
    /// Measures this board on a memory of its own: how fast, how well, at what cost
    Bench(bench::BenchArgs),
}

/// Does it.
#[must_use]
pub(super) fn run(args: MemoryArgs, options: &Options) -> ExitCode {
    let MemoryArgs { command, json } = args;
    let command = match command {
        Which::Home(command) => command,
        Which::Artefact(args) => {
            return artefacts::run(args, options, json).unwrap_or_else(|fault| fail(&fault, json));
        }
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
                Some(input) => files::batch(door, input, json, question),
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
        Command::Prune { before: Some(before), sector, .. } => {
            let before_ms = moment("--before", Some(before))?.unwrap_or(i64::MIN);
            Order::Retain { before_ms, sector }
        }
        Command::Prune { rows, bytes, .. } => Order::Prune { rows, bytes },
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
