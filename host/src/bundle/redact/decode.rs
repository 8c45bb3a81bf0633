//! Percent-encoding.

use std::fmt::Write as _;

/// A segment of a path, decoded. Invalid UTF-8 is replaced.
pub(in crate::bundle) fn segment(text: &str) -> String {
    let bytes = bytes(text, false);
    String::from_utf8(bytes).unwrap_or_else(|error| {
        let bytes = error.into_bytes();
        String::from_utf8_lossy(&bytes).into_owned()
    })
}

/// A name or a value of a query, decoded. A `+` is a space.
pub(in crate::bundle) fn query(text: &str) -> String {
    let bytes = bytes(text, true);
    String::from_utf8_lossy(&bytes).into_owned()
}

fn bytes(text: &str, plus_is_space: bool) -> Vec<u8> {
    let mut rest = text.as_bytes();
    let mut decoded = Vec::with_capacity(rest.len());
    while let Some((&first, after)) = rest.split_first() {
        let (byte, after) = match (first, after) {
            (b'%', [high, low, after @ ..]) => match (hex(*high), hex(*low)) {
                (Some(high), Some(low)) => (high << 4 | low, after),
                _ => (first, &rest[1..]),
            },
            (b'+', _) if plus_is_space => (b' ', after),
            _ => (first, after),
        };
        decoded.push(byte);
        rest = after;
    }
    decoded
}

fn hex(digit: u8) -> Option<u8> {
    let value = char::from(digit).to_digit(16)?;
    u8::try_from(value).ok()
}

/// Encodes all but the unreserved characters of RFC 3986.
pub(super) fn encode(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            // Writing to a string cannot fail.
            let _ = write!(encoded, "%{byte:02X}");
        }
    }
    encoded
}
