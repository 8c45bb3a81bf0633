//! The line of an event. Both formats have the same names and values, in the same order.

use std::fmt::Write as _;

use jiff::Timestamp;
use serde_json::Value;
use tracing::{Level, Metadata};

use super::LogFormat;
use super::escape::{escaped_json, push_logfmt};
use super::fields::Fields;

/// The line of an event, with its end.
pub(super) fn line(
    format: LogFormat,
    now: Timestamp,
    metadata: &Metadata<'_>,
    fields: &Fields,
) -> String {
    let begin = [
        ("ts", Value::from(timestamp(now))),
        ("level", level(*metadata.level()).into()),
        ("msg", fields.message.as_str().into()),
    ];
    let begin = begin.iter().map(|(name, value)| (*name, value));
    let named = fields.named.iter();
    let named = named.map(|(name, value)| (name.as_ref(), value));
    let target = Value::from(metadata.target());
    let entries = begin.chain(named).chain([("target", &target)]);
    let mut line = match format {
        LogFormat::Logfmt => logfmt(entries),
        LogFormat::Json => json(entries),
    };
    line.push('\n');
    line
}

fn logfmt<'v>(entries: impl Iterator<Item = (&'v str, &'v Value)>) -> String {
    let mut line = String::new();
    for (name, value) in entries {
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(name);
        line.push('=');
        match value {
            Value::String(text) => push_logfmt(&mut line, text),
            other => push_logfmt(&mut line, &other.to_string()),
        }
    }
    line
}

fn json<'v>(entries: impl Iterator<Item = (&'v str, &'v Value)>) -> String {
    let mut line = String::new();
    for (name, value) in entries {
        line.push(if line.is_empty() { '{' } else { ',' });
        // Writing into a `String` cannot fail.
        let _ = write!(line, "{}:{value}", Value::from(name));
    }
    line.push('}');
    escaped_json(line)
}

/// RFC 3339 in UTC, always with milliseconds.
fn timestamp(now: Timestamp) -> String {
    format!("{now:.3}")
}

fn level(level: Level) -> &'static str {
    match level {
        Level::ERROR => "error",
        Level::WARN => "warn",
        Level::INFO => "info",
        Level::DEBUG => "debug",
        Level::TRACE => "trace",
    }
}
