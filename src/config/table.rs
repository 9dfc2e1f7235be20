//! The table of settings: each key with its type, default, range and doc, and nothing else.

use crate::base::shape::{Default, Field, Shape};

const LOG: &[Field] = &[
    Field {
        key: "level",
        shape: Shape::OneOf(&["error", "warn", "info", "debug", "trace"]),
        default: Default::Text("info"),
        doc: "The least important event that is logged.",
    },
    Field {
        key: "format",
        shape: Shape::OneOf(&["auto", "json", "text"]),
        default: Default::Text("auto"),
        doc: "JSON lines, readable text, or text on a terminal and JSON elsewhere.",
    },
    Field { key: "file", shape: PATH, default: Default::Text(""), doc: "The log file; empty: standard error." },
    Field {
        key: "max_bytes",
        shape: Shape::Integer { min: 65_536, max: 1_073_741_824 },
        default: Default::Integer(1_048_576),
        doc: "Bytes that the log file and its older half take together, at most.",
    },
];

/// Every setting.
pub(super) const SETTINGS: &[Field] = &[
    Field {
        key: "device",
        shape: Shape::Name,
        default: Default::Text("hearth"),
        doc: "The name of this device, in logs and on the network.",
    },
    Field {
        key: "board",
        shape: Shape::Name,
        default: Default::Text("auto"),
        doc: "The board (`hearth board list`), or auto: read from the device tree.",
    },
    Field {
        key: "timezone",
        shape: Shape::Checked { is: "an IANA time zone such as Europe/Berlin", check: is_zone },
        default: Default::Text("UTC"),
        doc: "The time zone of this home.",
    },
    Field {
        key: "data_dir",
        shape: PATH,
        default: Default::Text(""),
        doc: "What must survive; empty: $STATE_DIRECTORY, /var/lib/hearth for root, else $XDG_DATA_HOME/hearth.",
    },
    Field {
        key: "runtime_dir",
        shape: PATH,
        default: Default::Text(""),
        doc: "Sockets and locks; empty: $RUNTIME_DIRECTORY, /run/hearth for root, else $XDG_RUNTIME_DIR/hearth.",
    },
    Field {
        key: "workspace",
        shape: PATH,
        default: Default::Text(""),
        doc: "The one folder that file tools see; empty: workspace in data_dir.",
    },
    Field {
        key: "home_file",
        shape: Shape::Text { max: 4096 },
        default: Default::Absent,
        doc: "A file with the home, TOML or JSON, instead of [home]; relative to this file.",
    },
    Field { key: "log", shape: Shape::Table(LOG), default: Default::Absent, doc: "The log." },
    Field { key: "home", shape: Shape::Elsewhere, default: Default::Absent, doc: "The home: areas and devices." },
];

const PATH: Shape = Shape::Checked { is: "empty, or an absolute path without control characters", check: is_path };

/// The shape of the whole file.
pub(super) const fn shape() -> Shape {
    Shape::Table(SETTINGS)
}

fn is_path(text: &str) -> bool {
    let steps = !text.split('/').any(|step| step == "..");
    text.is_empty() || (text.starts_with('/') && text.len() < 4096 && steps && !text.chars().any(char::is_control))
}

fn is_zone(text: &str) -> bool {
    text.len() <= 64 && jiff::tz::TimeZone::get(text).is_ok()
}
