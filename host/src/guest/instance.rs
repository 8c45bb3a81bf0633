//! What the host keeps for one instance of a guest: its limits and its way out.
//! Made for one call, dropped after it.

use std::time::Instant;

use wasmtime::component::ResourceTable;
use wasmtime::{Store, UpdateDeadline};
use wasmtime_wasi::{WasiCtx, WasiCtxView, WasiView};
use wasmtime_wasi_http::{WasiHttpCtx, WasiHttpCtxView, WasiHttpHooks, WasiHttpView};

use super::Limits;
use super::engine::Engine;
use super::log::Journal;
use super::meter::Meter;
use super::printed::Printed;

/// The data of a store.
pub(super) struct Instance {
    wasi: WasiCtx,
    http: WasiHttpCtx,
    hooks: Box<dyn WasiHttpHooks>,
    table: ResourceTable,
    pub(super) meter: Meter,
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
        limits: &Limits,
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
        table.set_max_capacity(limits.instance.handles);
        let instance = Self {
            wasi,
            http: WasiHttpCtx::new(),
            hooks,
            table,
            meter: Meter::new(limits),
            journal,
            deadline,
        };
        let mut store = Store::new(engine.wasmtime(), instance);
        store.limiter(|instance| &mut instance.meter);
        store.set_hostcall_fuel(limits.instance.host_call_bytes);
        // Those of the guest's own making, which the table above does not see.
        store.set_max_component_handles(limits.instance.handles);
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
