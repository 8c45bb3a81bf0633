//! `licensing.yaml`: entitlements and front-end data.

use serde_json::{Map, Value, json};

use super::resource::{Resource, ResourceRequest, unlinked};
use crate::answer::Answer;
use crate::column::{Column, Datum, Ops, iso};
use crate::estate::{Entitlement, Estate, FrontEnd};
use crate::page::Limits;
use crate::release::Release;

type E = Column<Entitlement>;
type F = Column<FrontEnd>;

static ENTITLEMENTS: Resource<Entitlement> = Resource {
    columns: &[
        E::hidden("entitlementId", |e| Datum::text(&e.id)).text(Ops::CONTAINS),
        E::hidden("productName", |e| Datum::text(&e.product)).text(Ops::CONTAINS),
        E::hidden("status", |e| Datum::text(&e.status)).text(Ops::EQ),
    ],
    parameters: &["filter", "page[limit]", "page[offset]"],
    limits: Limits { min: 1, max: 100 },
    sort: "",
    tie: "entitlementId",
};

static FRONT_ENDS: Resource<FrontEnd> = Resource {
    columns: &[F::hidden("masterServer", |f| Datum::text(&f.primary)).text(Ops::EQ)],
    parameters: &["filter", "page[limit]", "page[offset]"],
    // Not documented.
    limits: Limits { min: 1, max: 1000 },
    sort: "",
    tie: "masterServer",
};

/// Answers the entitlements, with `links` and without `meta`.
pub(crate) fn entitlements(estate: &Estate, request: &ResourceRequest<'_>) -> Answer {
    let page = ENTITLEMENTS.by_offset(estate.entitlements(), request);
    Answer::of(page.map(|page| {
        let rows = page.rows.iter();
        let rows: Vec<_> = rows.map(|it| entitlement(it, request.release)).collect();
        json!({ "data": rows, "links": page.links })
    }))
}

fn entitlement(it: &Entitlement, release: Release) -> Value {
    let mut attributes = license(it);
    attributes.extend(terms(it));
    if release >= Release::V10_4 {
        attributes.insert("fulfillmentId".to_owned(), "1".into());
    }
    if release >= Release::V10_5 {
        attributes.insert("productId".to_owned(), "NETBACKUP".into());
    }
    json!({
        "type": "entitlementDetails",
        "id": it.id,
        "links": { "self": { "href": format!("/licensing/entitlements/{}", it.id) } },
        "attributes": attributes,
    })
}

/// What was bought.
fn license(it: &Entitlement) -> Map<String, Value> {
    object(json!({
        "entitlementId": it.id,
        "licenseFormat": 1,
        "iplProductId": "1",
        "account": "simulated",
        "productName": it.product,
        "productVersion": "10",
        "productDescription": it.product,
        "platform": "ANY",
        "licenseMeter": it.meter,
        "licenseType": it.kind,
        "licenseCount": it.count,
        "countMultiplier": it.multiplier,
        "status": it.status,
        "entitledVersion": "10",
        "serviceContractNumber": "",
        "coverageType": "",
        "supportId": "",
        "features": [],
    }))
}

/// Until when, and what happens then.
fn terms(it: &Entitlement) -> Map<String, Value> {
    let ends = iso(it.ends);
    object(json!({
        "serviceStartDate": ends,
        "serviceExpiration": ends,
        "signDate": ends,
        "startDate": ends,
        "endDate": ends,
        "warnPolicy": 60,
        "gracePolicy": 30,
        "countPolicy": "NONE",
        "svcPolicy": "NONE",
        "countGracePeriod": 0,
        "countGracePercentage": 0,
        "reporting": "",
        "meterId": "",
        "stackingGroup": 0,
        "reportingCategory": "",
        "reportingFrequency": 0,
    }))
}

fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(map) => map,
        _ => Map::new(),
    }
}

/// Answers the front-end data: 404 if nothing was gathered.
pub(crate) fn front_ends(estate: &Estate, request: &ResourceRequest<'_>) -> Answer {
    let data = estate.front_ends();
    if data.is_empty() {
        return Answer::not_found();
    }
    let page = FRONT_ENDS.by_offset(data, request);
    Answer::of(page.map(|page| unlinked(page, front_end)))
}

/// One client and one image have all the data of a server.
fn front_end(it: &FrontEnd) -> Value {
    let image = json!({
        "backupId": "client_1",
        "policyName": "policy",
        "masterServer": it.primary,
        "policyType": "Standard",
        "policyConsumptionMB": it.megabytes,
    });
    let client = json!({
        "clientName": "client",
        "clientConsumptionMB": it.megabytes,
        "policyDetails": [image],
    });
    let attributes = json!({ "masterConsumptionMB": it.megabytes, "clientDetails": [client] });
    json!({ "type": "capacity", "id": it.primary, "attributes": attributes })
}
