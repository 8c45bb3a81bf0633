//! A response body of many chunks.

use std::io::IoSlice;

use bytes::{Buf, Bytes};

use super::scrape_slots::ScrapeSlot;
use crate::metrics::Chunks;

/// The unsent rest of shared chunks and of one last chunk. Vectored writes send many
/// of them in one system call.
#[derive(Debug)]
pub(super) struct ChunkedBody {
    chunks: Chunks,
    last: Bytes,
    /// The chunk that is being sent, and how many of its bytes are sent.
    chunk: usize,
    sent: usize,
    remaining: usize,
    /// The scrape is in progress until its last byte was written.
    _slot: Option<ScrapeSlot>,
}

impl ChunkedBody {
    pub(super) fn new(chunks: Chunks, last: Bytes) -> Self {
        Self {
            remaining: chunks.len() + last.len(),
            chunks,
            last,
            chunk: 0,
            sent: 0,
            _slot: None,
        }
    }

    /// The same body, which holds the slot of a scrape.
    pub(super) fn of_scrape(self, slot: ScrapeSlot) -> Self {
        Self {
            _slot: Some(slot),
            ..self
        }
    }

    /// The unsent rest of each chunk.
    fn rest(&self) -> impl Iterator<Item = &[u8]> {
        let chunks = self.chunks.as_slice().get(self.chunk..).unwrap_or_default();
        let mut rest = chunks.iter().chain([&self.last]).map(Bytes::as_ref);
        // `None` once everything is sent.
        let first = rest.next().and_then(|chunk| chunk.get(self.sent..));
        first.into_iter().chain(rest)
    }
}

impl Buf for ChunkedBody {
    fn remaining(&self) -> usize {
        self.remaining
    }

    fn chunk(&self) -> &[u8] {
        self.rest()
            .find(|chunk| !chunk.is_empty())
            .unwrap_or_default()
    }

    fn chunks_vectored<'a>(&'a self, slices: &mut [IoSlice<'a>]) -> usize {
        let chunks = self.rest().filter(|chunk| !chunk.is_empty());
        let pairs = slices.iter_mut().zip(chunks);
        pairs
            .map(|(slice, chunk)| *slice = IoSlice::new(chunk))
            .count()
    }

    fn advance(&mut self, count: usize) {
        assert!(count <= self.remaining, "cannot advance past the end");
        self.remaining -= count;
        self.sent += count;
        while let Some(chunk) = self.chunks.as_slice().get(self.chunk)
            && self.sent >= chunk.len()
        {
            self.sent -= chunk.len();
            self.chunk += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chunked_body() -> ChunkedBody {
        let chunks = ["one", "", "three", "x"].map(|chunk| Bytes::from_static(chunk.as_bytes()));
        ChunkedBody::new(chunks.into_iter().collect(), Bytes::from_static(b"last"))
    }

    #[test]
    fn parts_are_read_in_order_in_steps_of_any_size() {
        for step in 1..15 {
            let (mut chunked_body, mut read) = (chunked_body(), Vec::new());
            while chunked_body.has_remaining() {
                let chunk = chunked_body.chunk();
                assert!(!chunk.is_empty(), "empty chunk before the end");
                let chunk = chunk[..step.min(chunk.len())].to_vec();
                chunked_body.advance(chunk.len());
                read.extend(chunk);
            }
            assert_eq!(read, b"onethreexlast", "in steps of {step}");
            assert_eq!(chunked_body.chunk(), b"");
        }
    }

    #[test]
    fn all_remaining_parts_are_offered_from_any_position() {
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
    fn no_more_parts_are_offered_than_fit() {
        let chunked_body = chunked_body();
        let mut slices = [IoSlice::new(b""); 2];
        assert_eq!(chunked_body.chunks_vectored(&mut slices), 2);
        assert_eq!(slices.map(|slice| slice.to_vec()), [&b"one"[..], b"three"]);
    }
}
