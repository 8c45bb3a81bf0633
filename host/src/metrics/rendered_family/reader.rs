//! Reads samples back from the lines that `text` rendered. It reads nothing else: the
//! first label of each line is `site`, and nothing is spaced or ordered in another way.

use memchr::{memchr, memchr2, memrchr};

use crate::metrics::family::{Bucket, Distribution, Family, Kind, Point};
use crate::metrics::text::Labels;
use crate::site::SiteName;

/// The name and labels of one sample, as rendered. Two samples of a family of one site have
/// equal labels if these are equal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct LabelSet<'a>(&'a [u8]);

impl<'a> LabelSet<'a> {
    /// The label values, without `site`.
    fn values(self) -> Vec<String> {
        let mut rest = self.0;
        let values = std::iter::from_fn(move || {
            let (_, begun) = split(rest, memchr(b'"', rest)?)?;
            let (value, after) = split(begun, end_of_value(begun)?)?;
            rest = after;
            Some(unescaped(value))
        });
        values.skip(1).collect()
    }
}

/// Renders the labels of samples, for looking them up.
pub struct LabelRenderer {
    labels: Labels,
    out: String,
}

impl LabelRenderer {
    /// For the samples of this family.
    pub fn new(site: &SiteName, family: &Family) -> Self {
        let name = match family.kind() {
            Kind::Gauge | Kind::Counter => family.name.clone(),
            // The name of the line from which the labels are read.
            Kind::Histogram => format!("{}_count", family.name),
        };
        Self {
            labels: Labels::new(&name, family, Some(site.as_str())),
            out: String::new(),
        }
    }

    /// The labels of the sample with these values.
    pub fn render(&mut self, label_values: &[String]) -> LabelSet<'_> {
        self.out.clear();
        self.labels.write(&mut self.out, label_values);
        LabelSet(self.out.as_bytes())
    }
}

/// The position of the closing quote.
fn end_of_value(text: &[u8]) -> Option<usize> {
    let mut at = 0;
    loop {
        at += memchr2(b'"', b'\\', text.get(at..)?)?;
        if text.get(at) == Some(&b'"') {
            return Some(at);
        }
        at += 2;
    }
}

fn unescaped(value: &[u8]) -> String {
    let mut bytes = value.iter();
    let plain = std::iter::from_fn(|| match bytes.next()? {
        b'\\' => bytes.next().map(|&it| if it == b'n' { b'\n' } else { it }),
        &other => Some(other),
    });
    String::from_utf8_lossy(&plain.collect::<Vec<_>>()).into_owned()
}

/// The samples of a gauge or counter.
pub(super) fn points(text: &[u8]) -> impl Iterator<Item = (LabelSet<'_>, f64)> {
    lines(text).filter_map(|(series, value)| Some((labels(series)?, number(value)?)))
}

/// The sample with its label values.
pub(super) fn point((labels, value): (LabelSet<'_>, f64)) -> Point {
    Point {
        label_values: labels.values(),
        value,
    }
}

/// The samples of a histogram.
pub(super) fn distributions(text: &[u8]) -> impl Iterator<Item = (LabelSet<'_>, Distribution)> {
    let mut lines = lines(text);
    std::iter::from_fn(move || {
        let mut buckets = Vec::new();
        loop {
            let (series, count) = lines.next()?;
            let bound = bound(series)?;
            if bound.is_infinite() {
                break;
            }
            buckets.push(Bucket {
                upper_bound: bound,
                cumulative_count: integer(count)?,
            });
        }
        let (_, sum) = lines.next()?;
        let (series, count) = lines.next()?;
        let labels = labels(series)?;
        let distribution = Distribution {
            label_values: labels.values(),
            buckets,
            sum: number(sum)?,
            count: integer(count)?,
        };
        Some((labels, distribution))
    })
}

/// The value of the last label, `le`.
fn bound(series: &[u8]) -> Option<f64> {
    let series = series.strip_suffix(b"\"}")?;
    let (_, bound) = split(series, memrchr(b'"', series)?)?;
    number(bound)
}

fn labels(series: &[u8]) -> Option<LabelSet<'_>> {
    series.strip_suffix(b"}").map(LabelSet)
}

/// Series and value of each line. Labels have no line breaks, and values no spaces.
fn lines(mut text: &[u8]) -> impl Iterator<Item = (&[u8], &[u8])> {
    std::iter::from_fn(move || {
        let (line, rest) = split(text, memchr(b'\n', text)?)?;
        text = rest;
        split(line, memrchr(b' ', line)?)
    })
}

fn number(text: &[u8]) -> Option<f64> {
    std::str::from_utf8(text).ok()?.parse().ok()
}

fn integer(text: &[u8]) -> Option<u64> {
    std::str::from_utf8(text).ok()?.parse().ok()
}

/// What is before and after the byte at this position.
fn split(text: &[u8], at: usize) -> Option<(&[u8], &[u8])> {
    Some((text.get(..at)?, text.get(at + 1..)?))
}

#[cfg(test)]
mod tests;
