//! The file: two lines of JSON, gzipped. The first line says what the second one is,
//! so that a newer format is recognized before it is read.

use std::error::Error;
use std::fmt;
use std::io::{self, BufRead as _, BufReader, Read, Write};

use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use serde::{Deserialize, Serialize};

use super::model::Bundle;

/// The largest file that is read, in bytes.
pub const MAX_COMPRESSED: u64 = 256 << 20;

/// The largest content of a file, in bytes. A small file may expand to much more.
pub const MAX_CONTENT: u64 = 1 << 30;

const FORMAT: &str = "nbu_exporter bundle";
const VERSION: u32 = 1;
/// The longest first line.
const MAX_HEADER: u64 = 1 << 10;

#[derive(Serialize, Deserialize)]
struct Header {
    format: String,
    version: u32,
}

/// Why a file cannot be read as a bundle.
#[derive(Debug)]
pub enum BundleError {
    /// The file is something else.
    Foreign,
    /// The file has this version of the format.
    Version(u32),
    /// The file ends early, or its checksum is wrong.
    Torn(io::Error),
    /// The file or its content is larger than this many bytes.
    TooLarge(u64),
    /// The content is not that of a bundle.
    Invalid(serde_json::Error),
    /// Reading failed.
    Io(io::Error),
}

impl Bundle {
    /// Writes the bundle as a file.
    pub fn write(&self, file: impl Write) -> io::Result<()> {
        let mut gzip = GzEncoder::new(file, Compression::default());
        let header = Header {
            format: FORMAT.to_owned(),
            version: VERSION,
        };
        serde_json::to_writer(&mut gzip, &header)?;
        gzip.write_all(b"\n")?;
        serde_json::to_writer(&mut gzip, self)?;
        gzip.write_all(b"\n")?;
        gzip.finish()?.flush()
    }

    /// Reads a file of at most [`MAX_COMPRESSED`] bytes, which expand to at most
    /// [`MAX_CONTENT`].
    pub fn read(file: impl Read) -> Result<Self, BundleError> {
        Self::read_limited(file, MAX_COMPRESSED, MAX_CONTENT)
    }

    fn read_limited(file: impl Read, compressed: u64, content: u64) -> Result<Self, BundleError> {
        // One byte more than allowed, to tell a full file from a larger one.
        let mut file = file.take(compressed.saturating_add(1));
        let gzip = GzDecoder::new(&mut file);
        let text = read_content(gzip, content);
        if file.limit() == 0 {
            return Err(BundleError::TooLarge(compressed));
        }
        serde_json::from_slice(&text?).map_err(BundleError::Invalid)
    }
}

/// The second line. The whole file is read, so that gzip's checksum is compared.
fn read_content(gzip: GzDecoder<impl Read>, limit: u64) -> Result<Vec<u8>, BundleError> {
    let mut gzip = BufReader::new(gzip);
    let mut line = Vec::new();
    let header = (&mut gzip).take(MAX_HEADER).read_until(b'\n', &mut line);
    header.map_err(BundleError::from_gzip)?;
    let header: Header = serde_json::from_slice(&line).map_err(|_| BundleError::Foreign)?;
    if header.format != FORMAT {
        return Err(BundleError::Foreign);
    }
    if header.version != VERSION {
        return Err(BundleError::Version(header.version));
    }
    let mut content = Vec::new();
    let read = gzip
        .take(limit.saturating_add(1))
        .read_to_end(&mut content)
        .map_err(BundleError::from_gzip)?;
    if read as u64 > limit {
        return Err(BundleError::TooLarge(limit));
    }
    Ok(content)
}

impl BundleError {
    /// What the decoder's error says about the file.
    fn from_gzip(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::InvalidInput if error.to_string().contains("header") => Self::Foreign,
            io::ErrorKind::UnexpectedEof
            | io::ErrorKind::InvalidInput
            | io::ErrorKind::InvalidData => Self::Torn(error),
            _ => Self::Io(error),
        }
    }
}

impl fmt::Display for BundleError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Foreign => {
                f.write_str("the file is not a bundle\nhint: `nbu_exporter record` writes bundles")
            }
            Self::Version(found) => write!(
                f,
                "expected format version `{VERSION}` of a bundle, found `{found}`\n\
                 hint: read it with the version of nbu_exporter that wrote it"
            ),
            Self::Torn(error) => write!(
                f,
                "the bundle is incomplete or damaged: {error}\nhint: copy the file again"
            ),
            Self::TooLarge(limit) => write!(f, "the bundle is larger than `{limit}` bytes"),
            Self::Invalid(error) => write!(f, "the content of the bundle is invalid: {error}"),
            Self::Io(error) => write!(f, "cannot read the bundle: {error}"),
        }
    }
}

impl Error for BundleError {}

#[cfg(test)]
mod tests;
