//! The resources of the exporter's process.

use std::collections::HashSet;
use std::fmt;
use std::fs;
use std::time::{Duration, Instant};

/// A running process.
pub(crate) struct Process {
    pub(crate) id: u32,
    /// Where its NetBackup listens.
    pub(crate) upstream: u16,
}

/// The resources at one time.
pub(crate) struct State {
    /// Since the beginning.
    pub(crate) at: Duration,
    /// Bytes of memory.
    pub(crate) resident: f64,
    /// Without the connections that are kept open to NetBackup.
    pub(crate) descriptors: usize,
    /// Those connections: as many as were ever needed at one time.
    pub(crate) upstream: usize,
    pub(crate) threads: usize,
    /// Compiled guests, as mappings that can be run and belong to no file.
    pub(crate) guests: usize,
}

impl Process {
    pub(crate) fn state(&self, began: Instant) -> State {
        let (descriptors, upstream) = self.descriptors();
        State {
            at: began.elapsed(),
            resident: self.resident(),
            descriptors,
            upstream,
            threads: self.folder("task").count(),
            guests: self.guests(),
        }
    }

    fn folder(&self, name: &str) -> fs::ReadDir {
        // The exporter is not dumpable, so other processes of its user cannot read
        // this.
        let folder = fs::read_dir(format!("/proc/{}/{name}", self.id));
        folder.expect("it runs, and the soak runs as root")
    }

    /// The number of open descriptors: those not connected to NetBackup, and those that are.
    fn descriptors(&self) -> (usize, usize) {
        let upstream = self.connections();
        // A descriptor may be closed during the loop.
        let links = self.folder("fd").flatten();
        let open = links.filter_map(|entry| fs::read_link(entry.path()).ok());
        let there = |link: &std::path::PathBuf| upstream.contains(&*link.to_string_lossy());
        let (upstream, own): (Vec<_>, Vec<_>) = open.partition(there);
        (own.len(), upstream.len())
    }

    /// The sockets that are connected to NetBackup, as `/proc/PID/fd` names them.
    fn connections(&self) -> HashSet<String> {
        let table = fs::read_to_string(format!("/proc/{}/net/tcp", self.id)).unwrap();
        let port = format!(":{:04X}", self.upstream);
        let lines = table.lines().skip(1).filter_map(|line| {
            let fields: Vec<_> = line.split_whitespace().collect();
            let there = fields.get(2)?.ends_with(&port);
            there.then(|| format!("socket:[{}]", fields.get(9).unwrap_or(&"")))
        });
        lines.collect()
    }

    fn guests(&self) -> usize {
        let maps = fs::read_to_string(format!("/proc/{}/maps", self.id)).unwrap();
        let code = |line: &&str| {
            // Address, permissions, offset, device, inode, and an optional name.
            let fields: Vec<_> = line.split_whitespace().collect();
            fields.len() == 5 && fields[1].contains('x')
        };
        maps.lines().filter(code).count()
    }

    pub(crate) fn resident(&self) -> f64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.id)).unwrap();
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
            "{:.0} s: {:.1} MB, {} guests, {} descriptors, {} to NetBackup, {} threads",
            self.at.as_secs_f64(),
            self.resident / 1e6,
            self.guests,
            self.descriptors,
            self.upstream,
            self.threads
        )
    }
}

/// The growth of memory in MB a minute, by linear regression.
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
