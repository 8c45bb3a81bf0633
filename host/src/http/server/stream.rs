//! A client's socket with a write timeout.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use socket2::SockRef;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::{Sleep, sleep};

use super::connection_state::ConnectionState;

/// Bytes that a client may still send after its last response.
const MAX_IGNORED: usize = 64 << 10;

/// Updates the phase of the connection and enforces the write timeout. It is below
/// TLS, so it sees what is really sent.
pub(super) struct ClientStream {
    tcp: TcpStream,
    client: Arc<ConnectionState>,
    write_timeout: Duration,
    /// Runs while the kernel accepts no data.
    deadline: Option<Pin<Box<Sleep>>>,
    /// Set once closing has begun.
    closing: Option<CloseMode>,
    /// Bytes received after that.
    ignored: usize,
}

/// Whether to wait until the client closes too.
#[derive(Clone, Copy, PartialEq)]
enum CloseMode {
    Immediate,
    Lingering,
}

impl ClientStream {
    pub(super) fn new(
        tcp: TcpStream,
        client: Arc<ConnectionState>,
        write_timeout: Duration,
    ) -> Self {
        // A response is written at once; waiting for more data would only delay it.
        let _ = tcp.set_nodelay(true);
        // Data in the kernel has a timeout too, even after closing.
        let _ = SockRef::from(&tcp).set_tcp_user_timeout(Some(write_timeout));
        Self {
            tcp,
            client,
            write_timeout,
            deadline: None,
            closing: None,
            ignored: 0,
        }
    }

    /// Handles the result of a write; a write that has to wait gets a deadline.
    fn after_write(
        &mut self,
        result: Poll<io::Result<usize>>,
        context: &mut Context<'_>,
    ) -> Poll<io::Result<usize>> {
        if result.is_ready() {
            self.deadline = None;
            self.client.progressed();
            return result;
        }
        ready!(self.poll_deadline(context));
        Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
    }

    fn poll_deadline(&mut self, context: &mut Context<'_>) -> Poll<()> {
        let write_timeout = self.write_timeout;
        let start = || Box::pin(sleep(write_timeout));
        self.deadline
            .get_or_insert_with(start)
            .as_mut()
            .poll(context)
    }

    /// Ready once the client closes, takes too long or sends too much.
    fn poll_hung_up(&mut self, context: &mut Context<'_>) -> Poll<()> {
        while self.ignored < MAX_IGNORED {
            let mut bytes = [0; 1024];
            let mut buffer = ReadBuf::new(&mut bytes);
            match Pin::new(&mut self.tcp).poll_read(context, &mut buffer) {
                Poll::Ready(Ok(())) if !buffer.filled().is_empty() => {
                    self.ignored += buffer.filled().len();
                }
                Poll::Ready(_) => return Poll::Ready(()),
                Poll::Pending => {
                    ready!(self.poll_deadline(context));
                    break;
                }
            }
        }
        self.client.leave();
        Poll::Ready(())
    }
}

impl AsyncRead for ClientStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.tcp).poll_read(context, buffer)
    }
}

impl AsyncWrite for ClientStream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let result = Pin::new(&mut self.tcp).poll_write(context, bytes);
        self.after_write(result, context)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        pieces: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let result = Pin::new(&mut self.tcp).poll_write_vectored(context, pieces);
        self.after_write(result, context)
    }

    fn is_write_vectored(&self) -> bool {
        self.tcp.is_write_vectored()
    }

    /// The HTTP library flushes at the end of a response.
    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(Pin::new(&mut self.tcp).poll_flush(context))?;
        self.client.response_sent();
        Poll::Ready(Ok(()))
    }

    /// A client closes as soon as it has read its response. Waiting for that keeps the
    /// data in the kernel within the limits.
    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let closing = match self.closing {
            Some(closing) => closing,
            None => {
                ready!(Pin::new(&mut self.tcp).poll_shutdown(context))?;
                let lingers = self.client.lingers();
                *self.closing.insert(if lingers {
                    CloseMode::Lingering
                } else {
                    CloseMode::Immediate
                })
            }
        };
        if closing == CloseMode::Lingering {
            ready!(self.poll_hung_up(context));
        }
        Poll::Ready(Ok(()))
    }
}

impl Drop for ClientStream {
    fn drop(&mut self) {
        // The kernel would keep an unread response for long.
        if self.client.discards_unsent() {
            let _ = self.tcp.set_zero_linger();
        }
    }
}
