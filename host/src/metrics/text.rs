//! Writing families down, in either exposition format.

use std::fmt::Write;

use super::family::{Distribution, Family, Kind, Point, Samples};

/// How metrics are written down.
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

    /// What ends an exposition, after its last family.
    pub fn end(self) -> &'static str {
        match self {
            Self::Text => "",
            Self::OpenMetrics => "# EOF\n",
        }
    }
}

/// The HELP and TYPE lines, which stand once before all samples of a name.
pub(super) fn head(out: &mut String, format: Format, name: &str, help: &str, kind: Kind) {
    let (name, kind) = match (format, kind) {
        // OpenMetrics names a counter without the suffix of its samples. One
        // that lacks the suffix cannot be a counter there.
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

/// The samples of a family, each with `site` as its first label when given.
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

/// Writes the labels of one family. What stands before each label value is the
/// same in all its samples, and made once.
struct Labels {
    /// Such as `nbu_x{site="a",pool="` and `",size="`, one for each label.
    before_values: Vec<String>,
    /// What stands after the last value, or in place of all: `"`,
    /// `nbu_x{site="a"`, or the name alone.
    after_values: String,
    any: bool,
}

impl Labels {
    /// `name` is written before them.
    fn new(name: &str, family: &Family, site: Option<&str>) -> Self {
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

    /// Whether there is no label at all.
    fn is_empty(&self) -> bool {
        !self.any
    }

    /// All but the closing brace.
    fn write(&self, out: &mut String, values: &[String]) {
        for (before, value) in self.before_values.iter().zip(values) {
            out.push_str(before);
            escape(out, value, true);
        }
        out.push_str(&self.after_values);
    }
}

/// Writes the samples of a histogram.
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

    /// `labels` is room for the labels, which all its lines have.
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

/// Both formats escape label values alike; the text format leaves the double
/// quote of a HELP text as it is, and reads `\"` there as two characters.
fn escape(out: &mut String, raw: &str, quotes: bool) {
    let special = |byte: u8| matches!(byte, b'\\' | b'\n') || (quotes && byte == b'"');
    // Nearly all text is plain. Looking at every byte without stopping early
    // lets the compiler look at many at a time.
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

/// OpenMetrics wants the bound of a bucket to look like a float, `60.0`.
fn bound(out: &mut String, format: Format, value: f64) {
    number(out, value);
    if format == Format::OpenMetrics && whole(value).is_some() {
        out.push_str(".0");
    }
}

/// The shortest form that reads back as the same value.
fn number(out: &mut String, value: f64) {
    if let Some(whole) = whole(value) {
        push(out, format_args!("{whole}"));
    } else if value.is_nan() {
        out.push_str("NaN");
    } else if value.is_infinite() {
        out.push_str(if value > 0.0 { "+Inf" } else { "-Inf" });
    } else {
        // `Debug` is shortest too, and takes an exponent where `Display` would
        // write hundreds of zeros.
        push(out, format_args!("{value:?}"));
    }
}

fn integer(out: &mut String, value: u64) {
    push(out, format_args!("{value}"));
}

/// The value as an integer, up to where every integer has a float: 2^53.
fn whole(value: f64) -> Option<i64> {
    const LARGEST: f64 = 9_007_199_254_740_992.0;
    (value.trunc() == value && value.abs() <= LARGEST).then_some(value as i64)
}

fn push(out: &mut String, arguments: std::fmt::Arguments<'_>) {
    // Writing into a `String` cannot fail.
    let _ = out.write_fmt(arguments);
}

#[cfg(test)]
mod tests;
