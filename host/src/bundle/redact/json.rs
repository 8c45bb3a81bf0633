//! Rewrites the texts of a JSON document. Everything else stays byte for byte, so that
//! large numbers, spaces and repeated keys survive.

use serde::de::IgnoredAny;

use super::Scrubber;
use super::vocabulary::ValueKind;

/// Where the scanner is: an object or a list.
#[derive(Clone, Default)]
struct Level {
    is_object: bool,
    /// Whether the next text is a key.
    expects_key: bool,
    /// The key that holds this object or list, empty at the top.
    parent: String,
    /// The key of the current value. The values of a list have the key of the list.
    key: String,
}

/// Whose keys they are.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Keys {
    /// Of the server. Unknown ones may be names.
    Attributes,
    /// Of a collector's options, which the guest declares.
    Options,
}

impl Scrubber {
    /// `None` if the text is not JSON.
    pub(super) fn json(&mut self, text: &str) -> Option<String> {
        self.rewrite(text, Keys::Attributes)
    }

    /// Like [`Scrubber::json`], for the options of a collector.
    pub(super) fn options_json(&mut self, text: &str) -> Option<String> {
        self.rewrite(text, Keys::Options)
    }

    /// The text is valid JSON, so the scanner only needs to find texts and levels.
    fn rewrite(&mut self, text: &str, keys: Keys) -> Option<String> {
        serde_json::from_str::<IgnoredAny>(text).ok()?;
        let mut out = String::with_capacity(text.len());
        let mut levels = vec![Level::default()];
        let mut rest = text;
        while let Some(at) = rest.find(['"', '{', '[', '}', ']', ',']) {
            let (before, from) = rest.split_at(at);
            out.push_str(before);
            let length = match from.as_bytes().first() {
                Some(b'"') => text_length(from),
                _ => 1,
            };
            let (token, after) = from.split_at(length);
            if length == 1 {
                step(&mut levels, token);
                out.push_str(token);
            } else if let Some(level) = levels.last_mut() {
                out.push_str(&self.token(token, level, keys));
            }
            rest = after;
        }
        out.push_str(rest);
        Some(out)
    }

    /// A text in quotes, as a key or a value.
    fn token(&mut self, token: &str, level: &mut Level, keys: Keys) -> String {
        // Half of a surrogate pair is valid JSON, but no text.
        let text = serde_json::from_str(token).unwrap_or_else(|_| token.to_owned());
        let replaced = if level.expects_key {
            level.expects_key = false;
            level.key.clone_from(&text);
            let stays = keys == Keys::Options || self.vocabulary.is_attribute(&text);
            match stays {
                true => return token.to_owned(),
                false => self.value(ValueKind::Identifier, &text),
            }
        } else {
            let kind = match keys {
                Keys::Attributes => self.vocabulary.attribute(&level.parent, &level.key),
                Keys::Options => self.vocabulary.option(&level.key, level.is_object),
            };
            self.value(kind, &text)
        };
        if replaced == text {
            return token.to_owned();
        }
        serde_json::Value::String(replaced).to_string()
    }
}

/// Enters or leaves a level, or goes to the next value.
fn step(levels: &mut Vec<Level>, token: &str) {
    let Some(level) = levels.last_mut() else {
        return;
    };
    match token {
        "{" => {
            let parent = level.key.clone();
            levels.push(Level {
                is_object: true,
                expects_key: true,
                parent,
                key: String::new(),
            });
        }
        "[" => {
            let list = Level {
                is_object: false,
                expects_key: false,
                ..level.clone()
            };
            levels.push(list);
        }
        "," => level.expects_key = level.is_object,
        _ => drop(levels.pop()),
    }
}

/// The length of the text in quotes at the beginning of `text`.
fn text_length(text: &str) -> usize {
    let mut is_escaped = false;
    let end = text.bytes().skip(1).position(|byte| {
        let is_end = byte == b'"' && !is_escaped;
        is_escaped = byte == b'\\' && !is_escaped;
        is_end
    });
    // Both quotes.
    end.map_or(text.len(), |end| end + 2)
}
