//! `servicecatalog.yaml GET /servicecatalog/slos`. The bundle of 11.2 lacks the
//! file: 11.0 is carried forward.
//!
//! The schema of the answer describes `data` alone. Its parameters are those of
//! paging by offset, so links and `meta` are the usual ones.

use serde_json::{Value, json};

use super::resource::{Resource, ResourceRequest, list};
use crate::answer::Answer;
use crate::column::{Column, Datum, Ops, number, text};
use crate::estate::{Estate, Slo};
use crate::page::Limits;

static SLOS: Resource<Slo> = Resource {
    columns: COLUMNS,
    parameters: &["filter", "page[limit]", "page[offset]", "sort"],
    // Not documented; those of most resources.
    limits: Limits { min: 1, max: 100 },
    sort: "-name",
    tie: "id",
};

type C = Column<Slo>;

/// The sort keys are not documented: they are those of filters.
static COLUMNS: &[C] = &[
    C::hidden("id", |s| Datum::text(&s.id)).text(NAME).sorted(),
    text("name", NAME, |s| Datum::text(&s.name)),
    text("description", NAME, |s| Datum::text(&s.description)),
    C::shown("policyNamePrefix", |s| Datum::text(&s.name)),
    C::shown("workloadType", |s| Datum::text(&s.workload)),
    C::shown("subscribeAllowed", |_| Datum::Flag(true)),
    number("subscriptionCount", Ops::NUMBER, |s| s.subscriptions.into()),
    C::shown("capabilities", |_| Datum::Nested(json!([]))),
    C::shown("schedules", |s| Datum::Nested(json!([schedule(s)]))),
];

const NAME: Ops = Ops::NUMBER.and(Ops::PARTS);

/// Answers the list.
pub(crate) fn slos(estate: &Estate, request: &ResourceRequest<'_>) -> Answer {
    let page = SLOS.by_offset(estate.slos(), request);
    Answer::of(page.map(|page| list(page, |slo| row(slo, request))))
}

fn row(slo: &Slo, request: &ResourceRequest<'_>) -> Value {
    json!({
        "type": "slov3",
        "id": slo.id,
        "links": { "self": { "href": format!("/servicecatalog/slos/{}", slo.id) } },
        "attributes": SLOS.attributes(slo, &slo.shown, request.release),
    })
}

/// A window of twelve hours on every night of the week.
fn schedule(slo: &Slo) -> Value {
    let night =
        |day: u8| json!({ "dayOfWeek": day, "startSeconds": 64_800, "durationSeconds": 43_200 });
    json!({
        "scheduleName": "FULL",
        "scheduleType": "FULL",
        "frequencySeconds": slo.every.as_secs(),
        "retention": { "value": 4, "unit": "WEEKS" },
        "retentionType": "FIXED",
        "backupWindows": (1..=7).map(night).collect::<Vec<_>>(),
        "backupStorageUnit": slo.unit,
    })
}
