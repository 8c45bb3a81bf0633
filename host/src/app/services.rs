//! The long-lived services. A reload changes their contents, not the services.

use std::sync::Arc;

use tokio::sync::{mpsc, watch};

use super::BUILD;
use super::baseline::LiveBaseline;
use super::observer::RequestMetrics;
use super::reload_request::ReloadRequest;
use crate::cache::Cache;
use crate::collect::{self, Memory, Rounds, Store};
use crate::config::Config;
use crate::events::RecentEvents;
use crate::guest::Engine;
use crate::metrics::Instruments;
use crate::swap::SwapController;
use crate::traces::Tracer;

/// Shared between tasks; clones refer to the same services.
#[derive(Clone)]
pub struct Services {
    /// The current generation and how it changes.
    pub swap_controller: Arc<SwapController>,
    /// The cached values and the page.
    pub cache: Arc<Cache>,
    /// State carried between collections.
    pub memory: Arc<Memory>,
    /// The exporter's own metrics.
    pub instruments: Instruments,
    /// Starts spans.
    pub(super) tracer: Tracer,
    /// The last events, for the status page.
    pub(super) events: RecentEvents,
    /// Interval and TTL of collections.
    pub(super) collect_settings: watch::Sender<collect::CollectSettings>,
    /// Sender to the only consumer of reloads.
    pub(super) requests: mpsc::Sender<ReloadRequest>,
}

impl Services {
    pub(super) fn new(
        engine: Arc<Engine>,
        config: &Config,
        requests: mpsc::Sender<ReloadRequest>,
    ) -> Self {
        let instruments = match config.process_metrics {
            true => Instruments::new(&BUILD),
            false => Instruments::without_process(&BUILD),
        };
        let observer = Arc::new(RequestMetrics(instruments.clone()));
        let events = RecentEvents::default();
        let tracer = Tracer::default();
        let swap_controller = SwapController::new(
            engine,
            observer,
            instruments.clone(),
            events.clone(),
            tracer.clone(),
        );
        let memory = Memory::default();
        memory.set_lookback(config.collect.lookback);
        Self {
            swap_controller: Arc::new(swap_controller),
            cache: Arc::new(Cache::with_events(instruments.clone(), events.clone())),
            memory: Arc::new(memory),
            instruments,
            tracer,
            events,
            collect_settings: watch::Sender::new(config.collect),
            requests,
        }
    }

    /// The baseline for a candidate under these settings.
    pub(super) fn baseline(&self, config: &Config, store: Option<Arc<Store>>) -> LiveBaseline {
        LiveBaseline {
            cache: Arc::clone(&self.cache),
            memory: Arc::clone(&self.memory),
            lookback: config.collect.lookback,
            store,
        }
    }

    /// The part of the services that site tasks need.
    pub(super) fn rounds(&self) -> Rounds {
        Rounds {
            swap_controller: Arc::clone(&self.swap_controller),
            cache: Arc::clone(&self.cache),
            memory: Arc::clone(&self.memory),
            instruments: self.instruments.clone(),
            tracer: self.tracer.clone(),
            settings: self.collect_settings.subscribe(),
        }
    }
}
