//! Content negotiation with `Accept` and `Accept-Encoding` (RFC 9110, section 12.5).

use http::HeaderMap;
use http::header::{ACCEPT, ACCEPT_ENCODING, HeaderName};

use crate::metrics::Format;

/// OpenMetrics if the client names it and does not prefer text. Otherwise text, even
/// if the client accepts neither: every scraper can read it.
pub(super) fn format(headers: &HeaderMap) -> Format {
    let (mut text, mut openmetrics) = (Preference::default(), 0.0_f32);
    for range in items(headers, &ACCEPT) {
        match range.name.to_ascii_lowercase().as_str() {
            "application/openmetrics-text" if range.version_is("1.0.0") => {
                openmetrics = openmetrics.max(range.quality);
            }
            "text/plain" if range.version_is("0.0.4") => text.consider(2, range.quality),
            "text/*" => text.consider(1, range.quality),
            "*/*" => text.consider(0, range.quality),
            _ => {}
        }
    }
    if openmetrics > 0.0 && openmetrics >= text.quality {
        Format::OpenMetrics
    } else {
        Format::Text
    }
}

/// Whether to compress the response.
pub(super) fn gzip(headers: &HeaderMap) -> bool {
    let (mut gzip, mut identity) = (Preference::default(), Preference::default());
    for coding in items(headers, &ACCEPT_ENCODING) {
        match coding.name.to_ascii_lowercase().as_str() {
            "gzip" | "x-gzip" => gzip.consider(1, coding.quality),
            "identity" => identity.consider(1, coding.quality),
            "*" => gzip.consider(0, coding.quality),
            _ => {}
        }
    }
    gzip.quality > 0.0 && gzip.quality >= identity.quality
}

/// The client's preference for one format: the most specific matching range decides,
/// and of equally specific ones the highest quality.
#[derive(Default)]
struct Preference {
    specificity: u8,
    quality: f32,
}

impl Preference {
    fn consider(&mut self, specificity: u8, quality: f32) {
        if specificity > self.specificity {
            *self = Self {
                specificity,
                quality,
            };
        } else if specificity == self.specificity {
            self.quality = self.quality.max(quality);
        }
    }
}

/// One item of the header: a name, its version and its quality.
struct HeaderItem<'a> {
    name: &'a str,
    version: Option<&'a str>,
    quality: f32,
}

impl HeaderItem<'_> {
    /// An item without a version means any version.
    fn version_is(&self, wanted: &str) -> bool {
        self.version.is_none_or(|version| version == wanted)
    }
}

fn items<'a>(headers: &'a HeaderMap, name: &'a HeaderName) -> impl Iterator<Item = HeaderItem<'a>> {
    let values = headers
        .get_all(name)
        .iter()
        .filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).map(item)
}

fn item(text: &str) -> HeaderItem<'_> {
    let mut parts = text.split(';').map(str::trim);
    let mut item = HeaderItem {
        name: parts.next().unwrap_or_default(),
        version: None,
        quality: 1.0,
    };
    for (key, value) in parts.filter_map(|part| part.split_once('=')) {
        let value = value.trim().trim_matches('"');
        match key.trim().to_ascii_lowercase().as_str() {
            "version" => item.version = Some(value),
            // An invalid quality counts as refusal.
            "q" => item.quality = value.parse().unwrap_or(0.0),
            _ => {}
        }
    }
    item
}

#[cfg(test)]
mod tests;
