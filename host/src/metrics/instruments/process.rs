//! The process itself: memory, processor time, open files.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use prometheus::core::{Collector, Desc};
use prometheus::process_collector::ProcessCollector;
use prometheus::proto::MetricFamily;

/// Reading `/proc` takes longer than the rest of a scrape, so that many scrapes
/// at once share what one has read.
const REUSE: Duration = Duration::from_millis(500);

/// The `process_…` metrics, at most half a second old.
pub(super) struct Process {
    collector: ProcessCollector,
    last: Mutex<Option<(Instant, Vec<MetricFamily>)>>,
}

impl Default for Process {
    fn default() -> Self {
        Self {
            collector: ProcessCollector::for_self(),
            last: Mutex::default(),
        }
    }
}

impl Collector for Process {
    fn desc(&self) -> Vec<&Desc> {
        self.collector.desc()
    }

    fn collect(&self) -> Vec<MetricFamily> {
        // What is held is whole even if a thread has panicked with it.
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        match last.as_ref() {
            Some((at, families)) if at.elapsed() < REUSE => families.clone(),
            _ => {
                let families = self.collector.collect();
                *last = Some((Instant::now(), families.clone()));
                families
            }
        }
    }
}
