//! A response body, limited and redacted while the guest reads it.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use tokio::task::JoinSet;
use tokio::time::{Instant, Sleep, sleep_until};

use super::client::AnswerBody;
use super::deadlines::RequestDeadlines;
use super::failure::{RequestFailure, TimeoutStep};
use super::recorder::Recording;
use super::redact::Redactor;
use super::request_log::RequestLog;
use super::session::Session;
use super::turns::Turn;

/// A response body. Ends with a [`RequestFailure`] at the first exceeded limit.
pub(super) struct ResponseBody {
    /// `None` at the end and after a failure, so that the connection closes.
    incoming: Option<AnswerBody>,
    session: Arc<Session>,
    request_log: RequestLog,
    redactor: Redactor,
    /// They wait until the held back bytes are read, since they end the body.
    trailers: Option<Frame<Bytes>>,
    received: u64,
    deadlines: RequestDeadlines,
    deadline: Instant,
    /// Runs while no bytes arrive.
    silence: Option<Pin<Box<Sleep>>>,
    recording: Option<Recording>,
    /// Held until the guest drops the body, or has read it.
    turn: Option<Turn>,
    /// The end of the turn, canceled when the body is dropped.
    turn_end: JoinSet<()>,
}

impl ResponseBody {
    pub(super) fn new(
        incoming: AnswerBody,
        session: Arc<Session>,
        request_log: RequestLog,
        redactor: Redactor,
        deadlines: RequestDeadlines,
        deadline: Instant,
    ) -> Self {
        Self {
            incoming: Some(incoming),
            session,
            request_log,
            redactor,
            trailers: None,
            received: 0,
            deadlines,
            deadline,
            silence: None,
            recording: None,
            turn: None,
            turn_end: JoinSet::new(),
        }
    }

    /// Also records what the guest reads, and holds its turn meanwhile.
    pub(super) fn recorded(self, recording: Option<Recording>, turn: Option<Turn>) -> Self {
        Self {
            recording,
            turn,
            ..self
        }
    }

    /// The next frame for the guest, if there is one.
    fn accept(&mut self, frame: Frame<Bytes>) -> Result<Option<Frame<Bytes>>, RequestFailure> {
        self.silence = None;
        if Instant::now() >= self.deadline {
            return Err(RequestFailure::Timeout(TimeoutStep::Total));
        }
        let bytes = frame.data_ref().map_or(0, Bytes::len) as u64;
        self.request_log.received(bytes);
        self.received = self.received.saturating_add(bytes);
        let cap = self.session.egress.settings.limits.response_bytes;
        if self.received > cap {
            return Err(RequestFailure::TooLarge(cap));
        }
        let within = self.session.receive(bytes);
        within.map_err(|rule| self.session.deny(rule, self.request_log.path()))?;
        Ok(match frame.into_data() {
            Ok(data) => non_empty(self.redactor.push(data)),
            Err(frame) => Some(self.finish(frame)),
        })
    }

    /// The trailers, or the held back bytes before them.
    fn finish(&mut self, frame: Frame<Bytes>) -> Frame<Bytes> {
        // A frame is either data or trailers.
        let trailers = frame.into_trailers().map_or_else(
            |frame| frame,
            |mut trailers| {
                super::credential::strip(&mut trailers);
                let secrets = &self.session.egress.secrets;
                secrets.redact_headers(&mut trailers);
                Frame::trailers(trailers)
            },
        );
        match non_empty(self.redactor.finish()) {
            Some(rest) => {
                self.trailers = Some(trailers);
                rest
            }
            None => trailers,
        }
    }

    /// Ready once no bytes have arrived for too long.
    fn poll_silence(&mut self, cx: &mut Context<'_>) -> Poll<RequestFailure> {
        let (limit, deadline) = (self.deadlines.between_bytes, self.deadline);
        let silence = self.silence.get_or_insert_with(|| {
            let until = Instant::now().checked_add(limit).unwrap_or(deadline);
            Box::pin(sleep_until(until.min(deadline)))
        });
        ready!(silence.as_mut().poll(cx));
        let total = silence.deadline() >= deadline;
        Poll::Ready(RequestFailure::Timeout(if total {
            TimeoutStep::Total
        } else {
            TimeoutStep::BetweenBytes
        }))
    }

    /// The next frame for the guest.
    fn poll_redacted(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, RequestFailure>>> {
        if let Some(trailers) = self.trailers.take() {
            return Poll::Ready(Some(Ok(trailers)));
        }
        loop {
            let Some(incoming) = &mut self.incoming else {
                return Poll::Ready(None);
            };
            let result = match Pin::new(incoming).poll_frame(cx) {
                Poll::Ready(None) => {
                    self.incoming = None;
                    return Poll::Ready(non_empty(self.redactor.finish()).map(Ok));
                }
                Poll::Ready(Some(Ok(frame))) => self.accept(frame),
                Poll::Ready(Some(Err(failure))) => Err(failure),
                Poll::Pending => Err(ready!(self.poll_silence(cx))),
            };
            // A short chunk is held back completely; then the loop polls the next one.
            if let Some(result) = result.transpose() {
                return Poll::Ready(Some(result.map_err(|failure| {
                    self.incoming = None;
                    self.session.tally.cut_short(&failure);
                    self.request_log.failed(failure)
                })));
            }
        }
    }
}

fn non_empty(data: Bytes) -> Option<Frame<Bytes>> {
    (!data.is_empty()).then(|| Frame::data(data))
}

impl Body for ResponseBody {
    type Data = Bytes;
    type Error = RequestFailure;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, RequestFailure>>> {
        let polled = ready!(self.poll_redacted(cx));
        if let (Some(recording), Some(result)) = (&self.recording, &polled) {
            match result {
                Ok(frame) => frame
                    .data_ref()
                    .into_iter()
                    .for_each(|it| recording.received(it)),
                Err(failure) => recording.failed(failure),
            }
        }
        if !matches!(polled, Some(Ok(_)))
            && let Some(turn) = self.turn.take()
        {
            self.turn_end.spawn(turn.end());
        }
        Poll::Ready(polled)
    }

    fn is_end_stream(&self) -> bool {
        let ended = self.incoming.as_ref().is_none_or(Body::is_end_stream);
        ended && self.redactor.held() == 0 && self.trailers.is_none()
    }

    fn size_hint(&self) -> SizeHint {
        let held = self.redactor.held();
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
