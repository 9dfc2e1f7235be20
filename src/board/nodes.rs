//! Which of a board's nodes are really here.

use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use super::Board;

/// How a node was found.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// It is there and opens.
    Opens,
    /// It is there; it is not opened, since opening it acts.
    Present,
    /// Hearth plays it itself.
    Simulated,
    /// It is not there, or does not open, in the system's words.
    Missing(String),
}

/// A node of a board.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Node {
    /// The key in the board's file: `uarts.header`.
    pub key: String,
    /// The path; for a chip the one that bears its label.
    pub path: PathBuf,
    /// How it was found.
    pub state: State,
}

impl Board {
    /// Looks for every node of the board below `root` (`/` outside tests); `label_of` reads the
    /// label of a GPIO chip's node.
    ///
    /// Opening a watchdog starts it, so it is only looked at. Serial ports are opened without
    /// waiting and without becoming the terminal of this process.
    pub fn nodes(&self, root: &Path, label_of: impl Fn(&Path) -> Option<String>) -> Vec<Node> {
        let below = |path: &Path| root.join(path.strip_prefix("/").unwrap_or(path));
        let mut nodes: Vec<Node> = self
            .chips
            .iter()
            .map(|(name, chip)| {
                let (path, state) = match chip.simulated {
                    true => (PathBuf::new(), State::Simulated),
                    false => find_chip(&below(Path::new("/dev")), &chip.label, &label_of),
                };
                Node { key: format!("chips.{name}"), path, state }
            })
            .collect();
        for (table, map) in [("i2c", &self.i2c), ("spi", &self.spi), ("uarts", &self.uarts)] {
            for (name, path) in map {
                nodes.push(Node { key: format!("{table}.{name}"), path: path.clone(), state: opens(&below(path)) });
            }
        }
        let folders = self.pwm.iter().map(|(name, pwm)| (format!("pwm.{name}"), &pwm.path));
        let leds = self.leds.iter().map(|(name, path)| (format!("leds.{name}"), path));
        let watchdog = self.watchdog.iter().map(|watchdog| ("watchdog".to_owned(), &watchdog.path));
        for (key, path) in folders.chain(leds).chain(watchdog) {
            let state =
                below(path).metadata().map_or_else(|error| State::Missing(error.to_string()), |_| State::Present);
            nodes.push(Node { key, path: path.clone(), state });
        }
        nodes
    }
}

fn opens(path: &Path) -> State {
    let flags = nix::libc::O_NONBLOCK | nix::libc::O_NOCTTY | nix::libc::O_CLOEXEC;
    match std::fs::OpenOptions::new().read(true).write(true).custom_flags(flags).open(path) {
        Ok(_) => State::Opens,
        Err(error) => State::Missing(error.to_string()),
    }
}

fn find_chip(dev: &Path, label: &str, label_of: impl Fn(&Path) -> Option<String>) -> (PathBuf, State) {
    let chips = std::fs::read_dir(dev).into_iter().flatten().filter_map(|entry| Some(entry.ok()?.path()));
    let mut chips: Vec<_> = chips
        .filter(|path| path.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b"gpiochip")))
        .collect();
    chips.sort();
    match chips.into_iter().find(|path| label_of(path).as_deref() == Some(label)) {
        Some(path) => {
            let state = opens(&path);
            (path, state)
        }
        None => (PathBuf::new(), State::Missing(format!("no GPIO chip has the label «{label}»"))),
    }
}
