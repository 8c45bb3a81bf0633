//! `security.yaml`: certificates of hosts and authorities, and API keys.

use serde_json::{Value, json};

use super::resource::{Resource, ResourceRequest, list};
use crate::answer::Answer;
use crate::column::{Column, Datum, Ops, iso};
use crate::estate::{ApiKey, CertificateAuthority, Estate, HostCertificate};
use crate::options::Strictness;
use crate::page::Limits;
use crate::release::Release;

type A = Column<CertificateAuthority>;
type K = Column<ApiKey>;

static AUTHORITIES: Resource<CertificateAuthority> = Resource {
    columns: &[
        A::hidden("state", |a| Datum::text(&a.state)).text(Ops::EQ),
        A::hidden("nbcaCertDetails.subjectName", |a| Datum::text(&a.subject))
            .sorted_in(Release::V11_2, Release::V11_2),
        A::hidden("id", |a| Datum::text(&a.subject)).sorted(),
    ],
    parameters: &[
        "filter",
        "page[disable]",
        "page[limit]",
        "page[offset]",
        "sort",
    ],
    limits: Limits { min: 1, max: 100 },
    sort: "",
    tie: "id",
};

static API_KEYS: Resource<ApiKey> = Resource {
    columns: &[
        K::hidden("apiKeyTag", |k| Datum::text(&k.tag)).text(Ops::EQ),
        K::hidden("id", |k| Datum::text(&k.tag)).sorted(),
        K::shown("userName", |k| Datum::text(&k.user)).text(Ops::EQ),
        K::shown("userDomain", |_| Datum::text("simulated")).text(Ops::EQ),
        K::shown("userDomainType", |_| Datum::text("unixpwd")).text(Ops::EQ),
        K::shown("createdDateTime", |k| Datum::Time(k.expires)).time_with(Ops::RANGE),
        K::shown("expiryDateTime", |k| Datum::Time(k.expires)).time_with(Ops::RANGE),
        K::shown("lastModifiedDateTime", |k| Datum::Time(k.expires)).time_with(Ops::RANGE),
        K::shown("samlSessionValidated", |_| Datum::Flag(false)),
    ],
    parameters: &["filter", "page[limit]", "page[offset]", "sort"],
    limits: Limits { min: 1, max: 100 },
    sort: "",
    tie: "id",
};

/// Answers the current certificate of each host, without pages.
pub(crate) fn host_certificates(estate: &Estate, request: &ResourceRequest<'_>) -> Answer {
    Answer::of(match request.query.unknown(&[]) {
        Some(name) if request.strictness == Strictness::Refuse => {
            Err(format!("`{name}` is not a parameter of this endpoint."))
        }
        _ => {
            let certificates = estate.host_certificates();
            let rows = certificates.iter().zip(1..);
            let rows: Vec<_> = rows
                .map(|(it, number)| host_certificate(it, number, request.release))
                .collect();
            Ok(json!({ "certificateList": rows }))
        }
    })
}

fn host_certificate(it: &HostCertificate, number: u64, release: Release) -> Value {
    let expires = it.expires.as_millisecond();
    let mut row = json!({
        "certificateKey": number,
        "hostId": format!("00000000-0000-4000-8000-{number:012}"),
        "hostName": it.host,
        "serialNumber": number,
        "notBefore": 0,
        "notAfter": expires,
        "state": if it.revoked { 2 } else { 1 },
        "publicKey": "",
        "revocationReason": 0,
        "hostType": 2,
        "createOn": 0,
        "updatedOn": 0,
    });
    if release >= Release::V11_0
        && let Some(row) = row.as_object_mut()
    {
        row.insert("isCertDeleted".to_owned(), false.into());
    }
    row
}

/// Answers the list of authorities, which needs no key.
pub(crate) fn authorities(estate: &Estate, request: &ResourceRequest<'_>) -> Answer {
    let page = AUTHORITIES.by_offset(estate.authorities(), request);
    Answer::of(page.map(|page| list(page, authority)))
}

fn authority(it: &CertificateAuthority) -> Value {
    let details = json!({
        "subjectCN": it.subject,
        "subjectName": it.subject,
        "notAfter": iso(it.expires),
        "state": it.state,
        "fingerprint": it.subject,
    });
    json!({ "type": "netbackupCADetails", "attributes": { "nbcaCertDetails": details } })
}

/// Answers that no migration runs. It needs no key.
pub(crate) fn migration_summary(_: &Estate, _: &ResourceRequest<'_>) -> Answer {
    let attributes = json!({ "caMigrationStatus": "NO_MIGRATION", "activeCaCert": "" });
    let data = json!({ "id": "0", "type": "nbcaMigrationSummary", "attributes": attributes });
    Answer::json(json!({ "data": data }))
}

/// Answers the list of keys: 404 if there is none.
pub(crate) fn api_keys(estate: &Estate, request: &ResourceRequest<'_>) -> Answer {
    let keys = estate.api_keys();
    if keys.is_empty() {
        return Answer::not_found();
    }
    let page = API_KEYS.by_offset(keys, request);
    Answer::of(page.map(|page| list(page, |key| api_key(key, request.release))))
}

fn api_key(key: &ApiKey, release: Release) -> Value {
    json!({
        "type": "apiKeyDetails",
        "id": key.tag,
        "attributes": API_KEYS.attributes(key, &Default::default(), release),
    })
}
