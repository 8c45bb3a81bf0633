//! The report in the Prometheus text format: the values of labels.

use super::Scrubber;
use super::vocabulary::ValueKind;

impl Scrubber {
    /// Replaces the values of labels. Comments are the guest's own texts.
    pub(super) fn exposition(&mut self, text: &str) -> String {
        let lines = text.split_inclusive('\n');
        lines.map(|line| self.line(line)).collect()
    }

    fn line(&mut self, line: &str) -> String {
        if line.starts_with('#') {
            return line.to_owned();
        }
        let Some((name, mut rest)) = line.split_once('{') else {
            return line.to_owned();
        };
        let mut out = format!("{name}{{");
        while let Some((label, value)) = rest.split_once("=\"") {
            let length = value_length(value);
            let (escaped, after) = value.split_at(length);
            let text = unescape(escaped);
            let name = label.trim_start_matches(',').trim();
            let replaced = self.label(name, &text);
            out.push_str(&format!("{label}=\"{}", escape(&replaced)));
            let Some(after) = after.strip_prefix("\",") else {
                rest = after;
                break;
            };
            out.push_str("\",");
            rest = after;
        }
        out + rest
    }

    fn label(&mut self, label: &str, value: &str) -> String {
        match self.vocabulary.label(label) {
            // A word may be the name of something else as well.
            ValueKind::Word if self.names.is_kept(value) || !self.names.is_name(value) => {
                self.value(ValueKind::Word, value)
            }
            ValueKind::Word | ValueKind::Text => self.joined(value),
            kind => self.value(kind, value),
        }
    }

    /// A name. Several names in one label are separated by commas.
    fn joined(&mut self, value: &str) -> String {
        if self.names.is_name(value) {
            return self.names.replace(value);
        }
        let is_joined = value.split(',').all(|part| self.names.is_name(part));
        if !is_joined {
            return self.value(ValueKind::Identifier, value);
        }
        let parts = value
            .split(',')
            .map(|part| self.value(ValueKind::Text, part));
        parts.collect::<Vec<_>>().join(",")
    }
}

/// The length of the value up to its quote.
fn value_length(text: &str) -> usize {
    let mut is_escaped = false;
    let end = text.bytes().position(|byte| {
        let is_end = byte == b'"' && !is_escaped;
        is_escaped = byte == b'\\' && !is_escaped;
        is_end
    });
    end.unwrap_or(text.len())
}

fn unescape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        match character {
            '\\' => match characters.next() {
                Some('n') => out.push('\n'),
                other => out.extend(other),
            },
            character => out.push(character),
        }
    }
    out
}

fn escape(text: &str) -> String {
    text.replace('\\', "\\\\")
        .replace('"', "\\\"")
        .replace('\n', "\\n")
}
