//! `hearth memory artefact`: files that are kept with their metadata and checksums.

use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use serde_json::Value;

use super::super::reach::Door;
use super::super::{print, print_json};
use crate::app::Options;
use crate::app::admin::Request;
use crate::base::{Code, Fault, limits};
use crate::memory::Order;
use crate::memory::artefacts::{Asker, Deed, hex, unhex};

/// `hearth memory artefact …`
#[derive(Debug, clap::Args)]
pub(super) struct ArtefactArgs {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Keeps a file
    Add {
        /// It
        file: PathBuf,
        /// The name under which it is kept; its own, where it is not said
        #[arg(long, value_name = "NAME")]
        name: Option<String>,
        /// Its media type
        #[arg(long, default_value = "application/octet-stream", value_name = "TYPE")]
        media: String,
        /// Whose it is; the household's, where it is not said
        #[arg(long, default_value = "", value_name = "NAME")]
        person: String,
        /// The chat it belongs to; every chat, where it is not said
        #[arg(long, default_value = "", value_name = "NAME")]
        chat: String,
    },
    /// What there is
    List {
        #[command(flatten)]
        seen: Seen,
    },
    /// Prints the bytes of one
    Read {
        /// Its id
        id: String,
        #[command(flatten)]
        seen: Seen,
    },
    /// Whether bytes are what they were: of one, or of all
    Verify {
        /// Its id
        id: Option<String>,
        #[command(flatten)]
        seen: Seen,
    },
    /// Deletes artefacts
    Delete {
        /// Their ids
        #[arg(required = true, num_args = 1..)]
        ids: Vec<String>,
        #[command(flatten)]
        seen: Seen,
    },
}

/// Among which artefacts.
#[derive(Debug, clap::Args)]
struct Seen {
    /// Only what this person sees: theirs and the household's
    #[arg(long, value_name = "NAME")]
    person: Option<String>,
    /// Only what is seen in this chat: what belongs to it, and to every chat
    #[arg(long, value_name = "NAME")]
    chat: Option<String>,
}

impl Seen {
    fn asker(self) -> Asker {
        match (self.person, self.chat) {
            (None, None) => Asker::Everyone,
            (person, chat) => Asker::Person { person: person.unwrap_or_default(), chat: chat.unwrap_or_default() },
        }
    }
}

/// Does it.
pub(super) fn run(args: ArtefactArgs, options: &Options, json: bool) -> Result<ExitCode, Fault> {
    // The file first: a Hearth opened for this command is sealed, and opens nothing more by name.
    let bytes = match &args.command {
        Command::Add { file, .. } => whole(file)?,
        _ => Vec::new(),
    };
    let mut door = Door::open(options, true)?;
    let mut ask = |asker: Asker, deed: Deed| door.ask(Request::Memory(Order::Artefact { asker, deed }));
    let everyone = || Asker::Everyone;
    let told = match args.command {
        Command::Add { file, name, media, person, chat } => {
            let own = || file.file_name().and_then(|name| name.to_str()).unwrap_or("artefact").to_owned();
            let name = name.unwrap_or_else(own);
            let begun = ask(everyone(), Deed::Begin { name, media, source: "command".to_owned(), person, chat })?;
            let id = begun["id"].as_str().unwrap_or_default().to_owned();
            let size = usize::try_from(limits::ARTEFACT_PART).unwrap_or(1);
            for part in bytes.chunks(size) {
                ask(everyone(), Deed::Part { id: id.clone(), hex: hex(part) })?;
            }
            ask(everyone(), Deed::End { id, sha256: None })?
        }
        Command::List { seen } => ask(seen.asker(), Deed::List)?,
        Command::Read { id, seen } => return read(&mut ask, &seen.asker(), &id),
        Command::Verify { id, seen } => ask(seen.asker(), Deed::Verify { id })?,
        Command::Delete { ids, seen } => {
            let asker = seen.asker();
            for id in &ids {
                ask(asker.clone(), Deed::Delete { id: id.clone() })?;
            }
            serde_json::json!({"deleted": ids})
        }
    };
    let sound = told["artefacts"].as_array().into_iter().flatten().all(|one| one["ok"] != false);
    if json {
        print_json(&told);
    } else {
        print(&lines(&told));
    }
    Ok(if sound { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn read(ask: &mut impl FnMut(Asker, Deed) -> Result<Value, Fault>, asker: &Asker, id: &str) -> Result<ExitCode, Fault> {
    let mut from = 0;
    loop {
        let part = ask(asker.clone(), Deed::Read { id: id.to_owned(), from })?;
        let bytes = part["hex"].as_str().and_then(unhex);
        let bytes = bytes.ok_or_else(|| Fault::new(Code::Garbage, "the service answered no bytes"))?;
        super::super::print_bytes(&bytes);
        match part["next"].as_u64() {
            Some(next) if next > from => from = next,
            _ => return Ok(ExitCode::SUCCESS),
        }
    }
}

fn whole(file: &Path) -> Result<Vec<u8>, Fault> {
    let wrong = |why: String| Fault::new(Code::BadInput, format!("{}: {why}", file.display()));
    let mut bytes = Vec::new();
    let opened = File::open(file).map_err(|error| wrong(error.to_string()))?;
    let read = opened.take(limits::ARTEFACT_BYTES + 1).read_to_end(&mut bytes);
    read.map_err(|error| wrong(error.to_string()))?;
    if bytes.len() as u64 > limits::ARTEFACT_BYTES {
        return Err(wrong(format!("is longer than the {} bytes of an artefact", limits::ARTEFACT_BYTES)));
    }
    Ok(bytes)
}

/// One line each: id, size, whose, name, or what is wrong.
fn lines(told: &Value) -> String {
    let text = |one: &Value, key: &str| one[key].as_str().unwrap_or_default().to_owned();
    let row = |one: &Value| match one["ok"].as_bool() {
        Some(true) => format!("{}  sound  {}\n", text(one, "id"), text(one, "name")),
        Some(false) => format!("{}  DAMAGED: {}  {}\n", text(one, "id"), text(one, "fault"), text(one, "name")),
        None => {
            let whose = Some(text(one, "person")).filter(|person| !person.is_empty());
            let mut whose = whose.unwrap_or_else(|| "household".to_owned());
            if let Some(chat) = one["chat"].as_str() {
                whose += &format!(" in {chat}");
            }
            format!("{}  {:>9} bytes  {whose}  {}\n", text(one, "id"), one["bytes"], text(one, "name"))
        }
    };
    match (told["artefacts"].as_array(), told["deleted"].as_array()) {
        (Some(all), _) => all.iter().map(row).collect(),
        (None, Some(ids)) => format!("{} deleted\n", ids.len()),
        (None, None) => row(told),
    }
}
