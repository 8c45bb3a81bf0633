//! `security.yaml` and `hostproperties.yaml`: the posture of the server.

use serde_json::{Value, json};

use super::resource::{Resource, ResourceRequest, list};
use crate::answer::Answer;
use crate::column::{Column, Datum, Ops};
use crate::estate::{Estate, PausedClient, Ticket};
use crate::options::Strictness;
use crate::page::Limits;
use crate::release::Release;

type T = Column<Ticket>;
type P = Column<PausedClient>;

/// Sort keys are documented in 11.2 only.
const fn sorted(column: T) -> T {
    column.sorted_in(Release::V11_2, Release::V11_2)
}

static TICKETS: Resource<Ticket> = Resource {
    columns: &[
        sorted(T::hidden("id", |t| Datum::Int(t.id as i64))),
        T::shown("operationId", |_| Datum::text("IMAGE_EXPIRE"))
            .text(Ops::EQ)
            .filter_since(Release::V10_4),
        T::shown("operationName", |_| Datum::text("Expire images")),
        T::shown("requestMetaData", |_| Datum::text("")),
        sorted(T::shown("requesterName", |_| Datum::text("operator")).text(Ops::EQ)),
        sorted(T::shown("requesterDomainName", |_| Datum::text("simulated")).text(Ops::EQ)),
        T::shown("requesterDomainType", |_| Datum::text("UNIXPWD")).text(Ops::EQ),
        T::shown("isMyTicket", |_| Datum::Flag(false)),
        T::shown("response", |_| Datum::text("")),
        T::shown("responseStatusCode", |_| Datum::Int(0)),
        sorted(T::shown("currentState", |t| Datum::text(&t.state)).text(Ops::EQ)),
        sorted(T::shown("conflictedBy", |_| Datum::Int(0)).since(Release::V10_5)),
        sorted(T::shown("expirationDateTime", |t| Datum::Time(t.created)).time_with(Ops::RANGE)),
        // Shown and sorted as `created`, filtered as `creation`.
        sorted(T::shown("createdDateTime", |t| Datum::Time(t.created))),
        T::hidden("creationDateTime", |t| Datum::Time(t.created)).time_with(Ops::RANGE),
        sorted(T::shown("lastUpdatedDateTime", |t| Datum::Time(t.created))),
    ],
    parameters: &["filter", "include", "page[limit]", "page[offset]", "sort"],
    limits: Limits { min: 1, max: 100 },
    sort: "",
    tie: "id",
};

static PAUSED_CLIENTS: Resource<PausedClient> = Resource {
    columns: &[
        P::shown("clientUniqueIdentifier", |p| Datum::text(&p.client))
            .text(Ops::EQ)
            .sorted(),
        P::shown("displayName", |p| Datum::text(&p.client))
            .text(Ops::EQ)
            .sorted(),
        P::shown("blockedTime", |p| Datum::time_text(p.since))
            .text(Ops::EQ.and(Ops::RANGE))
            .sorted(),
        P::shown("blockedUntilTime", |_| Datum::text("")).sorted(),
        P::shown("reason", |_| Datum::text("")),
        P::shown("clientProtectedBy", |_| Datum::text("")),
        P::shown("triggerMethod", |p| Datum::text(&p.trigger))
            .text(Ops::EQ)
            .sorted(),
        P::shown("blockedBy", |_| Datum::text("operator")),
        P::shown("addInLegacyFlag", |_| Datum::Flag(false)).sorted(),
    ],
    parameters: &["filter", "page[limit]", "page[offset]", "sort"],
    limits: Limits { min: 1, max: 100 },
    sort: "",
    tie: "clientUniqueIdentifier",
};

/// Answers the risk score.
pub(crate) fn security_status(estate: &Estate, request: &ResourceRequest<'_>) -> Answer {
    Answer::of(match request.query.unknown(&[]) {
        Some(name) if request.strictness == Strictness::Refuse => {
            Err(format!("`{name}` is not a parameter of this endpoint."))
        }
        _ => {
            let kind = match request.release {
                Release::V10_5 => "statusResponse",
                _ => "securityStatus",
            };
            let score = estate.security_status().risk_score;
            let attributes = json!({ "templateVersion": 1, "platformRiskScore": score });
            let data = json!({ "id": "statusResponse", "type": kind, "attributes": attributes });
            Ok(json!({ "data": data }))
        }
    })
}

/// Answers the tickets of multi-person authorization.
pub(crate) fn tickets(estate: &Estate, request: &ResourceRequest<'_>) -> Answer {
    let page = TICKETS.by_offset(estate.tickets(), request);
    Answer::of(page.map(|page| list(page, |it| ticket(it, request.release))))
}

fn ticket(it: &Ticket, release: Release) -> Value {
    json!({
        "type": "mpaTicketDetails",
        "id": it.id.to_string(),
        "links": { "self": { "href": format!("/security/mpa-tickets/{}", it.id) } },
        "attributes": TICKETS.attributes(it, &Default::default(), release),
    })
}

/// Answers the paused clients, with neither `meta` nor `links`.
pub(crate) fn paused_clients(estate: &Estate, request: &ResourceRequest<'_>) -> Answer {
    let page = PAUSED_CLIENTS.by_offset(estate.paused_clients(), request);
    Answer::of(page.map(|page| {
        let rows = page.rows.iter();
        let rows: Vec<_> = rows.map(|it| paused_client(it, request.release)).collect();
        json!({ "data": rows })
    }))
}

fn paused_client(it: &PausedClient, release: Release) -> Value {
    json!({
        "type": "pausedClient",
        "id": it.client,
        "attributes": PAUSED_CLIENTS.attributes(it, &Default::default(), release),
    })
}
