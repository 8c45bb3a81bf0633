use futures::future::{BoxFuture, FutureExt as _, pending};
use http::HeaderMap;

use super::span::SpanRecord;
use super::*;

fn settings(sampling_rate: f64, propagate: bool) -> TraceSettings {
    TraceSettings {
        receiver: ReceiverAddress::Grpc("http://receiver:4317".parse().unwrap()),
        sampling_rate,
        propagate,
    }
}

/// A tracer whose spans nobody receives, with room for `size` of them.
fn unsent(settings: &TraceSettings, size: usize) -> (Tracer, mpsc::Receiver<SpanRecord>) {
    let tracer = Tracer::default();
    let (queue, spans) = mpsc::channel(size);
    let queue = SpanQueue::new(queue, settings, tracer.0.dropped.clone());
    tracer.0.queue.store(Some(Arc::new(queue)));
    (tracer, spans)
}

#[tokio::test]
async fn a_span_inside_a_scope_is_a_child() {
    let (tracer, mut spans) = unsent(&settings(1.0, false), 8);
    let span = tracer.start(SpanName::Reload);
    span.scope(async { drop(tracer.start(SpanName::Swap)) })
        .await;
    drop(span);
    drop(tracer.start(SpanName::Page));
    let [swap, reload, page] = std::array::from_fn(|_| spans.try_recv().unwrap());
    assert_eq!((swap.trace, swap.parent), (reload.trace, Some(reload.id)));
    assert_eq!((reload.parent, page.parent), (None, None));
    assert_ne!(reload.trace, page.trace);
}

#[tokio::test]
async fn the_rate_decides_about_a_whole_trace() {
    let (never, mut spans) = unsent(&settings(0.0, false), 8);
    let (always, _) = unsent(&settings(1.0, false), 8);
    let span = never.start(SpanName::Collection);
    assert!(!span.is_recorded() && !span.child(SpanName::Collector).is_recorded());
    let inside = span.scope(async { always.start(SpanName::Swap).is_recorded() });
    assert!(!inside.await);
    drop(span);
    assert!(spans.try_recv().is_err());

    let (some, _spans) = unsent(&settings(0.5, false), 8);
    let recorded = (0..1000).filter(|_| some.start(SpanName::Page).is_recorded());
    assert!((300..700).contains(&recorded.count()));
}

#[test]
fn spans_beyond_the_queue_are_dropped_and_counted() {
    let (tracer, _spans) = unsent(&settings(1.0, false), 2);
    for _ in 0..5 {
        drop(tracer.start(SpanName::Page));
    }
    assert_eq!(*tracer.dropped().borrow(), 3);
}

#[test]
fn a_trace_is_propagated_only_on_request() {
    for (propagate, rate, sent) in [(true, 1.0, true), (true, 0.0, false), (false, 1.0, false)] {
        let (tracer, mut spans) = unsent(&settings(rate, propagate), 8);
        let mut headers = HeaderMap::new();
        tracer.start(SpanName::Request).propagate(&mut headers);
        assert_eq!(headers.contains_key("traceparent"), sent);
        if sent {
            let SpanRecord { trace, id, .. } = spans.try_recv().unwrap();
            assert_eq!(
                headers["traceparent"],
                format!("00-{trace:032x}-{id:016x}-01")
            );
        }
    }
}

/// A receiver that responds to some requests.
struct Flaky(Mutex<Vec<bool>>, mpsc::UnboundedSender<usize>);

impl SpanReceiver for Flaky {
    fn send(&self, spans: Vec<SpanRecord>) -> BoxFuture<'_, Result<(), String>> {
        let _ = self.1.send(spans.len());
        match self.0.lock().unwrap().pop() {
            Some(true) => async { Ok(()) }.boxed(),
            Some(false) => async { Err("refused".to_owned()) }.boxed(),
            None => pending().boxed(),
        }
    }
}

#[tokio::test]
async fn spans_that_were_not_received_are_counted_and_later_ones_are_sent() {
    let (sent, mut requests) = mpsc::unbounded_channel();
    let tracer = Tracer::default();
    let receiver = Flaky(Mutex::new(vec![true, false]), sent);
    let task = tracer.send_to(&settings(1.0, false), Box::new(receiver));
    tracer.sending().task = Some(task);
    for _ in 0..3 {
        drop(tracer.start(SpanName::Page));
    }
    assert_eq!(requests.recv().await, Some(3));
    drop(tracer.start(SpanName::Page));
    assert_eq!(requests.recv().await, Some(1));
    assert_eq!(*tracer.dropped().borrow(), 3);
    // The receiver hangs now, and the end waits no longer than a second.
    drop(tracer.start(SpanName::Page));
    let closing = timeout(LAST_SPANS * 3, tracer.close());
    assert!(closing.await.is_ok());
    assert!(!tracer.start(SpanName::Page).is_recorded());
}
