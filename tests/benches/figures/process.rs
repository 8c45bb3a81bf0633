//! What a process uses, as Linux tells it.

use std::fs;
use std::time::Duration;

/// What it has used of the processor: this stays comparable when the machine does
/// other work besides.
pub(crate) fn processor(id: u32) -> Duration {
    let threads = fs::read_dir(format!("/proc/{id}/task")).unwrap();
    let used = threads.map(|thread| {
        // Nanoseconds on a processor, nanoseconds of waiting, turns. A thread may
        // end while it is looked at.
        let text = fs::read_to_string(thread.unwrap().path().join("schedstat"));
        let text = text.unwrap_or_default();
        let nanoseconds = text.split(' ').next().unwrap().parse();
        Duration::from_nanos(nanoseconds.unwrap_or(0))
    });
    used.sum()
}

/// Megabytes of memory that it holds, `VmRSS`, or that it held at most, `VmHWM`.
pub(crate) fn megabytes(id: u32, what: &str) -> f64 {
    let status = fs::read_to_string(format!("/proc/{id}/status")).unwrap();
    let mut lines = status.lines();
    let line = lines.find_map(|line| line.strip_prefix(what)).unwrap();
    let number = line.trim_matches([':', ' ', '\t']).trim_end_matches(" kB");
    number.parse::<f64>().unwrap() * 1024.0 / 1e6
}
