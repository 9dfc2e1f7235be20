//! Texts to vectors: exactly the reference's pieces, nearly its vectors, through the agent and its limits.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::Command;

use hearth::base::limits;
use hearth::base::sys::Mapping;
use hearth::embed::{DIMENSIONS, MODEL_FILE, MODEL_SHA256, Model, Table};
use nix::sys::signal::{Signal, kill};
use serde_json::Value;

use crate::kit::{Home, Running, pid, wait_for};

/// Sentences at the beginning of the golden texts.
const SENTENCES: usize = 327;

fn models() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("models")
}

fn golden(name: &str) -> Vec<u8> {
    std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/embed").join(name)).expect("golden data")
}

fn load(table: Table) -> Model {
    let file = File::open(models().join(MODEL_FILE)).expect("the model");
    let mapping = Mapping::of(&file, limits::EMBED_MODEL_BYTES).expect("mapped");
    Model::read(mapping, MODEL_SHA256, table).expect("a model")
}

/// The golden texts with the ids of the reference tokenizer.
fn pieces() -> Vec<(String, Vec<u32>)> {
    let texts = String::from_utf8(golden("texts.txt")).expect("text");
    let numbers = golden("pieces.u16");
    let mut numbers = numbers.as_chunks().0.iter().map(|two| u32::from(u16::from_le_bytes(*two)));
    let mut ids = || {
        let count = numbers.next().expect("a count");
        (0..count).map(|_| numbers.next().expect("an id")).collect()
    };
    let all = texts.split('\n').map(|text| (text.to_owned(), ids())).collect();
    assert!(numbers.next().is_none(), "ids are left over");
    all
}

/// A golden vector: its text and the fp32 model's vector.
fn references() -> Vec<(String, Vec<f32>)> {
    let bytes = golden("vectors.i8");
    let rows = bytes.chunks_exact(4 + DIMENSIONS);
    let vectors = rows.map(|row| row[4..].iter().map(|byte| f32::from(byte.cast_signed())).collect());
    pieces().into_iter().map(|(text, _)| text).zip(vectors).collect()
}

fn cosine(a: &[f32], b: &[f32]) -> f32 {
    let dot = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f32>();
    dot(a, b) / (dot(a, a) * dot(b, b)).sqrt()
}

#[test]
fn pieces_are_exactly_those_of_the_reference_tokenizer() {
    let model = load(Table::Memory);
    let all = pieces();
    assert!(all.len() > 3000, "{} texts", all.len());
    let wrong: Vec<_> = all.iter().filter(|(text, ids)| model.split(text).ids != *ids).collect();
    assert!(wrong.is_empty(), "{} of {}, the first {:?}", wrong.len(), all.len(), wrong.first());
}

#[test]
fn vectors_are_those_of_the_fp32_model() {
    let model = load(Table::Memory);
    let all = references();
    assert_eq!(all.len(), SENTENCES);
    let near: Vec<f32> =
        all.iter().map(|(text, vector)| cosine(&model.embed(text).expect("a vector").vector, vector)).collect();
    let least = near.iter().copied().fold(1.0, f32::min);
    let mean = near.iter().sum::<f32>() / 327.0;
    assert!(least >= 0.98 && mean >= 0.995, "least {least}, mean {mean}");
    // Other sentences are far: the comparison can tell vectors apart.
    let far = cosine(&all[20].1, &all[12].1);
    assert!(far < 0.7, "{far}");
}

#[test]
fn the_table_in_the_file_gives_the_same_vectors() {
    let model = load(Table::Memory);
    let mapped = load(Table::Mapped);
    for (text, _) in references().iter().step_by(20) {
        assert_eq!(mapped.embed(text).expect("a vector"), model.embed(text).expect("a vector"), "{text}");
    }
}

#[test]
fn a_long_text_is_cut_and_says_so() {
    let model = load(Table::Memory);
    let made = model.embed(&"word ".repeat(2000)).expect("a vector");
    assert!(made.cut && made.tokens == limits::EMBED_TOKENS, "{} pieces", made.tokens);
    let made = model.embed(&"word ".repeat(limits::EMBED_TOKENS - 2)).expect("a vector");
    assert!(!made.cut && made.tokens == limits::EMBED_TOKENS, "{} pieces", made.tokens);
    assert!(model.embed(&"x".repeat(10_000_000)).expect("a vector").tokens == 3, "one unknown word");
}

