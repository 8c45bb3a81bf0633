//! Checks that the site answers and accepts its credential.

use serde::de::IgnoredAny;

use crate::api::{Client, light_request};
use crate::contract::{Failure, ProbeAnswer, Reason, Settings};
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
    let client = Client::new(settings, last_api_version, transport, log);
    let query = light_request();
    let answer = client.get::<IgnoredAny>(&query).await;
    answer.map_err(|failure| client.explain(failure))?;
    let version = client
        .version()
        .await
        // The answer proves that the version is known.
        .ok_or_else(|| Failure::new(query.endpoint, Reason::Unsupported))?;
    Ok(ProbeAnswer {
        api_version: version.to_string(),
        server_time: client.server_time(),
    })
}
