//! Opens the lines of the board: GPIO, PWM, readings over I2C, and the simulated bank.
//!
//! The brain asks here for an open line by what the board file says of it; what comes back is one
//! descriptor and a grant, ready to cross to the `lines` hand. Reading and driving happens there,
//! through [`value`]. Only line descriptors leave this module, never a whole chip.

mod edges;
mod linux;
pub mod sim;
pub mod value;

use std::io;
use std::os::fd::OwnedFd;
use std::path::PathBuf;
use std::time::Duration;

use crate::board::{At, Board, I2cReading, Kind, LineSpec, Pwm};
use crate::wire::hand::{LineGrant, LineKind};

pub use edges::{Edges, Listening};
use linux::gpio::{self, Place};
use linux::{i2c, sysfs};

/// Which way a line is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// Read only.
    In,
    /// Driven.
    Out,
}

/// Why a line could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum HalFault {
    /// A device node or attribute cannot be opened.
    #[error("{path}: {error}")]
    Open {
        /// The path.
        path: PathBuf,
        /// The system's answer.
        error: io::Error,
    },
    /// No chip has this label.
    #[error("no GPIO chip is labelled «{label}»; this machine has: {seen}")]
    NoChip {
        /// The label in the board file.
        label: String,
        /// The labels that were found.
        seen: String,
    },
    /// The chip has no line of this name.
    #[error("GPIO chip «{chip}» has no line named «{line}»")]
    NoLine {
        /// The chip's label.
        chip: String,
        /// The line's name.
        line: String,
    },
    /// The kernel does not give the line away.
    #[error("line {offset} of GPIO chip «{chip}»: {error}")]
    Request {
        /// The chip's label.
        chip: String,
        /// The line's number.
        offset: u32,
        /// The kernel's answer.
        error: io::Error,
    },
    /// The kernel does not give the device's address away: a driver of its own may hold it.
    #[error("{bus}: address {address:#04x}: {error}")]
    Address {
        /// The bus.
        bus: PathBuf,
        /// The device's address.
        address: u16,
        /// The kernel's answer.
        error: io::Error,
    },
    /// The board file asks for something that this kind of chip does not have.
    #[error("line «{line}»: a GPIO chip carries on and off only; a PWM channel stands in the board's [pwm]")]
    NotDigital {
        /// The line's name.
        line: String,
    },
}

/// What a name of a board stands for.
#[derive(Clone, Debug)]
pub enum Wire {
    /// A line of a chip, real or simulated.
    Line(LineSpec),
    /// A PWM channel.
    Pwm(Pwm),
    /// A reading of a device on an I2C bus.
    I2c(I2cReading),
}

impl Wire {
    /// What the board calls `name`.
    #[must_use]
    pub fn named(board: &Board, name: &str) -> Option<Self> {
        let pwm = || board.pwm.get(name).cloned().map(Self::Pwm);
        let reading = || board.readings.get(name).cloned().map(Self::I2c);
        board.line(name).map(Self::Line).or_else(pwm).or_else(reading)
    }

    /// What it carries.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        match self {
            Self::Line(line) => line.kind,
            Self::Pwm(_) => Kind::Pwm,
            Self::I2c(_) => Kind::Reading,
        }
    }
}

/// Where hardware is found; the roots are parameters so that tests have fakes.
#[derive(Clone, Debug)]
pub struct Places {
    /// `/dev`, with the GPIO chips.
    pub dev: PathBuf,
    /// The folder of the simulated bank.
    pub bank: PathBuf,
}

/// An open line: what crosses to the `lines` hand.
#[derive(Debug)]
pub struct OpenLine {
    /// The line's one descriptor.
    pub descriptor: OwnedFd,
    /// What it is and whether it may be driven.
    pub grant: LineGrant,
    /// Its changes, where they were asked for.
    pub edges: Option<Edges>,
}

/// Period of a PWM channel: 1 kHz, above what eyes see flicker.
const PWM_PERIOD_NS: u64 = 1_000_000;

/// Opens a wire of the board. With `settle`, a digital input also tells its changes, each once it has
/// lasted so long.
///
/// # Errors
/// See [`HalFault`].
pub fn open(
    places: &Places,
    wire: &Wire,
    direction: Direction,
    settle: Option<Duration>,
) -> Result<OpenLine, HalFault> {
    let writable = direction == Direction::Out;
    let grant = LineGrant { kind: LineKind::Digital, period_ns: 0, writable, active_low: false, register: 0 };
    match wire {
        Wire::Pwm(pwm) => {
            let descriptor = sysfs::open_pwm(&pwm.path, pwm.channel, PWM_PERIOD_NS)?;
            let grant = LineGrant { kind: LineKind::Pwm, period_ns: PWM_PERIOD_NS, ..grant };
            Ok(OpenLine { descriptor, grant, edges: None })
        }
        Wire::I2c(reading) => {
            let descriptor = i2c::open(&reading.bus, reading.address)?;
            let grant = LineGrant { kind: LineKind::I2cWord, writable: false, register: reading.register, ..grant };
            Ok(OpenLine { descriptor, grant, edges: None })
        }
        Wire::Line(line) if line.chip.simulated => {
            let pull = line.initial.unwrap_or(if line.active_low { 1.0 } else { 0.0 });
            let descriptor = sim::open(&places.bank, &line.chip.label, &line.name, pull)?;
            let period_ns = if line.kind == Kind::Pwm { PWM_PERIOD_NS } else { 0 };
            let grant = LineGrant { kind: LineKind::Simulated, period_ns, active_low: line.active_low, ..grant };
            let path = sim::path(&places.bank, &line.chip.label, &line.name);
            let settle = settle.filter(|_| line.kind == Kind::Digital);
            let edges = settle.map(|settle| Edges::bank(path.clone(), &descriptor, settle, line.active_low));
            let edges = edges.transpose().map_err(|error| HalFault::Open { path, error })?;
            Ok(OpenLine { descriptor, grant, edges })
        }
        Wire::Line(line) if line.kind == Kind::Digital => {
            let place = match &line.at {
                At::Offset(offset) => Place::Offset(*offset),
                At::KernelName(name) => Place::Named(name),
            };
            let descriptor = gpio::request(&places.dev, &line.chip.label, place, direction, settle)?;
            let edges = settle.map(|_| Edges::kernel(&descriptor, line.active_low)).transpose();
            let edges = edges.map_err(|error| HalFault::Open { path: places.dev.clone(), error })?;
            Ok(OpenLine { descriptor, grant: LineGrant { active_low: line.active_low, ..grant }, edges })
        }
        Wire::Line(line) => Err(HalFault::NotDigital { line: line.name.clone() }),
    }
}
