//! `hearth say`: what a sentence means in a home, shown on a simulated one.
//!
//! Calls go to the model of the home alone; the running service takes the same calls through the gate.
//! `docs/say.md` has the forms.

use std::collections::HashMap;
use std::io::{BufRead, BufWriter, Read, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;

use serde_json::{Value, json};

use crate::base::limits;
use crate::home::{AreaRef, Home, HomeFault};
use crate::intent::{Context, Outcome, Recall, Turn, Understanding, recall, reply, understand};

/// What `hearth say` is given.
#[derive(clap::Args, Debug)]
pub struct SayArgs {
    /// The home: a file in JSON or TOML
    #[arg(long, value_name = "FILE", required_unless_present = "batch")]
    home: Option<PathBuf>,
    /// The area where the speaker is
    #[arg(long, value_name = "NAME")]
    area: Option<String>,
    /// Answer as one line of JSON
    #[arg(long)]
    json: bool,
    /// Also give every state after the sentence (with --json or --batch)
    #[arg(long)]
    states: bool,
    /// Read cases from this file, one JSON object a line, and answer each with one line; `-` is standard input
    #[arg(long, value_name = "FILE.jsonl", conflicts_with_all = ["sentence", "area"])]
    batch: Option<PathBuf>,
    /// The sentence
    #[arg(required_unless_present = "batch")]
    sentence: Option<String>,
}

/// Runs `hearth say`: 0 when every case could be read, 1 otherwise.
#[must_use]
pub fn run(args: SayArgs) -> ExitCode {
    let done = match (&args.batch, &args.home, &args.sentence) {
        (Some(batch), ..) => run_batch(batch, args.home.as_deref(), args.states),
        (None, Some(home), Some(sentence)) => one(home, sentence, &args),
        _ => Err("a home and a sentence are needed".to_owned()),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("hearth say: {message}");
            ExitCode::FAILURE
        }
    }
}

fn one(path: &Path, sentence: &str, args: &SayArgs) -> Result<(), String> {
    let mut home = load(path)?;
    let area = args.area.as_deref().map(|a| area(&mut home, a)).transpose()?;
    let said = say(&mut home, sentence, area, now(), Context::default());
    if args.json {
        print(&[said.to_json(&home, sentence, args.states).to_string()]);
        return Ok(());
    }
    let mut lines = vec![said.reply.clone()];
    let decision = serde_json::to_value(said.understanding.decision).unwrap_or_default();
    lines.push(format!("  decision  {decision}"));
    for reading in &said.understanding.readings {
        lines.push(format!("  intent    {} {}", reading.intent, reading.slots.to_json()));
    }
    for call in &said.understanding.calls {
        lines.push(format!("  call      {}", call.to_json(&home)));
    }
    for change in &said.changes {
        lines.push(format!("  changed   {} {}: {} -> {}", change.entity, change.property, change.from, change.to));
    }
    lines.push(format!("  took      {:.0} µs", said.micros));
    print(&lines);
    Ok(())
}

/// Lines to standard output.
fn print(lines: &[String]) {
    super::print(&(lines.join("\n") + "\n"));
}

/// A home from a file; the ending decides between TOML and JSON.
fn load(path: &Path) -> Result<Home, String> {
    let size = std::fs::metadata(path).map_err(|e| format!("{}: {e}", path.display()))?.len();
    if size > limits::CONFIG_BYTES {
        return Err(format!("{}: larger than {} bytes", path.display(), limits::CONFIG_BYTES));
    }
    let text = std::fs::read_to_string(path).map_err(|e| format!("{}: {e}", path.display()))?;
    let home = if path.extension().is_some_and(|e| e == "toml") {
        Home::from_toml(&text).map(|home| (home, Vec::new()))
    } else {
        let value: Value = serde_json::from_str(&text).map_err(|e| format!("{}: {e}", path.display()))?;
        Home::from_foreign_json(&value)
    };
    let told = home.map_err(|faults| {
        let lines: Vec<String> = faults.iter().map(|f| format!("  {f}")).collect();
        format!("{} is not a home:\n{}", path.display(), lines.join("\n"))
    });
    let (home, passed) = told?;
    warn(&path.display().to_string(), &passed);
    Ok(home)
}

