//! Security posture of the primary server: risk score, approvals, paused clients and
//! version. The four endpoints fail separately. The score exists from NetBackup 10.5
//! on.

use futures::future::{LocalBoxFuture, join4};
use serde::Deserialize;

use super::rows::Distinct;
use crate::api::lenient::{Number, Text};
use crate::api::nested::Nested;
use crate::api::page::{self, OffsetList};
use crate::api::{Client, Query};
use crate::collector::{Collected, Collector, Context};
use crate::contract::{DeclaredFamily, Failure, Kind, ReportedFamily};
use crate::family::{Definition, Series};

/// The collector.
pub(super) const COLLECTOR: Collector = Collector {
    name: "posture",
    summary: "Risk score, tickets of multi-person authorization, paused clients and server version",
    enabled_by_default: false,
    paths: &[STATUS, TICKETS, PAUSED, SERVER],
    permissions: &[
        "|SECURITY|SETTINGS|",
        "|SECURITY|MPA|TICKETS|",
        "|MANAGE|HOSTS|HOST-PROPERTIES|",
    ],
    cached: true,
    default_interval: None,
    experimental: true,
    state_version: 0,
    families,
    options: Vec::new,
    collect,
};

const STATUS: &str = "/security/status";
const TICKETS: &str = "/security/mpa-tickets";
const PAUSED: &str = "/config/paused-clients";
const SERVER: &str = "/security/serverinfo";

/// With the maximum of `page[limit]`. Releases before 11.2 document no sort keys.
const TICKET_PAGES: OffsetList = OffsetList::with_limit(100);

/// With the maximum of `page[limit]`. The answer requires no `data`, and has no count.
const PAUSED_PAGES: OffsetList = OffsetList::with_limit(100).bare();

/// The specified values of `currentState`.
const TICKET_STATES: [&str; 7] = [
    "PENDING",
    "APPROVED",
    "REJECTED",
    "EXPIRED",
    "CANCELED",
    "SCHEDULED",
    "DONE",
];

/// The specified values of `triggerMethod`.
const TRIGGERS: [&str; 2] = ["AUTOMATIC", "MANUAL"];

static RISK: Definition<0> = Definition {
    name: "nbu_security_risk_score",
    kind: Kind::Gauge,
    help: "Platform risk score of NetBackup's security settings, from 0 to 100. Absent before NetBackup 10.5.",
    labels: [],
};

static MPA_TICKETS: Definition<1> = Definition {
    name: "nbu_mpa_tickets",
    kind: Kind::Gauge,
    help: "Number of tickets of multi-person authorization by state. A user who is no approver sees only their own tickets.",
    labels: ["state"],
};

static PAUSED_CLIENTS: Definition<1> = Definition {
    name: "nbu_paused_clients",
    kind: Kind::Gauge,
    help: "Number of clients whose protection is paused, by an administrator (MANUAL) or by NetBackup (AUTOMATIC).",
    labels: ["trigger"],
};

static INFO: Definition<1> = Definition {
    name: "nbu_server_info",
    kind: Kind::Gauge,
    help: "NetBackup version of the primary server as a label. Always 1.",
    labels: ["version"],
};

static FREEZE: Definition<0> = Definition {
    name: "nbu_freeze_mode",
    kind: Kind::Gauge,
    help: "Whether freeze mode is on (1) or off (0). Absent before NetBackup 11.2.",
    labels: [],
};

#[derive(Default, Deserialize)]
#[serde(default)]
struct SecurityStatus {
    data: Nested<SecurityStatusData>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct SecurityStatusData {
    attributes: Nested<RiskScore>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct RiskScore {
    platform_risk_score: Number,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Ticket {
    current_state: Text,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct PausedClient {
    trigger_method: Text,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct ServerInfo {
    nbu_version: Text,
    freeze_mode_enabled: Text,
}

fn families() -> Vec<DeclaredFamily> {
    vec![
        RISK.describe(),
        MPA_TICKETS.describe(),
        PAUSED_CLIENTS.describe(),
        INFO.describe(),
        FREEZE.describe(),
    ]
}

fn collect<'a>(context: &'a Context<'a>) -> LocalBoxFuture<'a, Collected> {
    Box::pin(async {
        let client = context.client;
        let (risk, tickets, paused, server) = join4(
            risk(client),
            tickets(client),
            paused_clients(client),
            server(client),
        )
        .await;
        let mut collected = Collected::of(risk);
        collected.add(tickets);
        collected.add(paused);
        collected.add(server);
        collected
    })
}

async fn risk(client: &Client<'_>) -> Result<Vec<ReportedFamily>, Failure> {
    let status: SecurityStatus = client.get(&Query::new(STATUS)).await?;
    let attributes = status.data.get().and_then(|data| data.attributes.get());
    let mut risk = Series::new(&RISK);
    risk.set([], attributes.and_then(|it| it.platform_risk_score.0));
    Ok(vec![risk.finish()])
}

async fn tickets(client: &Client<'_>) -> Result<Vec<ReportedFamily>, Failure> {
    let mut tickets: Distinct<Ticket> = Distinct::new();
    let query = Query::new(TICKETS);
    page::by_offset(client, query, TICKET_PAGES, |row| tickets.insert(row)).await?;
    let states = tickets.iter().map(|it| it.current_state.or_unknown());
    Ok(vec![tally(&MPA_TICKETS, &TICKET_STATES, states)])
}

async fn paused_clients(client: &Client<'_>) -> Result<Vec<ReportedFamily>, Failure> {
    let mut clients: Distinct<PausedClient> = Distinct::new();
    let query = Query::new(PAUSED).with("sort", "clientUniqueIdentifier");
    page::by_offset(client, query, PAUSED_PAGES, |row| clients.insert(row)).await?;
    let triggers = clients.iter().map(|it| it.trigger_method.or_unknown());
    Ok(vec![tally(&PAUSED_CLIENTS, &TRIGGERS, triggers)])
}

async fn server(client: &Client<'_>) -> Result<Vec<ReportedFamily>, Failure> {
    let server: ServerInfo = client.get(&Query::new(SERVER)).await?;
    let mut info = Series::new(&INFO);
    let version = server.nbu_version.0.as_deref();
    if let Some(version) = version {
        info.set([version], Some(1.0));
    }
    let mut freeze = Series::new(&FREEZE);
    let is_frozen = server.freeze_mode_enabled.0.as_deref();
    freeze.set([], is_frozen.map(|it| f64::from(it == "true")));
    Ok(vec![info.finish(), freeze.finish()])
}

/// How many there are of each value. Known values are present with 0, so that an alert
/// sees an increase.
fn tally<'a>(
    definition: &'static Definition<1>,
    known: &[&str],
    values: impl Iterator<Item = &'a str>,
) -> ReportedFamily {
    let mut series = Series::new(definition);
    for value in known {
        series.set([value], Some(0.0));
    }
    for value in values {
        series.add([value], 1.0);
    }
    series.finish()
}
