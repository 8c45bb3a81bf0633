//! Renders families in both exposition formats.

use std::fmt::Write as _;
use std::ops::Range;

use super::family::{Distribution, Family, Kind, Point, Samples};

/// An exposition format.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Format {
    /// The Prometheus text format, version 0.0.4.
    Text,
    /// OpenMetrics, version 1.0.0.
    OpenMetrics,
}

impl Format {
    /// The value of `Content-Type`.
    pub fn content_type(self) -> &'static str {
        match self {
            Self::Text => "text/plain; version=0.0.4; charset=utf-8",
            Self::OpenMetrics => "application/openmetrics-text; version=1.0.0; charset=utf-8",
        }
    }

    /// The text after the last family.
    pub fn end(self) -> &'static str {
        match self {
            Self::Text => "",
            Self::OpenMetrics => "# EOF\n",
        }
    }
}

/// The HELP and TYPE lines, once before all samples of a name.
pub(super) fn head(out: &mut String, format: Format, name: &str, help: &str, kind: Kind) {
    let (name, kind) = match (format, kind) {
        // OpenMetrics names a counter without its suffix. A name without the suffix
        // cannot be a counter there.
        (Format::OpenMetrics, Kind::Counter) => match name.strip_suffix("_total") {
            Some(stem) => (stem, "counter"),
            None => (name, "unknown"),
        },
        _ => (name, kind.as_str()),
    };
    out.extend(["# HELP ", name, " "]);
    escape(out, help, format == Format::OpenMetrics);
    out.extend(["\n# TYPE ", name, " ", kind, "\n"]);
}

/// The samples of a family, with `site` as first label if given.
pub(super) fn samples(out: &mut String, format: Format, family: &Family, site: Option<&str>) {
    match &family.samples {
        Samples::Gauge(points) | Samples::Counter(points) => {
            let labels = Labels::new(&family.name, family, site);
            let after_labels = if labels.is_empty() { " " } else { "} " };
            for Point {
                label_values,
                value,
            } in points
            {
                labels.write(out, label_values);
                out.push_str(after_labels);
                number(out, *value);
                out.push('\n');
            }
        }
        Samples::Histogram(distributions) => {
            let writer = Distributions::new(format, family, site);
            let mut labels = String::new();
            for one in distributions {
                writer.write(out, &mut labels, one);
            }
        }
    }
}

/// Renders the labels of one family. The text before each label value is the same in
/// all samples, and built once.
pub(super) struct Labels {
    /// Such as `nbu_x{site="a",pool="` and `",size="`, one for each label.
    before_values: Vec<String>,
    /// The text after the last value, or instead of all values: `"`,
    /// `nbu_x{site="a"`, or the name alone.
    after_values: String,
    any: bool,
}

impl Labels {
    /// `name` precedes the labels.
    pub(super) fn new(name: &str, family: &Family, site: Option<&str>) -> Self {
        let mut before_values = Vec::new();
        let mut pending = name.to_owned();
        if let Some(site) = site {
            pending.push_str("{site=\"");
            escape(&mut pending, site, true);
            pending.push('"');
        }
        let mut any = site.is_some();
        for label in &family.labels {
            pending.push(if any { ',' } else { '{' });
            pending.extend([label, "=\""]);
            before_values.push(std::mem::replace(&mut pending, "\"".to_owned()));
            any = true;
        }
        Self {
            before_values,
            after_values: pending,
            any,
        }
    }

    /// Whether there are no labels.
    fn is_empty(&self) -> bool {
        !self.any
    }

    /// Writes all but the closing brace.
    pub(super) fn write(&self, out: &mut String, values: &[String]) {
        for (before, value) in self.before_values.iter().zip(values) {
            out.push_str(before);
            escape(out, value, true);
        }
        out.push_str(&self.after_values);
    }
}

/// Renders the samples of histograms.
struct Distributions<'a> {
    format: Format,
    name: &'a str,
    labels: Labels,
}

impl<'a> Distributions<'a> {
    fn new(format: Format, family: &'a Family, site: Option<&str>) -> Self {
        Self {
            format,
            name: &family.name,
            labels: Labels::new("", family, site),
        }
    }

    /// `labels` is a buffer for the labels that all lines share.
    fn write(&self, out: &mut String, labels: &mut String, of: &Distribution) {
        labels.clear();
        self.labels.write(labels, &of.label_values);
        for bucket in &of.buckets {
            self.bucket(out, labels, bucket.upper_bound, bucket.cumulative_count);
        }
        self.bucket(out, labels, f64::INFINITY, of.count);
        let close = if labels.is_empty() { " " } else { "} " };
        out.extend([self.name, "_sum", labels, close]);
        number(out, of.sum);
        out.extend(["\n", self.name, "_count", labels, close]);
        integer(out, of.count);
        out.push('\n');
    }

    fn bucket(&self, out: &mut String, labels: &str, upper_bound: f64, count: u64) {
        let le = if labels.is_empty() {
            "{le=\""
        } else {
            ",le=\""
        };
        out.extend([self.name, "_bucket", labels, le]);
        bound(out, self.format, upper_bound);
        out.push_str("\"} ");
        integer(out, count);
        out.push('\n');
    }
}

/// Both formats escape label values equally. The text format does not escape double
/// quotes in HELP.
fn escape(out: &mut String, raw: &str, quotes: bool) {
    let special = |byte: u8| matches!(byte, b'\\' | b'\n') || (quotes && byte == b'"');
    // Nearly all text is plain. Without an early exit the compiler can check many
    // bytes at a time.
    if !raw.bytes().fold(false, |found, byte| found | special(byte)) {
        return out.push_str(raw);
    }
    for char in raw.chars() {
        match char {
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '"' if quotes => out.push_str("\\\""),
            char => out.push(char),
        }
    }
}

/// OpenMetrics requires bucket bounds to be floats, such as `60.0`.
fn bound(out: &mut String, format: Format, value: f64) {
    number(out, value);
    if format == Format::OpenMetrics && whole(value).is_some() {
        out.push_str(".0");
    }
}

/// The shortest text that parses to the same value.
fn number(out: &mut String, value: f64) {
    // In this range no format uses an exponent, and `zmij` is several times faster.
    const PLAIN: Range<f64> = 1e-4..1e16;
    if let Some(whole) = whole(value) {
        integer(out, whole);
    } else if value.is_nan() {
        out.push_str("NaN");
    } else if value.is_infinite() {
        out.push_str(if value > 0.0 { "+Inf" } else { "-Inf" });
    } else if PLAIN.contains(&value.abs()) {
        out.push_str(zmij::Buffer::new().format_finite(value));
    } else {
        // Unlike `Display`, `Debug` uses an exponent instead of hundreds of zeros.
        // Writing into a `String` cannot fail.
        let _ = write!(out, "{value:?}");
    }
}

fn integer(out: &mut String, value: impl itoa::Integer) {
    out.push_str(itoa::Buffer::new().format(value));
}

/// The value as an integer, up to 2^53, where floats stop representing every integer.
fn whole(value: f64) -> Option<i64> {
    const LARGEST: f64 = 9_007_199_254_740_992.0;
    (value.trunc() == value && value.abs() <= LARGEST).then_some(value as i64)
}

#[cfg(test)]
mod tests;
