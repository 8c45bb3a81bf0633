//! What the host keeps for one instance of a guest: its limits and its way out.
//! Made for one call, dropped after it.

use std::time::Instant;

use wasmtime::component::ResourceTable;
use wasmtime::{ResourceLimiter, Result, Store, UpdateDeadline, bail};
use wasmtime_wasi::{WasiCtx, WasiCtxView, WasiView};
use wasmtime_wasi_http::{WasiHttpCtx, WasiHttpCtxView, WasiHttpHooks, WasiHttpView};

use super::engine::Engine;
use super::log::Journal;
use super::printed::Printed;

/// Handles to streams, requests and responses that are open at one time.
const HANDLES: usize = 4096;
/// Bytes that a guest may pass to the host in one call of an import.
const HOSTCALL_BYTES: usize = 64 << 20;
/// Elements of all tables of one instance.
const TABLE_ELEMENTS: usize = 20_000;

/// The data of a store.
pub(super) struct Instance {
    wasi: WasiCtx,
    http: WasiHttpCtx,
    hooks: Box<dyn WasiHttpHooks>,
    table: ResourceTable,
    pub(super) memory: Memory,
    pub(super) journal: Journal,
    deadline: Instant,
}

impl Instance {
    /// A store for one call. `printed` receives what the guest prints, a panic's
    /// message above all.
    pub(super) fn store(
        engine: &Engine,
        hooks: Box<dyn WasiHttpHooks>,
        journal: Journal,
        memory_bytes: usize,
        deadline: Instant,
        printed: Printed,
    ) -> Store<Self> {
        let wasi = WasiCtx::builder()
            .stdout(printed.clone())
            .stderr(printed)
            .allow_tcp(false)
            .allow_udp(false)
            .allow_ip_name_lookup(false)
            .build();
        let mut table = ResourceTable::new();
        table.set_max_capacity(HANDLES);
        let instance = Self {
            wasi,
            http: WasiHttpCtx::new(),
            hooks,
            table,
            memory: Memory::new(memory_bytes),
            journal,
            deadline,
        };
        let mut store = Store::new(engine.wasmtime(), instance);
        store.limiter(|instance| &mut instance.memory);
        store.set_hostcall_fuel(HOSTCALL_BYTES);
        store.set_epoch_deadline(1);
        store.epoch_deadline_callback(|context| {
            if Instant::now() >= context.data().deadline {
                return Ok(UpdateDeadline::Interrupt);
            }
            // A busy guest leaves its worker at every tick, so that scrapes and
            // other sites' guests have their turn.
            let turn = Box::pin(tokio::task::yield_now());
            Ok(UpdateDeadline::YieldCustom(1, turn))
        });
        store
    }
}

/// Bytes of linear memory: the limit, and the most that was asked for.
pub(super) struct Memory {
    limit: usize,
    held: usize,
    /// The bytes that a refused growth would have needed.
    pub(super) refused: Option<usize>,
}

impl Memory {
    fn new(limit: usize) -> Self {
        Self {
            limit,
            held: 0,
            refused: None,
        }
    }

    /// The most bytes that were held. Linear memory never shrinks.
    pub(super) fn peak(&self) -> usize {
        self.held
    }
}

impl ResourceLimiter for Memory {
    fn memory_growing(&mut self, now: usize, wanted: usize, _: Option<usize>) -> Result<bool> {
        let total = self.held.saturating_add(wanted.saturating_sub(now));
        if total > self.limit {
            self.refused = Some(total);
            bail!(
                "it asked for {total} bytes of memory, its limit is {}",
                self.limit
            );
        }
        self.held = total;
        Ok(true)
    }

    fn table_growing(&mut self, _: usize, wanted: usize, _: Option<usize>) -> Result<bool> {
        Ok(wanted <= TABLE_ELEMENTS)
    }

    // A component of this contract is a handful of core modules.
    fn instances(&self) -> usize {
        50
    }

    fn memories(&self) -> usize {
        4
    }

    fn tables(&self) -> usize {
        20
    }
}

impl WasiView for Instance {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        WasiCtxView {
            ctx: &mut self.wasi,
            table: &mut self.table,
        }
    }
}

impl WasiHttpView for Instance {
    fn http(&mut self) -> WasiHttpCtxView<'_> {
        WasiHttpCtxView {
            hooks: self.hooks.as_mut(),
            table: &mut self.table,
            ctx: &mut self.http,
        }
    }
}
