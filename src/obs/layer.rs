//! Turns `tracing` events into lines: the trace id of the innermost span that has one, then redaction.

use std::borrow::Cow;
use std::sync::Mutex;

use tracing::{Level, Metadata, Subscriber, span};
use tracing_subscriber::layer::{Context, Layer};
use tracing_subscriber::registry::LookupSpan;

use super::Format;
use super::event::{Event, word};
use super::ring::Ring;
use super::sink::Sink;
use crate::base::Clock;

pub(super) struct HearthLayer {
    level: Level,
    format: Format,
    redact: fn(&str) -> Cow<'_, str>,
    sink: Mutex<Sink>,
    ring: Ring,
    clock: Clock,
}

/// The trace id that a span carries.
struct Trace(String);

impl HearthLayer {
    pub(super) fn new(level: Level, format: Format, redact: fn(&str) -> Cow<'_, str>, sink: Sink, ring: Ring) -> Self {
        Self { level, format, redact, sink: Mutex::new(sink), ring, clock: Clock::system() }
    }
}

impl<S> Layer<S> for HearthLayer
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    fn enabled(&self, metadata: &Metadata<'_>, _: Context<'_, S>) -> bool {
        *metadata.level() <= self.level
    }

    fn on_new_span(&self, attributes: &span::Attributes<'_>, id: &span::Id, context: Context<'_, S>) {
        let mut fields = Event::default();
        attributes.record(&mut fields);
        if let (Some(trace), Some(span)) = (fields.trace, context.span(id)) {
            span.extensions_mut().insert(Trace(trace));
        }
    }

    fn on_event(&self, event: &tracing::Event<'_>, context: Context<'_, S>) {
        let mut written = Event {
            time_ms: self.clock.wall_ms(),
            level: word(*event.metadata().level()).to_owned(),
            target: event.metadata().target().to_owned(),
            ..Event::default()
        };
        event.record(&mut written);
        if written.trace.is_none() {
            let spans = context.event_scope(event).into_iter().flatten();
            written.trace = spans.filter_map(|span| span.extensions().get::<Trace>().map(|t| t.0.clone())).next();
        }
        written.redact(self.redact);
        let line = written.line(self.format);
        self.ring.push(&line);
        let mut sink = self.sink.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        sink.write(&line);
    }
}

#[cfg(test)]
mod tests {
    use tracing_subscriber::layer::SubscriberExt;
    use tracing_subscriber::registry::Registry;

    use super::*;

    fn lines(format: Format, redact: fn(&str) -> Cow<'_, str>, act: impl FnOnce()) -> Vec<String> {
        let ring = Ring::default();
        let layer = HearthLayer::new(Level::INFO, format, redact, Sink::nowhere(), ring.clone());
        tracing::subscriber::with_default(Registry::default().with(layer), act);
        ring.lines()
    }

    #[test]
    fn an_event_carries_the_trace_of_the_span_around_it() {
        let lines = lines(
            Format::Json,
            |line| Cow::Borrowed(line),
            || {
                let span = tracing::info_span!("turn", trace = "0190-abc");
                span.in_scope(|| {
                    tracing::info_span!("inner").in_scope(|| tracing::info!(lamp = 3, "moved"));
                });
                tracing::debug!("not at this level");
            },
        );
        assert_eq!(lines.len(), 1);
        let line: serde_json::Value = serde_json::from_str(&lines[0]).expect("JSON");
        assert_eq!((&line["trace"], &line["message"]), (&"0190-abc".into(), &"moved".into()));
        assert_eq!(line["fields"]["lamp"], 3);
        assert!(line["ts"].as_str().is_some_and(|ts| ts.ends_with('Z')), "{line}");
    }

    #[test]
    fn what_is_redacted_never_leaves_and_long_lines_stay_json() {
        let redact = |line: &str| Cow::Owned(line.replace("hunter2", "[REDACTED]"));
        let kept = lines(Format::Text, redact, || tracing::warn!("the word is hunter2"));
        assert!(kept[0].contains("[REDACTED]") && !kept[0].contains("hunter2"));
        let secret = format!("sk-{}", "abc123XYZdefghijklmnopqrs");
        for format in [Format::Json, Format::Text] {
            let check = |act: &dyn Fn()| {
                let kept = lines(format, crate::base::secret::redact, act);
                assert!(kept.len() == 1 && kept[0].len() <= crate::base::limits::LOG_LINE_BYTES);
                assert!(!kept[0].contains("abc12") && !kept[0].contains("horse"), "{}", kept[0]);
                assert!(format == Format::Text || serde_json::from_str::<serde_json::Value>(&kept[0]).is_ok());
            };
            // After an escaped line end, in a field, by a field's name, and wherever the line is cut.
            check(&|| tracing::info!("the key:\n{secret}"));
            check(&|| tracing::info!(field = %secret, "a field"));
            check(&|| tracing::info!(wifi_password = "correct horse", "a name"));
            for before in (460..520).chain(4_000..4_100) {
                check(&|| tracing::info!("{} {secret} {}", "x".repeat(before), "y".repeat(5_000)));
            }
        }
        let long = lines(Format::Json, |line| Cow::Borrowed(line), || tracing::info!("{}", "ü\"".repeat(9000)));
        assert!(long[0].len() <= crate::base::limits::LOG_LINE_BYTES);
        assert!(serde_json::from_str::<serde_json::Value>(&long[0]).is_ok());
    }
}
