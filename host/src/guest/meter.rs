//! What an instance holds, against what it may hold.

use wasmtime::component::{ResourceTable, ResourceTableError};
use wasmtime::{ResourceLimiter, Result, bail};

use super::instance::Instance;
use super::{FaultKind, GuestLimits, InstanceLimits, handle_memory};
use crate::budget::MemoryBudget;

/// How Wasmtime words its own limits, whose error types are private.
const TOO_MUCH_PASSED: &str = "fuel allocated for hostcalls has been exhausted";
const WORDS: [&str; 2] = ["store handle limit exceeded", "resource limit exceeded"];

/// The most bytes that the host allocates for a byte that Wasmtime counts as passed
/// to it: a text of one character has an allocation of its own, UTF-16 grows
/// when it is decoded, and a list of borrowed handles is kept twice.
const PER_BYTE: usize = 4;

/// Bytes of an element of a table.
const ELEMENT: usize = 16;

/// Counts memory, tables, and what the host holds behind handles, all against one
/// budget.
pub(super) struct Meter {
    budget: MemoryBudget,
    limits: InstanceLimits,
    /// Bytes of linear memory, which never shrinks.
    linear: usize,
    /// Bytes behind handles when they were last counted.
    behind: usize,
    /// The most by which these have grown since.
    since: usize,
    /// Whether it is the budget that bounds what passes to the host.
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

    /// The most bytes of linear memory that were held.
    pub(super) fn peak(&self) -> usize {
        self.linear
    }

    /// The limit that a call broke off at, if it was one.
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

    /// What is to be said when it was the memory limit that bounded what may pass
    /// to the host.
    pub(super) fn unfit(&self, error: &wasmtime::Error) -> Option<String> {
        let passed = error.root_cause().to_string().contains(TOO_MUCH_PASSED);
        let limit = self.budget.limit();
        let what =
            || format!("what it passes to the host does not fit into its {limit} bytes of memory");
        (passed && self.scarce).then(what)
    }

    /// A call of an import is about to add so many bytes behind handles, or fewer.
    pub(super) fn expect(&mut self, bytes: usize) {
        self.since += bytes;
        self.budget.recount(0, bytes);
    }

    /// Counts again what is behind the handles, if it matters: when what may have
    /// been added is much beside what is left.
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

    /// Fails a call of an import when memory was refused or none is left for it.
    pub(super) fn admit(&mut self) -> Result<()> {
        if self.budget.is_exceeded() || self.budget.left() < handle_memory::CALL {
            self.refused = Some(FaultKind::Memory);
            let limit = self.budget.limit();
            bail!("it and what the host holds for it need more than {limit} bytes of memory");
        }
        Ok(())
    }

    /// Bytes that may pass to the host at once.
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
            bail!("it asked for {total} bytes of memory, its limit is {limit}");
        }
        self.linear += more;
        Ok(true)
    }

    fn grow_table(&mut self, now: usize, wanted: usize) -> Result<bool> {
        let limit = self.limits.table_elements;
        if wanted > limit {
            self.refused = Some(FaultKind::Limit);
            bail!("it asked for a table of {wanted} elements, its limit is {limit}");
        }
        if !self
            .budget
            .take(wanted.saturating_sub(now).saturating_mul(ELEMENT))
        {
            self.refused = Some(FaultKind::Memory);
            let limit = self.budget.limit();
            bail!("its tables do not fit into its {limit} bytes of memory");
        }
        Ok(true)
    }
}

/// Asked at each growth of a memory or a table. Refuses with an error: its words
/// reach the log, and a guest that does not look at what growing came to cannot go
/// on by mistake.
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
