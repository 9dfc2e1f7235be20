//! A checked board: every reference resolved, every line once.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::BoardFault;
use super::raw::{Line, NodePath, Raw, Reading};
use super::set::Chain;

/// How the embedder fits into the board's memory.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Embedder {
    /// All of it in memory while it is used.
    #[default]
    Full,
    /// The encoder in memory, the table of word pieces left in the file: for boards of 64 MB.
    Mapped,
    /// It does not fit: memory is searched by words alone.
    Off,
}

/// What a line carries.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// On or off.
    #[default]
    Digital,
    /// 0 to 100 percent.
    Pwm,
    /// A number with a unit.
    Reading,
}

/// What a line may be used for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Direction {
    /// As the home decides.
    #[default]
    Either,
    /// Driven.
    Output,
    /// Read.
    Input,
}

/// Which chip a line is on.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct ChipRef {
    /// The label that the kernel gives it.
    pub label: String,
    /// How many lines it has.
    pub lines: u32,
    /// Whether Hearth plays it.
    pub simulated: bool,
}

/// Where a line is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum At {
    /// Its number on its chip.
    Offset(u32),
    /// Its name in the kernel.
    KernelName(String),
}

/// A line with all that is needed to ask for it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct LineSpec {
    /// The name that homes use.
    pub name: String,
    /// Its chip.
    pub chip: ChipRef,
    /// Where on it.
    pub at: At,
    /// What it carries.
    pub kind: Kind,
    /// What it may be used for.
    pub direction: Direction,
    /// Whether on is the low level.
    pub active_low: bool,
    /// The unit of a reading.
    pub unit: Option<String>,
    /// The first value of a simulated reading.
    pub initial: Option<f64>,
}

/// A PWM channel.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pwm {
    /// The PWM chip's folder.
    pub path: PathBuf,
    /// The channel on it.
    pub channel: u32,
}

/// A reading of a device on an I2C bus: a 16-bit register, sent high byte first, signed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct I2cReading {
    /// The bus's node.
    pub bus: PathBuf,
    /// The device's address, 7 bits.
    pub address: u16,
    /// The register.
    pub register: u8,
}

/// The hardware watchdog.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Watchdog {
    /// Its node.
    pub path: PathBuf,
    /// The longest time that it can count, in seconds.
    pub timeout_s: u64,
}

/// A checked board.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Board {
    /// Its name: the file's.
    pub name: String,
    /// What it is, for people.
    pub description: String,
    /// Words of the device tree that mean it.
    pub compatible: Vec<String>,
    /// How the embedder fits.
    pub embedder: Embedder,
    /// Megabytes for all processes together.
    pub budget_mb: u64,
    /// The hardware watchdog, if it has one.
    pub watchdog: Option<Watchdog>,
    /// Its chips by their names in the file.
    pub chips: BTreeMap<String, ChipRef>,
    /// Its lines by name.
    pub lines: BTreeMap<String, LineSpec>,
    /// PWM channels by name.
    pub pwm: BTreeMap<String, Pwm>,
    /// I2C buses by name.
    pub i2c: BTreeMap<String, PathBuf>,
    /// Readings over I2C by the names that homes use.
    pub readings: BTreeMap<String, I2cReading>,
    /// SPI devices by name.
    pub spi: BTreeMap<String, PathBuf>,
    /// Serial ports by name.
    pub uarts: BTreeMap<String, PathBuf>,
    /// LEDs by name.
    pub leds: BTreeMap<String, PathBuf>,
}

impl Board {
    /// The line of this name.
    #[must_use]
    pub fn line(&self, name: &str) -> Option<LineSpec> {
        self.lines.get(name).cloned()
    }

    /// The line name nearest to a mistyped one.
    #[must_use]
    pub fn nearest_line(&self, name: &str) -> Option<String> {
        crate::base::doc::nearest(name, self.lines.keys().map(String::as_str))
    }

