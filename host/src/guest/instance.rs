//! What the host keeps for one instance of a guest: its limits and its way out.
//! Made for one call, dropped after it.

use std::time::Instant;

use wasmtime::component::ResourceTable;
use wasmtime::{CallHook, Result, Store, StoreContextMut, UpdateDeadline};
use wasmtime_wasi::{WasiCtx, WasiCtxView, WasiView};
use wasmtime_wasi_http::{WasiHttpCtx, WasiHttpCtxView, WasiHttpHooks, WasiHttpView};

use super::captured_output::CapturedOutput;
use super::engine::Engine;
use super::guest_log::GuestLog;
use super::meter::Meter;
use super::{GuestLimits, handle_memory};
use crate::budget::MemoryBudget;

/// Bytes of random numbers in one call of an import.
const RANDOM: u64 = 64 << 10;

/// The data of a store.
pub(super) struct Instance {
    wasi: WasiCtx,
    http: WasiHttpCtx,
    hooks: Box<dyn WasiHttpHooks>,
    table: ResourceTable,
    pub(super) meter: Meter,
    pub(super) log: GuestLog,
    deadline: Instant,
}

impl Instance {
    /// A store for one call, whose memory counts against `budget`. `printed`
    /// receives what the guest prints, a panic's message above all.
    pub(super) fn store(
        engine: &Engine,
        hooks: Box<dyn WasiHttpHooks>,
        log: GuestLog,
        limits: &GuestLimits,
        deadline: Instant,
        printed: CapturedOutput,
        budget: MemoryBudget,
    ) -> Store<Self> {
        let wasi = WasiCtx::builder()
            .stdout(printed.clone())
            .stderr(printed)
            .allow_tcp(false)
            .allow_udp(false)
            .allow_ip_name_lookup(false)
            .max_random_size(RANDOM)
            .build();
        let mut http = WasiHttpCtx::new();
        http.set_field_size_limit(handle_memory::FIELDS);
        let mut table = ResourceTable::new();
        table.set_max_capacity(limits.instance.handles);
        let instance = Self {
            wasi,
            http,
            hooks,
            table,
            meter: Meter::new(limits, budget),
            log,
            deadline,
        };
        let mut store = Store::new(engine.wasmtime(), instance);
        store.limiter(|instance| instance);
        store.call_hook(cross);
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

    /// The meter, and the handles that it counts.
    pub(super) fn metered(&mut self) -> (&mut Meter, &mut ResourceTable) {
        (&mut self.meter, &mut self.table)
    }
}

/// Called at every border between guest and host: bounds what passes to the host
/// by the memory that is left, and lets no import be called without any.
fn cross(mut store: StoreContextMut<'_, Instance>, border: CallHook) -> Result<()> {
    let (meter, table) = store.data_mut().metered();
    match border {
        CallHook::CallingHost => {
            meter.recount(table);
            meter.admit()?;
        }
        CallHook::ReturningFromWasm => meter.recount(table),
        CallHook::CallingWasm | CallHook::ReturningFromHost => return Ok(()),
    }
    let passing = meter.passing();
    store.set_hostcall_fuel(passing);
    Ok(())
}

impl WasiView for Instance {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        self.meter.expect(handle_memory::HANDLE);
        WasiCtxView {
            ctx: &mut self.wasi,
            table: &mut self.table,
        }
    }
}

impl WasiHttpView for Instance {
    fn http(&mut self) -> WasiHttpCtxView<'_> {
        self.meter.expect(handle_memory::CALL);
        WasiHttpCtxView {
            hooks: self.hooks.as_mut(),
            table: &mut self.table,
            ctx: &mut self.http,
        }
    }
}
