//! The embedder: from asking to a loaded model, latency by length, a batch, memory loaded and after it rested;
//! and a search over ten thousand memories.

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::agent::Agent;
use super::budget::Report;
use super::stats::Spread;

/// Texts that are timed at each length.
const TEXTS: usize = 40;
/// Texts in a batch, and batches.
const BATCH: (usize, usize) = (64, 4);

/// Words of one piece each.
const WORDS: [&str; 8] = ["the", "lamp", "in", "my", "kitchen", "is", "not", "on"];

pub(crate) fn measure(report: &mut Report, binaries: &Path) {
    let mut agent = Agent::start(binaries);
    let began = Instant::now();
    let first = agent.embed(&[text(8, 0)]);
    let cold = began.elapsed().as_secs_f64() * 1e3;
    assert!(first[0]["vector"].is_array(), "no vector: {first}");
    for (pieces, key) in [(8, "embed_8_ms"), (16, ""), (32, ""), (128, "")] {
        let mut times = Spread::default();
        for number in 0..TEXTS {
            let text = text(pieces, number);
            let began = Instant::now();
            let made = agent.embed(&[text]);
            times.push(began.elapsed().as_secs_f64() * 1e3);
            assert_eq!(made[0]["tokens"], pieces, "{made}");
        }
        report.shown(&format!("embedding {pieces} pieces"), &times.line("ms"));
        if !key.is_empty() {
            report.measured("embed_load_ms", cold - times.median(), "ms");
            report.measured(key, times.median(), "ms");
        }
    }
    let began = Instant::now();
    for batch in 0..BATCH.1 {
        let texts: Vec<String> = (0..BATCH.0).map(|number| text(16, batch * BATCH.0 + number)).collect();
        agent.embed(&texts);
    }
    let texts = u32::try_from(BATCH.0 * BATCH.1).expect("a count");
    let rate = f64::from(texts) / began.elapsed().as_secs_f64();
    report.shown("in batches", &format!("{rate:.0} texts of 16 pieces a second"));
    let hand = |agent: &Agent| agent.memory().into_iter().find(|(name, _)| name == "hearth-embed").map(|(_, kib)| kib);
    let all = |agent: &Agent| agent.memory().iter().map(|(_, kib)| kib).sum::<f64>();
    report.measured("embed_hand_pss_kib", hand(&agent).expect("an embed hand"), "KiB");
    let until = Instant::now() + hearth::base::limits::EMBED_IDLE * 3;
    while hand(&agent).is_some() {
        assert!(Instant::now() < until, "the hand does not rest");
        std::thread::sleep(Duration::from_millis(500));
    }
    report.shown("all processes after the hand rested", &format!("{:.0} KiB", all(&agent)));
    agent.stop();
    search(report, binaries);
}

/// As `hearth memory bench` tells it.
fn search(report: &mut Report, binaries: &Path) {
    let mut command = Command::new(binaries.join("hearth"));
    command.args(["memory", "bench", "--json", "--items", "1000,10000,100000"]);
    command.args(["--talk", "tests/data/memory/talk.jsonl", "--questions", "tests/data/memory/questions.jsonl"]);
    let output = command.output().expect("run");
    let told: Value = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|_| panic!("JSON: {}", String::from_utf8_lossy(&output.stderr)));
    for scale in told["search"].as_array().expect("sizes") {
        report.shown(&format!("search over {}", scale["items"]), &scale.to_string());
        if scale["items"] == json!(10_000) {
            report.measured("search_10k_ms", scale["with_embedding_ms"]["p50"].as_f64().expect("a time"), "ms");
        }
    }
    for way in ["words", "vectors", "both"] {
        report.shown(&format!("answers by {way}"), &told["quality"][way].to_string());
    }
}

/// A text of so many pieces, the two markers included.
fn text(pieces: usize, number: usize) -> String {
    (0..pieces - 2).map(|word| WORDS[(word * 3 + number) % WORDS.len()]).collect::<Vec<_>>().join(" ")
}
