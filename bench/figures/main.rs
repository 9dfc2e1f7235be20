//! The figures of `bench/budget.toml`, measured on built binaries from outside.
//!
//! `bench/run` builds the binaries and calls this with their folder. Times are those of whole turns
//! and calls as the processes themselves and the clock outside see them; bytes are the kernel's.

// A program that measures may end with a panic that says what was not there.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod agent;
mod broker;
mod budget;
mod embed;
mod net;
mod outside;
mod stats;
mod store;
mod tty;
mod understanding;

use std::path::Path;
use std::process::ExitCode;

use agent::Agent;
use budget::Report;
use stats::Spread;

/// By then the last group is committed (within half a second, `limits::GROUP_COMMIT`).
const COMMITTED: std::time::Duration = std::time::Duration::from_millis(800);
/// Turns measured; an odd number of warm-up turns goes before.
const TURNS: usize = 500;
/// Turns measured one by one, each with its own commit: how a home speaks.
const PACED: usize = 20;
/// Starts measured.
const STARTS: usize = 15;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    if let [word, folder] = arguments.as_slice()
        && word == net::BUYER
    {
        net::buyer(Path::new(folder));
        return ExitCode::SUCCESS;
    }
    let (binaries, profile, only) = match arguments.as_slice() {
        [binaries, profile] => (binaries, profile, ""),
        [binaries, profile, only] => (binaries, profile, only.as_str()),
        _ => {
            eprintln!("usage: figures FOLDER PROFILE [outside | net | embed | understanding] (see bench/run)");
            return ExitCode::from(2);
        }
    };
    let binaries = Path::new(binaries).canonicalize().expect("the folder of the binaries");
    let mut report = Report::new(profile);
    if only == "outside" {
        outside::measure(&mut report, &binaries);
        return report.finish();
    }
    if only == "net" {
        net::measure(&mut report, &binaries);
        return report.finish();
    }
    if only == "understanding" {
        understanding::measure(&mut report, &binaries);
        return report.finish();
    }
    if only == "embed" {
        embed::measure(&mut report, &binaries);
        return report.finish();
    }
    if profile == "dist" {
        sizes(&mut report, &binaries);
    }
    starts(&mut report, &binaries);
    turns(&mut report, &binaries);
    understanding::measure(&mut report, &binaries);
    keeper(&mut report, &binaries);
    leaks(&mut report);
    net::measure(&mut report, &binaries);
    outside::measure(&mut report, &binaries);
    embed::measure(&mut report, &binaries);
    store::store(&mut report);
    report.finish()
}

fn sizes(report: &mut Report, binaries: &Path) {
    let sizes = [("agent_bytes", "hearth"), ("agent_aim_bytes", "hearth"), ("keeper_bytes", "hearth-keeper")];
    for (key, name) in sizes {
        let size = std::fs::metadata(binaries.join(name)).expect("a binary").len();
        report.measured(key, stats::float(size), "bytes");
    }
}

fn starts(report: &mut Report, binaries: &Path) {
    let mut ready = Spread::default();
    for _ in 0..STARTS {
        let agent = Agent::start(binaries);
        ready.push(agent.ready_ms);
        agent.stop();
    }
    report.measured("ready_ms", ready.median(), "ms, median");
    report.shown("exec → ready", &ready.line("ms"));
}

fn turns(report: &mut Report, binaries: &Path) {
    let mut agent = Agent::start(binaries);
    for number in 0..51 {
        agent.say(sentence(number));
    }
    std::thread::sleep(COMMITTED);
    let before = agent.written();
    for number in 1..=PACED {
        agent.say(sentence(number));
        std::thread::sleep(COMMITTED);
    }
    let paced = (agent.written() - before) / stats::float(PACED as u64);
    report.measured("turn_bytes", paced, "bytes a turn, each committed alone");

    let before = agent.written();
    let mut whole = Spread::default();
    let mut inside = Spread::default();
    for number in 0..TURNS {
        let began = std::time::Instant::now();
        let answer = agent.say(sentence(number));
        whole.push(began.elapsed().as_secs_f64() * 1e3);
        inside.push(answer["detail"]["micros"].as_f64().expect("micros") / 1e3);
        assert_eq!(answer["detail"]["outcomes"][0]["outcome"], "done", "{answer}");
    }
    std::thread::sleep(COMMITTED);
    let grouped = (agent.written() - before) / stats::float(TURNS as u64);
    report.shown("written a turn, in a burst", &format!("{grouped:.0} bytes"));
    report.measured("turn_p99_ms", whole.percentile(99.0), "ms, p99, over the admin socket");
    report.shown("turn, outside", &whole.line("ms"));
    report.shown("turn, inside", &inside.line("ms"));

    let mut cold = Spread::default();
    let mut spawn = Spread::default();
    // In turn, so that a change of the machine's speed meets both.
    for _ in 0..200 {
        agent.tool("calculate", &serde_json::json!({"expression": "6*7"}));
        let began = std::time::Instant::now();
        std::process::Command::new("/bin/true").status().expect("spawned");
        spawn.push(began.elapsed().as_secs_f64() * 1e6);
    }
    for _ in 0..200 {
        agent.tool("line_get", &serde_json::json!({"line": "kitchen_lamp"}));
    }
    let mut warm = Spread::default();
    for (tool, took) in agent.calls(400) {
        if tool == "calculate" { cold.push(took) } else { warm.push(took) }
    }
    report.measured("warm_hand_us", warm.median(), "µs, median");
    report.measured("cold_hand_per_spawn", cold.median() / spawn.median(), "× a plain spawn, medians");
    report.shown("hand call, warm", &warm.line("µs"));
    report.shown("hand call, cold", &cold.line("µs"));
    report.shown("plain spawn of /bin/true", &spawn.line("µs"));

    std::thread::sleep(std::time::Duration::from_secs(1));
    let processes = agent.memory();
    report.measured("idle_pss_kib", processes.iter().map(|(_, pss)| pss).sum(), "KiB, all processes");
    for (name, pss) in processes {
        report.shown(&format!("PSS {name}"), &format!("{pss:.0} KiB"));
    }
    agent.stop();
}

fn sentence(number: usize) -> &'static str {
    if number.is_multiple_of(2) { "turn on the kitchen lamp" } else { "turn off the kitchen lamp" }
}

/// The scan for what looks like a secret, over 1 MB of what a home says; built with this program.
fn leaks(report: &mut Report) {
    let line =
        "The lamp in the kitchen is on, level 40; hub at 192.168.1.20, id 0192f0c1-2d3e-7abc-8def-0123456789ab.\n";
    let text = line.repeat(1_000_000 / line.len());
    let mut took = Spread::default();
    for _ in 0..9 {
        let began = std::time::Instant::now();
        let mut stream = hearth::guard::leak::Stream::new(hearth::guard::leak::Policy::Secrets);
        let clean = stream.push(&text) + &stream.finish();
        took.push(began.elapsed().as_secs_f64() * 1e3);
        assert_eq!(clean, text);
    }
    report.measured("leak_scan_ms", took.median(), "ms for 1 MB, median");
}

fn keeper(report: &mut Report, binaries: &Path) {
    report.measured("keeper_pss_kib", agent::keeper_pss(binaries), "KiB");
}
