//! What a text looks like. A text that looks like a number or a time is not a name.

use jiff::Timestamp;

/// Characters of the longest word.
const MAX_WORD: usize = 64;

/// Values that stand for no name, in any attribute: what NetBackup writes instead of a
/// name, the one comment that is compared, and the guest's label for a missing value.
const PLACEHOLDERS: [&str; 3] = ["<multiple>", "NEEDS CLEANING", "unknown"];

/// The parts of the media types that NetBackup and proxies use.
const MEDIA: [&str; 16] = [
    "application",
    "text",
    "vnd",
    "netbackup",
    "json",
    "plain",
    "html",
    "csv",
    "octet",
    "stream",
    "version",
    "charset",
    "utf",
    "problem",
    "ocsf",
    "iso",
];

/// Whether a text holds no name, wherever it stands.
pub(super) fn is_harmless(text: &str) -> bool {
    let is_flag = matches!(text, "true" | "false");
    text.trim().is_empty() || is_flag || PLACEHOLDERS.contains(&text) || is_time(text)
}

/// A time as in RFC 3339, such as `2026-07-01T00:00:00.000Z`.
pub(super) fn is_time(text: &str) -> bool {
    let is_plain = text
        .bytes()
        .all(|byte| byte.is_ascii_digit() || b"-:.+TZ".contains(&byte));
    is_plain && text.contains('T') && text.parse::<Timestamp>().is_ok()
}

/// Digits, with a sign, a point or an exponent.
pub(super) fn is_number(text: &str) -> bool {
    let is_plain = text
        .bytes()
        .all(|byte| byte.is_ascii_digit() || b"+-.eE".contains(&byte));
    is_plain && text.parse::<f64>().is_ok()
}

/// A value of an enumeration.
pub(super) fn is_word(text: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_-|,<> ".contains(&byte);
    text.len() <= MAX_WORD && text.bytes().all(is_plain)
}

/// A name in a programming language.
pub(super) fn is_identifier(text: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_-".contains(&byte);
    text.len() <= MAX_WORD && text.bytes().all(is_plain)
}

/// Numbers with points, and a suffix such as `-rc.1`.
pub(super) fn is_version(text: &str) -> bool {
    let (numbers, suffix) = text.split_once('-').unwrap_or((text, "0"));
    let is_number = |part: &str| {
        (1..=9).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit())
    };
    let is_part = |part: &str| is_number(part) || ["alpha", "beta", "rc"].contains(&part);
    numbers.split('.').all(is_number) && suffix.split('.').all(is_part)
}

/// A SHA-256 digest in hexadecimal.
pub(super) fn is_digest(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// Such as `1h30m`.
pub(super) fn is_duration(text: &str) -> bool {
    let mut parts = text.split_inclusive(|c: char| !(c.is_ascii_digit() || c == '.'));
    parts.all(|part| {
        let number = part.trim_end_matches(['d', 'h', 'm', 's']);
        number.len() + 1 == part.len() && is_number(number)
    })
}

/// A media type without any other text.
pub(super) fn is_media_type(text: &str) -> bool {
    let mut parts = text.split(|c: char| "/+-.;=, \"*".contains(c));
    parts.all(|part| part.bytes().all(|byte| byte.is_ascii_digit()) || MEDIA.contains(&part))
}
