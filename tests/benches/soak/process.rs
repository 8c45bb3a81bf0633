//! What the exporter's process holds.

use std::fmt;
use std::fs;
use std::time::{Duration, Instant};

/// A running process, by its id.
pub(crate) struct Process(pub(crate) u32);

/// What it held at one moment.
pub(crate) struct State {
    /// Since the beginning.
    pub(crate) at: Duration,
    /// Bytes of memory.
    pub(crate) resident: f64,
    pub(crate) descriptors: usize,
    pub(crate) threads: usize,
}

impl Process {
    pub(crate) fn state(&self, began: Instant) -> State {
        let entries = |name: &str| {
            let folder = fs::read_dir(format!("/proc/{}/{name}", self.0));
            folder.expect("it runs").count()
        };
        State {
            at: began.elapsed(),
            resident: self.resident(),
            descriptors: entries("fd"),
            threads: entries("task"),
        }
    }

    fn resident(&self) -> f64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.0)).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let kibibytes: f64 = line
            .unwrap()
            .trim()
            .trim_end_matches(" kB")
            .parse()
            .unwrap();
        kibibytes * 1024.0
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{:.0} s: {:.1} MB, {} descriptors, {} threads",
            self.at.as_secs_f64(),
            self.resident / 1e6,
            self.descriptors,
            self.threads
        )
    }
}

/// Of the memory, in MB a minute: the line with the least squares.
pub(crate) fn slope(states: &[State]) -> f64 {
    let points = states
        .iter()
        .map(|state| (state.at.as_secs_f64() / 60.0, state.resident / 1e6));
    let points: Vec<_> = points.collect();
    let count = points.len() as f64;
    let (x, y) = points
        .iter()
        .fold((0.0, 0.0), |(x, y), point| (x + point.0, y + point.1));
    let (x, y) = (x / count, y / count);
    let along: f64 = points
        .iter()
        .map(|point| (point.0 - x) * (point.1 - y))
        .sum();
    let across: f64 = points.iter().map(|point| (point.0 - x).powi(2)).sum();
    along / across
}
