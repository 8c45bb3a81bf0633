//! URLs: the host, the segments of the path, and the query.

use super::vocabulary::ValueKind;
use super::{Scrubber, decode, filter};

impl Scrubber {
    /// A URL, or the path and the query of one.
    pub(super) fn address(&mut self, url: &str) -> String {
        let (base, path_and_query) = match url.split_once("://") {
            Some((scheme @ ("http" | "https"), rest)) => {
                let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
                let (authority, path) = rest.split_at(end);
                (format!("{scheme}://{}", self.authority(authority)), path)
            }
            _ => (String::new(), url),
        };
        // A server never receives a fragment.
        let sent = path_and_query.split('#').next().unwrap_or_default();
        let (path, query) = match sent.split_once('?') {
            Some((path, query)) => (path, Some(query)),
            None => (sent, None),
        };
        let segments = path.split('/').map(|segment| self.segment(segment));
        let path = segments.collect::<Vec<_>>().join("/");
        match query {
            Some(query) => format!("{base}{path}?{}", self.query(query)),
            None => base + &path,
        }
    }

    /// `HOST` or `HOST:PORT`.
    fn authority(&mut self, authority: &str) -> String {
        let is_port = |port: &str| port.bytes().all(|byte| byte.is_ascii_digit());
        match authority.rsplit_once(':') {
            Some((host, port)) if is_port(port) => {
                format!("{}:{port}", self.value(ValueKind::Text, host))
            }
            _ => self.value(ValueKind::Text, authority),
        }
    }

    fn segment(&mut self, segment: &str) -> String {
        let text = decode::segment(segment);
        let is_known = self.vocabulary.is_segment(&text);
        let kind = match is_known {
            true => ValueKind::Kept,
            false => ValueKind::Identifier,
        };
        encoded_if_changed(segment, &text, &self.value(kind, &text))
    }

    fn query(&mut self, query: &str) -> String {
        let parameters = query.split('&').map(|pair| self.parameter(pair));
        parameters.collect::<Vec<_>>().join("&")
    }

    fn parameter(&mut self, pair: &str) -> String {
        let (name, value) = match pair.split_once('=') {
            Some((name, value)) => (name, Some(value)),
            None => (pair, None),
        };
        let name_text = decode::query(name);
        let new_name = self.parameter_name(&name_text);
        let new_name = encoded_if_changed(name, &name_text, &new_name);
        let Some(value) = value else {
            return new_name;
        };
        let text = decode::query(value);
        let new_value = match name_text.as_str() {
            "filter" => self.filter(&text),
            "sort" | "include" => self.sort(&text),
            name if name.starts_with("page[") => self.value(ValueKind::Identifier, &text),
            name => self.value(self.vocabulary.attribute("", name), &text),
        };
        format!(
            "{new_name}={}",
            encoded_if_changed(value, &text, &new_value)
        )
    }

    fn parameter_name(&mut self, name: &str) -> String {
        let attribute = name
            .strip_prefix("page[")
            .and_then(|it| it.strip_suffix(']'));
        let is_known = match attribute {
            Some("limit" | "offset" | "after" | "before") => true,
            _ => ["filter", "sort", "include"].contains(&name),
        };
        if is_known || self.vocabulary.is_attribute(name) {
            return name.to_owned();
        }
        self.value(ValueKind::Text, name)
    }

    /// Attributes with commas, each with `-` for the descending order.
    fn sort(&mut self, text: &str) -> String {
        let attributes = text.split(',').map(|attribute| {
            let name = attribute.trim_start_matches('-');
            let sign = &attribute[..attribute.len() - name.len()];
            match filter::is_attribute(&self.vocabulary, name) {
                true => attribute.to_owned(),
                false => format!("{sign}{}", self.value(ValueKind::Text, name)),
            }
        });
        attributes.collect::<Vec<_>>().join(",")
    }
}

/// Keeps the encoding of the guest for a text that did not change.
fn encoded_if_changed(encoded: &str, text: &str, replaced: &str) -> String {
    if text == replaced {
        encoded.to_owned()
    } else {
        decode::encode(replaced)
    }
}
