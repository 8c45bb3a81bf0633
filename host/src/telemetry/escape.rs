//! Characters that nobody may write raw into a log or a page: they begin a line,
//! steer a terminal, or show text in another order than it has.

use std::borrow::Cow;

use super::LogFormat;

/// Whether a reader would take the character for something else than text: a
/// control character, a separator of lines, or a control of writing direction.
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

/// An event as it is written, with such characters as escapes of its format. The
/// end of its line stays.
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
            // As the logfmt formatter writes them where it quotes a value.
            LogFormat::Logfmt => escaped.extend(c.escape_unicode()),
            // All of them are below U+10000, where JSON needs one escape.
            LogFormat::Json => escaped.push_str(&format!("\\u{:04x}", u32::from(c))),
        }
    }
    escaped.push_str(end);
    Cow::Owned(escaped.into_bytes())
}
