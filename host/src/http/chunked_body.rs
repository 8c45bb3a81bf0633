//! Reading many parts as if they were one.

use std::io::IoSlice;

use bytes::{Buf, Bytes};

use crate::metrics::Chunks;

/// What is left to send of parts that others share, and of one more. A system
/// call takes as many of them as fit, wherever they are in memory.
#[derive(Debug)]
pub(super) struct ChunkedBody {
    chunks: Chunks,
    last: Bytes,
    /// The part that is being sent, and how far it has been.
    part: usize,
    sent: usize,
    remaining: usize,
}

impl ChunkedBody {
    pub(super) fn new(chunks: Chunks, last: Bytes) -> Self {
        Self {
            remaining: chunks.len() + last.len(),
            chunks,
            last,
            part: 0,
            sent: 0,
        }
    }

    /// What is left of each part; nothing of one that has been sent.
    fn rest(&self) -> impl Iterator<Item = &[u8]> {
        let chunks = self.chunks.as_slice().get(self.part..).unwrap_or_default();
        let mut rest = chunks.iter().chain([&self.last]).map(Bytes::as_ref);
        // None when all has been sent.
        let first = rest.next().and_then(|part| part.get(self.sent..));
        first.into_iter().chain(rest)
    }
}

impl Buf for ChunkedBody {
    fn remaining(&self) -> usize {
        self.remaining
    }

    fn chunk(&self) -> &[u8] {
        self.rest()
            .find(|part| !part.is_empty())
            .unwrap_or_default()
    }

    fn chunks_vectored<'a>(&'a self, slices: &mut [IoSlice<'a>]) -> usize {
        let chunks = self.rest().filter(|part| !part.is_empty());
        let pairs = slices.iter_mut().zip(chunks);
        pairs
            .map(|(slice, part)| *slice = IoSlice::new(part))
            .count()
    }

    fn advance(&mut self, count: usize) {
        assert!(count <= self.remaining, "no more than there is can be sent");
        self.remaining -= count;
        self.sent += count;
        while let Some(part) = self.chunks.as_slice().get(self.part)
            && self.sent >= part.len()
        {
            self.sent -= part.len();
            self.part += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chunked_body() -> ChunkedBody {
        let chunks = ["one", "", "three", "x"].map(|part| Bytes::from_static(part.as_bytes()));
        ChunkedBody::new(chunks.into_iter().collect(), Bytes::from_static(b"last"))
    }

    #[test]
    fn parts_are_read_one_after_the_other_in_steps_of_any_size() {
        for step in 1..15 {
            let (mut chunked_body, mut read) = (chunked_body(), Vec::new());
            while chunked_body.has_remaining() {
                let part = chunked_body.chunk();
                assert!(!part.is_empty(), "nothing to send, but something left");
                let part = part[..step.min(part.len())].to_vec();
                chunked_body.advance(part.len());
                read.extend(part);
            }
            assert_eq!(read, b"onethreexlast", "in steps of {step}");
            assert_eq!(chunked_body.chunk(), b"");
        }
    }

    #[test]
    fn all_that_is_left_is_offered_at_once_wherever_it_was_left_off() {
        for sent in 0..=13 {
            let mut chunked_body = chunked_body();
            chunked_body.advance(sent);
            let mut slices = [IoSlice::new(b""); 8];
            let count = chunked_body.chunks_vectored(&mut slices);
            let offered = slices[..count].iter().flat_map(|slice| slice.to_vec());
            assert_eq!(offered.collect::<Vec<_>>(), b"onethreexlast"[sent..]);
            assert_eq!(chunked_body.remaining(), 13 - sent);
        }
    }

    #[test]
    fn no_more_is_offered_than_there_is_room_for() {
        let chunked_body = chunked_body();
        let mut slices = [IoSlice::new(b""); 2];
        assert_eq!(chunked_body.chunks_vectored(&mut slices), 2);
        assert_eq!(slices.map(|slice| slice.to_vec()), [&b"one"[..], b"three"]);
    }
}
