//! Bytes that are sent one after the other.

use std::sync::Arc;

use bytes::Bytes;

/// A text in parts, none of them empty. Pages share the parts that are the same
/// in both, so that nothing is held twice; a clone shares all of them.
#[derive(Clone, Debug, Default)]
pub struct Chunks {
    all: Arc<[Bytes]>,
    bytes: usize,
}

impl Chunks {
    /// Each of them, in their order.
    pub fn as_slice(&self) -> &[Bytes] {
        &self.all
    }

    /// The bytes of all parts together.
    pub fn len(&self) -> usize {
        self.bytes
    }

    /// Whether there is not a byte.
    pub fn is_empty(&self) -> bool {
        self.bytes == 0
    }

    /// A copy in one piece.
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
