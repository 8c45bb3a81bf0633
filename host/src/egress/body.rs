//! Bodies, held to their limits: that of a request while it leaves, that of an
//! answer while a guest reads it.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;
use tokio::time::{Instant, Sleep, sleep_until};

use super::Egress;
use super::allow::Rule;
use super::client::RequestBody;
use super::conceal::Concealer;
use super::failure::{Failure, Step};
use super::patience::Patience;
use super::record::Record;
use super::session::Session;

/// A request's body, which fails when it grows beyond the site's limit.
pub(super) struct RequestCap {
    body: RequestBody,
    left: u64,
}

impl RequestCap {
    pub(super) fn new(body: RequestBody, egress: &Egress) -> Self {
        let left = egress.settings.limits.request_bytes;
        Self { body, left }
    }
}

impl Body for RequestCap {
    type Data = Bytes;
    type Error = Failure;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Failure>>> {
        let frame = ready!(Pin::new(&mut self.body).poll_frame(cx));
        if let Some(Ok(frame)) = &frame {
            let bytes = frame.data_ref().map_or(0, Bytes::len) as u64;
            let Some(left) = self.left.checked_sub(bytes) else {
                return Poll::Ready(Some(Err(Failure::Denied(Rule::Body))));
            };
            self.left = left;
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// An answer's body. Ends with a [`Failure`] at the first limit that is broken.
pub(super) struct ResponseBody {
    /// None at the end, and after a failure: the connection is given up at once.
    incoming: Option<Incoming>,
    session: Arc<Session>,
    record: Record,
    concealer: Concealer,
    /// Trailers before which something held back goes first: nobody reads on
    /// after them.
    trailers: Option<Frame<Bytes>>,
    received: u64,
    patience: Patience,
    deadline: Instant,
    /// Runs while nothing arrives.
    silence: Option<Pin<Box<Sleep>>>,
}

impl ResponseBody {
    pub(super) fn new(
        incoming: Incoming,
        session: Arc<Session>,
        record: Record,
        concealer: Concealer,
        patience: Patience,
        deadline: Instant,
    ) -> Self {
        Self {
            incoming: Some(incoming),
            session,
            record,
            concealer,
            trailers: None,
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
        let cap = self.session.egress.settings.limits.response_bytes;
        if self.received > cap {
            return Err(Failure::TooLarge(cap));
        }
        let within = self.session.receive(bytes);
        within.map_err(|rule| self.session.deny(rule, self.record.path()))?;
        Ok(match frame.into_data() {
            Ok(data) => Frame::data(self.concealer.pass(data)),
            Err(frame) => self.ending(frame),
        })
    }

    /// The trailers, or what is to come before them.
    fn ending(&mut self, frame: Frame<Bytes>) -> Frame<Bytes> {
        // There is no third kind of frame.
        let trailers = frame.into_trailers().map_or_else(
            |frame| frame,
            |mut trailers| {
                super::credential::strip(&mut trailers);
                self.concealer.clean(&mut trailers);
                Frame::trailers(trailers)
            },
        );
        match self.rest() {
            Some(rest) => {
                self.trailers = Some(trailers);
                rest
            }
            None => trailers,
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

    /// What was held back for looking like the key.
    fn rest(&mut self) -> Option<Frame<Bytes>> {
        let rest = self.concealer.rest();
        (!rest.is_empty()).then(|| Frame::data(rest))
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
        if let Some(trailers) = this.trailers.take() {
            return Poll::Ready(Some(Ok(trailers)));
        }
        let Some(incoming) = &mut this.incoming else {
            return Poll::Ready(None);
        };
        let result = match Pin::new(incoming).poll_frame(cx) {
            Poll::Ready(None) => {
                this.incoming = None;
                return Poll::Ready(this.rest().map(Ok));
            }
            Poll::Ready(Some(Ok(frame))) => this.accept(frame),
            Poll::Ready(Some(Err(error))) => Err(Failure::from_chain(&error)),
            Poll::Pending => Err(ready!(this.poll_silence(cx))),
        };
        Poll::Ready(Some(result.map_err(|failure| {
            this.incoming = None;
            this.session.tally.cut_short(&failure);
            this.record.failed(failure)
        })))
    }

    fn is_end_stream(&self) -> bool {
        let ended = self.incoming.as_ref().is_none_or(Body::is_end_stream);
        ended && self.concealer.holds() == 0 && self.trailers.is_none()
    }

    fn size_hint(&self) -> SizeHint {
        let held = self.concealer.holds();
        let Some(incoming) = &self.incoming else {
            return SizeHint::with_exact(0);
        };
        let coming = incoming.size_hint();
        let mut hint = SizeHint::new();
        hint.set_lower(coming.lower() + held);
        if let Some(upper) = coming.upper() {
            hint.set_upper(upper + held);
        }
        hint
    }
}
