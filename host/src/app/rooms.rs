//! The rooms, as long as the process lives: a reload changes what is in them.

use std::sync::Arc;

use tokio::sync::{mpsc, watch};

use super::BUILD;
use super::observer::Counting;
use super::reloader::Request;
use super::witness::Present;
use crate::cache::Cache;
use crate::collect::{self, Memory, Rounds, Store};
use crate::config::Config;
use crate::guest::Engine;
use crate::metrics::Instruments;
use crate::swap::Stage;

/// Shared by the tasks; clones are the same rooms.
#[derive(Clone)]
pub struct Rooms {
    /// The current generation.
    pub stage: Arc<Stage>,
    /// The values and the page.
    pub cache: Arc<Cache>,
    /// State from one collection to the next.
    pub memory: Arc<Memory>,
    /// The host's own instruments.
    pub instruments: Instruments,
    /// When sites are collected.
    pub(super) clockwork: watch::Sender<collect::Settings>,
    /// To the one consumer of reloads.
    pub(super) requests: mpsc::Sender<Request>,
}

impl Rooms {
    pub(super) fn new(
        engine: Arc<Engine>,
        config: &Config,
        requests: mpsc::Sender<Request>,
    ) -> Self {
        let instruments = Instruments::new(&BUILD);
        let observer = Arc::new(Counting(instruments.clone()));
        let stage = Stage::new(engine, observer, instruments.clone());
        let memory = Memory::default();
        memory.set_lookback(config.collect.lookback);
        Self {
            stage: Arc::new(stage),
            cache: Arc::new(Cache::new(instruments.clone())),
            memory: Arc::new(memory),
            instruments,
            clockwork: watch::Sender::new(config.collect),
            requests,
        }
    }

    /// What a guest is compared with that is offered with these settings.
    pub(super) fn witness(&self, config: &Config, store: Option<Arc<Store>>) -> Present {
        Present {
            cache: Arc::clone(&self.cache),
            memory: Arc::clone(&self.memory),
            lookback: config.collect.lookback,
            store,
        }
    }

    /// What the site tasks share of the rooms.
    pub(super) fn rounds(&self) -> Rounds {
        Rounds {
            stage: Arc::clone(&self.stage),
            cache: Arc::clone(&self.cache),
            memory: Arc::clone(&self.memory),
            instruments: self.instruments.clone(),
            settings: self.clockwork.subscribe(),
        }
    }
}
