//! Compressing once what is served often.
//!
//! Each scrape adds the host's own instruments to the page. Two gzip members one
//! after the other would be simplest, and RFC 1952 allows it, but curl and others
//! stop after the first. So the page is the unfinished beginning of one member,
//! and a scrape finishes it.
//!
//! The beginning is compressed in blocks, of which the next page takes over those
//! whose content it has too. A block does not know what stands before it, so that
//! small ones compress badly: see [`LEAST`].

use std::cell::RefCell;
use std::collections::HashMap;
use std::ops::Range;
use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use flate2::{Compress, CompressError, Compression, Crc, FlushCompress, Status};

use super::chunks::Chunks;

/// No name, no time, no flags; from an unknown operating system.
const HEADER: [u8; 10] = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff];

/// The bytes that a block holds at least, but for the last one. Measured on pages
/// of 500 KB to 14 MB, this makes an eighth more bytes than a page in one piece;
/// a quarter of it makes up to half more, and twice as much saves a twentieth but
/// has more to compress again when one of many sites changes.
const LEAST: usize = 16 << 10;

/// The beginning of a gzip member: whole bytes, no final block, no trailer.
#[derive(Debug)]
pub struct GzipPrefix {
    content: Chunks,
    blocks: Vec<Block>,
    compressed: Chunks,
    crc: Crc,
}

/// Some parts of the content, compressed without regard to the others.
#[derive(Clone, Debug)]
struct Block {
    chunks: Range<usize>,
    compressed: Bytes,
    crc: Arc<Crc>,
}

impl GzipPrefix {
    /// Compress what a member begins with.
    pub fn new(content: Chunks) -> Self {
        Self::with(content, |_| None)
    }

    /// The same of other content. Only blocks that are not alike are compressed.
    pub fn renewed(&self, content: Chunks) -> Self {
        let known = self.blocks.iter().map(|block| {
            let chunks = self.parts_of(block);
            (start(chunks), (chunks, block))
        });
        let known: HashMap<_, _> = known.collect();
        Self::with(content, |chunks| {
            let (before, block) = known.get(start(chunks))?;
            alike(before, chunks).then(|| (*block).clone())
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

    /// What is sent first.
    pub fn compressed(&self) -> &Chunks {
        &self.compressed
    }

    /// What is sent after [`compressed`](Self::compressed) so that both together
    /// are one member which holds the beginning's content and then the suffix's.
    pub fn finish(&self, suffix: &GzipSuffix) -> Bytes {
        let (deflated, crc) = suffix.deflated();
        let mut whole = Crc::new();
        whole.combine(&self.crc);
        whole.combine(crc);
        let trailer = [whole.sum(), whole.amount()].map(u32::to_le_bytes);
        [deflated, trailer.as_flattened()].concat().into()
    }
}

/// What a member may end with, whatever it begins with.
#[derive(Debug)]
pub struct GzipSuffix {
    plain: Bytes,
    deflated: OnceLock<(Vec<u8>, Crc)>,
}

impl GzipSuffix {
    /// Compressed when somebody asks for it.
    pub fn new(plain: impl Into<Bytes>) -> Self {
        Self {
            plain: plain.into(),
            deflated: OnceLock::new(),
        }
    }

    /// As it is.
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
        // Ends at a whole byte, with a block of the format that is not the last.
        let mut compressed = deflate(&content, FlushCompress::Sync);
        // It stays for as long as the content does.
        compressed.shrink_to_fit();
        Self {
            chunks: 0..chunks.len(),
            compressed: compressed.into(),
            crc: Arc::new(crc),
        }
    }
}

/// Which parts make up each block. Cut by what comes before alone, so that a
/// change moves no cut before it, and seldom one that is far behind it.
fn cut(chunks: &[Bytes]) -> Vec<Range<usize>> {
    let mut cut = Vec::new();
    let (mut from, mut bytes) = (0, 0);
    for (index, part) in chunks.iter().enumerate() {
        bytes += part.len();
        if bytes >= LEAST || index + 1 == chunks.len() {
            cut.push(from..index + 1);
            (from, bytes) = (index + 1, 0);
        }
    }
    cut
}

/// Enough of a block to find its like by: it begins with the name of a family,
/// and of a site, or with a HELP line.
fn start(chunks: &[Bytes]) -> &[u8] {
    const ENOUGH: usize = 160;
    let first = chunks.first().map(Bytes::as_ref).unwrap_or_default();
    first.get(..ENOUGH).unwrap_or(first)
}

/// What is the same in memory need not be read.
fn alike(one: &[Bytes], other: &[Bytes]) -> bool {
    let same = |(one, other): (&Bytes, &Bytes)| {
        one.len() == other.len() && (one.as_ptr() == other.as_ptr() || one == other)
    };
    one.len() == other.len() && one.iter().zip(other).all(same)
}

thread_local! {
    /// Making a compressor takes several times as long as compressing the
    /// instruments, so each thread keeps one. At the fastest level: a page repeats
    /// itself so much that higher ones take far longer for few bytes less.
    static COMPRESS: RefCell<Compress> = RefCell::new(Compress::new(Compression::fast(), false));
}

/// The content as a raw deflate stream, without regard to what came before it.
fn deflate(content: &[u8], flush: FlushCompress) -> Vec<u8> {
    // A compressor fails only on input that is handed to a stream which has
    // ended; this one begins anew.
    COMPRESS
        .with_borrow_mut(|compress| deflate_with(compress, content, flush))
        .unwrap_or_default()
}

fn deflate_with(
    compress: &mut Compress,
    content: &[u8],
    flush: FlushCompress,
) -> Result<Vec<u8>, CompressError> {
    compress.reset();
    let mut out = Vec::new();
    loop {
        // Room for what a page takes as a rule; doubled as long as it is full.
        out.reserve(out.len().max(content.len() / 8).max(64));
        let read = usize::try_from(compress.total_in()).unwrap_or(usize::MAX);
        let rest = content.get(read..).unwrap_or_default();
        let status = compress.compress_vec(rest, &mut out, flush)?;
        // Room that is left over means that nothing is left to write.
        if status == Status::StreamEnd || out.len() < out.capacity() {
            return Ok(out);
        }
    }
}

#[cfg(test)]
mod tests;
