//! Compresses a page once for many scrapes.
//!
//! Each scrape appends the host's own instruments to the page. RFC 1952 allows two
//! gzip members in sequence, but curl and others stop after the first. So the page
//! is an unfinished member, and each scrape finishes it.
//!
//! The page is compressed in blocks, so that the next page can reuse the blocks that
//! did not change. Blocks are compressed independently, so small ones compress
//! badly: see `MIN_BLOCK`.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use bytes::Bytes;
use flate2::{Compress, CompressError, Compression, Crc, FlushCompress, Status};

use super::chunks::Chunks;

/// No name, no time, no flags, and an unknown operating system.
const HEADER: [u8; 10] = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff];

/// The minimum size of all blocks but the last. On pages of 500 KB to 14 MB this
/// costs an eighth more bytes than one block; a quarter of it costs up to half more.
/// Twice as much saves a twentieth, but each change compresses more.
const MIN_BLOCK: usize = 16 << 10;

/// An unfinished gzip member: whole bytes, no final deflate block, no trailer.
#[derive(Debug)]
pub struct GzipPrefix {
    content: Chunks,
    blocks: Vec<Block>,
    compressed: Chunks,
    crc: Crc,
}

/// Some chunks of the content, compressed independently of the others.
#[derive(Clone, Debug)]
struct Block {
    chunks: Range<usize>,
    compressed: Bytes,
    crc: Arc<Crc>,
}

impl GzipPrefix {
    /// Compresses the content.
    pub fn new(content: Chunks) -> Self {
        Self::with(content, |_| None)
    }

    /// Compresses other content, and reuses the blocks that are equal.
    pub fn renewed(&self, content: Chunks) -> Self {
        let known = self.blocks.iter().map(|block| {
            let chunks = self.parts_of(block);
            (start(chunks), (chunks, block))
        });
        let known: HashMap<_, _> = known.collect();
        Self::with(content, |chunks| {
            let (before, block) = known.get(start(chunks))?;
            are_equal(before, chunks).then(|| (*block).clone())
        })
    }

    fn with(content: Chunks, known: impl Fn(&[Bytes]) -> Option<Block>) -> Self {
        let cut = cut(content.as_slice()).into_iter().map(|range| {
            let chunks = content.as_slice().get(range.clone()).unwrap_or_default();
            let block = known(chunks).unwrap_or_else(|| Block::new(chunks));
            Block {
                chunks: range,
                ..block
            }
        });
        let blocks: Vec<_> = cut.collect();
        let mut crc = Crc::new();
        blocks.iter().for_each(|block| crc.combine(&block.crc));
        let compressed = blocks.iter().map(|block| block.compressed.clone());
        Self {
            compressed: std::iter::once(Bytes::from_static(&HEADER))
                .chain(compressed)
                .collect(),
            blocks,
            content,
            crc,
        }
    }

    fn parts_of(&self, block: &Block) -> &[Bytes] {
        let chunks = self.content.as_slice();
        chunks.get(block.chunks.clone()).unwrap_or_default()
    }

    /// The bytes to send first.
    pub fn compressed(&self) -> &Chunks {
        &self.compressed
    }

    /// The bytes to send after [`compressed`](Self::compressed). Both together are one
    /// member with the content of the prefix and then that of the suffix.
    pub fn finish(&self, suffix: &GzipSuffix) -> Bytes {
        let (deflated, crc) = suffix.deflated();
        let mut whole = Crc::new();
        whole.combine(&self.crc);
        whole.combine(crc);
        let trailer = [whole.sum(), whole.amount()].map(u32::to_le_bytes);
        [deflated, trailer.as_flattened()].concat().into()
    }
}

/// The end of a gzip member, for any prefix.
#[derive(Debug)]
pub struct GzipSuffix {
    plain: Bytes,
    deflated: OnceLock<(Vec<u8>, Crc)>,
}

impl GzipSuffix {
    /// It is compressed on first use.
    pub fn new(plain: impl Into<Bytes>) -> Self {
        Self {
            plain: plain.into(),
            deflated: OnceLock::new(),
        }
    }

