//! The `process_…` metrics that exporters have in common.
//!
//! Written here because the `prometheus` crate's own collector counts processor time
//! in whole seconds, and reads `/proc/stat`, which a unit with `ProcSubset=pid` hides.

use std::fs;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use prometheus::core::{Collector, Desc};
use prometheus::proto::MetricFamily;
use prometheus::{Counter, Gauge, Registry};
use rustix::process::{Resource, getrlimit};
use rustix::time::{ClockId, clock_gettime};

/// Reading `/proc` takes longer than the rest of a scrape, so scrapes at the same
/// time share a reading.
const REUSE: Duration = Duration::from_millis(500);

/// Adds the `process_…` metrics, at most half a second old at each scrape.
///
/// # Errors
/// When one of their names is taken.
pub(super) fn register(registry: &Registry) -> prometheus::Result<()> {
    registry.register(Box::new(ProcessMetrics::new()?))
}

/// The `process_…` metrics now.
pub(super) fn read() -> Vec<MetricFamily> {
    ProcessMetrics::new().map_or_else(|_| Vec::new(), |metrics| metrics.collect())
}

struct ProcessMetrics {
    cpu_seconds: Counter,
    open_fds: Gauge,
    max_fds: Gauge,
    virtual_memory: Gauge,
    resident_memory: Gauge,
    start_time: Gauge,
    threads: Gauge,
    read: Mutex<Option<Instant>>,
}

impl ProcessMetrics {
    fn new() -> prometheus::Result<Self> {
        let start_time = Gauge::new(
            "process_start_time_seconds",
            "Start time of the process since unix epoch in seconds.",
        )?;
        let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH);
        start_time.set(since_epoch.map_or(0.0, |since| since.as_secs_f64()));
        Ok(Self {
            cpu_seconds: Counter::new(
                "process_cpu_seconds_total",
                "Total user and system CPU time spent in seconds.",
            )?,
            open_fds: Gauge::new("process_open_fds", "Number of open file descriptors.")?,
            max_fds: Gauge::new(
                "process_max_fds",
                "Maximum number of open file descriptors.",
            )?,
            virtual_memory: Gauge::new(
                "process_virtual_memory_bytes",
                "Virtual memory size in bytes.",
            )?,
            resident_memory: Gauge::new(
                "process_resident_memory_bytes",
                "Resident memory size in bytes.",
            )?,
            start_time,
            threads: Gauge::new("process_threads", "Number of OS threads in the process.")?,
            read: Mutex::default(),
        })
    }

    fn parts(&self) -> [&dyn Collector; 7] {
        [
            &self.cpu_seconds,
            &self.open_fds,
            &self.max_fds,
            &self.virtual_memory,
            &self.resident_memory,
            &self.start_time,
            &self.threads,
        ]
    }

    /// What cannot be read keeps its last value.
    fn read(&self) {
        let cpu = clock_gettime(ClockId::ProcessCPUTime);
        let cpu = cpu.tv_sec as f64 + cpu.tv_nsec as f64 / 1e9;
        // The clock of the process does not go back, but a counter panics if it did.
        self.cpu_seconds
            .inc_by((cpu - self.cpu_seconds.get()).max(0.0));
        let limit = getrlimit(Resource::Nofile).current;
        self.max_fds.set(limit.map_or(f64::INFINITY, |n| n as f64));
        if let Ok(entries) = fs::read_dir("/proc/self/fd") {
            // Without the descriptor that lists them.
            self.open_fds.set(entries.count().saturating_sub(1) as f64);
        }
        let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
        let number = |name: &str| {
            let rest = status.lines().find_map(|line| line.strip_prefix(name))?;
            rest.split_whitespace().next()?.parse::<f64>().ok()
        };
        for (gauge, name, unit) in [
            (&self.virtual_memory, "VmSize:", 1024.0),
            (&self.resident_memory, "VmRSS:", 1024.0),
            (&self.threads, "Threads:", 1.0),
        ] {
            if let Some(value) = number(name) {
                gauge.set(value * unit);
            }
        }
    }
}

impl Collector for ProcessMetrics {
    fn desc(&self) -> Vec<&Desc> {
        self.parts().iter().flat_map(|part| part.desc()).collect()
    }

    fn collect(&self) -> Vec<MetricFamily> {
        // A time that a thread which panicked left there is a time all the same.
        let mut read = self.read.lock().unwrap_or_else(PoisonError::into_inner);
        if read.is_none_or(|at| at.elapsed() >= REUSE) {
            self.read();
            *read = Some(Instant::now());
        }
        self.parts()
            .iter()
            .flat_map(|part| part.collect())
            .collect()
    }
}
