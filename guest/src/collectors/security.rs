//! What expires: host certificates, certificate authorities and API keys
//! (`security.yaml`). The four lists fail separately.

use std::hash::Hash;

use futures::future::{LocalBoxFuture, join4};
use serde::Deserialize;

use super::rows::{Named, Row};
use crate::api::guard::Identified;
use crate::api::lenient::{EpochSeconds, Text, UNKNOWN, Whole};
use crate::api::nested::Nested;
use crate::api::page::{self, OffsetList};
use crate::api::{Client, Query};
use crate::collector::{Collected, Collector, Context};
use crate::contract::{DeclaredFamily, DeclaredOption, Failure, Kind, ReportedFamily};
use crate::family::{Definition, Series};
use crate::options;

/// The collector.
pub(super) const COLLECTOR: Collector = Collector {
    name: "security",
    summary: "Expiry of host certificates, certificate authorities and API keys",
    enabled_by_default: false,
    paths: &[CERTIFICATES, AUTHORITIES, MIGRATION, API_KEYS],
    permissions: &[
        "|SECURITY|CERTIFICATE-MANAGEMENT|NETBACKUP-CERTIFICATES|",
        "|SECURITY|USERS|API-KEYS|",
    ],
    cached: true,
    default_interval: Some(3600),
    experimental: true,
    state_version: 0,
    families,
    options,
    collect,
};

const CERTIFICATES: &str = "/security/certificates/current";
const AUTHORITIES: &str = "/security/certificate-authorities";
const MIGRATION: &str = "/security/certificate-authorities/migration-summary";
const API_KEYS: &str = "/security/api-keys";

/// With the maximum of `page[limit]`. Releases before 11.2 document no sort keys.
const PAGES: OffsetList = OffsetList::with_limit(100);

/// A certificate that expires earlier is reported with its host.
const SOON: u64 = 30 * 24 * 3600;

/// The `state` of a certificate that is revoked.
const REVOKED: u64 = 2;

/// The specified values of `caMigrationStatus`.
const MIGRATION_STATES: [&str; 3] = ["NO_MIGRATION", "INITIATED", "ACTIVATED"];

static HOST_CERTIFICATES: Definition<1> = Definition {
    name: "nbu_host_certificates",
    kind: Kind::Gauge,
    help: "Number of valid host certificates by the time until they expire, each in the first bucket that applies.",
    labels: ["expires"],
};

static HOST_EXPIRY: Definition<1> = Definition {
    name: "nbu_host_certificate_expiry_timestamp_seconds",
    kind: Kind::Gauge,
    help: "Expiry of a host certificate in seconds since the Unix epoch, if it is less than 30 days away.",
    labels: ["host"],
};

static CA_EXPIRY: Definition<2> = Definition {
    name: "nbu_ca_certificate_expiry_timestamp_seconds",
    kind: Kind::Gauge,
    help: "Expiry of a NetBackup certificate authority in seconds since the Unix epoch.",
    labels: ["subject", "state"],
};

static CA_MIGRATION: Definition<1> = Definition {
    name: "nbu_ca_migration_state",
    kind: Kind::Gauge,
    help: "Whether the migration to another certificate authority is in this state (1) or not (0). NO_MIGRATION is also the state after a migration.",
    labels: ["state"],
};

static KEY_EXPIRY: Definition<2> = Definition {
    name: "nbu_api_key_expiry_timestamp_seconds",
    kind: Kind::Gauge,
    help: "Expiry of an API key in seconds since the Unix epoch. With the permission for API keys it is reported for all users, otherwise for the exporter's own.",
    labels: ["user", "tag"],
};

#[derive(Deserialize)]
struct SecurityOptions {
    /// Empty means all users.
    users: Vec<String>,
}

