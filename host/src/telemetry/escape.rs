//! Escapes characters that begin a line, control a terminal or reorder text.

use std::fmt::Write as _;

/// Whether the character is not plain text: a control character, a line separator or a
/// control of text direction.
pub fn is_control_like(c: char) -> bool {
    c.is_control()
        || matches!(
            c,
            '\u{61c}'
                | '\u{200e}'
                | '\u{200f}'
                | '\u{2028}'..='\u{202e}'
                | '\u{2066}'..='\u{2069}'
        )
}

/// Appends a value of logfmt, in quotes if it needs them.
pub(super) fn push_logfmt(line: &mut String, value: &str) {
    let quoted = |c: char| matches!(c, '"' | '=' | '\\') || c.is_whitespace() || is_control_like(c);
    if !value.is_empty() && !value.contains(quoted) {
        line.push_str(value);
        return;
    }
    line.push('"');
    for c in value.chars() {
        match c {
            '"' | '\\' => line.extend(['\\', c]),
            c if is_control_like(c) => line.extend(c.escape_default()),
            c => line.push(c),
        }
    }
    line.push('"');
}

/// A JSON document without the characters that JSON itself permits in strings.
pub(super) fn escaped_json(document: String) -> String {
    if !document.contains(is_control_like) {
        return document;
    }
    let mut escaped = String::with_capacity(document.len() + 64);
    for c in document.chars() {
        match c {
            // All of them are below U+10000, so one escape is enough. Writing into a
            // `String` cannot fail.
            c if is_control_like(c) => drop(write!(escaped, "\\u{:04x}", u32::from(c))),
            c => escaped.push(c),
        }
    }
    escaped
}
