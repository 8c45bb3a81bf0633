//! What runs guests, and one set of links for the whole process.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::thread::{Builder, JoinHandle};
use std::time::Duration;

use wasmtime::component::{Component, HasSelf, Linker};
use wasmtime::{Config, EngineWeak, OptLevel, Result};
use wasmtime_wasi::cli::{WasiCli, WasiCliView as _};
use wasmtime_wasi::filesystem::{WasiFilesystem, WasiFilesystemView as _};
use wasmtime_wasi::p2::bindings::{cli, filesystem, random};
use wasmtime_wasi::random::WasiRandom;
use wasmtime_wasi::{WasiView as _, p2};

use super::bindings::GuestPre;
use super::bindings::nbu::collector::log;
use super::body_error;
use super::compiler::{Compiler, CompilerProcess};
use super::import_overrides;
use super::instance::Instance;
use super::load::built_in;
use super::scheduler::Scheduler;

/// How often running guests are looked at. A deadline is met to within this.
const TICK: Duration = Duration::from_millis(10);

/// Stack of a guest in bytes; an endless recursion ends here.
const STACK: usize = 1 << 20;

/// Links and runs guests, and has them compiled.
pub struct Engine {
    engine: wasmtime::Engine,
    linker: Linker<Instance>,
    /// The guest that the program carries, once it was compiled: returning to it
    /// takes no time.
    carried: OnceLock<Component>,
    pub(super) compiler: Compiler,
    pub(super) scheduler: Scheduler,
    _ticker: Ticker,
}

impl Engine {
    /// An engine that has its guests compiled by `compiler`. It cannot compile by
    /// itself.
    ///
    /// # Errors
    /// Where the machine cannot run compiled code at all, or allows no thread.
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

    /// Keeps the compiled form of the guest that the program carries.
    pub(super) fn keep_if_carried(&self, bytes: &[u8], component: Component) -> Component {
        if bytes == built_in() {
            self.carried.get_or_init(|| component).clone()
        } else {
            component
        }
    }

    /// The guest that the program carries, if these are its bytes and it was
    /// compiled before.
    pub(super) fn carried(&self, bytes: &[u8]) -> Option<Component> {
        let carried = self.carried.get()?;
        (bytes == built_in()).then(|| carried.clone())
    }

    /// Finds what the component imports, and the exports of the contract in it.
    pub(super) fn link(&self, component: &Component) -> Result<GuestPre<Instance>> {
        GuestPre::new(self.linker.instantiate_pre(component)?)
    }
}

/// What a worker of the compiler process compiles with.
pub(super) fn compiling_engine() -> Result<wasmtime::Engine> {
    wasmtime::Engine::new(&config())
}

/// Everything off that a guest of this contract does not need. The same where guests
/// are compiled and where they run: Wasmtime refuses an artifact of another one.
fn config() -> Config {
    let mut config = Config::new();
    config
        .epoch_interruption(true)
        .cranelift_opt_level(OptLevel::Speed)
        .max_wasm_stack(STACK)
        .async_stack_size(2 * STACK)
        // A memory whose data lies far apart is not filled with zeros when it is compiled:
        // a small component would make an artifact of hundreds of megabytes.
        .memory_guaranteed_dense_image_size(0)
        .wasm_tail_call(false)
        .wasm_relaxed_simd(false)
        .wasm_multi_memory(false)
        .wasm_memory64(false)
        .wasm_custom_page_sizes(false)
        .wasm_wide_arithmetic(false);
    config
}

/// The interfaces that [`linker`] provides, for refusing a component by its imports
/// before it is compiled. The linker has the last word, also on versions and types.
pub(super) const PROVIDED: &[&str] = &[
    "nbu:collector/log@0.1.0",
    "wasi:cli/environment@0.2.0",
    "wasi:cli/exit@0.2.0",
    "wasi:cli/stderr@0.2.0",
    "wasi:cli/stdin@0.2.0",
    "wasi:cli/stdout@0.2.0",
    "wasi:cli/terminal-input@0.2.0",
    "wasi:cli/terminal-output@0.2.0",
    "wasi:cli/terminal-stderr@0.2.0",
    "wasi:cli/terminal-stdin@0.2.0",
    "wasi:cli/terminal-stdout@0.2.0",
    "wasi:clocks/monotonic-clock@0.2.0",
    "wasi:clocks/wall-clock@0.2.0",
    "wasi:filesystem/preopens@0.2.0",
    "wasi:filesystem/types@0.2.0",
    "wasi:http/outgoing-handler@0.2.0",
    "wasi:http/types@0.2.0",
    "wasi:io/error@0.2.0",
    "wasi:io/poll@0.2.0",
    "wasi:io/streams@0.2.0",
    "wasi:random/insecure-seed@0.2.0",
    "wasi:random/insecure@0.2.0",
    "wasi:random/random@0.2.0",
];

/// The contract that a component must export.
pub(super) const EXPORTED: &str = "nbu:collector/collector@0.1.0";

/// What a guest may import. WASI is linked, with nothing in it: no files, no
/// environment, no arguments; and no sockets at all, so that a guest that asks
/// for one is refused when it is loaded.
fn linker(engine: &wasmtime::Engine) -> Result<Linker<Instance>> {
    let mut linker: Linker<Instance> = Linker::new(engine);
    let l = &mut linker;
    p2::add_to_linker_proxy_interfaces_async(l)?;
    random::insecure::add_to_linker::<_, WasiRandom>(l, |i| i.ctx().ctx.random())?;
    random::insecure_seed::add_to_linker::<_, WasiRandom>(l, |i| i.ctx().ctx.random())?;
    cli::environment::add_to_linker::<_, WasiCli>(l, Instance::cli)?;
    cli::exit::add_to_linker::<_, WasiCli>(l, Instance::cli)?;
    cli::terminal_input::add_to_linker::<_, WasiCli>(l, Instance::cli)?;
    cli::terminal_output::add_to_linker::<_, WasiCli>(l, Instance::cli)?;
    cli::terminal_stdin::add_to_linker::<_, WasiCli>(l, Instance::cli)?;
    cli::terminal_stdout::add_to_linker::<_, WasiCli>(l, Instance::cli)?;
    cli::terminal_stderr::add_to_linker::<_, WasiCli>(l, Instance::cli)?;
    filesystem::preopens::add_to_linker::<_, WasiFilesystem>(l, Instance::filesystem)?;
    filesystem::types::add_to_linker::<_, WasiFilesystem>(l, Instance::filesystem)?;
    wasmtime_wasi_http::p2::add_only_http_to_linker_async(l)?;
    body_error::link(l)?;
    import_overrides::link(l)?;
    log::add_to_linker::<_, HasSelf<_>>(l, |instance: &mut Instance| instance)?;
    Ok(linker)
}

/// The thread that makes running guests look at the clock. A thread and not a
/// task: it must tick when every worker of the runtime is inside a guest.
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
            // It ends by itself within one tick and never panics.
            let _ = thread.join();
        }
    }
}