/// What was passed over, on standard error, where it cannot get into anybody's JSON.
fn warn(place: &str, passed: &[HomeFault]) {
    for fault in passed {
        eprintln!("hearth say: {place}: passed over: {fault}");
    }
}

/// The area of that name; one that the home does not know has nothing in it.
fn area(home: &mut Home, name: &str) -> Result<AreaRef, String> {
    home.ensure_area(name).map_err(|f| f.message)
}

/// The wall clock of the machine; `hearth say` is a command of a person.
fn now() -> jiff::civil::DateTime {
    jiff::Zoned::now().datetime()
}

/// One sentence carried out on the model.
struct Said {
    understanding: Understanding,
    changes: Vec<crate::home::Change>,
    reply: String,
    micros: f64,
}

fn say(home: &mut Home, text: &str, area: Option<AreaRef>, now: jiff::civil::DateTime, context: Context) -> Said {
    crate::intent::prepare();
    let begun = Instant::now();
    let area = area.or(home.default_area);
    let mut understanding = understand(home, &Turn { text, area, now, context });
    let micros = begun.elapsed().as_secs_f64() * 1e6;
    let mut changes = Vec::new();
    let mut outcomes = Vec::new();
    for call in &understanding.calls {
        let came = home.simulate_call(call);
        changes.extend(came.changes);
        outcomes.extend(came.done.into_iter().map(Outcome::Done));
        outcomes.extend(came.declined.into_iter().map(|d| Outcome::Failed(d.entity, d.why)));
        match came.refused {
            Some(why) => understanding.say = why,
            None if call.targets.is_empty() => outcomes.push(Outcome::Carried),
            None => {}
        }
    }
    let reply = reply(home, &understanding, &outcomes);
    Said { understanding, changes, reply, micros }
}

impl Said {
    fn to_json(&self, home: &Home, sentence: &str, states: bool) -> Value {
        let u = &self.understanding;
        let first = u.readings.first();
        let mut out = json!({
            "sentence": sentence,
            "decision": u.decision,
            "intent": first.map(|r| r.intent),
            "slots": first.map_or_else(|| json!({}), |r| r.slots.to_json()),
            "readings": u.readings.iter().map(|r| json!({"intent": r.intent, "slots": r.slots.to_json()})).collect::<Vec<_>>(),
            "calls": u.calls.iter().map(|c| c.to_json(home)).collect::<Vec<_>>(),
            "changes": self.changes,
            "reply": self.reply,
            "confidence": u.confidence,
            "microseconds": (self.micros * 10.0).round() / 10.0,
        });
        if let Some(wish) = recall(sentence) {
            out["memory"] = remembered(&wish);
        }
        if states {
            out["states"] = home.states_json();
        }
        out
    }
}

/// What the service would do with its memory, which a simulated home has not.
fn remembered(wish: &Recall) -> Value {
    match wish {
        Recall::Keep(text) => json!({"intent": "HearthRemember", "slots": {"text": text}}),
        Recall::Find { topic, by, .. } => json!({"intent": "HearthRecall", "slots": {"topic": topic, "by": by}}),
        Recall::Forget(topic) => json!({"intent": "HearthForget", "slots": {"topic": topic}}),
    }
}

fn run_batch(path: &Path, home: Option<&Path>, states: bool) -> Result<(), String> {
    let mut input: Box<dyn BufRead> = if path.as_os_str() == "-" {
        Box::new(std::io::stdin().lock())
    } else {
        let file = std::fs::File::open(path).map_err(|e| format!("{}: {e}", path.display()))?;
        Box::new(std::io::BufReader::new(file))
    };
    let mut out = BufWriter::new(std::io::stdout().lock());
    let mut homes = HashMap::new();
    if let Some(home) = home {
        homes.insert(String::new(), load(home)?);
    }
    let mut bad = 0u64;
    while let Some(line) = next_line(&mut *input).map_err(|e| format!("{}: {e}", path.display()))? {
        if line.as_ref().is_ok_and(|line| line.trim().is_empty()) {
            continue;
        }
        let answer = line.and_then(|line| case(&line, &mut homes, states)).unwrap_or_else(|message| {
            bad += 1;
            json!({ "error": message })
        });
        if let Err(error) = writeln!(out, "{answer}") {
            // Nobody hears the other answers: a reader that has seen enough, or a disk that is full.
            super::printed(Err(error));
            return Ok(());
        }
    }
    super::printed(out.flush());
    if bad > 0 { Err(format!("{bad} cases could not be read")) } else { Ok(()) }
}

