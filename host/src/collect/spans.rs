//! The spans of a collection.

use std::time::{Duration, UNIX_EPOCH};

use super::collection::FinishedCollection;
use crate::cache::{Attempt, AttemptResult};
use crate::guest::Guest;
use crate::site::SiteName;
use crate::traces::{Span, SpanName};

/// Ends the span of a collection. `done` is `None` if the result was discarded.
pub(super) fn end(
    mut span: Span,
    site: &SiteName,
    guest: &Guest,
    done: Option<&FinishedCollection>,
) {
    if !span.is_recorded() {
        return;
    }
    span.set("site", site.as_str());
    span.set("guest.version", guest.manifest().version.as_str());
    let Some(done) = done else {
        span.fail("discarded");
        return;
    };
    for attempt in &done.attempts {
        collector(&span, attempt);
    }
    if !done.is_complete() {
        span.fail("incomplete");
    }
}

/// A guest reports how long a collector took, not when it started. So its span starts with
/// the collection.
fn collector(collection: &Span, attempt: &Attempt) {
    let mut span = collection.child(SpanName::Collector);
    span.set("collector", attempt.collector.as_str());
    if let Some(requests) = attempt.requests {
        span.set("requests", u64::from(requests));
    }
    if let AttemptResult::Failed(reasons, _) = &attempt.result {
        span.fail(&reasons.join(","));
    }
    let began = Duration::try_from_secs_f64(attempt.began.unix).unwrap_or_default();
    span.end_as(UNIX_EPOCH + began, attempt.took);
}
