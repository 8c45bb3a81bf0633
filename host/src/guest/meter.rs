//! What an instance holds, against what it may hold.

use wasmtime::component::ResourceTableError;
use wasmtime::{ResourceLimiter, Result, bail};

use super::{FaultKind, InstanceLimits, Limits};

/// How Wasmtime words its own limits, whose error types are private.
const WORDS: [&str; 3] = [
    "fuel allocated for hostcalls has been exhausted",
    "store handle limit exceeded",
    "resource limit exceeded",
];

/// Asked at each growth of a memory or a table.
pub(super) struct Meter {
    memory_bytes: usize,
    limits: InstanceLimits,
    held: usize,
    refused: Option<FaultKind>,
}

impl Meter {
    pub(super) fn new(limits: &Limits) -> Self {
        Self {
            memory_bytes: limits.memory_bytes,
            limits: limits.instance,
            held: 0,
            refused: None,
        }
    }

    /// The most bytes of memory that were held. Linear memory never shrinks.
    pub(super) fn peak(&self) -> usize {
        self.held
    }

    /// The limit that a call broke off at, if it was one.
    pub(super) fn broken(&self, error: &wasmtime::Error) -> Option<FaultKind> {
        let full = matches!(error.downcast_ref(), Some(ResourceTableError::Full));
        let cause = error.root_cause().to_string();
        let worded = WORDS.iter().any(|words| cause.contains(words));
        self.refused
            .or_else(|| (full || worded).then_some(FaultKind::Limit))
    }
}

/// Refuses with an error: its words reach the log, and a guest that does not look
/// at what growing came to cannot go on by mistake.
impl ResourceLimiter for Meter {
    fn memory_growing(&mut self, now: usize, wanted: usize, _: Option<usize>) -> Result<bool> {
        let total = self.held.saturating_add(wanted.saturating_sub(now));
        let limit = self.memory_bytes;
        if total > limit {
            self.refused = Some(FaultKind::Memory);
            bail!("it asked for {total} bytes of memory, its limit is {limit}");
        }
        self.held = total;
        Ok(true)
    }

    fn table_growing(&mut self, _: usize, wanted: usize, _: Option<usize>) -> Result<bool> {
        let limit = self.limits.table_elements;
        if wanted > limit {
            self.refused = Some(FaultKind::Limit);
            bail!("it asked for a table of {wanted} elements, its limit is {limit}");
        }
        Ok(true)
    }

    fn instances(&self) -> usize {
        self.limits.instances
    }

    fn memories(&self) -> usize {
        self.limits.memories
    }

    fn tables(&self) -> usize {
        self.limits.tables
    }
}
