//! How fast a memory of a given size answers, what it costs to fill, and what it takes of the board.
//!
//! Rows are sentences made of parts. The first are embedded for real, which gives the cost of an import;
//! vectors of the others are those with a little added, so that the scan has as much to do.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::{Scratch, round};
use crate::base::{Fault, limits};
use crate::embed::{DIMENSIONS, Embedder, Priority};
use crate::memory::{Lists, Question};
use crate::store::memory::near::Packed;
use crate::store::memory::{Filter, NewMemory};

/// Texts that are embedded for real.
const REAL: usize = 256;
/// Searches that are timed.
const SEARCHES: usize = 100;

const WHO: [&str; 8] = ["Anna", "Jan", "Marek", "Oskar", "Priya", "Len", "Ines", "Paul"];
const DID: [&str; 8] = ["repaired", "bought", "lost", "painted", "lent out", "cleaned", "looked for", "broke"];
const WHAT: [&str; 16] = [
    "the boiler",
    "a bicycle",
    "the garden fence",
    "the blue ladder",
    "a torque wrench",
    "the kitchen lamp",
    "a tent",
    "the washing machine",
    "a sewing machine",
    "the piano",
    "the roof tiles",
    "a pair of boots",
    "the old radio",
    "the rain barrel",
    "a telescope",
    "the front door",
];
const WHERE: [&str; 8] = [
    "in the cellar",
    "at the neighbour's",
    "behind the shed",
    "in town",
    "on the balcony",
    "at the lake",
    "in the barn",
    "on the way home",
];

/// Numbers that are the same at every run.
struct Dice(u64);

impl Dice {
    /// SplitMix64.
    fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn of<'a>(&mut self, list: &[&'a str]) -> &'a str {
        let place = usize::try_from(self.roll() % list.len() as u64).unwrap_or(0);
        list[place]
    }

    /// From -1 to 1.
    fn small(&mut self) -> f32 {
        let step = i16::try_from(self.roll() % 2001).unwrap_or(0) - 1000;
        f32::from(step) / 1000.0
    }

    fn text(&mut self) -> String {
        let (who, did, what, place) = (self.of(&WHO), self.of(&DID), self.of(&WHAT), self.of(&WHERE));
        let (other, euros) = (self.of(&WHAT), self.roll() % 900);
        format!("{who} {did} {what} {place}; it had stood beside {other} and cost {euros} euros.")
    }
}

pub(super) async fn measure(items: usize, embedder: &Embedder, held: usize) -> Result<Value, Fault> {
    let scratch = Scratch::open(embedder, held)?;
    let mut dice = Dice(1);
    let texts: Vec<String> = (0..items).map(|_| dice.text()).collect();
    let began = Instant::now();
    let places = keep(&scratch, &texts).await?;
    let stored = began.elapsed();
    let mut told = json!({"items": items, "insert_us_per_item": round(micros(stored) / count(items))});
    if embedder.refuses().is_none() {
        vectors(&scratch, embedder, &texts, &places, &mut dice, &mut told).await?;
    }
    told["bytes_per_item"] = round(count(usize::try_from(scratch.bytes()).unwrap_or(0)) / count(items));
    searches(&scratch, embedder, &mut dice, &mut told).await?;
    told["brain_pss_kib"] = pss("self");
    Ok(told)
}

async fn keep(scratch: &Scratch, texts: &[String]) -> Result<Vec<i64>, Fault> {
    let mut places = Vec::with_capacity(texts.len());
    for (page, texts) in texts.chunks(limits::MEMORY_BATCH).enumerate() {
        let new = texts.iter().enumerate().map(|(number, text)| NewMemory {
            reference: Some(format!("{page}:{number}")),
            text: text.clone(),
            language: "en".to_owned(),
            ..NewMemory::default()
        });
        places.extend(scratch.store.keep_memories(new.collect()).await?.iter().map(|kept| kept.seq));
    }
    Ok(places)
}

