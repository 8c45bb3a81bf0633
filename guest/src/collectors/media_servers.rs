//! Media servers: `config.yaml GET /config/media-servers`.

use futures::future::LocalBoxFuture;
use serde::Deserialize;

use super::rows::{Named, Row};
use crate::api::lenient::Text;
use crate::api::nested::Nested;
use crate::api::page::{self, OffsetList};
use crate::api::{Client, Query};
use crate::collector::{Collected, Collector, Context};
use crate::contract::{DeclaredFamily, Failure, Kind, ReportedFamily};
use crate::family::{Definition, Series};

/// The collector.
pub(super) const COLLECTOR: Collector = Collector {
    name: "mediaServers",
    summary: "Media servers: state, version and operating system",
    enabled_by_default: false,
    paths: &[ENDPOINT],
    permissions: &["|MANAGE|MEDIA-SERVERS|"],
    cached: true,
    default_interval: None,
    experimental: true,
    state_version: 0,
    families,
    options: Vec::new,
    collect,
};

const ENDPOINT: &str = "/config/media-servers";

/// With the maximum of `page[limit]`.
const PAGES: OffsetList = OffsetList::with_limit(500).sorted();

static STATE: Definition<2> = Definition {
    name: "nbu_media_server_state",
    kind: Kind::Gauge,
    help: "Whether a media server is in this state (1) or not (0).",
    labels: ["media_server", "state"],
};

static UP: Definition<1> = Definition {
    name: "nbu_media_server_up",
    kind: Kind::Gauge,
    help: "Whether a media server is up (1) or not (0). A server that an administrator paused is not up, so alert on the state OFFLINE instead.",
    labels: ["media_server"],
};

static INFO: Definition<3> = Definition {
    name: "nbu_media_server_info",
    kind: Kind::Gauge,
    help: "NetBackup version and operating system of a media server as labels. Always 1.",
    labels: ["media_server", "version", "os"],
};

/// The specified values of `status.name`.
const STATES: [&str; 6] = [
    "ACTIVE_FOR_DISK",
    "ACTIVE_FOR_TAPE",
    "ACTIVE_FOR_TAPE_AND_DISK",
    "DEACTIVATED",
    "OFFLINE",
    "VIRTUAL_NODE",
];

/// The attributes that the guest uses.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct MediaServer {
    host_name: Text,
    os_type: Text,
    nbu_version: Text,
    is_machine_up: Text,
    status: Nested<Status>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Status {
    name: Text,
}

fn families() -> Vec<DeclaredFamily> {
    vec![STATE.describe(), UP.describe(), INFO.describe()]
}

fn collect<'a>(context: &'a Context<'a>) -> LocalBoxFuture<'a, Collected> {
    Box::pin(async {
        let servers = read(context.client).await;
        Collected::of(servers.map(|servers| summarize(&servers)))
    })
}

async fn read(client: &Client<'_>) -> Result<Named<MediaServer>, Failure> {
    let mut servers = Named::new();
    let query = Query::new(ENDPOINT).with("sort", "hostName");
    page::by_offset(client, query, PAGES, |row: Row<MediaServer>| {
        let (id, server) = row.parts();
        servers.insert(id, server.host_name.clone(), server);
    })
    .await?;
    Ok(servers)
}

/// The families of all media servers. Servers of the same name appear under their ids.
fn summarize(servers: &Named<MediaServer>) -> Vec<ReportedFamily> {
    let mut state = Series::new(&STATE);
    let mut up = Series::new(&UP);
    let mut info = Series::new(&INFO);
    for (name, server) in servers.iter() {
        let status = server.status.get();
        if let Some(current) = status.and_then(|status| status.name.0.as_deref()) {
            for known in STATES {
                state.set([name, known], Some(0.0));
            }
            state.set([name, current], Some(1.0));
        }
        let is_up = server.is_machine_up.0.as_deref();
        up.set([name], is_up.map(|is_up| f64::from(is_up == "true")));
        let (version, os) = (&server.nbu_version, &server.os_type);
        info.set([name, version.or_unknown(), os.or_unknown()], Some(1.0));
    }
    vec![state.finish(), up.finish(), info.finish()]
}
