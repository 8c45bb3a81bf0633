//! A client's socket, which does not wait for ever for the client to read.

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

/// What a client may still send when it has its last answer.
const IGNORED: usize = 64 << 10;

/// Tells the client's phases, and keeps the write deadline. Below TLS, so that
/// it sees what really goes out.
pub(super) struct ClientStream {
    tcp: TcpStream,
    client: Arc<ConnectionState>,
    patience: Duration,
    /// Runs while the kernel takes no more.
    deadline: Option<Pin<Box<Sleep>>>,
    /// Whether the closing has begun.
    closing: Option<CloseMode>,
    /// Bytes that came after that.
    ignored: usize,
}

/// Whether it is waited until the client closes too.
#[derive(Clone, Copy, PartialEq)]
enum CloseMode {
    AtOnce,
    Lingering,
}

impl ClientStream {
    pub(super) fn new(tcp: TcpStream, client: Arc<ConnectionState>, patience: Duration) -> Self {
        // An answer is written in one go; waiting for more would only delay it.
        let _ = tcp.set_nodelay(true);
        // What is in the kernel's hands has a deadline too, even when closed.
        let _ = SockRef::from(&tcp).set_tcp_user_timeout(Some(patience));
        Self {
            tcp,
            client,
            patience,
            deadline: None,
            closing: None,
            ignored: 0,
        }
    }

    /// What a write came to; one that has to wait has a deadline.
    fn written(
        &mut self,
        result: Poll<io::Result<usize>>,
        context: &mut Context<'_>,
    ) -> Poll<io::Result<usize>> {
        if result.is_ready() {
            self.deadline = None;
            self.client.moves();
            return result;
        }
        ready!(self.poll_deadline(context));
        Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
    }

    fn poll_deadline(&mut self, context: &mut Context<'_>) -> Poll<()> {
        let patience = self.patience;
        let start = || Box::pin(sleep(patience));
        self.deadline
            .get_or_insert_with(start)
            .as_mut()
            .poll(context)
    }

    /// Until the client closes its side, takes too long to, or says too much.
    fn poll_hung_up(&mut self, context: &mut Context<'_>) -> Poll<()> {
        while self.ignored < IGNORED {
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
        self.written(result, context)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        pieces: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let result = Pin::new(&mut self.tcp).poll_write_vectored(context, pieces);
        self.written(result, context)
    }

    fn is_write_vectored(&self) -> bool {
        self.tcp.is_write_vectored()
    }

    /// Whoever writes flushes when it has nothing more to write.
    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(Pin::new(&mut self.tcp).poll_flush(context))?;
        self.client.has_its_answer();
        Poll::Ready(Ok(()))
    }

    /// A client that has its answer hangs up as soon as it has read it. Waiting
    /// for that keeps what the kernel still holds for it within the limits.
    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let closing = match self.closing {
            Some(closing) => closing,
            None => {
                ready!(Pin::new(&mut self.tcp).poll_shutdown(context))?;
                let lingers = self.client.lingers();
                *self.closing.insert(if lingers {
                    CloseMode::Lingering
                } else {
                    CloseMode::AtOnce
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
        // The kernel would keep an unread answer for long.
        if self.client.cut_off() {
            let _ = self.tcp.set_zero_linger();
        }
    }
}
