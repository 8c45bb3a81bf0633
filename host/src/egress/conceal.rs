//! Takes the key out of an answer that holds it: a server that sends the
//! request's headers back must not tell them to the guest.
//!
//! The key is looked for as it was sent. A server that changes it first, say
//! into base 64, cannot be seen through.

use bytes::{Bytes, BytesMut};
use http::header::{HeaderMap, HeaderValue};
use memchr::memmem;

use crate::secret::ApiKey;

/// A shorter key could be part of an answer by chance. NetBackup's have some 60
/// characters.
const SHORTEST: usize = 8;
/// What stands in the place of each of its bytes, so that lengths stay true.
const MASK: u8 = b'*';

/// Of one answer.
pub(super) struct Concealer {
    /// None when the key is too short to be looked for.
    key: Option<ApiKey>,
    /// The end of what has come, which may be the beginning of the key.
    held: BytesMut,
}

impl Concealer {
    pub(super) fn new(key: &ApiKey) -> Self {
        let key = (key.as_bytes().len() >= SHORTEST).then(|| key.clone());
        Self {
            key,
            held: BytesMut::new(),
        }
    }

    /// The next piece of a body, without what may be the beginning of the key.
    pub(super) fn pass(&mut self, piece: Bytes) -> Bytes {
        let Some(key) = &self.key else { return piece };
        let key = key.as_bytes();
        if self.held.is_empty() && begins_at(&piece, key) == piece.len() && !contains(&piece, key) {
            return piece;
        }
        self.held.extend_from_slice(&piece);
        let masked = mask(&mut self.held, key);
        let end = masked + begins_at(&self.held[masked..], key);
        self.held.split_to(end).freeze()
    }

    /// What was held back, once nothing more comes.
    pub(super) fn rest(&mut self) -> Bytes {
        self.held.split().freeze()
    }

    /// How many bytes are held back.
    pub(super) fn holds(&self) -> u64 {
        self.held.len() as u64
    }

    /// The same for headers and trailers.
    pub(super) fn clean(&self, headers: &mut HeaderMap) {
        let Some(key) = &self.key else { return };
        // Names have lost their capitals on the way.
        let name = key.as_bytes().to_ascii_lowercase();
        let named: Vec<_> = headers
            .keys()
            .filter(|header| contains(header.as_str().as_bytes(), &name))
            .cloned()
            .collect();
        for header in named {
            headers.remove(header);
        }
        for value in headers.values_mut() {
            if contains(value.as_bytes(), key.as_bytes()) {
                let mut text = value.as_bytes().to_vec();
                mask(&mut text, key.as_bytes());
                // Proven: what was a header value stays one with other letters.
                *value =
                    HeaderValue::from_bytes(&text).unwrap_or_else(|_| HeaderValue::from_static(""));
            }
        }
    }
}

fn contains(text: &[u8], key: &[u8]) -> bool {
    memmem::find(text, key).is_some()
}

/// Puts blanks in the key's place wherever it stands; gives the end of the last.
fn mask(text: &mut [u8], key: &[u8]) -> usize {
    let mut end = 0;
    while let Some(at) = memmem::find(&text[end..], key) {
        let begin = end + at;
        end = begin + key.len();
        text[begin..end].fill(MASK);
    }
    end
}

/// Where the longest end of `text` that the key begins with starts; its length
/// when there is none.
fn begins_at(text: &[u8], key: &[u8]) -> usize {
    let longest = text.len().min(key.len() - 1);
    let begins = |length: &usize| text.ends_with(&key[..*length]);
    let length = (1..=longest).rev().find(begins).unwrap_or(0);
    text.len() - length
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "abcabcabd";

    fn passed(key: &str, pieces: &[&str]) -> String {
        let mut concealer = Concealer::new(&ApiKey::new(key).unwrap());
        let mut all = Vec::new();
        for piece in pieces {
            all.extend(concealer.pass(Bytes::copy_from_slice(piece.as_bytes())));
        }
        all.extend(concealer.rest());
        String::from_utf8(all).unwrap()
    }

    #[test]
    fn the_key_is_masked_wherever_it_stands() {
        let stars = "*".repeat(KEY.len());
        assert_eq!(passed(KEY, &["x", KEY, "y"]), format!("x{stars}y"));
        let twice = format!("{KEY}{KEY}ab");
        assert_eq!(passed(KEY, &[&twice]), format!("{stars}{stars}ab"));
        // A beginning that turns out to be none, right before the key.
        assert_eq!(passed(KEY, &["abcabcabcabd"]), format!("abc{stars}"));
    }

    #[test]
    fn it_is_masked_across_every_border_between_pieces() {
        let text = format!("abc{KEY}abcabcab{KEY}ab");
        let expected = text.replace(KEY, &"*".repeat(KEY.len()));
        for one in 0..=text.len() {
            for two in one..=text.len() {
                let pieces = [&text[..one], &text[one..two], &text[two..]];
                assert_eq!(passed(KEY, &pieces), expected, "{pieces:?}");
            }
        }
        let single: Vec<_> = (0..text.len()).map(|at| &text[at..=at]).collect();
        assert_eq!(passed(KEY, &single), expected);
    }

    #[test]
    fn everything_else_comes_through_as_it_was() {
        for pieces in [&["abcabcab", "c"][..], &["", "ab", ""], &["abcabcab"], &[]] {
            assert_eq!(passed(KEY, pieces), pieces.concat());
        }
        let piece = Bytes::from_static(b"nothing of it here");
        let mut concealer = Concealer::new(&ApiKey::new(KEY).unwrap());
        let through = concealer.pass(piece.clone());
        assert_eq!(through.as_ptr(), piece.as_ptr(), "it was copied");
    }

    #[test]
    fn a_key_that_could_stand_there_by_chance_is_left() {
        assert_eq!(passed("1234567", &["1234567"]), "1234567");
        assert_eq!(passed("12345678", &["12345678"]), "********");
    }

    #[test]
    fn headers_lose_it_too() {
        let mut headers = HeaderMap::new();
        headers.insert("x-echo", HeaderValue::from_static("a AbCdEfGhI b"));
        headers.insert("abcdefghi-x", HeaderValue::from_static("1"));
        headers.insert("etag", HeaderValue::from_static("z"));
        Concealer::new(&ApiKey::new("AbCdEfGhI").unwrap()).clean(&mut headers);
        assert_eq!(headers.len(), 2);
        assert_eq!(headers["x-echo"], "a ********* b");
        assert_eq!(headers["etag"], "z");
    }
}
