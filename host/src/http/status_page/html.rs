//! Writes HTML and the values in it.

use std::fmt::{self, Display, Write};
use std::time::Duration;

use crate::http::Tile;

/// Text escaped for HTML, between tags and in quoted attributes.
pub(super) struct Escaped<'a>(pub(super) &'a str);

impl Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.chars().try_for_each(|char| match char {
            '&' => f.write_str("&amp;"),
            '<' => f.write_str("&lt;"),
            '>' => f.write_str("&gt;"),
            '"' => f.write_str("&quot;"),
            '\'' => f.write_str("&#39;"),
            char => f.write_char(char),
        })
    }
}

/// Escaped text in which backticks mark code.
pub(super) struct Marked<'a>(pub(super) &'a str);

impl Display for Marked<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut parts = self.0.split('`').peekable();
        let mut is_code = false;
        while let Some(part) = parts.next() {
            // An unpaired backtick stays as it is.
            match (is_code, parts.peek()) {
                (true, Some(_)) => write!(f, "<code>{}</code>", Escaped(part))?,
                (true, None) => write!(f, "`{}", Escaped(part))?,
                (false, _) => write!(f, "{}", Escaped(part))?,
            }
            is_code = !is_code;
        }
        Ok(())
    }
}

/// Writes into the page.
pub(super) fn push(out: &mut String, arguments: fmt::Arguments<'_>) {
    // Writing into a `String` cannot fail.
    let _ = out.write_fmt(arguments);
}

/// A duration in at most two units.
pub(super) fn span(time: Duration) -> String {
    let seconds = time.as_secs();
    let (days, hours) = (seconds / 86_400, seconds / 3600 % 24);
    match (days, hours, seconds / 60 % 60, seconds % 60) {
        (0, 0, 0, seconds) => format!("{seconds} s"),
        (0, 0, minutes, seconds) => format!("{minutes} min {seconds} s"),
        (0, hours, minutes, _) => format!("{hours} h {minutes} min"),
        (days, hours, ..) => format!("{days} d {hours} h"),
    }
}

/// How long ago something was.
pub(super) fn ago(age: Option<Duration>) -> String {
    age.map_or_else(|| "never".to_owned(), |age| span(age) + " ago")
}

/// A number for people, in its unit. `now` is the Unix time of the report.
pub(super) fn quantity(value: f64, unit: Option<&str>, now: f64) -> String {
    let time = |seconds| Duration::try_from_secs_f64(seconds).ok().map(span);
    let text = match unit {
        Some("bytes") => Some(bytes(value)),
        Some("seconds") => time(value),
        Some("timestamp_seconds") => time(now - value).map(|age| age + " ago"),
        Some(Tile::AGE) => time(value).map(|age| age + " ago"),
        Some("ratio") => Some(format!("{:.1} %", value * 100.0)),
        _ => None,
    };
    let other = unit.map_or_else(String::new, |unit| format!(" {unit}"));
    text.unwrap_or_else(|| number(value) + &other)
}

fn bytes(value: f64) -> String {
    const UNITS: [&str; 6] = ["KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];
    let (mut value, mut name) = (value, "B");
    for unit in UNITS {
        if value.abs() < 1024.0 {
            break;
        }
        (value, name) = (value / 1024.0, unit);
    }
    match name {
        "B" => format!("{} B", number(value)),
        _ => format!("{value:.1} {name}"),
    }
}

/// A number with groups of three digits, or with two decimals.
pub(super) fn number(value: f64) -> String {
    if !value.is_finite() || value.abs() >= 1e15 {
        return value.to_string();
    }
    if value.fract() != 0.0 {
        return format!("{value:.2}");
    }
    let digits = format!("{:.0}", value.abs());
    let mut text = String::from(if value < 0.0 { "-" } else { "" });
    for (n, digit) in digits.chars().enumerate() {
        if n > 0 && (digits.len() - n) % 3 == 0 {
            text.push('\u{202f}');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_age_has_at_most_two_units() {
        for (seconds, expected) in [
            (0, "0 s ago"),
            (59, "59 s ago"),
            (61, "1 min 1 s ago"),
            (7384, "2 h 3 min ago"),
            (90_000, "1 d 1 h ago"),
        ] {
            assert_eq!(ago(Some(Duration::from_secs(seconds))), expected);
        }
        assert_eq!(ago(None), "never");
    }

    #[test]
    fn numbers_are_shown_in_their_unit() {
        for (value, unit, expected) in [
            (1_234_567.0, None, "1\u{202f}234\u{202f}567"),
            (-12.5, None, "-12.50"),
            (f64::NAN, None, "NaN"),
            (1023.0, Some("bytes"), "1\u{202f}023 B"),
            (1.5 * 1024.0 * 1024.0, Some("bytes"), "1.5 MiB"),
            (61.0, Some("seconds"), "1 min 1 s"),
            (-1.0, Some("seconds"), "-1 seconds"),
            (940.0, Some("timestamp_seconds"), "1 min 0 s ago"),
            (0.125, Some("ratio"), "12.5 %"),
            (3.0, Some("tapes"), "3 tapes"),
        ] {
            assert_eq!(quantity(value, unit, 1000.0), expected, "{value} {unit:?}");
        }
    }

    #[test]
    fn only_paired_backticks_mark_code() {
        assert_eq!(
            Marked("set `<a>` now").to_string(),
            "set <code>&lt;a&gt;</code> now"
        );
        assert_eq!(Marked("a `b").to_string(), "a `b");
    }
}
