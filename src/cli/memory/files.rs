//! Whole files of memories and of questions: JSON lines in, JSON lines out, progress on standard error.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;
use std::process::ExitCode;
use std::rc::Rc;
use std::time::Instant;

use serde_json::{Value, json};

use super::super::reach::Door;
use super::super::{fail, print, print_json};
use super::long::{Heeding, INTERRUPTED, Interrupt, Progress};
use crate::app::admin::Request;
use crate::base::{Code, Fault, limits};
use crate::memory::Order;

/// Bytes of records in one request: below what the admin socket takes in one line.
const REQUEST_BYTES: usize = limits::LINE_BYTES * 3 / 4;
/// Faults that an import prints one by one; all are counted.
const FAULTS: usize = 100;

/// A file of lines, or standard input; open.
pub(super) struct Input {
    name: String,
    reader: BufReader<Box<dyn Read>>,
    interrupt: Rc<Interrupt>,
}

impl Input {
    /// Opens it; it ends where the interrupt comes.
    ///
    /// # Errors
    /// The path and the system's answer.
    pub(super) fn open(file: &Path, interrupt: Rc<Interrupt>) -> Result<Self, Fault> {
        let wrong = |error: io::Error| Fault::new(Code::NotFound, format!("{}: {error}", file.display()));
        let source: Box<dyn Read> = if file == Path::new("-") {
            Box::new(Heeding::standard(Rc::clone(&interrupt)).map_err(wrong)?)
        } else {
            Box::new(File::open(file).map_err(wrong)?)
        };
        let name = file.file_name().and_then(|name| name.to_str()).unwrap_or("import");
        Ok(Self { name: name.chars().take(64).collect(), reader: BufReader::new(source), interrupt })
    }

    /// Whether the work was interrupted.
    fn is_over(&self) -> bool {
        self.interrupt.came()
    }

    /// The next line, or what is wrong with it; `None` at the end.
    ///
    /// # Errors
    /// Where the file cannot be read on: a line that is bad is passed over, a disk that refuses would refuse for ever.
    fn line(&mut self) -> Result<Option<Result<String, String>>, Fault> {
        let wrong = |error: io::Error| Fault::new(Code::System, format!("{}: {error}", self.name));
        let mut line = Vec::new();
        let most = u64::try_from(limits::MEMORY_RECORD_BYTES * 2).unwrap_or(u64::MAX);
        let length = (&mut self.reader).take(most).read_until(b'\n', &mut line).map_err(wrong)?;
        if length == 0 {
            return Ok(None);
        }
        if length as u64 == most && line.last() != Some(&b'\n') {
            self.reader.skip_until(b'\n').map_err(wrong)?;
            return Ok(Some(Err(format!("is longer than {most} bytes"))));
        }
        Ok(Some(String::from_utf8(line).map_err(|_| "is not UTF-8".to_owned())))
    }
}

