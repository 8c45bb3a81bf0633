//! Spans, from their start until they are queued for the receiver.

use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use http::{HeaderMap, HeaderName, HeaderValue};
use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::{mpsc, watch};

use super::settings::TraceSettings;

/// The header of W3C Trace Context.
const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");

tokio::task_local! {
    /// The span that the current task works on.
    static CURRENT: SpanContext;
}

/// What a span covers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SpanName {
    /// A collection of a site.
    Collection,
    /// A collector within a collection.
    Collector,
    /// A request to NetBackup.
    Request,
    /// The answer to a scrape.
    Page,
    /// A reload of the configuration.
    Reload,
    /// The evaluation of another guest, or a rollback.
    Swap,
}

impl SpanName {
    /// As the receiver shows it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Collection => "collection",
            Self::Collector => "collector",
            Self::Request => "request",
            Self::Page => "page",
            Self::Reload => "reload",
            Self::Swap => "swap",
        }
    }
}

/// The value of an attribute.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SpanValue {
    /// A text.
    Text(String),
    /// A number.
    Number(i64),
}

impl From<&str> for SpanValue {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<u64> for SpanValue {
    fn from(number: u64) -> Self {
        Self::Number(i64::try_from(number).unwrap_or(i64::MAX))
    }
}

/// A span that ended.
#[cfg_attr(
    not(feature = "traces"),
    expect(dead_code, reason = "only the client of a receiver reads the rest")
)]
#[derive(Clone, Debug)]
pub(super) struct SpanRecord {
    pub(super) name: SpanName,
    pub(super) trace: u128,
    pub(super) id: u64,
    pub(super) parent: Option<u64>,
    pub(super) began: SystemTime,
    pub(super) took: Duration,
    pub(super) failed: bool,
    pub(super) attributes: Vec<(&'static str, SpanValue)>,
}

/// The queue of one receiver.
pub(super) struct SpanQueue {
    spans: mpsc::Sender<SpanRecord>,
    sampling_rate: f64,
    propagate: bool,
    dropped: watch::Sender<u64>,
}

impl SpanQueue {
    pub(super) fn new(
        spans: mpsc::Sender<SpanRecord>,
        settings: &TraceSettings,
        dropped: watch::Sender<u64>,
    ) -> Self {
        Self {
            spans,
            sampling_rate: settings.sampling_rate,
            propagate: settings.propagate,
            dropped,
        }
    }

    /// Decides whether a trace is recorded.
    pub(super) fn samples(&self) -> bool {
        fastrand::f64() < self.sampling_rate
    }

    fn push(&self, record: SpanRecord) {
        if let Err(TrySendError::Full(_)) = self.spans.try_send(record) {
            self.dropped.send_modify(|dropped| *dropped += 1);
        }
    }
}

/// A running span. It ends when it is dropped. The default is not recorded, and all its
/// methods do nothing.
#[derive(Default)]
pub struct Span(Option<Box<RecordedSpan>>);

struct RecordedSpan {
    record: SpanRecord,
    began: Instant,
    queue: Arc<SpanQueue>,
}

/// Identifies a span, so that others can become its children. The default is not recorded.
#[derive(Clone, Default)]
pub struct SpanContext(Option<(u128, u64, Arc<SpanQueue>)>);

impl Span {
    /// The first span of a trace.
    pub(super) fn root(name: SpanName, queue: &Arc<SpanQueue>) -> Self {
        Self::new(name, fastrand::u128(1..), None, queue)
    }

    fn new(name: SpanName, trace: u128, parent: Option<u64>, queue: &Arc<SpanQueue>) -> Self {
        let record = SpanRecord {
            name,
            trace,
            id: fastrand::u64(1..),
            parent,
            began: SystemTime::now(),
            took: Duration::ZERO,
            failed: false,
            attributes: Vec::new(),
        };
        Self(Some(Box::new(RecordedSpan {
            record,
            began: Instant::now(),
            queue: Arc::clone(queue),
        })))
    }

    /// Whether the span is recorded.
    pub fn is_recorded(&self) -> bool {
        self.0.is_some()
    }

    /// Adds an attribute. Its value must come from the host or be checked by it: never a
    /// header, a query or a free text.
    pub fn set(&mut self, key: &'static str, value: impl Into<SpanValue>) {
        if let Some(span) = &mut self.0 {
            span.record.attributes.push((key, value.into()));
        }
    }

    /// Marks the span as failed, for this reason.
    pub fn fail(&mut self, reason: &str) {
        self.set("error.type", reason);
        if let Some(span) = &mut self.0 {
            span.record.failed = true;
        }
    }

    /// Ends the span with times that were measured elsewhere.
    pub fn end_as(mut self, began: SystemTime, took: Duration) {
        if let Some(span) = self.0.take() {
            let mut record = span.record;
            (record.began, record.took) = (began, took);
            span.queue.push(record);
        }
    }

    /// A child that starts now.
    pub fn child(&self, name: SpanName) -> Self {
        self.context().child(name)
    }

    fn context(&self) -> SpanContext {
        let context = |span: &RecordedSpan| {
            let record = &span.record;
            (record.trace, record.id, Arc::clone(&span.queue))
        };
        SpanContext(self.0.as_deref().map(context))
    }

    /// Runs the future with this span as the current one. If it is not recorded, neither
    /// are spans that start inside.
    pub fn scope<F: Future>(&self, future: F) -> impl Future<Output = F::Output> + use<F> {
        CURRENT.scope(self.context(), future)
    }

    /// Adds a `traceparent` header, if the span is recorded and the configuration asks for it.
    pub fn propagate(&self, headers: &mut HeaderMap) {
        let span = self.0.as_deref().filter(|span| span.queue.propagate);
        let value = span.map(|span| {
            let SpanRecord { trace, id, .. } = span.record;
            HeaderValue::try_from(format!("00-{trace:032x}-{id:016x}-01"))
        });
        if let Some(Ok(value)) = value {
            headers.insert(TRACEPARENT, value);
        }
    }
}

impl Drop for Span {
    fn drop(&mut self) {
        if let Some(span) = self.0.take() {
            let mut record = span.record;
            record.took = span.began.elapsed();
            span.queue.push(record);
        }
    }
}

impl SpanContext {
    /// The context of the current task; not recorded if there is none.
    pub fn current() -> Self {
        Self::inherited().unwrap_or_default()
    }

    pub(super) fn inherited() -> Option<Self> {
        CURRENT.try_with(Clone::clone).ok()
    }

    /// A child that starts now.
    pub fn child(&self, name: SpanName) -> Span {
        let child = |(trace, parent, queue): &(_, _, Arc<SpanQueue>)| {
            Span::new(name, *trace, Some(*parent), queue)
        };
        self.0.as_ref().map_or_else(Span::default, child)
    }
}
