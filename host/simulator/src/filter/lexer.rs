//! The tokens of a filter.

/// A token of a filter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Token {
    /// A name, an operator, a number, a date-time or a duration.
    Bare(String),
    /// A text between single quotes; a quote in it is doubled.
    Quoted(String),
    Open,
    Close,
    Comma,
}

/// Splits a filter into tokens.
pub(super) fn tokens(text: &str) -> Result<Vec<Token>, String> {
    let mut tokens = Vec::new();
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        let (token, after) = match first {
            '(' => (Token::Open, &rest[1..]),
            ')' => (Token::Close, &rest[1..]),
            ',' => (Token::Comma, &rest[1..]),
            '\'' => quoted(&rest[1..])?,
            '"' => return Err("Expected single quotes around a text.".to_owned()),
            _ => bare(rest),
        };
        tokens.push(token);
        rest = after.trim_start();
    }
    Ok(tokens)
}

fn bare(text: &str) -> (Token, &str) {
    let ends = |c: char| c.is_whitespace() || matches!(c, '(' | ')' | ',' | '\'' | '"');
    let (word, rest) = text.split_at(text.find(ends).unwrap_or(text.len()));
    (Token::Bare(word.to_owned()), rest)
}

fn quoted(text: &str) -> Result<(Token, &str), String> {
    let mut value = String::new();
    let mut rest = text;
    loop {
        let Some((part, after)) = rest.split_once('\'') else {
            return Err("A text has no closing quote.".to_owned());
        };
        value.push_str(part);
        match after.strip_prefix('\'') {
            Some(more) => {
                value.push('\'');
                rest = more;
            }
            None => return Ok((Token::Quoted(value), after)),
        }
    }
}
