//! The Wasmtime engine and linker, shared by all guests.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::thread::{Builder, JoinHandle};
use std::time::Duration;

use wasmtime::component::{Component, HasSelf, Linker};
use wasmtime::{EngineWeak, Result};
use wasmtime_wasi::p2;

use super::bindings::{v1, v2};
use super::body_error;
use super::compiler::{Compiler, CompilerProcess};
use super::engine_config::config;
use super::import_overrides;
use super::instance::Instance;
use super::linked::LinkedGuest;
use super::load::built_in;
use super::scheduler::Scheduler;

/// Interval of epoch ticks, and so the precision of deadlines.
const TICK: Duration = Duration::from_millis(10);

/// Links and runs guests. Compiling is delegated.
pub struct Engine {
    engine: wasmtime::Engine,
    linker: Linker<Instance>,
    /// The compiled built-in guest, so that returning to it is instant.
    carried: OnceLock<Component>,
    pub(super) compiler: Compiler,
    pub(super) scheduler: Scheduler,
    _ticker: Ticker,
}

impl Engine {
    /// An engine whose guests are compiled by `compiler`. It has no compiler of its
    /// own.
    ///
    /// # Errors
    /// The machine cannot run compiled code, or starting a thread fails.
    pub fn new(compiler: CompilerProcess) -> Result<Arc<Self>, String> {
        let build = || {
            let mut config = config();
            config.enable_compiler(false);
            let engine = wasmtime::Engine::new(&config)?;
            Ok(Arc::new(Self {
                linker: linker(&engine)?,
                _ticker: Ticker::start(engine.weak())?,
                engine,
                carried: OnceLock::new(),
                compiler: Compiler::new(compiler)?,
                scheduler: Scheduler::default(),
            }))
        };
        build().map_err(|error: wasmtime::Error| super::error::one_line(&error))
    }

    pub(super) fn wasmtime(&self) -> &wasmtime::Engine {
        &self.engine
    }

    /// Caches the compiled built-in guest.
    pub(super) fn keep_if_carried(&self, bytes: &[u8], component: Component) -> Component {
        if bytes == built_in() {
            self.carried.get_or_init(|| component).clone()
        } else {
            component
        }
    }

    /// The cached built-in guest, if these are its bytes.
    pub(super) fn carried(&self, bytes: &[u8]) -> Option<Component> {
        let carried = self.carried.get()?;
        (bytes == built_in()).then(|| carried.clone())
    }

    /// Resolves the imports of the component and the exports of the contract.
    pub(super) fn link(&self, component: &Component) -> Result<LinkedGuest> {
        LinkedGuest::new(self.linker.instantiate_pre(component)?)
    }
}

/// The imports of a guest. WASI is linked without files, environment or arguments.
/// Sockets exist, because the runtimes of some languages import them, but the context
/// of each instance denies every use.
fn linker(engine: &wasmtime::Engine) -> Result<Linker<Instance>> {
    let mut linker: Linker<Instance> = Linker::new(engine);
    let l = &mut linker;
    p2::add_to_linker_async(l)?;
    wasmtime_wasi_http::p2::add_only_http_to_linker_async(l)?;
    body_error::link(l)?;
    import_overrides::link(l)?;
    v1::nbu::collector::log::add_to_linker::<_, HasSelf<_>>(l, |instance: &mut Instance| instance)?;
    v2::nbu::collector::log::add_to_linker::<_, HasSelf<_>>(l, |instance: &mut Instance| instance)?;
    Ok(linker)
}

/// The thread that increments the epoch. A thread instead of a task, because guests
/// may occupy every worker of the runtime.
struct Ticker {
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Ticker {
    fn start(engine: EngineWeak) -> Result<Self> {
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = Arc::clone(&stop);
        let thread = Builder::new().name("guest-ticker".into()).spawn(move || {
            while !stopped.load(Ordering::Relaxed) {
                std::thread::sleep(TICK);
                match engine.upgrade() {
                    Some(engine) => engine.increment_epoch(),
                    None => break,
                }
            }
        })?;
        Ok(Self {
            stop,
            thread: Some(thread),
        })
    }
}

impl Drop for Ticker {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            // It exits within one tick and never panics.
            let _ = thread.join();
        }
    }
}