fn options() -> Vec<DeclaredOption> {
    let users = "Users whose API keys are reported. Empty means all users that the exporter's key \
                 may see.";
    vec![options::texts("users", users)]
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Certificate {
    host_id: Text,
    host_name: Text,
    /// Milliseconds since the Unix epoch.
    not_after: Whole,
    state: Whole,
    is_cert_deleted: Text,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Authority {
    nbca_cert_details: Nested<AuthorityDetails>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct AuthorityDetails {
    subject_name: Text,
    #[serde(rename = "subjectCN")]
    common_name: Text,
    fingerprint: Text,
    not_after: EpochSeconds,
    state: Text,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Migration {
    data: Nested<MigrationSummary>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct MigrationSummary {
    attributes: Nested<MigrationAttributes>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct MigrationAttributes {
    ca_migration_status: Text,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct ApiKey {
    user_name: Text,
    expiry_date_time: EpochSeconds,
}

impl Identified for Certificate {
    fn identity(&self) -> Option<impl Hash> {
        self.host_id.0.as_deref()
    }
}

impl Certificate {
    fn is_valid(&self) -> bool {
        let is_deleted = self.is_cert_deleted.0.as_deref() == Some("true");
        self.state.0 != Some(REVOKED) && !is_deleted
    }

    /// Seconds since the Unix epoch.
    fn expiry(&self) -> Option<u64> {
        self.not_after.0.map(|milliseconds| milliseconds / 1000)
    }
}

fn families() -> Vec<DeclaredFamily> {
    vec![
        HOST_CERTIFICATES.describe(),
        HOST_EXPIRY.describe(),
        CA_EXPIRY.describe(),
        CA_MIGRATION.describe(),
        KEY_EXPIRY.describe(),
    ]
}

fn collect<'a>(context: &'a Context<'a>) -> LocalBoxFuture<'a, Collected> {
    Box::pin(async {
        let options: SecurityOptions = match context.options() {
            Ok(options) => options,
            Err(failure) => return Collected::failed([failure]),
        };
        let client = context.client;
        let (certificates, authorities, migration, keys) = join4(
            certificates(client, context.window.now),
            authorities(client),
            migration(client),
            api_keys(client, &options.users),
        )
        .await;
        let mut collected = Collected::of(certificates);
        collected.add(authorities);
        collected.add(migration);
        collected.add(keys);
        collected
    })
}

async fn certificates(client: &Client<'_>, now: u64) -> Result<Vec<ReportedFamily>, Failure> {
    let mut certificates = Named::new();
    page::whole(client, &Query::new(CERTIFICATES), |it: Certificate| {
        certificates.insert(it.host_id.clone(), it.host_name.clone(), it);
    })
    .await?;
    let mut count = Series::new(&HOST_CERTIFICATES);
    let mut expiries = Series::new(&HOST_EXPIRY);
    for (host, certificate) in certificates.iter().filter(|(_, it)| it.is_valid()) {
        let Some(expiry) = certificate.expiry() else {
            count.add([UNKNOWN], 1.0);
            continue;
        };
        let left = expiry.saturating_sub(now);
        count.add([bucket(left)], 1.0);
        expiries.set([host], (left < SOON).then_some(expiry as f64));
    }
    Ok(vec![count.finish(), expiries.finish()])
}

/// The label for this many seconds until the expiry.
fn bucket(left: u64) -> &'static str {
    const DAY: u64 = 24 * 3600;
    match left {
        0 => "expired",
        1..=604_800 => "7d",
        604_801..SOON => "30d",
        _ if left < 90 * DAY => "90d",
        _ => "later",
    }
}

async fn authorities(client: &Client<'_>) -> Result<Vec<ReportedFamily>, Failure> {
    let mut authorities = Named::new();
    page::by_offset(
        client,
        Query::new(AUTHORITIES),
        PAGES,
        |row: Row<Authority>| {
            let (id, authority) = row.parts();
            let details = authority
                .nbca_cert_details
                .into_option()
                .unwrap_or_default();
            let id = Text(details.fingerprint.0.clone().or(id.0));
            let subject = details.subject_name.0.clone();
            let subject = Text(subject.or_else(|| details.common_name.0.clone()));
            authorities.insert(id, subject, details);
        },
    )
    .await?;
    let mut expiries = Series::new(&CA_EXPIRY);
    for (subject, details) in authorities.iter() {
        let expiry = details.not_after.0.map(|time| time as f64);
        expiries.set([subject, details.state.or_unknown()], expiry);
    }
    Ok(vec![expiries.finish()])
}

async fn migration(client: &Client<'_>) -> Result<Vec<ReportedFamily>, Failure> {
    let answer: Migration = client.get(&Query::new(MIGRATION)).await?;
    let attributes = answer.data.get().and_then(|data| data.attributes.get());
    let mut states = Series::new(&CA_MIGRATION);
    if let Some(current) = attributes.and_then(|it| it.ca_migration_status.0.as_deref()) {
        for known in MIGRATION_STATES {
            states.set([known], Some(0.0));
        }
        states.set([current], Some(1.0));
    }
    Ok(vec![states.finish()])
}

/// Status 404 means that there is no key.
async fn api_keys(client: &Client<'_>, users: &[String]) -> Result<Vec<ReportedFamily>, Failure> {
    let mut expiries = Series::new(&KEY_EXPIRY);
    let list = PAGES.empty_if_not_found();
    page::by_offset(client, Query::new(API_KEYS), list, |row: Row<ApiKey>| {
        let (tag, key) = row.parts();
        let user = key.user_name.or_unknown();
        if users.is_empty() || users.iter().any(|it| it == user) {
            let expiry = key.expiry_date_time.0.map(|time| time as f64);
            expiries.set([user, tag.or_unknown()], expiry);
        }
    })
    .await?;
    Ok(vec![expiries.finish()])
}
