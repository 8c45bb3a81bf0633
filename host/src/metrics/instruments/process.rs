//! Metrics of the process: memory, processor time, open files.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use prometheus::core::{Collector, Desc};
use prometheus::process_collector::ProcessCollector;
use prometheus::proto::{Gauge, MetricFamily};

/// Reading `/proc` takes longer than the rest of a scrape, so concurrent scrapes
/// share what one has read.
const REUSE: Duration = Duration::from_millis(500);

/// The only metric that needs a file of `/proc` outside the process's own folder,
/// which a unit with `ProcSubset=pid` hides.
const START: &str = "process_start_time_seconds";

/// The `process_…` metrics, at most half a second old.
pub(super) struct ProcessMetrics {
    collector: ProcessCollector,
    /// Start of the process, in seconds since the Unix epoch: when the instruments
    /// were created.
    started: f64,
    last: Mutex<Option<(Instant, Vec<MetricFamily>)>>,
}

impl Default for ProcessMetrics {
    fn default() -> Self {
        Self {
            collector: ProcessCollector::for_self(),
            started: SystemTime::now()
                .duration_since(UNIX_EPOCH)
                .map_or(0.0, |since| since.as_secs_f64()),
            last: Mutex::default(),
        }
    }
}

impl Collector for ProcessMetrics {
    fn desc(&self) -> Vec<&Desc> {
        self.collector.desc()
    }

    fn collect(&self) -> Vec<MetricFamily> {
        // The value is valid even if a thread panicked while it held the lock.
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        match last.as_ref() {
            Some((at, families)) if at.elapsed() < REUSE => families.clone(),
            _ => {
                let mut families = self.collector.collect();
                let mut started = Gauge::default();
                started.set_value(self.started);
                let start = families.iter_mut().filter(|family| family.name() == START);
                for metric in start.flat_map(MetricFamily::mut_metric) {
                    metric.set_gauge(started.clone());
                }
                *last = Some((Instant::now(), families.clone()));
                families
            }
        }
    }
}
