//! Filter expressions, as in OData: `clientName eq 'db1' and endTime ge 2026-07-01T00:00:00Z`.

use super::Scrubber;
use super::vocabulary::{ValueKind, Vocabulary};

const COMPARISONS: [&str; 6] = ["eq", "ne", "gt", "ge", "lt", "le"];
const OPERATORS: [&str; 9] = [
    "and",
    "or",
    "not",
    "in",
    "contains",
    "startswith",
    "endswith",
    "null",
    "datetimeoffset",
];

/// Whether a name, such as `attributes/jobId`, consists of known attributes.
pub(super) fn is_attribute(vocabulary: &Vocabulary, name: &str) -> bool {
    name.split(['/', '.'])
        .all(|part| vocabulary.is_attribute(part))
}

/// What the scanner has read so far.
struct FilterPosition {
    /// What the last attribute holds.
    kind: ValueKind,
    /// Whether the next token is compared with the attribute.
    expects_value: bool,
}

impl Scrubber {
    /// Replaces the values. Their kind is that of the attribute before them.
    pub(super) fn filter(&mut self, text: &str) -> String {
        let mut out = String::with_capacity(text.len());
        let mut position = FilterPosition {
            kind: ValueKind::Text,
            expects_value: false,
        };
        let mut rest = text;
        while let Some(first) = rest.chars().next() {
            let is_separator = |c: char| c.is_whitespace() || "(),'".contains(c);
            let length = match first {
                '\'' => quoted_length(rest),
                first if is_separator(first) => first.len_utf8(),
                _ => rest.find(is_separator).unwrap_or(rest.len()),
            };
            let (token, after) = rest.split_at(length);
            match first {
                '\'' => {
                    position.expects_value = false;
                    out.push_str(&self.quoted(token, position.kind));
                }
                first if is_separator(first) => out.push_str(token),
                _ => out.push_str(&self.bare(token, &mut position)),
            }
            rest = after;
        }
        out
    }

    /// A text in quotes. A quote in it is doubled.
    fn quoted(&mut self, token: &str, kind: ValueKind) -> String {
        let inner = token.strip_prefix('\'').unwrap_or(token);
        let inner = inner.strip_suffix('\'').unwrap_or(inner).replace("''", "'");
        let replaced = self.value(kind, &inner);
        if replaced == inner {
            return token.to_owned();
        }
        format!("'{}'", replaced.replace('\'', "''"))
    }

    /// An attribute, an operator, or a value without quotes.
    fn bare(&mut self, token: &str, position: &mut FilterPosition) -> String {
        let expects_value = std::mem::take(&mut position.expects_value);
        if expects_value {
            let kind = match position.kind {
                ValueKind::Text => ValueKind::Identifier,
                kind => kind,
            };
            return self.value(kind, token);
        }
        if COMPARISONS.contains(&token) {
            position.expects_value = true;
        } else if !OPERATORS.contains(&token) {
            if !is_attribute(&self.vocabulary, token) {
                return self.value(ValueKind::Identifier, token);
            }
            let (parent, name) = token.rsplit_once(['/', '.']).unwrap_or(("", token));
            position.kind = self.vocabulary.attribute(parent, name);
        }
        token.to_owned()
    }
}

/// The length of the text in quotes at the beginning of `text`.
fn quoted_length(text: &str) -> usize {
    let mut bytes = text.bytes().enumerate().skip(1).peekable();
    while let Some((at, byte)) = bytes.next() {
        let is_doubled = bytes.peek().is_some_and(|(_, next)| *next == b'\'');
        match (byte, is_doubled) {
            (b'\'', true) => drop(bytes.next()),
            (b'\'', false) => return at + 1,
            _ => {}
        }
    }
    text.len()
}
