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

const STORE: &[Field] = &[
    Field {
        key: "flash_day_mb",
        shape: Shape::Integer { min: 1, max: 1_048_576 },
        default: Default::Integer(64),
        doc: "Megabytes that may be written in a day before what is unimportant waits in memory.",
    },
    Field {
        key: "sessions",
        shape: Shape::Integer { min: 16, max: 100_000 },
        default: Default::Integer(1_000),
        doc: "Conversations that are kept; the one used longest ago goes first, with its messages.",
    },
    Field {
        key: "messages",
        shape: Shape::Integer { min: 1_000, max: 10_000_000 },
        default: Default::Integer(100_000),
        doc: "Messages that are kept; the oldest go first.",
    },
    Field {
        key: "audit_records",
        shape: Shape::Integer { min: 20_000, max: 100_000_000 },
        default: Default::Integer(200_000),
        doc: "Audit records that are kept, two for each call; the oldest go first, where the keeper agrees.",
    },
];

const MQTT: &[Field] = &[
    Field {
        key: "enabled",
        shape: Shape::Bool,
        default: Default::Bool(false),
        doc: "Whether Hearth connects to an MQTT broker.",
    },
    Field {
        key: "host",
        shape: Shape::Checked { is: "a host name or an address", check: is_host },
        default: Default::Text("127.0.0.1"),
        doc: "The broker.",
    },
    Field {
        key: "port",
        shape: Shape::Integer { min: 1, max: 65_535 },
        default: Default::Integer(1883),
        doc: "The broker's port; with tls usually 8883.",
    },
    Field {
        key: "tls",
        shape: Shape::Bool,
        default: Default::Bool(false),
        doc: "Whether TLS is spoken; the certificate must be for the host above.",
    },
    Field {
        key: "ca_file",
        shape: PATH,
        default: Default::Text(""),
        doc: "Authorities (PEM) that the broker's certificate must come from; empty: the web's.",
    },
    Field {
        key: "user",
        shape: Shape::Text { max: 256 },
        default: Default::Text(""),
        doc: "The user name; empty: none.",
    },
    Field {
        key: "password_from",
        shape: SECRET_NAME,
        default: Default::Text(""),
        doc: "The name of the secret with the user's password: `hearth secret add NAME`.",
    },
    Field {
        key: "client_cert",
        shape: PATH,
        default: Default::Text(""),
        doc: "A certificate of our own (PEM) for the broker; empty: none.",
    },
    Field {
        key: "client_key_from",
        shape: SECRET_NAME,
        default: Default::Text(""),
        doc: "The name of the secret with that certificate's key (PEM).",
    },
    Field {
        key: "version",
        shape: Shape::OneOf(&["5", "3.1.1"]),
        default: Default::Text("5"),
        doc: "The protocol version.",
    },
    Field {
        key: "client_id",
        shape: Shape::Text { max: 64 },
        default: Default::Text(""),
        doc: "The client's name at the broker; empty: hearth- and the device's name.",
    },
    Field {
        key: "prefix",
        shape: Shape::Checked { is: "a topic without wildcards, control characters and «$»", check: is_prefix },
        default: Default::Text("hearth"),
        doc: "What topics begin with, before the device's name.",
    },
    Field {
        key: "keep_alive_s",
        shape: Shape::Integer { min: 5, max: 3_600 },
        default: Default::Integer(60),
        doc: "Longest silence on the connection before it is tried.",
    },
    Field {
        key: "session_expiry_s",
        shape: Shape::Integer { min: 0, max: 604_800 },
        default: Default::Integer(3_600),
        doc: "How long the broker keeps what came while Hearth was away; 0: not at all.",
    },
    Field {
        key: "discovery",
        shape: Shape::Checked {
            is: "empty, or a topic without wildcards, control characters and «$»",
            check: is_discovery,
        },
        default: Default::Text(""),
        doc: "Topic under which Home Assistant finds this home by itself (there: homeassistant); empty: nowhere.",
    },
];

const SERIAL: &[Field] = &[
    Field {
        key: "port",
        shape: Shape::Checked { is: "empty, or a tty such as ttyUSB0, /dev/ttyAMA0 or pts/3", check: is_tty },
        default: Default::Text(""),
        doc: "The tty on which people and machines give commands; empty: none.",
    },
    Field {
        key: "baud",
        shape: Shape::Integer { min: 50, max: 4_000_000 },
        default: Default::Integer(115_200),
        doc: "The line's speed.",
    },
    Field {
        key: "mode",
        shape: Shape::OneOf(&["both", "text", "frames"]),
        default: Default::Text("both"),
        doc: "Whether people (text), machines (frames) or both speak on the line.",
    },
    Field {
        key: "pin_hash",
        shape: Shape::Checked { is: "empty, or what `hearth serial-pin` prints", check: is_pin_hash },
        default: Default::Text(""),
        doc: "The PIN for a line that strangers can reach, as `hearth serial-pin` prints it.",
    },
];

