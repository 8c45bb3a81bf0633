//! Escapes characters that begin a line, control a terminal or reorder text.

use std::borrow::Cow;

use super::LogFormat;

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

/// The event with such characters escaped for its format. Its line end stays.
pub(super) fn escaped(event: &[u8], format: LogFormat) -> Cow<'_, [u8]> {
    let (line, end) = match event.strip_suffix(b"\n") {
        Some(line) => (line, "\n"),
        None => (event, ""),
    };
    let text = String::from_utf8_lossy(line);
    if !text.contains(is_control_like) {
        return Cow::Borrowed(event);
    }
    let mut escaped = String::with_capacity(event.len() + 64);
    for c in text.chars() {
        match format {
            _ if !is_control_like(c) => escaped.push(c),
            // As the logfmt formatter does in quoted values.
            LogFormat::Logfmt => escaped.extend(c.escape_unicode()),
            // All of them are below U+10000, so JSON needs one escape.
            LogFormat::Json => escaped.push_str(&format!("\\u{:04x}", u32::from(c))),
        }
    }
    escaped.push_str(end);
    Cow::Owned(escaped.into_bytes())
}
