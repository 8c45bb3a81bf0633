//! Files that may hold a key, and are not believed to end.

use std::io;
use std::path::Path;

use zeroize::Zeroizing;

use crate::file::{self, Links};

/// Bytes of the largest file that is read, of whatever kind.
const LARGEST: u64 = 8 << 20;

/// The whole file, if it is a regular file of a reasonable size.
pub(super) fn bytes(path: &Path) -> io::Result<Zeroizing<Vec<u8>>> {
    Ok(file::read(path, Links::Follow, LARGEST)?)
}

/// The text that these bytes are.
pub(super) fn text(mut bytes: Zeroizing<Vec<u8>>) -> io::Result<Zeroizing<String>> {
    let text = String::from_utf8(std::mem::take(&mut *bytes));
    text.map(Zeroizing::new).map_err(|error| {
        drop(Zeroizing::new(error.into_bytes()));
        io::Error::new(io::ErrorKind::InvalidData, "it is not UTF-8")
    })
}