/// Remembers each line; bad lines are told with their number.
pub(super) fn import(
    door: &mut Door,
    input: Option<Input>,
    person: &str,
    chat: &str,
    json: bool,
) -> Result<ExitCode, Fault> {
    let Some(mut input) = input else { return Ok(ExitCode::FAILURE) };
    let (source, progress) = (input.name.clone(), Progress::new(json));
    let mut import = Import::new(person, chat, source, progress);
    let began = Instant::now();
    // What was acknowledged before it is told beside the fault: the same file goes on from there.
    let stopped = import.all(door, &mut input).err();
    let Import { kept, duplicates, faults, bad, mut progress, .. } = import;
    let stored = began.elapsed().as_secs_f64();
    let vectors =
        if stopped.is_none() && !input.is_over() { fill(door, &mut progress, || input.is_over()) } else { Value::Null };
    progress.clear();
    let interrupted = input.is_over();
    let seconds = began.elapsed().as_secs_f64();
    let mut told = json!({
        "kept": kept, "duplicates": duplicates, "bad": bad, "faults": faults, "vectors": vectors,
        "stored_seconds": (stored * 1e3).round() / 1e3, "seconds": (seconds * 1e3).round() / 1e3
    });
    if let Some(fault) = &stopped {
        (told["ok"], told["fault"]) = (json!(false), json!(fault));
    }
    if interrupted {
        (told["ok"], told["interrupted"]) = (json!(false), json!(true));
    }
    if json {
        print_json(&told);
    } else {
        for fault in &faults {
            eprintln!("{}:{}: {}", input.name, fault["line"], fault["fault"].as_str().unwrap_or_default());
        }
        print(&format!("{kept} remembered, {duplicates} known already, {bad} bad lines, {seconds:.1} s\n"));
        if let Some(fault) = &stopped {
            return Ok(fail(fault, false));
        }
        if interrupted {
            eprintln!(
                "hearth: interrupted; what is counted here is kept, and the same import again goes on from there"
            );
        } else if let Some(why) = vectors["why"].as_str() {
            print(&format!("found by their words alone: {why}\n"));
        }
    }
    if interrupted {
        return Ok(ExitCode::from(INTERRUPTED));
    }
    Ok(if bad == 0 && stopped.is_none() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Makes the vectors of all memories that have none yet; why some have none is told, and is no failure: words find them.
fn fill(door: &mut Door, progress: &mut Progress, is_over: impl Fn() -> bool) -> Value {
    let (mut made, mut left_out) = (0, 0);
    // A service makes vectors too, behind the writes: the difference is what this command waited for.
    let before = vectors(door);
    let why = loop {
        let page = match door.ask(Request::Memory(Order::Fill)) {
            Ok(page) => page,
            Err(fault) => break json!(fault.message),
        };
        made += page["made"].as_u64().unwrap_or(0);
        left_out += page["left_out"].as_u64().unwrap_or(0);
        if made > 0 {
            progress.tell(&format!("{made} vectors made"));
        }
        if page["more"] != true {
            break page["why"].clone();
        }
        if is_over() {
            break json!("interrupted; a service makes the other vectors, or the same import again");
        }
    };
    let made = before.zip(vectors(door)).map_or(made, |(before, now)| now.saturating_sub(before));
    json!({"made": made, "left_out": left_out, "why": why})
}

/// How many vectors there are.
fn vectors(door: &mut Door) -> Option<u64> {
    door.ask(Request::Memory(Order::Stats)).ok()?["vectors"].as_u64()
}

/// A line as a record with its size; an empty line is none.
fn record(line: &str) -> Result<Option<(Value, usize)>, String> {
    if line.trim().is_empty() {
        return Ok(None);
    }
    let value: Value = serde_json::from_str(line).map_err(|error| format!("not JSON: {error}"))?;
    if value.is_object() { Ok(Some((value, line.len()))) } else { Err("not a JSON object".to_owned()) }
}

struct Import<'a> {
    person: &'a str,
    chat: &'a str,
    source: String,
    waiting: Vec<(usize, Value)>,
    /// What a line says that replaced it: the line, its record without the text. Linked when all is in.
    replaced: Vec<(usize, Value)>,
    bytes: usize,
    kept: u64,
    duplicates: u64,
    bad: u64,
    faults: Vec<Value>,
    progress: Progress,
}

impl<'a> Import<'a> {
    fn new(person: &'a str, chat: &'a str, source: String, progress: Progress) -> Self {
        let (waiting, replaced, faults) = (Vec::new(), Vec::new(), Vec::new());
        let (bytes, kept, duplicates, bad) = (0, 0, 0, 0);
        Self { person, chat, source, waiting, replaced, bytes, kept, duplicates, bad, faults, progress }
    }

    /// Every line, or every line that was sent before an interrupt.
    fn all(&mut self, door: &mut Door, input: &mut Input) -> Result<(), Fault> {
        let mut number = 0;
        while let Some(line) = input.line()? {
            if input.is_over() {
                return Ok(());
            }
            number += 1;
            match line.and_then(|line| record(&line)) {
                Ok(None) => {}
                Ok(Some((record, bytes))) => self.take(door, number, record, bytes)?,
                Err(fault) => self.fault(number, &fault),
            }
        }
        if input.is_over() {
            return Ok(());
        }
        self.send(door)?;
        self.link(door)
    }

    fn take(&mut self, door: &mut Door, number: usize, record: Value, bytes: usize) -> Result<(), Fault> {
        if bytes > REQUEST_BYTES {
            let most = REQUEST_BYTES / 1024;
            self.fault(number, &format!("is longer than {most} KiB; cut its text into several records"));
            return Ok(());
        }
        if self.bytes + bytes > REQUEST_BYTES || self.waiting.len() == limits::MEMORY_BATCH {
            self.send(door)?;
        }
        self.bytes += bytes;
        if !record["replaced_by"].is_null() {
            let known = |key: &str| record[key].clone();
            let link = json!({"id": known("id"), "by": known("replaced_by"), "person": known("person"), "chat": known("chat")});
            if self.replaced.len() < limits::IMPORT_LINKS {
                self.replaced.push((number, link));
            } else {
                self.fault(
                    number,
                    &format!("replaced_by: more than {} in one import are not linked", limits::IMPORT_LINKS),
                );
            }
        }
        self.waiting.push((number, record));
        Ok(())
    }

    /// Links what was replaced to what replaced it.
    fn link(&mut self, door: &mut Door) -> Result<(), Fault> {
        for (number, link) in std::mem::take(&mut self.replaced) {
            let text = |key: &str, usual: &str| {
                let value = &link[key];
                value
                    .as_str()
                    .map_or_else(|| value.as_i64().map_or_else(|| usual.to_owned(), |n| n.to_string()), str::to_owned)
            };
            let (person, chat) = (text("person", self.person), text("chat", self.chat));
            let order = Order::Supersede { old: text("id", ""), new: text("by", ""), person, chat };
            match door.ask(Request::Memory(order)) {
                Ok(_) => {}
                Err(fault) if matches!(fault.code, Code::NotFound | Code::BadInput | Code::Refused) => {
                    self.fault(number, &format!("replaced_by: {}", fault.message));
                }
                Err(fault) => return Err(fault),
            }
        }
        Ok(())
    }

    fn send(&mut self, door: &mut Door) -> Result<(), Fault> {
        if self.waiting.is_empty() {
            return Ok(());
        }
        let (numbers, records): (Vec<_>, Vec<_>) = std::mem::take(&mut self.waiting).into_iter().unzip();
        self.bytes = 0;
        let (source, person, chat) = (self.source.clone(), self.person.to_owned(), self.chat.to_owned());
        let answer = door.ask(Request::Memory(Order::Add { records, source, person, chat }))?;
        self.kept += answer["kept"].as_u64().unwrap_or(0);
        self.duplicates += answer["duplicates"].as_u64().unwrap_or(0);
        for fault in answer["faults"].as_array().into_iter().flatten() {
            let place = fault["record"].as_u64().and_then(|place| usize::try_from(place).ok()).unwrap_or(0);
            let number = numbers.get(place).copied().unwrap_or(0);
            self.fault(number, fault["fault"].as_str().unwrap_or_default());
        }
        self.progress.tell(&format!("{} remembered", self.kept + self.duplicates));
        Ok(())
    }

    fn fault(&mut self, line: usize, fault: &str) {
        self.bad += 1;
        if self.faults.len() < FAULTS {
            self.faults.push(json!({"line": line, "fault": fault}));
        }
    }
}

/// Answers each question of a file, one JSON line for each line, in order.
pub(super) fn batch(
    door: &mut Door,
    mut input: Input,
    json: bool,
    order: impl Fn(String) -> Order,
) -> Result<ExitCode, Fault> {
    // An import may have been cut short, and no service may run: what has no vector yet gets it first.
    let mut progress = Progress::new(json);
    let filled = fill(door, &mut progress, || input.is_over());
    drop(progress);
    if let Some(why) = filled["why"].as_str() {
        eprintln!("hearth: searched by words alone: {why}");
    }
    let mut bad = false;
    let mut number = 0;
    while let Some(line) = input.line()? {
        if input.is_over() {
            break;
        }
        number += 1;
        let asked = line.and_then(|line| record(&line));
        let answer = match asked {
            Ok(None) => continue,
            Ok(Some((question, _))) => answer(door, &question, &order)?,
            Err(fault) => json!({ "fault": fault }),
        };
        let mut answer = answer;
        answer["line"] = json!(number);
        bad |= answer.get("fault").is_some();
        print(&format!("{answer}\n"));
    }
    if input.is_over() {
        return Ok(ExitCode::from(INTERRUPTED));
    }
    Ok(if bad { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

fn answer(door: &mut Door, question: &Value, order: &impl Fn(String) -> Order) -> Result<Value, Fault> {
    let text = ["query", "question", "text"].iter().find_map(|key| question[*key].as_str());
    let Some(text) = text else {
        return Ok(json!({"id": question["id"], "fault": "query: is missing, or no text"}));
    };
    let began = Instant::now();
    let found = match door.ask(Request::Memory(order(text.to_owned()))) {
        Ok(found) => found,
        Err(fault) if fault.code == Code::BadInput => return Ok(json!({"id": question["id"], "fault": fault.message})),
        Err(fault) => return Err(fault),
    };
    let ms = began.elapsed().as_secs_f64() * 1e3;
    let ids: Vec<&Value> = found["hits"].as_array().into_iter().flatten().map(|hit| &hit["id"]).collect();
    let words_alone = found["words_alone"].as_str();
    Ok(json!({
        "id": question["id"], "query": text, "words_alone": words_alone, "ids": ids, "sure": found["sure"],
        "confidence": found["confidence"], "hits": found["hits"],
        "ms": (ms * 1e3).round() / 1e3,
    }))
}

/// Prints everything as `import` takes it.
pub(super) fn export(door: &mut Door) -> Result<ExitCode, Fault> {
    let mut after = 0;
    loop {
        let page = door.ask(Request::Memory(Order::Page { after, limit: limits::MEMORY_BATCH }))?;
        for memory in page["memories"].as_array().into_iter().flatten() {
            print(&format!("{}\n", exported(memory)));
        }
        match page["after"].as_i64() {
            Some(last) => after = last,
            None => return Ok(ExitCode::SUCCESS),
        }
    }
}

/// A memory as a record of an import.
fn exported(memory: &Value) -> Value {
    let mut record = json!({
        "id": if memory["ref"].is_null() { &memory["id"] } else { &memory["ref"] },
        "text": memory["text"], "time": memory["said_ms"], "area": memory["area"], "sector": memory["sector"],
        "class": memory["class"], "importance": memory["importance"], "source": memory["source"],
    });
    for key in ["person", "chat", "speaker", "session"] {
        if memory[key].as_str().is_some_and(|text| !text.is_empty()) {
            record[key] = memory[key].clone();
        }
    }
    if memory["held"] == true {
        record["held"] = json!(true);
    }
    if !memory["expires_ms"].is_null() {
        record["expires"] = memory["expires_ms"].clone();
    }
    if !memory["replaced_by"].is_null() {
        record["replaced_by"] = memory["replaced_by"].clone();
    }
    record
}
