//! A literal, read as the type of the column it is compared with.

use std::borrow::Cow;

use jiff::{SignedDuration, Timestamp};

use super::lexer::Token;
use crate::column::{Datum, Schema};

/// Reads a literal of a schema: texts are quoted, everything else is bare.
pub(super) fn read(schema: Schema, token: &Token) -> Option<Datum<'static>> {
    match (schema, token) {
        (Schema::Text, Token::Quoted(text)) => Some(Datum::Text(Cow::Owned(text.clone()))),
        (Schema::Number, Token::Bare(word)) => number(word),
        (Schema::Flag, Token::Bare(word)) => word.parse().ok().map(Datum::Flag),
        (Schema::Time, Token::Bare(word)) => time(word),
        (Schema::Span, Token::Bare(word)) => word.parse::<SignedDuration>().ok().map(Datum::Span),
        _ => None,
    }
}

fn number(word: &str) -> Option<Datum<'static>> {
    if let Ok(number) = word.parse() {
        return Some(Datum::Int(number));
    }
    // Spelled with digits: not the words that `f64` also takes, such as `inf`.
    let digits = word.starts_with(|c: char| c.is_ascii_digit() || c == '-');
    word.parse().ok().filter(|_| digits).map(Datum::Float)
}

/// ISO-8601 with a date, a time and a zone, as in `2026-07-01T00:00:00Z`.
fn time(word: &str) -> Option<Datum<'static>> {
    let time = word
        .parse::<Timestamp>()
        .ok()
        .filter(|_| word.contains('T'))?;
    Some(Datum::Time(time))
}
