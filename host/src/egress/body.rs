//! The body of an answer, held to its limits while a guest reads it.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;
use tokio::time::{Instant, Sleep, sleep_until};

use super::failure::{Failure, Step};
use super::patience::Patience;
use super::record::Record;

/// Ends with a [`Failure`] at the first limit that is broken.
pub(super) struct ResponseBody {
    /// None after a failure: the connection is given up at once.
    incoming: Option<Incoming>,
    record: Record,
    cap: u64,
    received: u64,
    patience: Patience,
    deadline: Instant,
    /// Runs while nothing arrives.
    silence: Option<Pin<Box<Sleep>>>,
}

impl ResponseBody {
    pub(super) fn new(
        incoming: Incoming,
        record: Record,
        cap: u64,
        patience: Patience,
        deadline: Instant,
    ) -> Self {
        let incoming = Some(incoming);
        Self {
            incoming,
            record,
            cap,
            received: 0,
            patience,
            deadline,
            silence: None,
        }
    }

    fn accept(&mut self, frame: Frame<Bytes>) -> Result<Frame<Bytes>, Failure> {
        self.silence = None;
        if Instant::now() >= self.deadline {
            return Err(Failure::Timeout(Step::Total));
        }
        let bytes = frame.data_ref().map_or(0, Bytes::len) as u64;
        self.record.received(bytes);
        self.received = self.received.saturating_add(bytes);
        if self.received > self.cap {
            Err(Failure::TooLarge(self.cap))
        } else {
            Ok(frame)
        }
    }

    /// Ready when it has been silent for too long.
    fn poll_silence(&mut self, cx: &mut Context<'_>) -> Poll<Failure> {
        let (limit, deadline) = (self.patience.between_bytes, self.deadline);
        let silence = self.silence.get_or_insert_with(|| {
            let until = Instant::now().checked_add(limit).unwrap_or(deadline);
            Box::pin(sleep_until(until.min(deadline)))
        });
        ready!(silence.as_mut().poll(cx));
        let total = silence.deadline() >= deadline;
        Poll::Ready(Failure::Timeout(if total {
            Step::Total
        } else {
            Step::BetweenBytes
        }))
    }
}

impl Body for ResponseBody {
    type Data = Bytes;
    type Error = Failure;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Failure>>> {
        let this = &mut *self;
        let Some(incoming) = &mut this.incoming else {
            return Poll::Ready(None);
        };
        let result = match Pin::new(incoming).poll_frame(cx) {
            Poll::Ready(None) => return Poll::Ready(None),
            Poll::Ready(Some(Ok(frame))) => this.accept(frame),
            Poll::Ready(Some(Err(error))) => Err(Failure::from_chain(&error)),
            Poll::Pending => Err(ready!(this.poll_silence(cx))),
        };
        Poll::Ready(Some(result.map_err(|failure| {
            this.incoming = None;
            this.record.failed(failure)
        })))
    }

    fn is_end_stream(&self) -> bool {
        self.incoming.as_ref().is_none_or(Body::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        self.incoming
            .as_ref()
            .map_or(SizeHint::with_exact(0), Body::size_hint)
    }
}
