//! The host's data for one instance. Created for one call.

use std::time::{Duration, Instant};

use wasmtime::component::ResourceTable;
use wasmtime::{CallHook, Result, Store, StoreContextMut, UpdateDeadline};
use wasmtime_wasi::{
    HostMonotonicClock, HostWallClock, WasiCtx, WasiCtxBuilder, WasiCtxView, WasiView,
};
use wasmtime_wasi_http::{WasiHttpCtx, WasiHttpCtxView, WasiHttpHooks, WasiHttpView};

use super::captured_output::CapturedOutput;
use super::engine::Engine;
use super::guest_log::GuestLog;
use super::meter::Meter;
use super::{GuestLimits, handle_memory};
use crate::budget::MemoryBudget;

/// Maximum number of random bytes per call.
const RANDOM: u64 = 64 << 10;

/// The data of a Wasmtime store.
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
    /// Creates a store for one call. Memory is charged to `budget`, and output goes to
    /// `captured`.
    pub(super) fn store(
        engine: &Engine,
        hooks: Box<dyn WasiHttpHooks>,
        log: GuestLog,
        limits: &GuestLimits,
        deadline: Instant,
        captured: CapturedOutput,
        budget: MemoryBudget,
    ) -> Store<Self> {
        let wasi = wasi(&captured).build();
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
        // Limits handles that the guest itself creates, which are not in the resource
        // table.
        store.set_max_component_handles(limits.instance.handles);
        store.set_epoch_deadline(1);
        store.epoch_deadline_callback(|context| {
            if Instant::now() >= context.data().deadline {
                return Ok(UpdateDeadline::Interrupt);
            }
            // A busy guest yields at every tick, so that scrapes and other guests can
            // run.
            let turn = Box::pin(tokio::task::yield_now());
            Ok(UpdateDeadline::YieldCustom(1, turn))
        });
        store
    }

    /// Stops the guest's clocks before the first call, at a time in seconds since the Unix
    /// epoch. A guest that measures responses could otherwise send other requests in a
    /// replay, and ages would differ.
    pub(super) fn stop_clocks(&mut self, captured: &CapturedOutput, now: u64) {
        let clock = StoppedClock(Duration::from_secs(now));
        let builder = &mut wasi(captured);
        self.wasi = builder.monotonic_clock(clock).wall_clock(clock).build();
    }

    /// The meter and the table that it measures.
    pub(super) fn metered(&mut self) -> (&mut Meter, &mut ResourceTable) {
        (&mut self.meter, &mut self.table)
    }
}

/// Without network, files, environment and arguments.
fn wasi(captured: &CapturedOutput) -> WasiCtxBuilder {
    let mut builder = WasiCtx::builder();
    builder
        .stdout(captured.clone())
        .stderr(captured.clone())
        .allow_tcp(false)
        .allow_udp(false)
        .allow_ip_name_lookup(false)
        .max_random_size(RANDOM);
    builder
}

/// Always shows the same time. Waiting takes real time.
#[derive(Clone, Copy)]
struct StoppedClock(Duration);

impl HostMonotonicClock for StoppedClock {
    fn resolution(&self) -> u64 {
        1
    }

    fn now(&self) -> u64 {
        0
    }
}

impl HostWallClock for StoppedClock {
    fn resolution(&self) -> Duration {
        Duration::from_secs(1)
    }

    fn now(&self) -> Duration {
        self.0
    }
}

/// Runs at every transition between guest and host. Limits the bytes passed to the
/// host to the remaining budget, and fails host calls when it is exhausted.
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
