//! What happened: structured logs with trace ids, a ring of the last events, news for systemd.
//!
//! One line an event, JSON or readable text. Every line passes a redaction function before it
//! leaves; files are bounded by bytes, and a disk that refuses a log line never stops the program.
//! This module names none of those whose events it carries.

#![forbid(unsafe_code)]

mod event;
mod layer;
mod notify;
mod ring;
mod sink;

use std::borrow::Cow;
use std::path::PathBuf;

pub use notify::Notify;
pub use ring::Ring;

use layer::HearthLayer;
use sink::Sink;
use tracing::Level;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::registry::Registry;

/// How a line looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// JSON lines.
    Json,
    /// For a person.
    Text,
}

/// Where logs go and what is left out.
#[derive(Debug)]
pub struct Options {
    /// Events below this are not made.
    pub level: Level,
    /// How a line looks.
    pub format: Format,
    /// The file; standard error where there is none.
    pub file: Option<PathBuf>,
    /// Bytes of the file and its predecessor together.
    pub max_bytes: u64,
    /// Takes secrets out of a line.
    pub redact: fn(&str) -> Cow<'_, str>,
}

/// Installs the log of this process; the ring of its last events.
///
/// # Errors
/// Where a log was installed already.
pub fn init(options: Options) -> Result<Ring, tracing::subscriber::SetGlobalDefaultError> {
    let ring = Ring::default();
    let sink = Sink::open(options.file, options.max_bytes);
    let layer = HearthLayer::new(options.level, options.format, options.redact, sink, ring.clone());
    tracing::subscriber::set_global_default(Registry::default().with(layer))?;
    Ok(ring)
}
