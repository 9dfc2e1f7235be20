//! One event, and its two forms.

use std::borrow::Cow;

use serde_json::{Map, Value, json};
use tracing::Level;
use tracing::field::{Field, Visit};

use super::Format;
use crate::base::limits::LOG_LINE_BYTES;
use crate::base::secret;

/// An event as it is written.
#[derive(Debug, Default)]
pub(super) struct Event {
    pub(super) time_ms: i64,
    pub(super) level: String,
    pub(super) target: String,
    pub(super) message: String,
    pub(super) trace: Option<String>,
    pub(super) fields: Map<String, Value>,
}

impl Event {
    /// Takes the secrets out of every text, before it is escaped or cut: an escaped or halved key has
    /// no shape any more by which it could be found.
    pub(super) fn redact(&mut self, redact: fn(&str) -> Cow<'_, str>) {
        for text in [&mut self.message, &mut self.target].into_iter().chain(&mut self.trace) {
            if let Cow::Owned(clean) = redact(text) {
                *text = clean;
            }
        }
        for (name, value) in &mut self.fields {
            match value {
                Value::String(_) if secret::sounds_secret(name) => *value = json!("[REDACTED]"),
                Value::String(text) => {
                    if let Cow::Owned(clean) = redact(text) {
                        *text = clean;
                    }
                }
                _ => {}
            }
        }
    }

    /// The line, without its end, cut at the cap.
    pub(super) fn line(&self, format: Format) -> String {
        let mut line = match format {
            Format::Json => self.json().to_string(),
            Format::Text => self.text(),
        };
        if line.len() > LOG_LINE_BYTES {
            line = match format {
                Format::Json => self.shortened().to_string(),
                Format::Text => line[..line.floor_char_boundary(LOG_LINE_BYTES)].to_owned(),
            };
        }
        line
    }

    pub(super) fn json(&self) -> Value {
        let mut object = json!({
            "ts": rfc3339(self.time_ms), "level": self.level, "target": self.target, "message": self.message,
        });
        if let Some(trace) = &self.trace {
            object["trace"] = json!(trace);
        }
        if !self.fields.is_empty() {
            object["fields"] = Value::Object(self.fields.clone());
        }
        object
    }

    /// A JSON line has to stay JSON when it is cut: the fields go first, then the message's end.
    fn shortened(&self) -> Value {
        let most = self.message.floor_char_boundary(LOG_LINE_BYTES / 8);
        json!({
            "ts": rfc3339(self.time_ms), "level": self.level, "target": self.target,
            "message": self.message[..most], "trace": self.trace, "cut": true,
        })
    }

    fn text(&self) -> String {
        let mut line = format!("{} {:5} {}", rfc3339(self.time_ms), self.level, self.message);
        for (key, value) in &self.fields {
            match value {
                Value::String(text) => line.push_str(&format!(" {key}={}", text.escape_debug())),
                other => line.push_str(&format!(" {key}={other}")),
            }
        }
        if let Some(trace) = &self.trace {
            line.push_str(&format!(" trace={trace}"));
        }
        line.replace(['\n', '\r'], " ")
    }
}

/// RFC 3339, UTC, with milliseconds.
pub(super) fn rfc3339(ms: i64) -> String {
    jiff::Timestamp::from_millisecond(ms).map_or_else(|_| ms.to_string(), |time| format!("{time:.3}"))
}

pub(super) fn word(level: Level) -> &'static str {
    match level {
        Level::ERROR => "error",
        Level::WARN => "warn",
        Level::INFO => "info",
        Level::DEBUG => "debug",
        Level::TRACE => "trace",
    }
}

impl Visit for Event {
    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        self.record(field.name(), Value::String(format!("{value:?}")));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.record(field.name(), Value::String(value.to_owned()));
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.record(field.name(), json!(value));
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.record(field.name(), json!(value));
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.record(field.name(), json!(value));
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.record(field.name(), json!(value));
    }
}

impl Event {
    fn record(&mut self, name: &str, value: Value) {
        let text = |value: Value| match value {
            Value::String(text) => text,
            other => other.to_string(),
        };
        match name {
            "message" => self.message = text(value),
            "trace" => self.trace = Some(text(value)),
            _ => {
                self.fields.insert(name.to_owned(), value);
            }
        }
    }
}