#[test]
fn a_damaged_container_with_the_right_hash_is_an_error() {
    let whole = std::fs::read(models().join(MODEL_FILE)).expect("the model");
    let header = 8 + usize::try_from(u64::from_le_bytes(whole[..8].try_into().expect("eight"))).expect("a length");
    let read = |bytes: &[u8]| {
        use sha2::Digest as _;
        let path = std::env::temp_dir().join(format!("hearth-model-{}", std::process::id()));
        std::fs::write(&path, bytes).expect("written");
        let mapping = Mapping::of(&File::open(&path).expect("opened"), limits::EMBED_MODEL_BYTES).expect("mapped");
        std::fs::remove_file(path).expect("removed");
        let hash: String = sha2::Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect();
        Model::read(mapping, &hash, Table::Mapped).map(|_| ()).map_err(|fault| fault.to_string())
    };
    assert_eq!(read(&whole), Ok(()), "the check passes what is whole");
    let replaced = |from: &str, to: &str| {
        let text = String::from_utf8(whole[..header].to_vec()).expect("a header");
        assert!(text.contains(from), "{from}");
        [text.replacen(from, to, 1).as_bytes(), &whole[header..]].concat()
    };
    let cases = [
        (whole[..header - 1].to_vec(), "damaged"),
        (whole[..whole.len() - 1].to_vec(), "damaged"),
        (vec![0xff; 4096], "damaged"),
        (vec![1], "damaged"),
        (replaced("hearth-embed-1", "hearth-embed-9"), "layout"),
        (replaced("\"layer3.join.bias\"", "\"layer3.join.bird\""), "layer3.join.bias"),
        (replaced("[384,384]", "[192,768]"), "shape"),
        (replaced("\"dtype\":\"I8\"", "\"dtype\":\"U8\""), "type"),
    ];
    for (bytes, wanted) in cases {
        let fault = read(&bytes).expect_err(wanted);
        assert!(fault.contains(wanted), "{wanted}: {fault}");
    }
}

/// A home whose agent finds the model.
pub(crate) fn home(more: &str) -> Home {
    let home = Home::with_config(more);
    model_beside(&home);
    home
}

/// Puts the model where a home's agent finds it.
pub(crate) fn model_beside(home: &Home) {
    let folder = home.root().join("models");
    std::fs::create_dir(&folder).expect("a folder");
    let (from, to) = (models().join(MODEL_FILE), folder.join(MODEL_FILE));
    std::fs::copy(from, to).expect("a copy of the model");
}

fn ask(home: &Home, texts: &[&str]) -> Value {
    let answer = home.run(&[&["embed", "--json"], texts].concat());
    assert!(answer.ok, "{answer:?}");
    answer.json()
}

fn embedder(home: &Home) -> Value {
    home.run(&["status", "--json", "--no-start"]).json()["embedder"].clone()
}

fn hand(running: &Running) -> Option<u32> {
    running.descendant("hearth-embed")
}

#[test]
fn the_agent_embeds_in_a_hand_notes_languages_and_survives_its_death() {
    let model = load(Table::Memory);
    let home = home("");
    let mut running = home.start();
    assert_eq!(embedder(&home)["state"], "resting", "nothing is loaded before it is needed");
    assert_eq!(hand(&running), None);
    let made = ask(&home, &["turn on the lamp", "Schalte bitte das Licht ein", "台所の電気をつけて"]);
    let texts = made["texts"].as_array().expect("texts");
    assert_eq!(texts.iter().map(|one| one["language"].as_str().expect("one")).collect::<Vec<_>>(), ["en", "de", "ja"]);
    assert_eq!(texts[0]["vector"].as_array().map(Vec::len), Some(DIMENSIONS));
    assert!(texts[1]["vector"].is_null() && texts[2]["vector"].is_null(), "a vector would mislead");
    // The same text alone gives the same vector in this process.
    let own = model.embed("turn on the lamp").expect("a vector").vector;
    let theirs: Vec<f32> = serde_json::from_value(texts[0]["vector"].clone()).expect("numbers");
    assert!(cosine(&own, &theirs) > 0.999);
    let first = hand(&running).expect("a hand of its own");
    assert_eq!(embedder(&home)["state"], "loaded");
    // It is sealed as every hand.
    let status = std::fs::read_to_string(format!("/proc/{first}/status")).expect("readable");
    assert!(status.contains("Seccomp:\t2") && status.contains("NoNewPrivs:\t1"), "{status}");
    kill(pid(first), Signal::SIGKILL).expect("killed");
    wait_for("a new hand", || {
        let answer = home.run(&["embed", "--json", "turn on the lamp"]);
        answer.ok.then_some(())
    });
    assert_ne!(hand(&running), Some(first));
    assert!(running.lives());
}

