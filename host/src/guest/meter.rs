//! Measures the resources of an instance and enforces their limits.

use wasmtime::component::{ResourceTable, ResourceTableError};
use wasmtime::{ResourceLimiter, Result, bail};

use super::instance::Instance;
use super::{FaultKind, GuestLimits, InstanceLimits, handle_memory};
use crate::budget::MemoryBudget;

/// Messages of Wasmtime's own limits, since their error types are private.
const TOO_MUCH_PASSED: &str = "fuel allocated for hostcalls has been exhausted";
const WORDS: [&str; 2] = ["store handle limit exceeded", "resource limit exceeded"];

/// Maximum number of bytes that the host allocates per counted byte. A one-character
/// text has its own allocation, decoded UTF-16 grows, and lists of borrowed handles
/// are stored twice.
const PER_BYTE: usize = 4;

/// Size of a table element in bytes.
const ELEMENT: usize = 16;

/// Charges linear memory, tables and handles to one budget.
pub(super) struct Meter {
    budget: MemoryBudget,
    limits: InstanceLimits,
    /// Size of linear memory in bytes, which never shrinks.
    linear: usize,
    /// Bytes behind handles at the last count.
    behind: usize,
    /// Maximum growth since the last count.
    since: usize,
    /// Whether the budget limits the bytes that may pass to the host.
    scarce: bool,
    refused: Option<FaultKind>,
}

impl Meter {
    pub(super) fn new(limits: &GuestLimits, budget: MemoryBudget) -> Self {
        Self {
            budget,
            limits: limits.instance,
            linear: 0,
            behind: 0,
            since: 0,
            scarce: false,
            refused: None,
        }
    }

    /// The peak of linear memory in bytes.
    pub(super) fn peak(&self) -> usize {
        self.linear
    }

    /// The limit that caused the error, if any.
    pub(super) fn broken(&self, error: &wasmtime::Error) -> Option<FaultKind> {
        let full = matches!(error.downcast_ref(), Some(ResourceTableError::Full));
        let cause = error.root_cause().to_string();
        let worded = WORDS.iter().any(|words| cause.contains(words));
        let limit = full || worded || cause.contains(TOO_MUCH_PASSED);
        let memory = self.unfit(error).map(|_| FaultKind::Memory);
        self.refused
            .or(memory)
            .or(limit.then_some(FaultKind::Limit))
    }

    /// The message if the memory budget limited the bytes passed to the host.
    pub(super) fn unfit(&self, error: &wasmtime::Error) -> Option<String> {
        let passed = error.root_cause().to_string().contains(TOO_MUCH_PASSED);
        let limit = self.budget.limit();
        let what = || {
            format!("the data passed to the host exceeds the limit of `{limit}` bytes of memory")
        };
        (passed && self.scarce).then(what)
    }

    /// Charges the maximum growth of an imminent host call.
    pub(super) fn expect(&mut self, bytes: usize) {
        self.since += bytes;
        self.budget.recount(0, bytes);
    }

    /// Counts again if the possible growth is large compared with the free budget.
    pub(super) fn recount(&mut self, table: &mut ResourceTable) {
        if self.since > self.budget.left() / 8 {
            self.count(table);
        }
    }

    fn count(&mut self, table: &mut ResourceTable) {
        let behind = handle_memory::held(table);
        self.budget.recount(self.behind + self.since, behind);
        (self.behind, self.since) = (behind, 0);
    }

    /// Fails a host call if memory was denied or is exhausted.
    pub(super) fn admit(&mut self) -> Result<()> {
        if self.budget.is_exceeded() || self.budget.left() < handle_memory::CALL {
            self.refused = Some(FaultKind::Memory);
            let limit = self.budget.limit();
            bail!("the guest and its host resources exceed the limit of `{limit}` bytes of memory");
        }
        Ok(())
    }

    /// The number of bytes that may pass to the host at once.
    pub(super) fn passing(&mut self) -> usize {
        let (left, limit) = (self.budget.left() / PER_BYTE, self.limits.host_call_bytes);
        self.scarce = left < limit;
        left.min(limit)
    }

    fn grow_memory(&mut self, now: usize, wanted: usize) -> Result<bool> {
        let more = wanted.saturating_sub(now);
        if !self.budget.take(more) {
            self.refused = Some(FaultKind::Memory);
            let (total, limit) = (self.budget.used().saturating_add(more), self.budget.limit());
            bail!("the guest requested `{total}` bytes of memory, the limit is `{limit}`");
        }
        self.linear += more;
        Ok(true)
    }

    fn grow_table(&mut self, now: usize, wanted: usize) -> Result<bool> {
        let limit = self.limits.table_elements;
        if wanted > limit {
            self.refused = Some(FaultKind::Limit);
            bail!("the guest requested a table of `{wanted}` elements, the limit is `{limit}`");
        }
        if !self
            .budget
            .take(wanted.saturating_sub(now).saturating_mul(ELEMENT))
        {
            self.refused = Some(FaultKind::Memory);
            let limit = self.budget.limit();
            bail!("the tables exceed the limit of `{limit}` bytes of memory");
        }
        Ok(true)
    }
}

/// Called when a memory or table grows. Returns an error instead of `false`, so that
/// the log has a message and the guest cannot ignore the result.
impl ResourceLimiter for Instance {
    fn memory_growing(&mut self, now: usize, wanted: usize, _: Option<usize>) -> Result<bool> {
        let (meter, table) = self.metered();
        if wanted.saturating_sub(now) > meter.budget.left() {
            meter.count(table);
        }
        meter.grow_memory(now, wanted)
    }

    fn table_growing(&mut self, now: usize, wanted: usize, _: Option<usize>) -> Result<bool> {
        self.metered().0.grow_table(now, wanted)
    }

    fn instances(&self) -> usize {
        self.meter.limits.instances
    }

    fn memories(&self) -> usize {
        self.meter.limits.memories
    }

    fn tables(&self) -> usize {
        self.meter.limits.tables
    }
}
