//! Files that may hold a key, and are not believed to end.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;

use zeroize::Zeroizing;

/// Bytes of the largest file that is read, of whatever kind.
const LARGEST: u64 = 8 << 20;

/// The whole file, if it is of a reasonable size.
pub(super) fn bytes(path: &Path) -> io::Result<Zeroizing<Vec<u8>>> {
    let mut bytes = Zeroizing::new(Vec::new());
    let file = File::open(path)?;
    // At once, so that no smaller copy of a key is left behind.
    let size = file.metadata()?.len().min(LARGEST);
    bytes.reserve_exact(usize::try_from(size).unwrap_or(0) + 1);
    file.take(LARGEST + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > LARGEST {
        let message = format!("it has more than the {LARGEST} bytes that are read");
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, message));
    }
    Ok(bytes)
}

/// The same for a text.
pub(super) fn text(path: &Path) -> io::Result<Zeroizing<String>> {
    let text = String::from_utf8(std::mem::take(&mut *bytes(path)?));
    text.map(Zeroizing::new).map_err(|error| {
        drop(Zeroizing::new(error.into_bytes()));
        io::Error::new(io::ErrorKind::InvalidData, "it is not UTF-8")
    })
}
