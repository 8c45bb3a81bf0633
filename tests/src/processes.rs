//! Other processes, from `/proc`. Values that the user may not read are `None`.

use std::fs;

use tokio::process::Command;

/// A process with its arguments.
#[derive(Clone, Debug)]
pub struct Found {
    /// Its process id.
    pub id: u32,
    /// Its arguments, separated by blanks.
    pub command: String,
}

impl Found {
    /// The process of that id.
    pub fn of(id: u32) -> Self {
        let command = fs::read_to_string(format!("/proc/{id}/cmdline")).unwrap_or_default();
        Self {
            id,
            command: command.replace('\0', " "),
        }
    }

    /// A file below `/proc/PID`; fails the test if it cannot be read.
    pub fn read(&self, name: &str) -> String {
        self.try_read(name).expect("it can be read")
    }

    /// The same; `None` where the user may not read it.
    pub fn try_read(&self, name: &str) -> Option<String> {
        fs::read_to_string(format!("/proc/{}/{name}", self.id)).ok()
    }

    /// A soft limit, such as `Max address space`; `None` if unlimited.
    pub fn limit(&self, name: &str) -> Option<u64> {
        self.limits(name)?.first()?.parse().ok()
    }

    /// The hard limit of that name.
    pub fn hard_limit(&self, name: &str) -> Option<u64> {
        self.limits(name)?.get(1)?.parse().ok()
    }

    fn limits(&self, name: &str) -> Option<Vec<String>> {
        let limits = self.try_read("limits")?;
        let line = limits.lines().find_map(|line| line.strip_prefix(name))?;
        Some(line.split_whitespace().map(str::to_owned).collect())
    }

    /// Its peak memory in bytes.
    pub fn peak_memory(&self) -> u64 {
        let status = self.read("status");
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kib = line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok());
        kib.expect("the kernel says it in KiB") << 10
    }

    /// Sends a signal, such as `TERM`.
    pub async fn signal(&self, name: &str) {
        let id = self.id.to_string();
        let sent = Command::new("kill").args(["-s", name, &id]).status().await;
        assert!(sent.unwrap().success());
    }
}

/// Whether a process with that id exists; this includes zombies.
pub fn exists(id: u32) -> bool {
    fs::exists(format!("/proc/{id}")).unwrap_or(false)
}

/// The children of a process.
pub fn children(id: u32) -> Vec<Found> {
    let all = fs::read_dir("/proc").expect("`/proc` is mounted");
    let ids = all.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok());
    ids.filter(|child| parent(*child) == Some(id))
        .map(Found::of)
        .collect()
}

/// `PID (name) state PPID …`; the name may hold anything.
fn parent(id: u32) -> Option<u32> {
    let stat = fs::read_to_string(format!("/proc/{id}/stat")).ok()?;
    let (_, rest) = stat.rsplit_once(')')?;
    rest.split_whitespace().nth(1)?.parse().ok()
}
