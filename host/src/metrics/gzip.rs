//! Compressing once what is served often.
//!
//! A page is compressed when it is published, and each scrape adds the host's
//! own instruments. Two gzip members one after the other would be simplest, and
//! RFC 1952 allows it, but curl and others stop after the first. So the page is
//! the unfinished beginning of one member, and a scrape finishes it.

use std::cell::RefCell;

use bytes::Bytes;
use flate2::{Compress, CompressError, Compression, Crc, FlushCompress, Status};

/// No name, no time, no flags; from an unknown operating system.
const HEADER: [u8; 10] = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff];

/// The beginning of a gzip member: whole bytes, no final block, no trailer.
#[derive(Debug)]
pub struct Beginning {
    bytes: Bytes,
    crc: Crc,
}

impl Beginning {
    /// Compress what a member begins with.
    pub fn new(content: &[u8]) -> Self {
        let mut crc = Crc::new();
        crc.update(content);
        // Ends at a whole byte, with a block that is not the last one.
        let bytes = deflate(HEADER.into(), content, FlushCompress::Sync);
        Self {
            bytes: bytes.into(),
            crc,
        }
    }

    /// What is sent first.
    pub fn bytes(&self) -> Bytes {
        self.bytes.clone()
    }

    /// What is sent after [`bytes`](Self::bytes) so that both together are one
    /// member which holds the beginning's content and then this.
    pub fn finish(&self, content: &[u8]) -> Bytes {
        let mut crc = Crc::new();
        crc.update(content);
        let mut whole = Crc::new();
        whole.combine(&self.crc);
        whole.combine(&crc);
        let mut bytes = deflate(Vec::new(), content, FlushCompress::Finish);
        bytes.extend(whole.sum().to_le_bytes());
        bytes.extend(whole.amount().to_le_bytes());
        bytes.into()
    }
}

thread_local! {
    /// Making a compressor takes several times as long as compressing the
    /// instruments, so each thread keeps one. At the fastest level: a page repeats
    /// itself so much that higher ones take far longer for few bytes less.
    static COMPRESS: RefCell<Compress> = RefCell::new(Compress::new(Compression::fast(), false));
}

/// Append the content as a raw deflate stream, without what came before it.
fn deflate(out: Vec<u8>, content: &[u8], flush: FlushCompress) -> Vec<u8> {
    // A compressor fails only on input that is handed to a stream which has
    // ended; this one begins anew.
    COMPRESS
        .with_borrow_mut(|compress| deflate_with(compress, out, content, flush))
        .unwrap_or_default()
}

fn deflate_with(
    compress: &mut Compress,
    mut out: Vec<u8>,
    content: &[u8],
    flush: FlushCompress,
) -> Result<Vec<u8>, CompressError> {
    compress.reset();
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