async fn vectors(
    scratch: &Scratch,
    embedder: &Embedder,
    texts: &[String],
    places: &[i64],
    dice: &mut Dice,
    told: &mut Value,
) -> Result<(), Fault> {
    let began = Instant::now();
    let mut real = Vec::new();
    for texts in texts[..texts.len().min(REAL)].chunks(limits::FILL_PAGE) {
        let made = embedder.embed(texts.to_vec(), Priority::Import, limits::EMBED_WALL * 4).await?;
        real.extend(made.into_iter().filter_map(|noted| noted.vector));
    }
    if real.is_empty() {
        return Ok(());
    }
    told["embed_ms_per_item"] = round(millis(began.elapsed()) / count(real.len()));
    told["import_pss_kib"] = processes();
    for (page, places) in places.chunks(limits::MEMORY_BATCH).enumerate() {
        let near = |(number, seq): (usize, &i64)| {
            let of = &real[(page * limits::MEMORY_BATCH + number) % real.len()];
            let moved: Vec<f32> = of.iter().map(|value| value + dice.small() * 0.03).collect();
            (*seq, Packed::of(&moved))
        };
        scratch.store.note_vectors(places.iter().enumerate().map(near).collect(), true).await?;
    }
    Ok(())
}

async fn searches(scratch: &Scratch, embedder: &Embedder, dice: &mut Dice, told: &mut Value) -> Result<(), Fault> {
    let (mut whole, mut bare, mut words, mut scan) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for number in 0..=SEARCHES {
        let text = format!("Who {} {} {}?", dice.of(&DID), dice.of(&WHAT), dice.of(&WHERE));
        let question = Question { text, limit: 10, ..Question::default() };
        let vector: Vec<f32> = (0..DIMENSIONS).map(|_| dice.small()).collect();
        let timed = |began: Instant, into: &mut Vec<f64>| {
            // The first reads what lies on the disk.
            if number > 0 {
                into.push(millis(began.elapsed()));
            }
        };
        let began = Instant::now();
        scratch.memory.rank(&question, Lists::Words, None).await?;
        timed(began, &mut words);
        if embedder.refuses().is_some() {
            continue;
        }
        let Some(packed) = Packed::of(&vector) else { continue };
        let began = Instant::now();
        scratch.store.memory_near(packed.clone(), Filter::default(), 50).await?;
        timed(began, &mut scan);
        let began = Instant::now();
        scratch.memory.rank(&question, Lists::Both, Some(packed)).await?;
        timed(began, &mut bare);
        let began = Instant::now();
        scratch.memory.answer(&question, Lists::Both, limits::EMBED_WALL).await?;
        timed(began, &mut whole);
    }
    for (name, times) in [
        ("with_embedding_ms", &mut whole),
        ("without_embedding_ms", &mut bare),
        ("words_alone_ms", &mut words),
        ("scan_alone_ms", &mut scan),
    ] {
        times.sort_by(f64::total_cmp);
        if let (Some(half), Some(most)) = (times.get(times.len() / 2), times.get(times.len() * 99 / 100)) {
            told[name] = json!({"p50": round(*half), "p99": round(*most)});
        }
    }
    Ok(())
}

/// Proportional set size of a process, in KiB. Where only root may know it (hands are not dumpable), its resident set
/// size, which counts shared pages in full: `{"rss": …}`.
fn pss(process: &str) -> Value {
    let text = std::fs::read_to_string(format!("/proc/{process}/smaps_rollup")).unwrap_or_default();
    if let Some(kib) = kib(&text, "Pss:") {
        return json!(kib);
    }
    let text = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    json!({"rss": kib(&text, "VmRSS:")})
}

/// A line of proc_pid_status(5) or proc_pid_smaps(5), in KiB.
fn kib(text: &str, key: &str) -> Option<u64> {
    let line = text.lines().find_map(|line| line.strip_prefix(key))?;
    line.trim().trim_end_matches(" kB").parse().ok()
}

/// Every process of this one, by name.
fn processes() -> Value {
    let parent = |pid: &str| {
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        stat.rsplit_once(") ")?.1.split(' ').nth(1).map(str::to_owned)
    };
    let own = std::process::id().to_string();
    let mut told = json!({"brain": pss("self")});
    let mut hands = Vec::new();
    for pid in
        std::fs::read_dir("/proc").into_iter().flatten().flatten().filter_map(|e| e.file_name().into_string().ok())
    {
        let above = parent(&pid);
        if above.as_deref() == Some(own.as_str()) {
            told["spawner"] = pss(&pid);
        } else if above.and_then(|spawner| parent(&spawner)).is_some_and(|top| top == own) {
            hands.push(pss(&pid));
        }
    }
    told["hands"] = json!(hands);
    told
}

fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

fn micros(time: Duration) -> f64 {
    time.as_secs_f64() * 1e6
}

fn count(number: usize) -> f64 {
    #[allow(clippy::cast_precision_loss, reason = "small counts")]
    let number = number as f64;
    number
}