const PERSON: Shape = Shape::Table(&[
    Field {
        key: "is",
        shape: Shape::List { of: &Shape::Text { max: 128 }, max: 32 },
        default: Default::Required,
        doc: "What channels know of this person: mqtt, mqtt:CLIENT, serial.",
    },
    Field {
        key: "rights",
        shape: Shape::OneOf(&["ask", "use", "own"]),
        default: Default::Text("use"),
        doc: "ask: look only; use: move what carries no risk; own: everything.",
    },
]);

const PLACE: Shape = Shape::Table(&[
    Field {
        key: "is",
        shape: Shape::List { of: &Shape::Text { max: 128 }, max: 32 },
        default: Default::Required,
        doc: "What channels know of who speaks there: console, serial, mqtt, mqtt:CLIENT, admin:SESSION.",
    },
    Field { key: "area", shape: Shape::Text { max: 128 }, default: Default::Required, doc: "The area of the home." },
]);

const KEEPER: &[Field] = &[
    Field {
        key: "socket",
        shape: PATH,
        default: Default::Text(crate::base::limits::KEEPER_SOCKET),
        doc: "Where hearth-keeper listens.",
    },
    Field {
        key: "session_key",
        shape: PATH,
        default: Default::Text(""),
        doc: "The key that `hearth keeper enrol` made for this Hearth; empty: session.key in data_dir.",
    },
];

const MODEL: &[Field] = &[
    Field {
        key: "base_url",
        shape: Shape::Checked { is: "empty, or an http or https URL without user, query and fragment", check: is_base },
        default: Default::Text(""),
        doc: "The OpenAI-compatible server, such as https://api.example/v1; empty: no model. `hearth onboard` sets it up.",
    },
    Field {
        key: "name",
        shape: Shape::Text { max: 128 },
        default: Default::Text(""),
        doc: "The model's name at that server.",
    },
    Field {
        key: "secret",
        shape: Shape::Checked { is: "empty, or vault: and the name of a secret", check: is_reference },
        default: Default::Text("vault:model"),
        doc: "Where the key is: vault: and its name there; empty: the server asks for none.",
    },
    Field {
        key: "steps",
        shape: Shape::Integer { min: 1, max: 32 },
        default: Default::Integer(8),
        doc: "Most questions to the model for one sentence.",
    },
    Field {
        key: "time_s",
        shape: Shape::Integer { min: 5, max: 900 },
        default: Default::Integer(120),
        doc: "Longest time for one sentence, in seconds.",
    },
    Field {
        key: "idle_s",
        shape: Shape::Integer { min: 1, max: 300 },
        default: Default::Integer(60),
        doc: "Longest silence of the server, in seconds.",
    },
    Field {
        key: "tokens",
        shape: Shape::Integer { min: 256, max: 10_000_000 },
        default: Default::Integer(60_000),
        doc: "Most tokens for one sentence, by the server's count.",
    },
    Field {
        key: "answer_tokens",
        shape: Shape::Integer { min: 16, max: 100_000 },
        default: Default::Integer(1_024),
        doc: "Most tokens of one answer.",
    },
    Field {
        key: "per_minute",
        shape: Shape::Integer { min: 1, max: 6_000 },
        default: Default::Integer(60),
        doc: "Most questions to the model in a minute, all conversations together.",
    },
];

const NET: &[Field] = &[
    Field {
        key: "lan",
        shape: Shape::List { of: &GRANT, max: crate::base::limits::LAN_GRANTS },
        default: Default::Absent,
        doc: "Addresses of the LAN that may be connected to: exact ones, or networks of at most 256 addresses.",
    },
    Field {
        key: "ca_file",
        shape: PATH,
        default: Default::Text(""),
        doc: "Authorities (PEM) that are trusted besides the web's; empty: none.",
    },
];

const SHELL: &[Field] = &[Field {
    key: "secrets",
    shape: Shape::List { of: &Shape::Name, max: 64 },
    default: Default::Absent,
    doc: "Names of secrets that a shell command may be given, on standard input or a descriptor; none by default.",
}];

