//! Attribute values: numbers in JSON, percentages, and the two styles in which homes state them.

use serde_json::Value;

/// How a home states brightness, volume and positions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Style {
    /// Everything from 0 to 100 (`brightness`, `position`, `volume_level`).
    #[default]
    Percent,
    /// As Home Assistant does: `brightness` 0-255, `volume_level` 0-1, `current_position` 0-100.
    HomeAssistant,
}

impl Style {
    /// The word in a home file.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Percent => "percent",
            Self::HomeAssistant => "home_assistant",
        }
    }

    /// What one percent of `attribute` is in this style.
    #[must_use]
    pub fn per_percent(self, attribute: &str) -> f64 {
        match (self, attribute) {
            (Self::HomeAssistant, "brightness") => 2.55,
            (Self::HomeAssistant, "volume_level") => 0.01,
            _ => 1.0,
        }
    }
}

/// A number as JSON: whole numbers without a fraction, others to three places.
#[must_use]
pub fn number(value: f64) -> Value {
    let rounded = (value * 1000.0).round() / 1000.0;
    if rounded.fract() == 0.0 && rounded.abs() < 9e15 {
        return Value::from(whole(rounded));
    }
    serde_json::Number::from_f64(rounded).map_or(Value::Null, Value::Number)
}

/// The nearest whole number; the ends of the range where it does not fit.
#[must_use]
pub fn whole(value: f64) -> i64 {
    #[expect(clippy::cast_possible_truncation, reason = "`as` saturates here, and that is what is wanted")]
    let whole = value.round() as i64;
    whole
}

/// The number behind an attribute: a JSON number, or text that is one (`"100"`).
#[must_use]
pub fn number_of(value: &Value) -> Option<f64> {
    match value {
        Value::Number(n) => n.as_f64(),
        Value::String(s) => s.trim().trim_end_matches('%').parse().ok().filter(|n: &f64| n.is_finite()),
        _ => None,
    }
}

/// An attribute as plain text, for replies and state names.
pub(super) fn text_of(value: &Value) -> String {
    match value {
        Value::String(s) => s.clone(),
        Value::Null => String::new(),
        Value::Bool(true) => "on".to_owned(),
        Value::Bool(false) => "off".to_owned(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_plainly_and_read_from_text() {
        assert_eq!(number(50.0).to_string(), "50");
        assert_eq!(number(20.5).to_string(), "20.5");
        assert_eq!(number(f64::NAN), Value::Null);
        assert_eq!(number_of(&Value::from("100")), Some(100.0));
        assert_eq!(number_of(&Value::from("inf")), None);
        assert_eq!(whole(1e300), i64::MAX);
    }
}
