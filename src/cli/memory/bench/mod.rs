//! `hearth memory bench`: how fast and how well this board remembers, on a memory of its own.
//!
//! The scratch memory lies in a temporary folder and is removed; what the home knows is not looked at.

mod quality;
mod scale;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use jiff::tz::TimeZone;
use serde_json::{Value, json};

use super::super::{print, print_json};
use super::long::INTERRUPTED;
use crate::app::{self, AppFault, Options, Settings, Stop};
use crate::base::{Clock, Code, Fault, limits};
use crate::board;
use crate::embed::{Embedder, ModelFile};
use crate::memory::Memory;
use crate::sandbox::{self, Hands};
use crate::store::{self, DataFolder, Store};
use crate::tools;

/// `hearth memory bench …`
#[derive(Debug, clap::Args)]
pub(super) struct BenchArgs {
    /// How many memories a search is timed over, one or more numbers
    #[arg(long, value_delimiter = ',', default_value = "1000,10000", value_name = "N,N")]
    items: Vec<usize>,
    /// Talk to answer questions from, as `import` takes it; with --questions
    #[arg(long, value_name = "FILE", requires = "questions")]
    talk: Option<PathBuf>,
    /// Questions with the ids of what answers them: {"query": …, "evidence": [ids]}; none for what nobody said
    #[arg(long, value_name = "FILE", requires = "talk")]
    questions: Option<PathBuf>,
}

/// A memory of its own, gone with it.
struct Scratch {
    folder: PathBuf,
    store: Store,
    memory: Memory,
}

impl Scratch {
    fn open(embedder: &Embedder, resident_vectors: usize) -> Result<Self, Fault> {
        let name = format!("hearth-bench-{}-{}", std::process::id(), Clock::system().wall_ms());
        let folder = std::env::temp_dir().join(name);
        let held = DataFolder::open(&folder)?;
        let clock = Clock::system();
        let options = store::Options { resident_vectors, ..store::Options::default() };
        let (store, _) = Store::open(&held, clock.clone(), options, |_| {})?;
        let memory = Memory::still(store.clone(), clock, TimeZone::UTC, embedder.clone());
        Ok(Self { folder, store, memory })
    }

    /// Bytes of its files.
    fn bytes(&self) -> u64 {
        let files = std::fs::read_dir(&self.folder).into_iter().flatten().flatten();
        files.filter_map(|file| file.metadata().ok()).map(|about| about.len()).sum()
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

/// Does it.
pub(super) fn run(args: &BenchArgs, options: &Options, json: bool) -> Result<ExitCode, Fault> {
    let most = limits::MEMORIES;
    if let Some(wrong) = args.items.iter().find(|items| !(1..=most).contains(*items)) {
        return Err(Fault::new(Code::BadInput, format!("--items {wrong}: must be from 1 to {most}")));
    }
    let step = |fault: AppFault| Fault::new(Code::System, fault.to_string());
    let spawner = sandbox::start(tools::bodies(), options.lowered).map_err(|fault| step(fault.into()))?;
    let settings = Settings::load(options).map_err(step)?;
    let model = ModelFile::open(settings.config.models());
    let runtime = super::super::run::executor().map_err(step)?;
    let told = runtime.block_on(async {
        let hands = Hands::attach(spawner).map_err(|error| Fault::new(Code::System, error.to_string()))?;
        let embedder = Embedder::start(&hands, settings.board.embedder, model);
        let mut stop = Stop::watch().map_err(|error| Fault::new(Code::System, error.to_string()))?;
        tokio::select! {
            told = measure(args, &settings.board, &embedder) => told.map(Some),
            // The scratch memory goes with the measuring.
            () = stop.wait() => Ok(None),
        }
    })?;
    let Some(told) = told else { return Ok(ExitCode::from(INTERRUPTED)) };
    if json {
        print_json(&told);
    } else {
        print(&readable(&told));
    }
    Ok(ExitCode::SUCCESS)
}

async fn measure(args: &BenchArgs, board: &board::Board, embedder: &Embedder) -> Result<Value, Fault> {
    let held = app::resident_vectors(board);
    let mut told = json!({"board": board.name, "embedder": embedder.status()["mode"], "vectors_held_at_most": held});
    if let Some(why) = embedder.refuses() {
        told["words_alone"] = json!(why);
    }
    let mut scales = Vec::new();
    for items in &args.items {
        eprintln!("hearth: {items} memories …");
        scales.push(scale::measure(*items, embedder, held).await?);
    }
    told["search"] = json!(scales);
    if let (Some(talk), Some(questions)) = (&args.talk, &args.questions) {
        told["quality"] = quality::measure(talk, questions, embedder, held).await?;
    }
    Ok(told)
}

/// The lines of a file as JSON objects.
fn lines(file: &Path) -> Result<Vec<Value>, Fault> {
    let wrong = |problem: String| Fault::new(Code::BadInput, format!("{}: {problem}", file.display()));
    let text = std::fs::read_to_string(file).map_err(|error| wrong(error.to_string()))?;
    let read = |(number, line): (usize, &str)| {
        serde_json::from_str(line).map_err(|error| wrong(format!("line {}: {error}", number + 1)))
    };
    text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()).map(read).collect()
}

/// Rounded for people.
fn round(number: f64) -> Value {
    json!((number * 1e3).round() / 1e3)
}

fn readable(told: &Value) -> String {
    let mut out = format!("board {}, embedder {}\n", told["board"], told["embedder"]);
    if let Some(why) = told["words_alone"].as_str() {
        out.push_str(&format!("by words alone: {why}\n"));
    }
    for scale in told["search"].as_array().into_iter().flatten() {
        out.push_str(&format!("{} memories\n", scale["items"]));
        for (key, value) in scale.as_object().into_iter().flatten().filter(|(key, _)| *key != "items") {
            out.push_str(&format!("  {key:<28} {value}\n"));
        }
    }
    if let Some(quality) = told["quality"].as_object() {
        out.push_str("answers\n");
        for (key, value) in quality {
            out.push_str(&format!("  {key:<28} {value}\n"));
        }
    }
    out
}
