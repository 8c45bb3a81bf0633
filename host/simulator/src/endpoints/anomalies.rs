//! `security.yaml GET /security/anomalies`.

use serde_json::{Value, json};

use super::resource::{Resource, ResourceRequest, list};
use crate::answer::Answer;
use crate::column::{Column, Datum, Ops, iso, text};
use crate::estate::{Anomaly, Estate};
use crate::page::Limits;
use crate::release::Release;

static ANOMALIES: Resource<Anomaly> = Resource {
    columns: COLUMNS,
    parameters: &["filter", "page[limit]", "page[offset]", "sort"],
    limits: Limits { min: 1, max: 100 },
    // Not documented.
    sort: "-createdDateTime",
    tie: "jobid",
};

type C = Column<Anomaly>;

const NAME: Ops = Ops::EQ.and(Ops::PARTS);

static COLUMNS: &[C] = &[
    C::hidden("id", |a| Datum::Text(a.id.to_string().into())).text(Ops::EQ),
    C::shown("createdDateTime", |a| Datum::Time(a.created))
        .time_with(Ops::ORDER.and(Ops::RANGE))
        .sorted(),
    C::shown("backupTime", |a| Datum::Time(a.created)).time_with(Ops::RANGE),
    C::shown("jobid", |a| Datum::Text(a.job.to_string().into()))
        .text(Ops::NUMBER)
        .sorted(),
    C::shown("backupId", |a| {
        Datum::Text(format!("{}_{}", a.client, a.created.as_second()).into())
    })
    .text(Ops::EQ),
    text("clientName", NAME, |a| Datum::text(&a.client)),
    C::shown("policyName", |_| Datum::text("policy")).text(NAME),
    text("policyType", NAME, |_| Datum::text("STANDARD")),
    C::shown("scheduleName", |_| Datum::text("full")).text(NAME),
    text("scheduleType", NAME, |_| Datum::text("FULL_BACKUP")),
    C::shown("destinationStorage", |_| Datum::text("stu-msdp-01")).text(NAME),
    text("anomalyStatus", NAME, |a| Datum::text(&a.status)),
    C::shown("anomalyType", |_| Datum::text("JOB_BASED")).until(Release::V10_4),
    C::shown("anomalyType", |a| Datum::text(&a.kind)).since(Release::V10_5),
    C::shown("anomalyCount", |_| Datum::Int(1))
        .number(Ops::NUMBER)
        .sorted(),
    text("anomalyScore", Ops::NUMBER, |_| Datum::text("7.5")),
    text("anomalySeverity", Ops::EQ_NE, |a| Datum::text(&a.severity)),
    C::shown("anomalySummary", |a| {
        Datum::Text(format!("Found at {}", iso(a.created)).into())
    }),
    C::shown("extendedAttributes", |_| Datum::Nested(json!({}))),
];

/// Answers the list.
pub(crate) fn anomalies(estate: &Estate, request: &ResourceRequest<'_>) -> Answer {
    let page = ANOMALIES.by_offset(estate.anomalies(request.now), request);
    Answer::of(page.map(|mut page| {
        for number in ["page", "pages"] {
            page.pagination.remove(number);
        }
        list(page, |anomaly| row(anomaly, request))
    }))
}

fn row(anomaly: &Anomaly, request: &ResourceRequest<'_>) -> Value {
    json!({
        "type": "anomaly",
        "id": anomaly.id.to_string(),
        "links": { "self": { "href": format!("/security/anomalies/{}", anomaly.id) } },
        "attributes": ANOMALIES.attributes(anomaly, &anomaly.shown, request.release),
    })
}
