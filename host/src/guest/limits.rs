//! What a guest may use, and what it may say. Enforced by the host.

use std::time::Duration;

use crate::metrics::Budget;

/// Every limit of a guest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GuestLimits {
    /// Bytes of memory of one call: all linear memories and tables of the instance,
    /// and all that the host holds for it.
    pub memory_bytes: usize,
    /// How long one collection may take, waiting included.
    pub collect: Duration,
    /// How long one probe may take.
    pub probe: Duration,
    /// How long a call without network may take: `describe`, `check`.
    pub offline: Duration,
    /// Collections of the whole process at one time; more wait in order. With
    /// `memory_bytes` it bounds the memory of all guests together.
    pub collections: usize,
    /// Calls of the whole process that compute at the same moment; more take
    /// turns. Who waits for NetBackup does not count.
    pub busy: usize,
    /// A component that is offered.
    pub component: ComponentLimits,
    /// The instance that a call runs in.
    pub instance: InstanceLimits,
    /// What one call may log.
    pub log: LogLimits,
    /// What it may announce.
    pub manifest: ManifestLimits,
    /// What one collector may report.
    pub report: Budget,
    /// Series of one site, all collectors together.
    pub site_series: usize,
    /// Failures of one collector that are looked at.
    pub failures: usize,
    /// Bytes of one collector's saved state.
    pub state_bytes: usize,
}

/// The limits of a component before it runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ComponentLimits {
    /// Functions, those of all its modules together.
    pub functions: usize,
    /// Bytes of one function. A compiler takes far longer for one long function
    /// than for many short ones.
    pub function_bytes: usize,
    /// How long it may take to compile.
    pub compile: Duration,
    /// Bytes of address space that compiling it may take, in a process of its own.
    pub memory: usize,
}

/// The limits of an instance besides its memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InstanceLimits {
    /// Core instances; a component of this contract is a handful.
    pub instances: usize,
    /// Linear memories.
    pub memories: usize,
    /// Tables.
    pub tables: usize,
    /// Elements of one table.
    pub table_elements: usize,
    /// Handles to streams, requests, responses and timers that are open at one
    /// time.
    pub handles: usize,
    /// Bytes that pass to the host in one call of an import, or in one answer; at
    /// most a quarter of the memory that is left then.
    pub host_call_bytes: usize,
}

/// The limits of what one call may log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LogLimits {
    /// Lines.
    pub lines: usize,
    /// Bytes of all lines.
    pub bytes: usize,
    /// Bytes of one message, and of its fields; the rest is cut off.
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
            site_series: 200_000,
            failures: 100,
            state_bytes: 16 << 20,
        }
    }
}

/// Processors that this process may use; one where the system does not say.
fn processors() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}
