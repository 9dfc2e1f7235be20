//! How well questions are answered: where the evidence stands, by words, by vectors and by both.

use std::path::Path;

use serde_json::{Value, json};

use super::{Scratch, lines, round};
use crate::base::{Fault, limits};
use crate::embed::Embedder;
use crate::memory::{Lists, Order, Question};

/// How deep the evidence is looked for.
const DEPTH: usize = 10;

/// A question with what answers it.
struct Asked {
    text: String,
    evidence: Vec<String>,
}

/// What one way to search came to.
#[derive(Default)]
struct Tally {
    at: [f64; 3],
    reciprocal: f64,
    answerable: f64,
    sure: f64,
    doubted: f64,
    unanswerable: f64,
}

pub(super) async fn measure(talk: &Path, questions: &Path, embedder: &Embedder, held: usize) -> Result<Value, Fault> {
    let scratch = Scratch::open(embedder, held)?;
    let records = lines(talk)?;
    let turns = records.len();
    for records in records.chunks(limits::MEMORY_BATCH) {
        let (records, source) = (records.to_vec(), "bench".to_owned());
        let (person, chat) = (String::new(), String::new());
        scratch.memory.serve(Order::Add { records, source, person, chat }).await?;
    }
    while embedder.refuses().is_none() && scratch.memory.fill().await?.more {}
    let asked: Vec<Asked> = lines(questions)?.iter().map(asked).collect();
    let mut told = json!({"turns": turns, "questions": asked.len()});
    let ways = [("words", Lists::Words), ("vectors", Lists::Vectors), ("both", Lists::Both)];
    for (name, lists) in ways.into_iter().filter(|(_, lists)| *lists == Lists::Words || embedder.refuses().is_none()) {
        told[name] = tally(&scratch, &asked, lists).await?;
    }
    Ok(told)
}

fn asked(line: &Value) -> Asked {
    let evidence = line["evidence"].as_array().into_iter().flatten();
    Asked {
        text: line["query"].as_str().unwrap_or_default().to_owned(),
        evidence: evidence.filter_map(|id| id.as_str().map(str::to_owned)).collect(),
    }
}

async fn tally(scratch: &Scratch, asked: &[Asked], lists: Lists) -> Result<Value, Fault> {
    let mut tally = Tally::default();
    for one in asked {
        let question = Question { text: one.text.clone(), limit: DEPTH, ..Question::default() };
        let answer = scratch.memory.answer(&question, lists, limits::EMBED_WALL).await?;
        if one.evidence.is_empty() {
            tally.unanswerable += 1.0;
            tally.doubted += if answer.sure { 0.0 } else { 1.0 };
            continue;
        }
        tally.answerable += 1.0;
        tally.sure += if answer.sure { 1.0 } else { 0.0 };
        let names: Vec<String> = answer.found.iter().map(crate::memory::Found::name).collect();
        let place = names.iter().position(|name| one.evidence.contains(name));
        for (at, depth) in tally.at.iter_mut().zip([1, 5, DEPTH]) {
            let there = |id: &&String| names.iter().take(depth).any(|name| name == *id);
            *at += share(one.evidence.iter().filter(there).count(), one.evidence.len());
        }
        tally.reciprocal += place.map_or(0.0, |place| share(1, place + 1));
    }
    let of = |sum: f64, all: f64| round(if all > 0.0 { sum / all } else { 0.0 });
    Ok(json!({
        "recall_at_1": of(tally.at[0], tally.answerable), "recall_at_5": of(tally.at[1], tally.answerable),
        "recall_at_10": of(tally.at[2], tally.answerable), "mrr": of(tally.reciprocal, tally.answerable),
        "sure_of_what_was_said": of(tally.sure, tally.answerable),
        "doubts_what_was_not": of(tally.doubted, tally.unanswerable),
    }))
}

fn share(part: usize, whole: usize) -> f64 {
    #[allow(clippy::cast_precision_loss, reason = "small counts")]
    let (part, whole) = (part as f64, whole as f64);
    part / whole
}
