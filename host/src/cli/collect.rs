//! Collect once, and print the metrics. The quickest way to see what a
//! NetBackup server says.

use std::sync::Arc;
use std::time::Duration;

use futures::future::join_all;

use super::args::Options;
use super::check::{guest, refused};
use super::print;
use crate::app::{BUILD, ConfigSource, ExitError};
use crate::cache::Cache;
use crate::collect::{CollectionContext, Memory};
use crate::config::Config;
use crate::egress::{Egress, Silent, Sockets};
use crate::guest::Engine;
use crate::metrics::{Format, Instruments};
use crate::swap::{SiteRuntime, check};
use crate::telemetry;

pub(super) async fn run(
    options: &Options,
    engine: &Arc<Engine>,
    only: Option<&str>,
) -> Result<(), ExitError> {
    let source = ConfigSource {
        path: options.config_file.clone(),
        overrides: options.overrides(),
    };
    let mut config = source.load().await.map_err(ExitError::Config)?;
    config.log.target = telemetry::Target::Stderr;
    let log = telemetry::init(&config.log).map_err(ExitError::Log)?;
    let collected = collect(config, engine, only).await;
    // As long as it takes: nobody waits for the end of a command.
    log.flush(Duration::MAX);
    collected
}

async fn collect(
    mut config: Config,
    engine: &Arc<Engine>,
    only: Option<&str>,
) -> Result<(), ExitError> {
    config
        .swap
        .sites
        .retain(|site| only.is_none_or(|name| site.name.as_str() == name));
    if config.swap.sites.is_empty() {
        let name = only.unwrap_or_default();
        return Err(ExitError::Command(format!("there is no site `{name}`")));
    }
    let guest = guest(engine, &config).await?;
    let sites = config
        .swap
        .sites
        .iter()
        .map(|site| (&site.name, &site.guest));
    check(&guest, sites).await.map_err(refused)?;

    let instruments = Instruments::new(&BUILD);
    let cache = Cache::new(instruments.clone());
    // `server.stateDir` is left alone: the state in it is of what the exporter has
    // published that serves. What is read here is published by nobody, and would be
    // missing there.
    let memory = Arc::new(Memory::default());
    memory.set_lookback(config.collect.lookback);
    let sockets = Sockets::shared();
    let mut site_runtimes = Vec::new();
    for site in &config.swap.sites {
        let (name, sockets) = (site.name.clone(), Arc::clone(&sockets));
        let egress = Egress::new(name, &site.egress, Arc::new(Silent), sockets);
        let egress = egress.map_err(|error| ExitError::Command(error.to_string()))?;
        site_runtimes.push(SiteRuntime::new(site, egress));
    }
    let sites: Vec<_> = site_runtimes
        .iter()
        .map(|m| (m.name.clone(), m.collectors()))
        .collect();
    cache.keep(&sites);
    memory.swap(guest.digest(), None);
    for site_runtime in &site_runtimes {
        let limit = config.swap.limits.state_bytes;
        memory.restore(&site_runtime.name, &site_runtime.collectors(), limit);
    }
    let context = CollectionContext {
        guest: &guest,
        limits: config.swap.limits,
        settings: config.collect,
        memory: &memory,
        instruments: &instruments,
    };
    let reads = site_runtimes.iter().map(|site_runtime| async {
        let Some(done) = context.collect(&guest, site_runtime).await else {
            return false;
        };
        let complete = done.is_complete();
        let up = done.read_anything();
        done.record(&cache, &memory, &site_runtime.name, up);
        complete
    });
    let complete = join_all(reads).await.into_iter().all(|complete| complete);
    let page = cache.page().load_full();
    print(&String::from_utf8_lossy(&page.plain(Format::Text).to_vec()))?;
    if complete {
        Ok(())
    } else {
        Err(ExitError::Command(
            "not everything could be read; the log says what".to_owned(),
        ))
    }
}
