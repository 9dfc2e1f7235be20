//! Understanding alone: how long it takes in homes of 10, 100 and 1,000 entities, and how much of the collected
//! sets is understood, where they lie beside the project.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::{Value, json};

use super::agent;
use super::budget::Report;
use super::stats::{Spread, float};

// When a case is held out and when an answer is right is said in one place.
#[path = "../../tests/it/understanding/cases.rs"]
mod cases;

const SETS: &str = "home/ha_intents_en.json";

pub(crate) fn measure(report: &mut Report, binaries: &Path) {
    let took = agent::understanding(binaries, 400);
    report.measured("intent_us", took.median(), "µs, median, demo home");
    report.shown("intent match alone", &took.line("µs"));
    for entities in [10, 100, 1_000] {
        let took = large(binaries, entities);
        report.shown(&format!("in a home of {entities}"), &took.line("µs"));
        if entities == 1_000 {
            report.measured("intent_1000_us", took.percentile(99.0), "µs, 99th percentile, 1,000 entities");
        }
    }
    let Some(path) = shared() else {
        report.shown("collected sets", "not beside the checkout (HEARTH_SHARED): not measured");
        return;
    };
    sets(report, binaries, &path);
}

fn shared() -> Option<PathBuf> {
    let here = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let named = std::env::var_os("HEARTH_SHARED").map(PathBuf::from);
    let places = named.into_iter().chain([here.join("../shared"), here.join("../../shared")]);
    places.map(|place| place.join(SETS)).find(|path| path.exists())
}

/// Validation only: nobody tuned anything to it.
fn sets(report: &mut Report, binaries: &Path, path: &Path) {
    let held: Vec<cases::Case> = cases::cases(&cases::read(path)).into_iter().filter(|case| case.held).collect();
    let answers = batch(binaries, &held.iter().map(cases::Case::line).collect::<Vec<_>>());
    let all = float(held.len() as u64);
    let share = |test: &dyn Fn(&cases::Case, &Value) -> bool| {
        let many = held.iter().zip(&answers).filter(|(case, answer)| test(case, answer)).count();
        100.0 * float(many as u64) / all
    };
    let homeless = held.iter().filter(|case| case.homeless()).count();
    report.shown("no such entity at home", &format!("{homeless} of {} sentences, counted all the same", held.len()));
    for set in ["set_A", "set_A_combo_files", "set_B"] {
        let of: Vec<bool> =
            held.iter().zip(&answers).filter(|(c, _)| c.set == set).map(|(c, a)| cases::same(c, a)).collect();
        let right = of.iter().filter(|right| **right).count();
        report.shown(set, &format!("{right} of {} right", of.len()));
    }
    let covered = |answer: &Value| matches!(answer["decision"].as_str(), Some("act" | "answer"));
    report.measured("intent_left_percent", share(&|_, a| !covered(a)), "% neither acted nor answered");
    report.measured("intent_missed_percent", share(&|c, a| !cases::same(c, a)), "% intent or slots not right");
    let acted = |a: &Value| a["decision"] == "act";
    report.measured("intent_harm_percent", share(&|c, a| acted(a) && !cases::same(c, a)), "% wrong actions");
}

/// Sentences about things of a home of so many, each entity with a name of its own.
fn large(binaries: &Path, entities: usize) -> Spread {
    let (colors, kinds) = (["Amber", "Birch", "Cedar", "Dahlia", "Elder", "Fern"], ["light", "fan", "switch", "cover"]);
    let entity = |number: usize| {
        let (color, kind) = (colors[number % 6], kinds[number % 4]);
        json!({"id": format!("{kind}.e{number}"), "name": format!("{color} {kind} {number}"),
            "area": format!("Room {}", number / 10), "state": "off"})
    };
    let home = json!({"entities": (0..entities).map(entity).collect::<Vec<_>>()});
    let folder = std::env::temp_dir().join(format!("hearth-figures-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder");
    let file = folder.join("home.json");
    std::fs::write(&file, home.to_string()).expect("written");
    let cases: Vec<Value> = (0..400)
        .map(|number| {
            let (color, kind) = (colors[number % entities % 6], kinds[number % entities % 4]);
            let sentence = match number % 4 {
                0 => format!("turn on the {color} {kind} {}", number % entities),
                1 => format!("every light off in room {}, would you", number % entities / 10),
                2 => format!("is the {color} {kind} {} on", number % entities),
                _ => format!("trun the {color} {kind} {} off please", number % entities),
            };
            json!({"home": file, "sentence": sentence})
        })
        .collect();
    let mut took = Spread::default();
    for answer in batch(binaries, &cases).iter().skip(40) {
        took.push(answer["microseconds"].as_f64().unwrap_or_else(|| panic!("no time in {answer}")));
    }
    let _ = std::fs::remove_dir_all(folder);
    took
}

fn batch(binaries: &Path, cases: &[Value]) -> Vec<Value> {
    let mut say = Command::new(binaries.join("hearth"));
    let say = say.args(["say", "--batch", "-"]).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut say = say.spawn().expect("started");
    let lines: Vec<String> = cases.iter().map(ToString::to_string).collect();
    let mut input = say.stdin.take().expect("a pipe");
    let writer = std::thread::spawn(move || input.write_all(lines.join("\n").as_bytes()));
    let said = say.wait_with_output().expect("ran");
    writer.join().expect("no panic").expect("written");
    let answers = String::from_utf8_lossy(&said.stdout);
    let answers: Vec<Value> = answers.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    assert_eq!(answers.len(), cases.len());
    answers
}