    pub(super) fn check(name: &str, raw: Raw, chain: &Chain<'_>) -> Result<Self, Vec<BoardFault>> {
        let mut faults = Vec::new();
        if raw.memory.budget_mb == 0 {
            faults.push(chain.fault("memory.budget_mb", "missing, also in the boards it inherits"));
        }
        let chips: BTreeMap<String, ChipRef> = raw
            .chips
            .into_iter()
            .map(|(key, chip)| (key, ChipRef { label: chip.label, lines: chip.lines, simulated: chip.simulated }))
            .collect();
        let mut lines = BTreeMap::new();
        for (key, line) in raw.lines {
            match spec(&key, line, &chips, &lines, chain) {
                Ok(spec) => drop(lines.insert(key, spec)),
                Err(fault) => faults.push(*fault),
            }
        }
        let mut readings = BTreeMap::new();
        for (key, reading) in raw.readings {
            match on_bus(&key, &reading, &raw.i2c, &lines, &raw.pwm, chain) {
                Ok(reading) => drop(readings.insert(key, reading)),
                Err(fault) => faults.push(*fault),
            }
        }
        if !faults.is_empty() {
            return Err(faults);
        }
        let paths = |nodes: BTreeMap<String, NodePath>| nodes.into_iter().map(|(key, node)| (key, node.path)).collect();
        Ok(Self {
            name: name.to_owned(),
            description: raw.description,
            compatible: raw.compatible,
            embedder: raw.embedder,
            budget_mb: raw.memory.budget_mb,
            watchdog: raw.watchdog,
            chips,
            lines,
            pwm: raw.pwm,
            i2c: paths(raw.i2c),
            readings,
            spi: paths(raw.spi),
            uarts: paths(raw.uarts),
            leds: paths(raw.leds),
        })
    }
}

fn on_bus(
    name: &str,
    reading: &Reading,
    buses: &BTreeMap<String, NodePath>,
    lines: &BTreeMap<String, LineSpec>,
    pwm: &BTreeMap<String, Pwm>,
    chain: &Chain<'_>,
) -> Result<I2cReading, Box<BoardFault>> {
    if lines.contains_key(name) || pwm.contains_key(name) {
        return Err(Box::new(chain.fault(&format!("readings.{name}"), "a line or PWM channel has this name already")));
    }
    let Some(bus) = buses.get(&reading.i2c) else {
        let problem = format!("no I2C bus «{}» on this board", reading.i2c);
        let fault = chain.fault(&format!("readings.{name}.i2c"), problem);
        return Err(Box::new(fault.suggest(&reading.i2c, buses.keys().map(String::as_str))));
    };
    Ok(I2cReading { bus: bus.path.clone(), address: reading.address, register: reading.register })
}

fn spec(
    name: &str,
    line: Line,
    chips: &BTreeMap<String, ChipRef>,
    taken: &BTreeMap<String, LineSpec>,
    chain: &Chain<'_>,
) -> Result<LineSpec, Box<BoardFault>> {
    let key = |field: &str| format!("lines.{name}.{field}");
    let Some(chip) = chips.get(&line.chip) else {
        let fault = chain.fault(&key("chip"), format!("no chip «{}» on this board", line.chip));
        return Err(Box::new(fault.suggest(&line.chip, chips.keys().map(String::as_str))));
    };
    let at = match (line.offset, line.kernel_name) {
        (Some(offset), None) if offset < chip.lines => At::Offset(offset),
        (Some(offset), None) => {
            let problem = format!("{offset} is beyond the chip's {} lines", chip.lines);
            return Err(Box::new(chain.fault(&key("offset"), problem)));
        }
        (None, Some(kernel)) => At::KernelName(kernel),
        _ => {
            let problem = "needs either offset or kernel_name, not both";
            return Err(Box::new(chain.fault(&format!("lines.{name}"), problem)));
        }
    };
    if line.kind != Kind::Digital && !chip.simulated {
        return Err(Box::new(
            chain.fault(&key("kind"), "a GPIO chip carries digital lines only; PWM channels stand in [pwm]"),
        ));
    }
    if let Some(other) = taken.values().find(|other| other.at == at && other.chip == *chip) {
        // Two names for one pin would let two devices of a home fight over it unseen.
        return Err(Box::new(chain.fault(&format!("lines.{name}"), format!("the same line as «{}»", other.name))));
    }
    Ok(LineSpec {
        name: name.to_owned(),
        chip: chip.clone(),
        at,
        kind: line.kind,
        direction: line.direction,
        active_low: line.active_low,
        unit: line.unit,
        initial: line.initial,
    })
}