/// The next line, or what is wrong with it; [`None`] at the end.
fn next_line(input: &mut dyn BufRead) -> std::io::Result<Option<Result<String, String>>> {
    let mut bytes = Vec::new();
    if (&mut *input).take(limits::CONFIG_BYTES).read_until(b'\n', &mut bytes)? == 0 {
        return Ok(None);
    }
    if bytes.last() != Some(&b'\n') && u64::try_from(bytes.len()).unwrap_or(u64::MAX) >= limits::CONFIG_BYTES {
        input.skip_until(b'\n')?;
        return Ok(Some(Err(format!("a line of more than {} bytes", limits::CONFIG_BYTES))));
    }
    Ok(Some(String::from_utf8(bytes).map_err(|_| "the line is not UTF-8".to_owned())))
}

/// A text under a key, if there is one.
fn text<'a>(case: &'a Value, key: &str) -> Result<Option<&'a str>, String> {
    match &case[key] {
        Value::Null => Ok(None),
        Value::String(text) => Ok(Some(text)),
        _ => Err(format!("`{key}` must be a text")),
    }
}

const CASE_KEYS: &[&str] = &["id", "home", "states", "area", "turns", "sentence", "now", "home_path"];

/// One case: a fresh home, the earlier turns, the sentence.
fn case(line: &str, homes: &mut HashMap<String, Home>, states: bool) -> Result<Value, String> {
    let case: Value = serde_json::from_str(line).map_err(|e| e.to_string())?;
    if let Some(key) = case.as_object().and_then(|o| o.keys().find(|k| !CASE_KEYS.contains(&k.as_str()))) {
        return Err(format!("unknown key `{key}`; known are {}", CASE_KEYS.join(", ")));
    }
    let sentence = text(&case, "sentence")?.ok_or("`sentence` is missing")?;
    let mut home = case_home(&case, homes)?;
    if let Some(overrides) = case.get("states").filter(|v| !v.is_null()) {
        home.override_states(overrides).map_err(|f| f.to_string())?;
    }
    let area = text(&case, "area")?.map(|a| area(&mut home, a)).transpose()?;
    let now = match text(&case, "now")? {
        Some(text) => text.parse().map_err(|e| format!("now: {e}"))?,
        None => now(),
    };
    let mut context = Context::default();
    let turns = match &case["turns"] {
        Value::Null => &[][..],
        Value::Array(turns) => turns.as_slice(),
        _ => return Err("`turns` must be a list of sentences".to_owned()),
    };
    for earlier in turns {
        let text = earlier.as_str().ok_or("`turns` holds sentences")?;
        context = say(&mut home, text, area, now, context).understanding.context;
    }
    let mut out = say(&mut home, sentence, area, now, context).to_json(&home, sentence, states);
    if let Some(id) = case.get("id") {
        out["id"] = id.clone();
    }
    Ok(out)
}

fn case_home(case: &Value, homes: &mut HashMap<String, Home>) -> Result<Home, String> {
    let path = match &case["home"] {
        Value::String(path) => path.clone(),
        Value::Null => text(case, "home_path")?.unwrap_or("").to_owned(),
        inline => {
            let told = |faults: Vec<HomeFault>| faults.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ");
            let (home, passed) = Home::from_foreign_json(inline).map_err(told)?;
            warn("home", &passed);
            return Ok(home);
        }
    };
    if let Some(home) = homes.get(&path) {
        return Ok(home.clone());
    }
    if path.is_empty() {
        return Err("the case has no `home`, and there is no --home".to_owned());
    }
    let home = load(Path::new(&path))?;
    homes.insert(path, home.clone());
    Ok(home)
}