#[test]
fn an_import_has_a_second_hand_on_a_second_processor_and_gives_it_back() {
    if std::thread::available_parallelism().map_or(1, std::num::NonZero::get) < 2 {
        eprintln!("SKIPPED: one processor has work for one hand");
        return;
    }
    let home = home("");
    let running = home.start();
    if embedder(&home)["mode"] != "full" {
        eprintln!("SKIPPED: this board has no memory for a second hand");
        return;
    }
    let hands = || running.descendants().into_iter().filter(|(_, name)| name == "hearth-embed").count();
    let lines: String = (0..200)
        .map(|n| format!("{{\"text\": \"the {n}. boiler was serviced by the neighbour of number {n}\"}}\n"))
        .collect();
    std::thread::scope(|scope| {
        let importing = scope.spawn(|| home.run_with_input(&["memory", "import", "-", "--json"], lines.as_bytes()));
        wait_for("two hands", || (hands() == 2).then_some(()));
        let told = importing.join().expect("imported");
        assert_eq!(told.json()["vectors"]["made"], 200, "{told:?}");
    });
    wait_for("the second to go", || (hands() == 1).then_some(()));
    running.stop();
}

/// Anonymous memory of a process, in KiB (proc_pid_status(5)).
fn anonymous(pid: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).expect("readable");
    let line = status.lines().find_map(|line| line.strip_prefix("RssAnon:")).expect("RssAnon");
    line.split_whitespace().next().and_then(|kib| kib.parse().ok()).expect("a number")
}

#[test]
fn the_hand_ends_when_nobody_asks_and_comes_back() {
    let home = home("");
    let running = home.start();
    let before = anonymous(running.pid());
    ask(&home, &["turn on the lamp"]);
    // What the model takes it takes in the hand, so all of it returns with the hand's end.
    let taken = anonymous(hand(&running).expect("a hand"));
    let kept = anonymous(running.pid()).saturating_sub(before);
    assert!(taken > 12_000 && kept < taken / 4, "hand {taken} KiB, brain {kept} KiB more");
    let until = std::time::Instant::now() + limits::EMBED_IDLE + crate::kit::SOON;
    while hand(&running).is_some() {
        assert!(std::time::Instant::now() < until, "its memory did not return");
        std::thread::sleep(std::time::Duration::from_millis(200));
    }
    assert_eq!(embedder(&home)["state"], "resting");
    ask(&home, &["turn on the lamp"]);
    assert_eq!(embedder(&home)["loads"], 2);
}

#[test]
fn a_board_without_room_says_words_only() {
    let home = home("board = \"small\"\n");
    let boards = home.root().join("boards");
    std::fs::create_dir(&boards).expect("a folder");
    for (fits, wanted) in [("off", "no memory for it"), ("mapped", "")] {
        let text = format!("inherit = \"host\"\ndescription = \"small\"\nembedder = \"{fits}\"\n");
        std::fs::write(boards.join("small.toml"), text).expect("written");
        let with = |arguments: &[&str]| home.run(&[&["--boards", "boards"], arguments].concat());
        let answer = with(&["embed", "lamp"]);
        let status = with(&["status"]).out;
        let doctor = with(&["doctor", "--json"]).json();
        assert_eq!(doctor["embedder"]["mode"], fits);
        if wanted.is_empty() {
            assert!(answer.ok && status.contains("embedder mapped"), "{answer:?} {status}");
        } else {
            assert!(!answer.ok && answer.err.contains("words alone") && answer.err.contains(wanted), "{answer:?}");
            assert!(status.contains("embedder off, memory is searched by words alone"), "{status}");
        }
    }
}