const GRANT: Shape = Shape::Checked { is: "an address, or a network such as 192.168.1.0/24", check: is_grant };

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
        key: "models_dir",
        shape: PATH,
        default: Default::Text(""),
        doc: "The folder of the embedder's model; empty: beside the program, models above it, /usr/share/hearth.",
    },
    Field {
        key: "home_file",
        shape: Shape::Text { max: 4096 },
        default: Default::Absent,
        doc: "A file with the home, TOML or JSON, instead of [home]; relative to this file.",
    },
    Field { key: "log", shape: Shape::Table(LOG), default: Default::Absent, doc: "The log." },
    Field { key: "store", shape: Shape::Table(STORE), default: Default::Absent, doc: "What is kept on flash." },
    Field {
        key: "retention",
        shape: Shape::Table(super::retention::RETENTION),
        default: Default::Absent,
        doc: "For how many days memories are kept, by sector and by area; the shorter time counts, held ones stay.",
    },
    Field {
        key: "people",
        shape: Shape::Map { of: &PERSON, max: 64 },
        default: Default::Absent,
        doc: "Who is meant by what a channel knows; nobody named here may only ask.",
    },
    Field {
        key: "places",
        shape: Shape::Map { of: &PLACE, max: 64 },
        default: Default::Absent,
        doc: "Where speakers are, so that «the light» is the one of their room.",
    },
    Field { key: "mqtt", shape: Shape::Table(MQTT), default: Default::Absent, doc: "The MQTT broker." },
    Field { key: "serial", shape: Shape::Table(SERIAL), default: Default::Absent, doc: "The serial line." },
    Field { key: "keeper", shape: Shape::Table(KEEPER), default: Default::Absent, doc: "The secrets helper." },
    Field { key: "model", shape: Shape::Table(MODEL), default: Default::Absent, doc: "The language model." },
    Field { key: "net", shape: Shape::Table(NET), default: Default::Absent, doc: "The way out." },
    Field { key: "shell", shape: Shape::Table(SHELL), default: Default::Absent, doc: "Commands of the tool `shell`." },
    Field { key: "home", shape: Shape::Elsewhere, default: Default::Absent, doc: "The home: areas and devices." },
];

const SECRET_NAME: Shape = Shape::Checked { is: "empty, or the name of a secret", check: is_secret_name };

const PATH: Shape = Shape::Checked { is: "empty, or an absolute path without control characters", check: is_path };

/// The shape of the whole file.
pub(super) const fn shape() -> Shape {
    Shape::Table(SETTINGS)
}

fn is_path(text: &str) -> bool {
    let steps = !text.split('/').any(|step| step == "..");
    text.is_empty() || (text.starts_with('/') && text.len() < 4096 && steps && !text.chars().any(char::is_control))
}

fn is_base(text: &str) -> bool {
    let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    let fits = |rest: &str| {
        !rest.is_empty() && !rest.contains(['@', '?', '#', '\\']) && rest.bytes().all(|b| b.is_ascii_graphic())
    };
    text.is_empty() || (text.len() <= 512 && rest.is_some_and(fits))
}

fn is_reference(text: &str) -> bool {
    text.is_empty() || text.strip_prefix("vault:").is_some_and(|name| crate::base::Name::new(name).is_ok())
}

fn is_grant(text: &str) -> bool {
    let (address, length) = text.split_once('/').map_or((text, None), |(address, length)| (address, Some(length)));
    address.parse::<std::net::IpAddr>().is_ok()
        && length.is_none_or(|length| length.parse::<u8>().is_ok_and(|n| n <= 128))
}

fn is_secret_name(text: &str) -> bool {
    text.is_empty() || crate::base::Name::new(text).is_ok()
}

fn is_tty(text: &str) -> bool {
    text.is_empty() || super::tty::path(text).is_some()
}

fn is_pin_hash(text: &str) -> bool {
    let parts: Vec<_> = text.split('.').collect();
    let hex =
        |part: &&str| part.len() >= 32 && part.len().is_multiple_of(2) && part.chars().all(|c| c.is_ascii_hexdigit());
    text.is_empty() || (parts.len() == 3 && parts[0] == "argon2id" && parts[1..].iter().all(hex))
}

fn is_host(text: &str) -> bool {
    let letters = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | ':' | '_');
    !text.is_empty() && text.len() <= 253 && text.chars().all(letters)
}

fn is_discovery(text: &str) -> bool {
    text.is_empty() || is_prefix(text)
}

fn is_prefix(text: &str) -> bool {
    text.len() <= 200 && !text.starts_with('$') && !text.contains(['+', '#']) && !text.chars().any(char::is_control)
}

fn is_zone(text: &str) -> bool {
    text.len() <= 64 && jiff::tz::TimeZone::get(text).is_ok()
}
