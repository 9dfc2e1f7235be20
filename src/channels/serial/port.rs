//! Opens the tty, and opens it again when it comes back.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use tokio::sync::mpsc;
use tokio_serial::{DataBits, FlowControl, Parity, SerialPortBuilderExt as _, SerialStream, StopBits};

use super::talk::Talk;
use crate::base::IdSource;
use crate::base::limits::SERIAL_AGAIN;
use crate::bus::{Bus, News, Notice};

/// Who speaks on the line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// People and machines.
    Both,
    /// People only.
    Text,
    /// Machines only.
    Frames,
}

/// What the line is set to.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The device node.
    pub path: PathBuf,
    /// Its speed.
    pub baud: u32,
    /// Who speaks on it.
    pub mode: Mode,
    /// The PIN's hash, for a line that has one.
    pub pin_hash: Option<String>,
}

/// What the channel works with.
pub struct Parts {
    /// Where messages go.
    pub bus: Bus,
    /// Trace ids.
    pub ids: Arc<IdSource>,
    /// Changes of the home.
    pub news: News,
    /// What people are told unasked.
    pub notices: mpsc::Receiver<Notice>,
}

/// Opens a tty: eight bits, no parity, one stop bit, no flow control.
///
/// # Errors
/// The system's.
pub fn open(path: &Path, baud: u32) -> std::io::Result<SerialStream> {
    let builder = tokio_serial::new(path.to_string_lossy(), baud)
        .data_bits(DataBits::Eight)
        .parity(Parity::None)
        .stop_bits(StopBits::One)
        .flow_control(FlowControl::None);
    builder.open_native_async().map_err(std::io::Error::from)
}

/// Talks on the line until it is dropped; an adapter that is unplugged is waited for.
pub async fn run(settings: Settings, parts: Parts) {
    let path = settings.path.display().to_string();
    let mut told = String::new();
    let mut talk = Talk::new(settings.clone(), parts);
    loop {
        let why = match open(&settings.path, settings.baud) {
            Ok(stream) => {
                tracing::info!(path, baud = settings.baud, "the serial line is open");
                told.clear();
                format!("the serial line is gone: {}", talk.on(stream).await)
            }
            Err(error) => format!("the serial line cannot be opened: {error}"),
        };
        // Said once, however long it takes until it is plugged in again.
        if why != told {
            tracing::warn!(path, "{why}");
            told = why;
        }
        tokio::time::sleep(SERIAL_AGAIN).await;
    }
}