#[test]
fn without_the_right_model_the_agent_runs_and_says_why() {
    let empty = Home::with_config("models_dir = \"/nowhere/at/all\"\n");
    let answer = empty.run(&["embed", "lamp"]);
    assert!(!answer.ok && answer.err.contains("/nowhere/at/all") && answer.err.contains("models_dir"), "{answer:?}");
    assert!(empty.run(&["tool", "call", "calculate", r#"{"expression": "6*7"}"#]).ok, "commands do not need it");

    let whole = std::fs::read(models().join(MODEL_FILE)).expect("the model");
    let mut changed = whole.clone();
    changed[9_000_000] ^= 4;
    for (name, bytes) in [("changed", changed), ("cut", whole[..1_000_000].to_vec())] {
        let home = home("");
        std::fs::write(home.root().join("models").join(MODEL_FILE), bytes).expect("written");
        let mut running = home.start();
        let answer = home.run(&["embed", "lamp"]);
        assert!(!answer.ok && answer.err.contains("SHA-256"), "{name}: {answer:?}");
        let told = embedder(&home);
        assert!(told["state"] == "failed" && told["why"].as_str().is_some_and(|why| why.contains("SHA-256")), "{told}");
        assert!(running.lives() && home.run(&["tool", "call", "calculate", r#"{"expression": "6*7"}"#]).ok);
    }
}

#[test]
fn texts_that_cannot_be_embedded_are_refused_with_the_reason() {
    let home = home("");
    let huge = "lamp ".repeat(2_000_000);
    let answer = home.run_with_input(&["embed"], huge.as_bytes());
    assert!(!answer.ok && answer.err.contains("more than the"), "{}", answer.err);
    let long = "lamp ".repeat(limits::EMBED_TEXT_BYTES / 5 + 1);
    let answer = home.run_with_input(&["embed"], long.as_bytes());
    assert!(!answer.ok && answer.err.contains("16384 bytes"), "{}", answer.err);
    let answer = home.run_with_input(&["embed"], b"lamp \xff\xfe");
    assert!(!answer.ok && answer.err.contains("UTF-8"), "{}", answer.err);
    let many = "lamp\n".repeat(limits::EMBED_TEXTS + 1);
    let answer = home.run_with_input(&["embed"], many.as_bytes());
    assert!(!answer.ok && answer.err.contains("65 texts"), "{}", answer.err);
}

/// What `models/build` would make is what is committed, as far as it can be told without Python.
#[test]
fn the_committed_model_is_the_pinned_one() {
    let sum = Command::new("sha256sum").arg(models().join(MODEL_FILE)).output().expect("run");
    assert!(String::from_utf8_lossy(&sum.stdout).starts_with(MODEL_SHA256));
    let bytes = std::fs::metadata(models().join(MODEL_FILE)).expect("the model").len();
    assert!(bytes <= 20_000_000, "{bytes}");
}

/// Thousands of texts of an import wait; what a person asks meanwhile is embedded and done before they are.
#[test]
fn a_burst_of_imports_does_not_starve_a_conversation() {
    let home = home("");
    let service = home.start();
    let lines: String = (0..6_000)
        .map(|n| {
            format!(
                "{{\"text\": \"note {n}: the winter tyres of the {n}th car are on shelf {} of the shed\"}}\n",
                n % 9
            )
        })
        .collect();
    let file = home.root().join("many.jsonl");
    std::fs::write(&file, lines).expect("written");
    let mut import = Running::start(home.command(&["memory", "import", file.to_str().expect("a path")]));
    wait_for("the import to be embedded", || (embedder(&home)["texts"].as_u64()? > 0).then_some(()));
    for _ in 0..5 {
        ask(&home, &["turn on the lamp"]);
        assert!(home.run(&["tool", "call", "calculate", r#"{"expression": "6*7"}"#]).ok);
    }
    assert!(import.lives(), "the burst was over: nothing was shown");
    let waits = home.run(&["memory", "stats", "--json"]).json();
    let (kept, with) = (waits["memories"].as_u64().expect("a count"), waits["vectors"].as_u64().expect("a count"));
    assert!(with + 500 < kept, "{waits}");
    drop(import);
    service.stop();
}

/// A model that never answers: the question is answered by its words, in time, and says so.
#[test]
fn a_question_does_not_wait_for_a_hand_that_hangs() {
    let home = home("");
    let service = home.start();
    assert!(home.run(&["memory", "add", "The ladder is at the neighbour's."]).ok);
    ask(&home, &["turn on the lamp"]);
    let hung = hand(&service).expect("a hand");
    kill(pid(hung), Signal::SIGSTOP).expect("stopped");
    let found = home.run(&["memory", "search", "where is the ladder?", "--json"]).json();
    assert_eq!(found["hits"][0]["text"], "The ladder is at the neighbour's.", "{found}");
    assert!(found["words_alone"].as_str().is_some_and(|why| why.contains("has no vector after 3000 ms")), "{found}");
    kill(pid(hung), Signal::SIGCONT).expect("goes on");
    service.stop();
}
