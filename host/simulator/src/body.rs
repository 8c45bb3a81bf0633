//! A body that is sent step by step, so that it can fail before its end.

use std::collections::VecDeque;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use http_body::{Frame, SizeHint};
use tokio::time::{Sleep, sleep};

/// The spaces of one frame of a huge body.
const PIECE: &[u8] = &[b' '; 64 * 1024];

/// One step of a body.
pub(crate) enum Step {
    Bytes(Bytes),
    /// This many spaces.
    Spaces(u64),
    Pause(Duration),
    /// Sends what was written so far to the client.
    Flush,
    /// No more bytes, and no end.
    Forever,
    /// The connection breaks.
    Break,
}

/// The steps that are left, and the pause that runs.
pub(crate) struct Body {
    steps: VecDeque<Step>,
    pause: Option<Pin<Box<Sleep>>>,
}

impl Body {
    /// A body in one step.
    pub(crate) fn whole(bytes: Vec<u8>) -> Self {
        Self::of_steps([Step::Bytes(bytes.into())])
    }

    /// A body of steps, without a known length.
    pub(crate) fn of_steps(steps: impl IntoIterator<Item = Step>) -> Self {
        Self {
            steps: steps.into_iter().collect(),
            pause: None,
        }
    }
}

impl http_body::Body for Body {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        loop {
            if let Some(pause) = &mut self.pause {
                ready!(pause.as_mut().poll(cx));
                self.pause = None;
            }
            let Some(step) = self.steps.pop_front() else {
                return Poll::Ready(None);
            };
            match step {
                Step::Bytes(bytes) => return frame(bytes),
                Step::Spaces(left) => {
                    let now = left.min(PIECE.len() as u64);
                    if left > now {
                        self.steps.push_front(Step::Spaces(left - now));
                    }
                    // `min` keeps it within the frame.
                    return frame(Bytes::from_static(PIECE).slice(..now as usize));
                }
                Step::Pause(time) => self.pause = Some(Box::pin(sleep(time))),
                Step::Flush => {
                    cx.waker().wake_by_ref();
                    return Poll::Pending;
                }
                Step::Forever => {
                    self.steps.push_front(Step::Forever);
                    return Poll::Pending;
                }
                Step::Break => return Poll::Ready(Some(Err(io::ErrorKind::BrokenPipe.into()))),
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.steps.is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        match self.steps.front() {
            Some(Step::Bytes(bytes)) if self.steps.len() == 1 => {
                SizeHint::with_exact(bytes.len() as u64)
            }
            None => SizeHint::with_exact(0),
            _ => SizeHint::default(),
        }
    }
}

fn frame(bytes: Bytes) -> Poll<Option<io::Result<Frame<Bytes>>>> {
    Poll::Ready(Some(Ok(Frame::data(bytes))))
}
