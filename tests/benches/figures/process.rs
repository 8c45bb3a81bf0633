//! The resources of a process, as reported by Linux.

use std::fs;
use std::time::Duration;

/// The processor time used: comparable even when the machine is also busy with other
/// work.
pub(crate) fn processor(id: u32) -> Duration {
    let threads = fs::read_dir(format!("/proc/{id}/task")).unwrap();
    let used = threads.map(|thread| {
        // Nanoseconds running, nanoseconds waiting, time slices. A thread may end
        // before its file is read.
        let text = fs::read_to_string(thread.unwrap().path().join("schedstat"));
        let text = text.unwrap_or_default();
        let nanoseconds = text.split(' ').next().unwrap().parse();
        Duration::from_nanos(nanoseconds.unwrap_or(0))
    });
    used.sum()
}

/// Resident memory in megabytes: `VmRSS` now, or `VmHWM` at its peak.
pub(crate) fn megabytes(id: u32, what: &str) -> f64 {
    let status = fs::read_to_string(format!("/proc/{id}/status")).unwrap();
    let mut lines = status.lines();
    let line = lines.find_map(|line| line.strip_prefix(what)).unwrap();
    let number = line.trim_matches([':', ' ', '\t']).trim_end_matches(" kB");
    number.parse::<f64>().unwrap() * 1024.0 / 1e6
}
