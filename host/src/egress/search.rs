//! Finds a secret in a text, in a time that does not depend on partial matches.
//!
//! An ordinary search stops at the first different byte. A guest with a clock that gets
//! its guesses echoed could learn the secret one character at a time. This search
//! compares eight bytes at every position without a branch. Only a text with all eight
//! takes longer, and eight characters cannot be guessed at once.

use std::ops::Range;

/// The number of bytes compared at every position: the last ones of the secret, since
/// tokens often have the same prefix. No secret may be shorter.
pub(super) const TAIL: usize = 8;

/// Number of positions that are checked together.
const BLOCK: usize = 4096;

/// Every occurrence of `secret`, in ascending order. They may overlap.
pub(super) fn occurrences<'t>(
    text: &'t [u8],
    secret: &'t [u8],
) -> impl Iterator<Item = Range<usize>> + 't {
    let tails = secret.last_chunk::<TAIL>().into_iter();
    let ends = tails.flat_map(|tail| tail_ends(text, tail));
    ends.filter(|&end| text[..end].ends_with(secret))
        .map(|end| end - secret.len()..end)
}

/// The positions in `text` at which `tail` ends.
fn tail_ends<'t>(text: &'t [u8], tail: &'t [u8; TAIL]) -> impl Iterator<Item = usize> + 't {
    let blocks = (0..text.len()).step_by(BLOCK);
    let blocks = blocks.map(move |at| at..text.len().min(at + BLOCK + TAIL - 1));
    blocks
        .filter(move |block| contains(&text[block.clone()], tail))
        .flat_map(|block| block.start + TAIL..=block.end)
        .filter(move |&end| text[..end].ends_with(tail))
}

/// Whether `block` contains `tail`. Four passes over words of four bytes, so that the
/// compiler can vectorize the comparison.
fn contains(block: &[u8], tail: &[u8; TAIL]) -> bool {
    let [a, b, c, d, e, f, g, h] = *tail;
    let first = u32::from_ne_bytes([a, b, c, d]);
    let second = u32::from_ne_bytes([e, f, g, h]);
    let mut found = 0;
    for phase in 0..4 {
        let (words, _) = block.get(phase..).unwrap_or_default().as_chunks();
        for pair in words.iter().zip(words.get(1..).unwrap_or_default()) {
            let first = u32::from_ne_bytes(*pair.0) ^ first;
            let second = u32::from_ne_bytes(*pair.1) ^ second;
            found |= u32::from(first | second == 0);
        }
    }
    found != 0
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A naive search.
    fn plainly(text: &[u8], secret: &[u8]) -> Vec<Range<usize>> {
        let found = |at: &usize| text[*at..].starts_with(secret);
        let all = (0..text.len()).filter(found);
        all.map(|at| at..at + secret.len()).collect()
    }

    fn found(text: &[u8], secret: &[u8]) -> Vec<Range<usize>> {
        occurrences(text, secret).collect()
    }

    #[test]
    fn a_secret_is_found_at_every_position_of_a_block() {
        let secret = b"abcdefghij";
        for at in (0..40).chain(BLOCK - 20..BLOCK + 20) {
            for after in [0, 1, 7, 9, BLOCK] {
                let text = [&vec![b'x'; at], &secret[..], &vec![b'j'; after]].concat();
                assert_eq!(
                    found(&text, secret),
                    std::slice::from_ref(&(at..at + 10)),
                    "{at} {after}"
                );
            }
        }
    }

    #[test]
    fn occurrences_that_overlap_are_all_found() {
        assert_eq!(found(&[b'a'; 11], &[b'a'; 8]), [0..8, 1..9, 2..10, 3..11]);
        let text = b"abcabcabcabcabcab";
        assert_eq!(found(text, b"abcabcabcab"), [0..11, 3..14, 6..17]);
    }

    #[test]
    fn a_part_of_a_secret_is_not_found() {
        for text in [&b""[..], b"abcdefghi", b"bcdefghij", b"xbcdefghij", b"j"] {
            assert!(found(text, b"abcdefghij").is_empty(), "{text:?}");
        }
        assert!(found(b"short", b"short").is_empty(), "no secret");
    }

    #[test]
    fn the_search_equals_a_naive_search() {
        let mut random = fastrand::Rng::with_seed(7);
        for _ in 0..3000 {
            let mut letters = |most: usize, least: usize| -> Vec<u8> {
                let length = random.usize(least..most);
                (0..length).map(|_| random.u8(b'a'..b'c')).collect()
            };
            let (text, secret) = (letters(300, 0), letters(11, TAIL));
            assert_eq!(found(&text, &secret), plainly(&text, &secret));
        }
    }
}
