//! Collect once and print the metrics, the quickest way to see what a NetBackup
//! server returns.

use std::sync::Arc;
use std::time::Duration;

use futures::future::join_all;

use super::args::Options;
use super::check::guest;
use super::print;
use crate::app::{BUILD, ConfigSource, ExitError};
use crate::cache::Cache;
use crate::collect::{CollectionContext, Memory};
use crate::config::Config;
use crate::egress::{Egress, NoObserver, Sockets};
use crate::guest::{Engine, Guest};
use crate::metrics::{Format, Instruments};
use crate::swap::{Site, SiteRuntime, check};
use crate::telemetry;

pub(super) async fn run(
    options: &Options,
    engine: &Arc<Engine>,
    only: Option<&str>,
    strict: bool,
) -> Result<(), ExitError> {
    let (source, config, log) = load(options).await?;
    let collected = collect(&source, config, engine, only, strict).await;
    // Without a limit, since a command has no deadline.
    log.flush(Duration::MAX);
    collected
}

/// Loads the configuration, and logs to standard error.
pub(super) async fn load(
    options: &Options,
) -> Result<(ConfigSource, Config, telemetry::Handle), ExitError> {
    let source = ConfigSource::from(options);
    let mut config = source.load().await.map_err(ExitError::Config)?;
    config.log.target = telemetry::LogTarget::Stderr;
    let log = telemetry::init(&config.log).map_err(ExitError::Log)?;
    Ok((source, config, log))
}

async fn collect(
    source: &ConfigSource,
    mut config: Config,
    engine: &Arc<Engine>,
    only: Option<&str>,
    strict: bool,
) -> Result<(), ExitError> {
    if let Some(name) = only {
        let site = named(&config, name)?.clone();
        config.swap.sites = vec![site];
    }
    let refused = |refusal| source.refused(&config, refusal);
    let guest = guest(engine, &config).await.map_err(refused)?;
    let sites = config.swap.sites.iter();
    let sites = sites.map(|site| (&site.name, &site.guest));
    check(&guest, sites).await.map_err(refused)?;
    let instruments = Instruments::new(&BUILD);
    let cache = Cache::new(instruments.clone());
    let (complete, dropped) = read(&config, &guest, &cache, &instruments).await?;
    let page = cache.page().load_full();
    print(&String::from_utf8_lossy(&page.plain(Format::Text).to_vec()))?;
    let failed = |what: &str| Err(ExitError::Command(what.to_owned()));
    if !complete {
        failed("the collection is incomplete\n  hint: see the log for the failures")
    } else if strict && dropped > 0 {
        failed("series were dropped\n  hint: see the log for the families")
    } else {
        Ok(())
    }
}

/// The site of this name.
pub(super) fn named<'a>(config: &'a Config, name: &str) -> Result<&'a Site, ExitError> {
    let mut sites = config.swap.sites.iter();
    let site = sites.find(|site| site.name.as_str() == name);
    site.ok_or_else(|| ExitError::UnknownSite {
        name: name.to_owned(),
        known: config
            .swap
            .sites
            .iter()
            .map(|it| it.name.to_string())
            .collect(),
    })
}

/// Collects every site into the cache. Returns whether all collectors succeeded, and the
/// number of dropped series.
async fn read(
    config: &Config,
    guest: &Guest,
    cache: &Cache,
    instruments: &Instruments,
) -> Result<(bool, usize), ExitError> {
    let site_runtimes = site_runtimes(config)?;
    let sites = site_runtimes
        .iter()
        .map(|m| (m.name.clone(), guest.collectors(&m.settings)));
    cache.keep(&sites.collect::<Vec<_>>());
    let memory = memory(config, guest, &site_runtimes);
    let context = CollectionContext {
        guest,
        limits: config.swap.limits,
        settings: config.collect,
        memory: &memory,
        instruments,
    };
    let reads = site_runtimes.iter().map(|member| async {
        let Some(done) = context.collect(guest, member).await else {
            return (false, 0);
        };
        let complete = (done.is_complete(), done.dropped_series());
        let up = done.read_anything();
        done.record(cache, &memory, &member.name, up);
        complete
    });
    let results = join_all(reads).await;
    let complete = results.iter().all(|(complete, _)| *complete);
    Ok((complete, results.iter().map(|(_, dropped)| dropped).sum()))
}

fn site_runtimes(config: &Config) -> Result<Vec<SiteRuntime>, ExitError> {
    let sockets = Sockets::shared();
    let member = |site: &Site| {
        let (name, sockets) = (site.name.clone(), Arc::clone(&sockets));
        let egress = Egress::new(name, &site.egress, Arc::new(NoObserver), sockets);
        let egress = egress.map_err(|error| ExitError::Command(error.to_string()))?;
        Ok(SiteRuntime::new(site, egress))
    };
    config.swap.sites.iter().map(member).collect()
}

/// Empty state. The one in `server.stateDir` belongs to the exporter that serves:
/// what this command reads is not published, and would be missing there.
fn memory(config: &Config, guest: &Guest, site_runtimes: &[SiteRuntime]) -> Arc<Memory> {
    let memory = Arc::new(Memory::default());
    memory.set_lookback(config.collect.lookback);
    memory.swap(guest.digest(), None);
    for member in site_runtimes {
        let limit = config.swap.limits.state_bytes;
        let collectors = guest.collectors(&member.settings);
        let keys: Vec<_> = collectors.iter().map(|it| guest.state_key(it)).collect();
        memory.restore(&member.name, &keys, limit);
    }
    memory
}
