//! The shape of a board file: each key with its range and doc, and the raw form they are read into.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use crate::base::shape::{Default, Field, Shape};

const fn absent(key: &'static str, shape: Shape, doc: &'static str) -> Field {
    Field { key, shape, default: Default::Absent, doc }
}

const fn required(key: &'static str, shape: Shape, doc: &'static str) -> Field {
    Field { key, shape, default: Default::Required, doc }
}

const TEXT: Shape = Shape::Text { max: 200 };
const DEVICE: Shape = Shape::Checked { is: "a path below /dev or /sys", check: is_device };
const OFFSET: Shape = Shape::Integer { min: 0, max: 1023 };

const CHIP: &[Field] = &[
    required("label", TEXT, "The chip's label, as `gpiodetect` shows it in brackets."),
    required("lines", Shape::Integer { min: 1, max: 1024 }, "How many lines it has."),
    absent("simulated", Shape::Bool, "Whether Hearth plays this chip itself."),
];

const LINE: &[Field] = &[
    required("chip", Shape::Name, "The chip, by its name in this file."),
    absent("offset", OFFSET, "The line's number on its chip."),
    absent("kernel_name", TEXT, "The line's name in the kernel (`gpioinfo`), instead of offset."),
    absent("kind", Shape::OneOf(&["digital", "pwm", "reading"]), "digital (default); pwm or reading if simulated."),
    absent("direction", Shape::OneOf(&["either", "output", "input"]), "What it may be used for; default either."),
    absent("active_low", Shape::Bool, "Whether on is the low level."),
    absent("unit", TEXT, "The unit of a reading."),
    absent("initial", Shape::Number, "The first value of a simulated reading."),
];

const PWM: &[Field] = &[
    required("path", DEVICE, "The PWM chip's folder."),
    required("channel", Shape::Integer { min: 0, max: 63 }, "The channel on it."),
];

const READING: &[Field] = &[
    required("i2c", Shape::Name, "The bus, by its name in this file."),
    required("address", Shape::Integer { min: 3, max: 0x77 }, "The device's address on it, 7 bits."),
    required("register", Shape::Integer { min: 0, max: 255 }, "The 16-bit register, sent high byte first, signed."),
];

const NODE: &[Field] = &[required("path", DEVICE, "The device node.")];

const WATCHDOG: &[Field] = &[
    required("path", DEVICE, "The watchdog's node."),
    required("timeout_s", Shape::Integer { min: 2, max: 3600 }, "The longest time it can count, in seconds."),
];

const MEMORY: &[Field] = &[required(
    "budget_mb",
    Shape::Integer { min: 8, max: 65_536 },
    "Megabytes that all processes of Hearth together may take.",
)];

const TABLE_OF_NODES: Shape = Shape::Map { of: &Shape::Table(NODE), max: 32 };

/// Every key of a board file.
pub(super) const BOARD: &[Field] = &[
    absent("description", TEXT, "What board this is, for people."),
    absent("inherit", Shape::Name, "The board whose chips, lines and nodes this one begins with."),
    absent("compatible", Shape::List { of: &TEXT, max: 32 }, "Words of /proc/device-tree/compatible that mean it."),
    absent("default", Shape::Bool, "Whether it is taken on a machine without a device tree."),
    absent("fallback_for", Shape::OneOf(&["aarch64", "arm", "riscv64", "x86_64"]), "Taken for an unknown board of it."),
    absent("embedder", Shape::OneOf(&["full", "mapped", "off"]), "How the embedder fits; default full."),
    absent("memory", Shape::Table(MEMORY), "Memory."),
    absent("watchdog", Shape::Table(WATCHDOG), "The hardware watchdog."),
    absent("chips", Shape::Map { of: &Shape::Table(CHIP), max: 16 }, "GPIO chips."),
    absent("lines", Shape::Map { of: &Shape::Table(LINE), max: 512 }, "Lines with the names that homes use."),
    absent("pwm", Shape::Map { of: &Shape::Table(PWM), max: 32 }, "PWM channels."),
    absent("i2c", TABLE_OF_NODES, "I2C buses."),
    absent("readings", Shape::Map { of: &Shape::Table(READING), max: 64 }, "Readings of devices on I2C buses."),
    absent("spi", TABLE_OF_NODES, "SPI devices."),
    absent("uarts", TABLE_OF_NODES, "Serial ports."),
    absent("leds", TABLE_OF_NODES, "LEDs, as folders below /sys/class/leds."),
];

fn is_device(text: &str) -> bool {
    let below = text.starts_with("/dev/") || text.starts_with("/sys/");
    below && text.len() < 256 && !text.split('/').any(|step| step == "..") && !text.chars().any(char::is_control)
}

/// The JSON Schema of a board file.
#[must_use]
pub fn schema() -> Value {
    let mut schema = Shape::Table(BOARD).schema();
    if let Value::Object(map) = &mut schema {
        map.insert("$schema".to_owned(), "https://json-schema.org/draft/2020-12/schema".into());
        map.insert("title".to_owned(), "A Hearth board".into());
    }
    schema
}

/// A board as its files say, after inheritance, its shape checked.
#[derive(Clone, Debug, std::default::Default, Deserialize)]
#[serde(default)]
pub(super) struct Raw {
    pub(super) description: String,
    pub(super) compatible: Vec<String>,
    pub(super) default: bool,
    pub(super) fallback_for: Option<String>,
    pub(super) embedder: super::Embedder,
    pub(super) memory: Memory,
    pub(super) watchdog: Option<super::Watchdog>,
    pub(super) chips: BTreeMap<String, Chip>,
    pub(super) lines: BTreeMap<String, Line>,
    pub(super) pwm: BTreeMap<String, super::Pwm>,
    pub(super) i2c: BTreeMap<String, NodePath>,
    pub(super) readings: BTreeMap<String, Reading>,
    pub(super) spi: BTreeMap<String, NodePath>,
    pub(super) uarts: BTreeMap<String, NodePath>,
    pub(super) leds: BTreeMap<String, NodePath>,
}

#[derive(Clone, Debug, std::default::Default, Deserialize)]
pub(super) struct Memory {
    pub(super) budget_mb: u64,
}

#[derive(Clone, Debug, Deserialize)]
pub(super) struct Chip {
    pub(super) label: String,
    pub(super) lines: u32,
    #[serde(default)]
    pub(super) simulated: bool,
}

#[derive(Clone, Debug, Deserialize)]
pub(super) struct Line {
    pub(super) chip: String,
    pub(super) offset: Option<u32>,
    pub(super) kernel_name: Option<String>,
    #[serde(default)]
    pub(super) kind: super::Kind,
    #[serde(default)]
    pub(super) direction: super::Direction,
    #[serde(default)]
    pub(super) active_low: bool,
    pub(super) unit: Option<String>,
    pub(super) initial: Option<f64>,
}

#[derive(Clone, Debug, Deserialize)]
pub(super) struct Reading {
    pub(super) i2c: String,
    pub(super) address: u16,
    pub(super) register: u8,
}

#[derive(Clone, Debug, Deserialize)]
pub(super) struct NodePath {
    pub(super) path: std::path::PathBuf,
}
