//! How much is understood of sentences that others collected, and that none of them does harm.
//!
//! The sets lie beside the project (`kit::shared`). A case is validation where the SHA-256 of its
//! sentence (UTF-8, as it is in the file), read as one big-endian number, is divisible by five: of
//! those only totals are ever printed, and nobody reads them.

mod cases;
mod piles;

use serde_json::{Value, json};

use crate::kit::shared;
use crate::say::batch;
use cases::{Case, cases, held_out, read, same};

/// What came of one part of a set.
#[derive(Debug, Default)]
struct Score {
    cases: u32,
    right: u32,
    covered: u32,
    covered_wrong: u32,
    acted_wrong: u32,
}

impl Score {
    fn add(&mut self, right: bool, decision: &str) {
        let covered = matches!(decision, "act" | "answer");
        self.cases += 1;
        self.right += u32::from(right);
        self.covered += u32::from(covered);
        self.covered_wrong += u32::from(covered && !right);
        self.acted_wrong += u32::from(decision == "act" && !right);
    }

    fn share(&self, of: u32) -> f64 {
        100.0 * f64::from(of) / f64::from(self.cases.max(1))
    }

    fn line(&self, name: &str) -> String {
        format!(
            "{name}: {} cases, intent and slots right {:.1} %, covered {:.1} %, error among the covered {:.2} %, \
             wrong actions of all {:.2} %",
            self.cases,
            self.share(self.right),
            self.share(self.covered),
            100.0 * f64::from(self.covered_wrong) / f64::from(self.covered.max(1)),
            self.share(self.acted_wrong)
        )
    }
}

#[test]
fn intents_and_slots_of_the_sets_are_right() {
    let Some(path) = shared("home/ha_intents_en.json") else { return };
    let all = cases(&read(&path));
    let answers = batch(&all.iter().map(Case::line).collect::<Vec<Value>>());
    let (mut open, mut held) = (Score::default(), Score::default());
    for (case, answer) in all.iter().zip(&answers) {
        assert!(answer.get("error").is_none() || case.held, "{}: {answer}", case.sentence);
        let right = same(case, answer);
        let decision = answer["decision"].as_str().unwrap_or("abstain");
        if case.held { held.add(right, decision) } else { open.add(right, decision) }
    }
    println!("{}\n{}", open.line("development"), held.line("validation"));
    by_set(&all, &answers);
    trade(&all, &answers);
    report(&all, &answers);
    assert!(held.cases > 200 && open.cases > 800, "the sets were not read whole");
    for score in [&open, &held] {
        assert!(score.share(score.right) >= 97.0 && score.share(score.acted_wrong) <= 0.5, "{score:?}");
    }
}

/// The figures of each set and part.
fn by_set(all: &[Case], answers: &[Value]) {
    for set in ["set_A", "set_A_combo_files", "set_B"] {
        for held in [false, true] {
            let mut score = Score::default();
            for (case, answer) in all.iter().zip(answers).filter(|(case, _)| case.set == set && case.held == held) {
                score.add(same(case, answer), answer["decision"].as_str().unwrap_or("abstain"));
            }
            println!("{}", score.line(&format!("{set}, {}", if held { "validation" } else { "development" })));
        }
    }
}

/// What acting only from a confidence on would give and cost.
fn trade(all: &[Case], answers: &[Value]) {
    for least in [1.0, 0.9, 0.8, 0.0] {
        let mut score = Score::default();
        for (case, answer) in all.iter().zip(answers) {
            let sure = answer["confidence"].as_f64().is_some_and(|sure| sure >= least);
            let decision = if sure { answer["decision"].as_str().unwrap_or("abstain") } else { "abstain" };
            score.add(same(case, answer), decision);
        }
        println!(
            "from confidence {least}: covered {:.1} %, wrong actions of all {:.2} %",
            score.share(score.covered),
            score.share(score.acted_wrong)
        );
    }
}

/// What is not right, and what a home cannot hold: development cases by name, of validation the number only.
///
/// Nothing is taken out of the figures; the list shows what an exception would be about.
fn report(all: &[Case], answers: &[Value]) {
    let judged: Vec<(&Case, bool)> = all.iter().zip(answers).map(|(c, a)| (c, same(c, a))).collect();
    for (case, _) in judged.iter().filter(|(c, right)| !c.held && !right) {
        println!("development, not right: {} «{}»", case.intent, case.sentence);
    }
    let homeless: Vec<&(&Case, bool)> = judged.iter().filter(|(c, _)| c.homeless()).collect();
    for (case, right) in homeless.iter().filter(|(c, _)| !c.held) {
        let came = if *right { "right all the same" } else { "not right" };
        println!("development, no such entity in its home: {} «{}», {came}", case.intent, case.sentence);
    }
    let held = homeless.iter().filter(|(c, _)| c.held);
    println!(
        "validation, no such entity in its home: {} cases, {} of them right all the same",
        held.clone().count(),
        held.filter(|(_, right)| *right).count()
    );
}

#[test]
fn sentences_about_other_things_change_nothing() {
    let Some(path) = shared("home/snips_ood.json") else { return };
    let demo: toml::Table = include_str!("../../src/config/demo.toml").parse().expect("the demo home");
    let demo = serde_json::to_value(&demo["home"]).expect("JSON");
    let own: Value = serde_json::from_str(include_str!("../data/say/home.json")).expect("JSON");
    let file = read(&path);
    let sentences: Vec<&str> =
        file["cases"].as_array().expect("cases").iter().filter_map(|c| c["sentence"].as_str()).collect();
    assert!(sentences.len() >= 300);
    for (home, area) in [(&demo, None), (&own, None), (&own, Some("Lounge"))] {
        let lines: Vec<Value> = sentences.iter().map(|s| json!({"home": home, "sentence": s, "area": area})).collect();
        let moved = batch(&lines).iter().zip(&sentences).filter(|(a, _)| a["changes"] != json!([])).count();
        assert_eq!(moved, 0, "sentences that moved something, with the speaker in {area:?}");
    }
}

#[test]
fn the_split_is_by_the_hash_of_the_sentence() {
    // SHA-256 of the empty text ends in …b855; as a number it leaves 3 when divided by five.
    assert!(!held_out(""));
    let share = (0..5_000).filter(|n| held_out(&n.to_string())).count();
    assert!((850..1150).contains(&share), "{share}");
}
