//! Limits of guests, enforced by the host.

use std::time::Duration;

use crate::metrics::{Budget, SiteLimits};

/// All limits of a guest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GuestLimits {
    /// Memory of one call in bytes: linear memory, tables, and what the host allocates
    /// for it.
    pub memory_bytes: usize,
    /// Time limit of a collection, including waits.
    pub collect: Duration,
    /// Time limit of a probe.
    pub probe: Duration,
    /// Time limit of a call without network access: `describe` and `check`.
    pub offline: Duration,
    /// Maximum number of concurrent collections; others wait in order. Multiplied by
    /// `memory_bytes`, it limits the memory of all guests.
    pub collections: usize,
    /// Maximum number of calls that compute at the same time; others take turns. Calls
    /// waiting for NetBackup are not counted.
    pub busy: usize,
    /// Limits of the component.
    pub component: ComponentLimits,
    /// Limits of an instance.
    pub instance: InstanceLimits,
    /// Limits of the log of a call.
    pub log: LogLimits,
    /// Limits of the manifest.
    pub manifest: ManifestLimits,
    /// Limits of the report of one collector.
    pub report: Budget,
    /// Limits of one site, all collectors together.
    pub site: SiteLimits,
    /// Maximum number of failures per collector that are processed.
    pub failures: usize,
    /// Maximum size of a collector's saved state in bytes.
    pub state_bytes: usize,
}

/// Limits of a component, checked before it runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ComponentLimits {
    /// Maximum number of functions in all modules.
    pub functions: usize,
    /// Maximum size of one function in bytes. Compile time grows faster than linearly
    /// with it.
    pub function_bytes: usize,
    /// Time limit for compiling.
    pub compile: Duration,
    /// Address space of a worker in bytes.
    pub memory: usize,
}

/// Limits of an instance, apart from its memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InstanceLimits {
    /// Core instances. A guest has only a few.
    pub instances: usize,
    /// Linear memories.
    pub memories: usize,
    /// Tables.
    pub tables: usize,
    /// Elements of one table.
    pub table_elements: usize,
    /// Open handles to streams, requests, responses and timers.
    pub handles: usize,
    /// Bytes passed to the host per host call or result. The effective limit is at
    /// most a quarter of the remaining memory.
    pub host_call_bytes: usize,
}

/// Limits of the log of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LogLimits {
    /// Lines.
    pub lines: usize,
    /// Bytes of all lines.
    pub bytes: usize,
    /// Bytes of one message including its fields; longer ones are truncated.
    pub line_bytes: usize,
}

/// The limits of a manifest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ManifestLimits {
    /// Collectors.
    pub collectors: usize,
    /// Families of one collector.
    pub families: usize,
    /// Paths of one collector.
    pub paths: usize,
}

impl Default for GuestLimits {
    fn default() -> Self {
        Self {
            memory_bytes: 256 << 20,
            collect: Duration::from_secs(120),
            probe: Duration::from_secs(5),
            offline: Duration::from_secs(5),
            collections: 64,
            busy: processors(),
            component: ComponentLimits {
                functions: 100_000,
                function_bytes: 1 << 20,
                compile: Duration::from_secs(60),
                memory: 1 << 30,
            },
            instance: InstanceLimits {
                instances: 50,
                memories: 4,
                tables: 20,
                table_elements: 20_000,
                handles: 512,
                host_call_bytes: 64 << 20,
            },
            log: LogLimits {
                lines: 1000,
                bytes: 1 << 20,
                line_bytes: 4 << 10,
            },
            manifest: ManifestLimits {
                collectors: 64,
                families: 500,
                paths: 100,
            },
            report: Budget::default(),
            site: SiteLimits::default(),
            failures: 10,
            state_bytes: 16 << 20,
        }
    }
}

/// Available processors; 1 if unknown.
fn processors() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}
