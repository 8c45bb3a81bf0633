//! Reads files that may hold a secret, or may never end.

use std::io;
use std::path::Path;

use zeroize::Zeroizing;

use crate::file::{self, Links};

/// Bytes of the largest file that is read.
const MAX_BYTES: u64 = 8 << 20;

/// The whole file, if it is a regular file of a reasonable size.
pub(super) fn bytes(path: &Path) -> io::Result<Zeroizing<Vec<u8>>> {
    Ok(file::read(path, Links::Follow, MAX_BYTES)?)
}

/// The bytes as text.
pub(super) fn text(mut bytes: Zeroizing<Vec<u8>>) -> io::Result<Zeroizing<String>> {
    let text = String::from_utf8(std::mem::take(&mut *bytes));
    text.map(Zeroizing::new).map_err(|error| {
        let valid = error.utf8_error().valid_up_to();
        let bytes = Zeroizing::new(error.into_bytes());
        let line = bytes.iter().take(valid).filter(|it| **it == b'\n').count() + 1;
        io::Error::new(
            io::ErrorKind::InvalidData,
            format!("line {line} is not UTF-8"),
        )
    })
}

/// The hint for a file that cannot be read.
pub(super) fn full_path(path: &Path) -> String {
    let full = std::path::absolute(path);
    format!(
        "the full path is `{}`",
        full.as_deref().unwrap_or(path).display()
    )
}
