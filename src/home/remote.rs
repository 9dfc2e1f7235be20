//! A device that is reached over topics: what it is told and how its reports are read.
//!
//! Templates are the small part of Home Assistant's that devices use: `{{ value }}`, and for reports
//! `{{ value_json.a.b }}`. Levels go out and come in on the device's own scale.

use serde_json::Value;

use super::attr::whole;
use super::kind::Kind;
use super::observe::LineValue;

/// The topics and payloads of one device.
#[derive(Clone, Debug, PartialEq)]
pub struct Topics {
    /// Where it is told; [`None`] for one that only reports.
    pub command: Option<String>,
    /// Where it reports.
    pub state: String,
    /// The payload of a command, around `{{ value }}`.
    pub command_template: String,
    /// What of a report is the value.
    pub value_template: String,
    /// The value for «on».
    pub on: String,
    /// The value for «off».
    pub off: String,
    /// The value for full level, where it takes levels instead of on and off.
    pub scale: Option<f64>,
}

impl Topics {
    /// The payload that makes a value true.
    #[must_use]
    pub fn payload(&self, value: LineValue) -> String {
        let text = match (value, self.scale) {
            (LineValue::Level(on), None) => {
                if on {
                    self.on.clone()
                } else {
                    self.off.clone()
                }
            }
            (LineValue::Level(on), Some(scale)) => {
                if on {
                    whole(scale).to_string()
                } else {
                    "0".to_owned()
                }
            }
            (LineValue::Percent(percent), scale) => {
                whole(f64::from(percent) / 100.0 * scale.unwrap_or(100.0)).to_string()
            }
            (LineValue::Number(number), _) => number.to_string(),
        };
        replaced(&self.command_template, &text)
    }

    /// What a report says; [`None`] where it says nothing that is known.
    #[must_use]
    pub fn read(&self, kind: Kind, report: &[u8]) -> Option<LineValue> {
        let text = self.value(std::str::from_utf8(report).ok()?)?;
        let number = || text.trim().parse::<f64>().ok().filter(|number| number.is_finite());
        match (kind, self.scale) {
            (Kind::Sensor, _) => number().map(LineValue::Number),
            (_, Some(scale)) => {
                let level = if text == self.off { 0.0 } else { number()? / scale * 100.0 };
                Some(LineValue::Percent(u8::try_from(whole(level.clamp(0.0, 100.0))).unwrap_or(100)))
            }
            _ if text == self.on => Some(LineValue::Level(true)),
            _ if text == self.off => Some(LineValue::Level(false)),
            _ => None,
        }
    }

    fn value(&self, report: &str) -> Option<String> {
        let path = expression(&self.value_template)?;
        if path == "value" {
            return Some(report.trim().to_owned());
        }
        let json: Value = serde_json::from_str(report).ok()?;
        let found = path.strip_prefix("value_json.")?.split('.').try_fold(&json, |at, key| at.get(key))?;
        match found {
            Value::String(text) => Some(text.clone()),
            Value::Null | Value::Array(_) | Value::Object(_) => None,
            other => Some(other.to_string()),
        }
    }
}

/// What stands between `{{` and `}}` of a template that is nothing else.
#[must_use]
pub(super) fn expression(template: &str) -> Option<&str> {
    template.trim().strip_prefix("{{")?.strip_suffix("}}").map(str::trim)
}

/// Whether a template for commands has its one place for the value.
#[must_use]
pub(super) fn has_place(template: &str) -> bool {
    replaced(template, "\u{1}").matches('\u{1}').count() == 1
}

fn replaced(template: &str, value: &str) -> String {
    template.replace("{{ value }}", value).replace("{{value}}", value)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn topics(command: &str, value: &str, scale: Option<f64>) -> Topics {
        Topics {
            command: Some("c".into()),
            state: "s".into(),
            command_template: command.into(),
            value_template: value.into(),
            on: "ON".into(),
            off: "OFF".into(),
            scale,
        }
    }

    #[test]
    fn a_plug_and_a_json_lamp() {
        let plug = topics("{{ value }}", "{{ value }}", None);
        assert_eq!(plug.payload(LineValue::Level(true)), "ON");
        assert_eq!(plug.read(Kind::Switch, b"OFF\n"), Some(LineValue::Level(false)));
        let lamp = topics(r#"{"brightness":{{ value }}}"#, "{{ value_json.light.brightness }}", Some(254.0));
        assert_eq!(lamp.payload(LineValue::Percent(50)), r#"{"brightness":127}"#);
        let report = br#"{"light":{"brightness":127},"linkquality":12}"#;
        assert_eq!(lamp.read(Kind::Light, report), Some(LineValue::Percent(50)));
    }

    #[test]
    fn reports_that_say_nothing() {
        let lamp = topics("{{ value }}", "{{ value_json.state }}", None);
        for report in
            [&b"\xff"[..], b"", b"ON", b"{}", br#"{"state":null}"#, br#"{"state":"blue"}"#, br#"{"state":{}}"#]
        {
            assert_eq!(lamp.read(Kind::Light, report), None, "{report:?}");
        }
        assert_eq!(topics("", "{{ value }}", None).read(Kind::Sensor, b"NaN"), None);
    }

    proptest::proptest! {
        #[test]
        fn no_report_panics(report in proptest::collection::vec(0_u8..=255, 0..100)) {
            let _ = topics("{{value}}", "{{ value_json.a.b }}", Some(255.0)).read(Kind::Light, &report);
        }
    }
}
