//! The checked settings, and how a text becomes them.

use std::collections::BTreeMap;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde_json::Value;

use super::{ConfigFault, Dirs, Env, Source, dirs, table};
use crate::base::{Doc, KeyFault, Name, limits};

/// Which board this is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Board {
    /// Read from the device tree.
    Auto,
    /// The board of this name.
    Named(Name),
}

/// Where the home is described.
#[derive(Clone, Debug, PartialEq)]
pub enum Home {
    /// In the section `[home]`; an empty object where there is none. Not checked here.
    Inline(Value),
    /// In this file.
    File(PathBuf),
}

/// The least important event that is logged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogLevel {
    /// Something failed.
    Error,
    /// Something is degraded.
    Warn,
    /// What happened.
    Info,
    /// How it happened.
    Debug,
    /// Every step.
    Trace,
}

impl LogLevel {
    /// The word in the file.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warn => "warn",
            Self::Info => "info",
            Self::Debug => "debug",
            Self::Trace => "trace",
        }
    }
}

/// How a log line looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// Text on a terminal, JSON elsewhere.
    Auto,
    /// One JSON object a line.
    Json,
    /// Readable text.
    Text,
}

/// The log's settings.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Log {
    /// The least important event that is logged.
    pub level: LogLevel,
    /// How a line looks.
    pub format: LogFormat,
    /// The file; empty: standard error.
    pub file: PathBuf,
    /// Bytes on disk, both halves together.
    pub max_bytes: u64,
}

/// What is kept on flash.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Store {
    /// Megabytes that may be written in a day.
    pub flash_day_mb: u64,
    /// Conversations.
    pub sessions: i64,
    /// Messages.
    pub messages: i64,
    /// Audit records.
    pub audit_records: i64,
}

/// The MQTT broker's settings.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Mqtt {
    /// Whether Hearth connects.
    pub enabled: bool,
    /// The broker.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// Whether TLS is spoken.
    pub tls: bool,
    /// Authorities in PEM; empty: the web's.
    pub ca_file: PathBuf,
    /// The user name; empty: none.
    pub user: String,
    /// The secret with the password; empty: none.
    pub password_from: String,
    /// A client's certificate in PEM; empty: none.
    pub client_cert: PathBuf,
    /// The secret with its key; empty: none.
    pub client_key_from: String,
    /// `5` or `3.1.1`.
    pub version: String,
    /// The client's name; empty: made of the device's.
    pub client_id: String,
    /// What topics begin with.
    pub prefix: String,
    /// Longest silence, in seconds.
    pub keep_alive_s: u16,
    /// How long the broker keeps the session, in seconds.
    pub session_expiry_s: u32,
    /// Under which topic Home Assistant finds the home's entities; empty: nowhere.
    pub discovery: String,
}

/// The serial line's settings.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Serial {
    /// The tty; empty: none.
    pub port: String,
    /// Its speed.
    pub baud: u32,
    /// `both`, `text` or `frames`.
    pub mode: String,
    /// The PIN's hash; empty: none.
    pub pin_hash: String,
}

/// The secrets helper's settings.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Keeper {
    /// Where it listens.
    pub socket: PathBuf,
    /// The brain's session key; empty: `session.key` in the data folder.
    pub session_key: PathBuf,
}

/// The language model's settings.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Model {
    /// The server; empty: none.
    pub base_url: String,
    /// The model's name there.
    pub name: String,
    /// `vault:` and the key's name there; empty: none.
    pub secret: String,
    /// Most questions for one sentence.
    pub steps: u32,
    /// Longest time for one sentence, in seconds.
    pub time_s: u32,
    /// Longest silence of the server, in seconds.
    pub idle_s: u32,
    /// Most tokens for one sentence.
    pub tokens: u64,
    /// Most tokens of one answer.
    pub answer_tokens: u32,
    /// Most questions in a minute.
    pub per_minute: u32,
}

/// The settings of the way out.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Net {
    /// Addresses of the LAN that may be connected to.
    #[serde(default)]
    pub lan: Vec<String>,
    /// Authorities besides the web's; empty: none.
    pub ca_file: PathBuf,
}

/// The settings of shell commands.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct Shell {
    /// Names of secrets that a command may be given.
    #[serde(default)]
    pub secrets: Vec<String>,
}

/// What somebody may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Rights {
    /// Look only.
    Ask,
    /// Move what carries no risk.
    Use,
    /// Everything.
    Own,
}

/// Somebody whom channels know.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Person {
    /// What channels know.
    pub is: Vec<String>,
    /// What this person may do.
    pub rights: Rights,
}

/// Where somebody speaks.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Place {
    /// What channels know of who speaks there.
    pub is: Vec<String>,
    /// The area of the home.
    pub area: String,
}

#[derive(Deserialize)]
struct Raw {
    device: String,
    board: String,
    timezone: String,
    data_dir: String,
    runtime_dir: String,
    workspace: String,
    models_dir: PathBuf,
    home_file: Option<PathBuf>,
    log: Log,
    store: Store,
    retention: BTreeMap<String, u32>,
    mqtt: Mqtt,
    serial: Serial,
    keeper: Keeper,
    model: Model,
    net: Net,
    #[serde(default)]
    shell: Shell,
    #[serde(default)]
    people: BTreeMap<String, Person>,
    #[serde(default)]
    places: BTreeMap<String, Place>,
    home: Option<Value>,
}

