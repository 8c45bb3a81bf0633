//! Bytes in chunks.

use std::sync::Arc;

use bytes::Bytes;

/// A text in chunks, none of them empty. Pages share equal chunks, and a clone shares
/// all of them.
#[derive(Clone, Debug, Default)]
pub struct Chunks {
    all: Arc<[Bytes]>,
    bytes: usize,
}

impl Chunks {
    /// The chunks in order.
    pub fn as_slice(&self) -> &[Bytes] {
        &self.all
    }

    /// Number of bytes in all chunks.
    pub fn len(&self) -> usize {
        self.bytes
    }

    /// Whether there are no bytes.
    pub fn is_empty(&self) -> bool {
        self.bytes == 0
    }

    /// A contiguous copy.
    pub fn to_vec(&self) -> Vec<u8> {
        self.all.concat()
    }
}

impl FromIterator<Bytes> for Chunks {
    fn from_iter<I: IntoIterator<Item = Bytes>>(chunks: I) -> Self {
        let all: Arc<[Bytes]> = chunks.into_iter().filter(|part| !part.is_empty()).collect();
        Self {
            bytes: all.iter().map(Bytes::len).sum(),
            all,
        }
    }
}