    /// The uncompressed text.
    pub fn plain(&self) -> Bytes {
        self.plain.clone()
    }

    fn deflated(&self) -> (&[u8], &Crc) {
        let (bytes, crc) = self.deflated.get_or_init(|| {
            let mut crc = Crc::new();
            crc.update(&self.plain);
            (deflate(&self.plain, FlushCompress::Finish), crc)
        });
        (bytes, crc)
    }
}

impl Block {
    fn new(chunks: &[Bytes]) -> Self {
        let content = chunks.concat();
        let mut crc = Crc::new();
        crc.update(&content);
        // Ends at a whole byte, with a deflate block that is not the final one.
        let mut compressed = deflate(&content, FlushCompress::Sync);
        // It is kept as long as the content.
        compressed.shrink_to_fit();
        Self {
            chunks: 0..chunks.len(),
            compressed: compressed.into(),
            crc: Arc::new(crc),
        }
    }
}

/// The chunks of each block. A boundary depends only on what precedes it, so a
/// change moves no boundary before it and rarely one far after it.
fn cut(chunks: &[Bytes]) -> Vec<Range<usize>> {
    let mut cut = Vec::new();
    let (mut from, mut bytes) = (0, 0);
    for (index, part) in chunks.iter().enumerate() {
        bytes += part.len();
        if bytes >= MIN_BLOCK || index + 1 == chunks.len() {
            cut.push(from..index + 1);
            (from, bytes) = (index + 1, 0);
        }
    }
    cut
}

/// The key to look up an equal block: it begins with a family and a site, or with a
/// HELP line.
fn start(chunks: &[Bytes]) -> &[u8] {
    const KEY_LENGTH: usize = 160;
    let first = chunks.first().map(Bytes::as_ref).unwrap_or_default();
    first.get(..KEY_LENGTH).unwrap_or(first)
}

/// Compares bytes only where they are not the same memory.
fn are_equal(one: &[Bytes], other: &[Bytes]) -> bool {
    let same = |(one, other): (&Bytes, &Bytes)| {
        one.len() == other.len() && (one.as_ptr() == other.as_ptr() || one == other)
    };
    one.len() == other.len() && one.iter().zip(other).all(same)
}

/// The compressors that are not in use. Creating one takes longer than compressing the
/// instruments, and each holds a third of a megabyte, so threads share them.
static IDLE: Mutex<Vec<Compress>> = Mutex::new(Vec::new());

/// More than this many are rarely in use at the same time.
const MAX_IDLE: usize = 2;

/// The content as an independent raw deflate stream.
fn deflate(content: &[u8], flush: FlushCompress) -> Vec<u8> {
    let idle = || IDLE.lock().unwrap_or_else(PoisonError::into_inner);
    // Pages repeat themselves so much that levels above the fastest take far longer and
    // save few bytes.
    let new = || Compress::new(Compression::fast(), false);
    let taken = idle().pop();
    let mut compress = taken.unwrap_or_else(new);
    let deflated = deflate_with(&mut compress, content, flush);
    let mut idle = idle();
    if idle.len() < MAX_IDLE {
        idle.push(compress);
    }
    // Compressing fails only after the end of a stream, and the stream is reset first.
    deflated.unwrap_or_default()
}

fn deflate_with(
    compress: &mut Compress,
    content: &[u8],
    flush: FlushCompress,
) -> Result<Vec<u8>, CompressError> {
    compress.reset();
    let mut out = Vec::new();
    loop {
        // Enough for a usual page; doubled while it is full.
        out.reserve(out.len().max(content.len() / 8).max(64));
        let read = usize::try_from(compress.total_in()).unwrap_or(usize::MAX);
        let rest = content.get(read..).unwrap_or_default();
        let status = compress.compress_vec(rest, &mut out, flush)?;
        // Unused capacity means that all output is written.
        if status == Status::StreamEnd || out.len() < out.capacity() {
            return Ok(out);
        }
    }
}

#[cfg(test)]
mod tests;