/// The checked settings.
#[derive(Clone, Debug)]
pub struct Config {
    /// The device's name.
    pub device: Name,
    /// Which board this is.
    pub board: Board,
    /// The home's zone; jiff knows it.
    pub timezone: String,
    /// The log.
    pub log: Log,
    /// What is kept on flash.
    pub store: Store,
    /// For how many days memories are kept, by sector and area; 0: for ever.
    pub retention: BTreeMap<String, u32>,
    /// The MQTT broker.
    pub mqtt: Mqtt,
    /// The serial line.
    pub serial: Serial,
    /// The secrets helper.
    pub keeper: Keeper,
    /// The language model.
    pub model: Model,
    /// The way out.
    pub net: Net,
    /// Commands of the tool `shell`.
    pub shell: Shell,
    /// Who is meant by what a channel knows, by name.
    pub people: BTreeMap<String, Person>,
    /// Where speakers are, by name.
    pub places: BTreeMap<String, Place>,
    /// The home's description.
    pub home: Home,
    /// Where the embedder's model is; empty: looked for.
    models_dir: PathBuf,
    paths: dirs::Written,
    doc: Doc,
}

impl Config {
    /// Checks a text; `origin` names it in faults and is what relative files are relative to.
    ///
    /// # Errors
    /// Every fault of the text.
    pub fn parse(text: &str, origin: &Path) -> Result<Self, Vec<ConfigFault>> {
        Self::parse_bytes(text.as_bytes(), origin)
    }

    /// [`Config::parse`] for bytes that may not be UTF-8.
    ///
    /// # Errors
    /// Every fault of the bytes.
    pub fn parse_bytes(bytes: &[u8], origin: &Path) -> Result<Self, Vec<ConfigFault>> {
        let file = origin.display().to_string();
        let doc = Doc::parse(bytes, &file)?;
        let mut faults = table::shape().check(&doc);
        if doc.has("home") && doc.value()["home_file"] != "" && doc.has("home_file") {
            let fault = KeyFault::of_file(&file, "the home is described twice: keep either home_file or [home]");
            faults.push(fault.at(doc.place_of("home_file"), "home_file", None));
        }
        if !faults.is_empty() {
            return Err(faults);
        }
        let raw = serde_json::from_value::<Raw>(table::shape().filled(doc.value()))
            .map_err(|error| vec![KeyFault::of_file(&file, error.to_string())])?;
        let name = |text: &str| Name::new(text).map_err(|rule| vec![KeyFault::of_file(&file, rule)]);
        Ok(Self {
            device: name(&raw.device)?,
            board: if raw.board == "auto" { Board::Auto } else { Board::Named(name(&raw.board)?) },
            timezone: raw.timezone,
            log: raw.log,
            store: raw.store,
            retention: raw.retention,
            mqtt: raw.mqtt,
            serial: raw.serial,
            keeper: raw.keeper,
            model: raw.model,
            net: raw.net,
            shell: raw.shell,
            people: raw.people,
            places: raw.places,
            home: match raw.home_file.filter(|path| !path.as_os_str().is_empty()) {
                Some(path) => Home::File(origin.parent().map_or_else(|| path.clone(), |dir| dir.join(&path))),
                None => Home::Inline(raw.home.unwrap_or_else(|| Value::Object(serde_json::Map::new()))),
            },
            models_dir: raw.models_dir,
            paths: dirs::Written { data: raw.data_dir, runtime: raw.runtime_dir, workspace: raw.workspace },
            doc,
        })
    }

    /// Reads and checks a file of at most [`limits::CONFIG_BYTES`].
    ///
    /// # Errors
    /// Why it cannot be read, or every fault in it.
    pub fn load(path: &Path) -> Result<Self, Vec<ConfigFault>> {
        match read_bounded(path) {
            Ok(bytes) => Self::parse_bytes(&bytes, path),
            Err(error) => {
                let problem = format!("cannot be read: {error}");
                Err(vec![KeyFault::of_file(&path.display().to_string(), problem)])
            }
        }
    }

    /// The settings of a found source.
    ///
    /// # Errors
    /// See [`Config::load`].
    pub fn from_source(source: &Source) -> Result<Self, Vec<ConfigFault>> {
        match source {
            Source::File(path) => Self::load(path),
            Source::Default => Self::parse(&super::default_text(), Path::new("built-in")),
        }
    }

    /// The folder of the embedder's model; it is looked for where none is set.
    #[must_use]
    pub fn models(&self) -> Option<&Path> {
        Some(self.models_dir.as_path()).filter(|folder| !folder.as_os_str().is_empty())
    }

    /// The folders, from what is written and what the environment says.
    #[must_use]
    pub fn dirs(&self, env: &Env) -> Dirs {
        dirs::derive(&self.paths, env)
    }

    /// The line of a path such as `entities[3].line` within `[home]`; of its nearest ancestor where
    /// the path itself is not written; `None` where there is no such section.
    #[must_use]
    pub fn line_of(&self, in_home: &str) -> Option<usize> {
        self.doc.place_of(&format!("home.{in_home}")).map(|place| place.line)
    }

    /// The line of a key outside `[home]`, where it is written.
    #[must_use]
    pub fn line_of_key(&self, key: &str) -> Option<usize> {
        self.doc.place_of(key).map(|place| place.line)
    }

    /// The name of the settings in faults: a path, or «built-in».
    #[must_use]
    pub fn origin(&self) -> &str {
        self.doc.file()
    }
}

/// At most one byte more than [`limits::CONFIG_BYTES`] of a file, so that too long a one shows.
///
/// # Errors
/// The system's.
pub fn read_bounded(path: &Path) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    std::fs::File::open(path)?.take(limits::CONFIG_BYTES + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}
