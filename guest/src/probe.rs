//! Checks that the site answers and accepts its credential.

use serde::de::IgnoredAny;

use crate::api::{Client, Session, light_request};
use crate::contract::{Failure, ProbeAnswer, Settings};
use crate::log::Log;
use crate::transport::Transport;

/// Sends one light request that needs the credential. It first detects the API
/// version if neither the settings nor `last_api_version` has one.
pub async fn probe(
    settings: &Settings,
    last_api_version: Option<&str>,
    transport: &dyn Transport,
    log: &dyn Log,
) -> Result<ProbeAnswer, Failure> {
    let session = Session::new(settings, last_api_version, transport, log);
    let client = Client::new(&session);
    let query = light_request();
    let answer = client.get::<IgnoredAny>(&query).await;
    answer.map_err(|failure| session.explain(failure))?;
    let version = session.version().await;
    Ok(ProbeAnswer {
        // The answer proves that the version is known.
        api_version: version.map(|it| it.to_string()).unwrap_or_default(),
        server_time: session.server_time(),
    })
}
