//! Settings: one TOML file, read raw, checked once into a type that cannot be wrong.
//!
//! A setting is one line of [`table::SETTINGS`]; the checks, the commented default file and
//! `schemas/config.schema.json` are made from it. The section `[home]` is carried, not understood:
//! `home` checks it, and asks [`Config::line_of`] for the lines of its faults.
//! It must never print a value that looks like a secret.

#![forbid(unsafe_code)]

mod find;
mod retention;
mod settings;
mod table;
pub mod tty;

pub mod dirs;

pub use crate::base::KeyFault as ConfigFault;
pub use dirs::{Dirs, Env};
pub use find::{Source, find};
pub use settings::{
    Board, Config, Home, Keeper, Log, LogFormat, LogLevel, Model, Mqtt, Net, Person, Place, Rights, Serial, Store,
    read_bounded,
};

/// The small home that the default file shows and the demo runs.
pub const DEMO_HOME: &str = include_str!("demo.toml");

/// The commented default file: every setting with its doc, range and default, and the demo home.
#[must_use]
pub fn default_text() -> String {
    let head = "# Hearth's settings. Every key may be left out; what stands here is the default.\n\
                # Secrets never stand here: they live in the keeper.\n\n";
    format!("{head}{}{DEMO_HOME}", crate::base::shape::default_text(table::SETTINGS))
}

/// The JSON Schema of the settings file.
#[must_use]
pub fn schema() -> serde_json::Value {
    let mut schema = table::shape().schema();
    if let serde_json::Value::Object(map) = &mut schema {
        map.insert("$schema".to_owned(), "https://json-schema.org/draft/2020-12/schema".into());
        map.insert("title".to_owned(), "hearth.toml".into());
    }
    schema
}

#[cfg(test)]
mod tests;
