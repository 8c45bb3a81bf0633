//! Captures the output of a guest for the log.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use tokio::io::{AsyncWrite, sink};
use wasmtime_wasi::async_trait;
use wasmtime_wasi::cli::{IsTerminal, StdoutStream};
use wasmtime_wasi::p2::{OutputStream, Pollable, StreamResult};

/// Maximum number of captured bytes.
const KEPT: usize = 64 << 10;
/// Number of bytes that a guest may write at a time.
const PERMIT: usize = 64 << 10;

/// Maximum memory of the buffers in bytes, including the final copy.
pub(super) const MAX_CAPTURED: usize = 6 * KEPT;

/// Standard output and error of one call. Keeps only the end, where a panic message
/// is. A guest that prints too much loses lines, but its collection does not fail.
#[derive(Clone, Default)]
pub(super) struct CapturedOutput(Arc<Mutex<Vec<u8>>>);

impl CapturedOutput {
    /// The end of the output.
    pub(super) fn end(&self) -> Vec<u8> {
        let kept = self.lock();
        let begin = kept.len().saturating_sub(KEPT);
        kept.get(begin..).unwrap_or_default().to_vec()
    }

    fn append(&self, bytes: &[u8]) {
        let mut kept = self.lock();
        // A guest may exceed its permit.
        let begin = bytes.len().saturating_sub(KEPT);
        kept.extend_from_slice(bytes.get(begin..).unwrap_or_default());
        // Rarely, so that many short lines do not each move the whole buffer.
        if kept.len() > 2 * KEPT {
            let old = kept.len() - KEPT;
            kept.drain(..old);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Vec<u8>> {
        // Bytes are valid even after a panic.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl OutputStream for CapturedOutput {
    fn write(&mut self, bytes: Bytes) -> StreamResult<()> {
        self.append(&bytes);
        Ok(())
    }

    fn flush(&mut self) -> StreamResult<()> {
        Ok(())
    }

    fn check_write(&mut self) -> StreamResult<usize> {
        Ok(PERMIT)
    }
}

#[async_trait]
impl Pollable for CapturedOutput {
    async fn ready(&mut self) {}
}

impl IsTerminal for CapturedOutput {
    fn is_terminal(&self) -> bool {
        false
    }
}

impl StdoutStream for CapturedOutput {
    fn p2_stream(&self) -> Box<dyn OutputStream> {
        Box::new(self.clone())
    }

    /// Only used by WASI 0.3, which is not linked.
    fn async_stream(&self) -> Box<dyn AsyncWrite + Send + Sync> {
        Box::new(sink())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_end_of_the_output_is_kept() {
        let printed = CapturedOutput::default();
        for n in 0..100_000 {
            printed.append(format!("line {n}\n").as_bytes());
        }
        let end = printed.end();
        assert_eq!(end.len(), KEPT);
        assert!(end.ends_with(b"line 99999\n"));
        assert!(printed.lock().len() <= 2 * KEPT);
    }

    #[test]
    fn a_large_write_is_truncated_too() {
        let printed = CapturedOutput::default();
        printed.append(b"begin");
        printed.append(&vec![b'x'; 100 * KEPT]);
        assert_eq!(printed.end(), vec![b'x'; KEPT]);
        assert!(printed.lock().capacity() + KEPT <= MAX_CAPTURED);
    }
}
