//! Policies: `config_policies.yaml GET /config/policies/`.
//!
//! The list does not say when a policy ran last, and the list of jobs cannot be filtered
//! by the exact name of a policy.

use std::collections::HashSet;
use std::hash::Hash;

use futures::future::LocalBoxFuture;
use serde::Deserialize;

use crate::api::guard::Identified;
use crate::api::lenient::Text;
use crate::api::nested::Nested;
use crate::api::page::{self, OffsetList};
use crate::api::{Client, Query};
use crate::collector::{Collected, Collector, Context};
use crate::contract::{Failure, Kind, ReportedFamily};
use crate::family::{Definition, Series};

/// The collector.
pub(super) const COLLECTOR: Collector = Collector {
    name: "policies",
    summary: "Policies by type and whether they are active",
    enabled_by_default: false,
    paths: &[ENDPOINT],
    permissions: &["|PROTECTION|POLICIES|"],
    cached: true,
    default_interval: Some(3600),
    experimental: true,
    state_version: 0,
    families: || vec![POLICIES.describe()],
    options: Vec::new,
    collect,
};

/// The specification has the slash at the end.
const ENDPOINT: &str = "/config/policies/";

/// With the maximum of `page[limit]`. The answer requires neither `data` nor `meta`.
const PAGES: OffsetList = OffsetList::with_limit(500).sorted().bare();

/// Policies of this type update NetBackup software and protect nothing.
const DEPLOYMENT: &str = "DEPLOYMENT";

static POLICIES: Definition<2> = Definition {
    name: "nbu_policies",
    kind: Kind::Gauge,
    help: "Number of policies by type and whether they are active, without those that deploy software.",
    labels: ["policy_type", "active"],
};

/// A row has its type beside its attributes.
#[derive(Deserialize)]
struct PolicyRow {
    #[serde(default)]
    id: Text,
    #[serde(default, rename = "type")]
    kind: Text,
    #[serde(default)]
    attributes: Nested<PolicyAttributes>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct PolicyAttributes {
    active: Text,
}

impl Identified for PolicyRow {
    fn identity(&self) -> Option<impl Hash> {
        self.id.0.as_deref()
    }
}

fn collect<'a>(context: &'a Context<'a>) -> LocalBoxFuture<'a, Collected> {
    Box::pin(async { Collected::of(read(context.client).await) })
}

async fn read(client: &Client<'_>) -> Result<Vec<ReportedFamily>, Failure> {
    let mut policies = Series::new(&POLICIES);
    let mut ids = HashSet::new();
    let query = Query::new(ENDPOINT).with("sort", "policyName");
    page::by_offset(client, query, PAGES, |row: PolicyRow| {
        let is_new = row.id.0.as_ref().is_none_or(|id| ids.insert(id.clone()));
        let kind = row.kind.or_unknown();
        if is_new && kind != DEPLOYMENT {
            let attributes = row.attributes.into_option().unwrap_or_default();
            policies.add([kind, attributes.active.or_unknown()], 1.0);
        }
    })
    .await?;
    Ok(vec![policies.finish()])
}
