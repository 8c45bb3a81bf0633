//! `manage.yaml GET /manage/alerts`.

use serde_json::{Value, json};

use super::resource::{Resource, ResourceRequest, list};
use crate::answer::Answer;
use crate::column::{Column, Datum, Ops, text, time};
use crate::estate::{Alert, Estate};
use crate::page::Limits;

static ALERTS: Resource<Alert> = Resource {
    columns: COLUMNS,
    parameters: &["filter", "page[limit]", "page[offset]", "sort"],
    // Not documented; those of most resources.
    limits: Limits { min: 1, max: 100 },
    // "Sorted in descending order by the time they were created."
    sort: "-createdDateTime",
    tie: "alertId",
};

type C = Column<Alert>;

/// Only 11.2 documents the sort keys.
static COLUMNS: &[C] = &[
    C::hidden("alertId", |a| a.id.into())
        .number(Ops::NUMBER)
        .sorted(),
    C::shown("titleId", |_| Datum::Int(1)).sorted(),
    C::shown("title", |a| Datum::text(&a.title)),
    C::shown("descriptionId", |_| Datum::Int(1)).sorted(),
    C::shown("description", |a| Datum::text(&a.description)),
    text("category", Ops::EQ_NE, |a| Datum::text(&a.category)),
    text("subCategory", Ops::EQ_NE, |a| Datum::text(&a.sub_category)),
    text("severity", Ops::EQ_NE, |a| Datum::text(&a.severity)),
    C::shown("context", |a| Datum::text(&a.context)).sorted(),
    time("createdDateTime", |a| Datum::Time(a.created)),
    C::shown("tags", |a| Datum::Nested(json!(a.tags))),
    C::shown("systemDefined", |_| Datum::Flag(true)).sorted(),
    C::shown("params", |a| Datum::Nested(json!(a.params))),
];

/// Answers the list.
pub(crate) fn alerts(estate: &Estate, request: &ResourceRequest<'_>) -> Answer {
    let page = ALERTS.by_offset(estate.alerts(request.now), request);
    Answer::of(page.map(|page| list(page, |alert| row(alert, request))))
}

fn row(alert: &Alert, request: &ResourceRequest<'_>) -> Value {
    json!({
        "type": "alert",
        "id": alert.id.to_string(),
        "links": { "self": { "href": format!("/manage/alerts/{}", alert.id) } },
        "attributes": ALERTS.attributes(alert, &alert.shown, request.release),
    })
}
