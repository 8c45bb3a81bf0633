//! From bytes to linked code, for bytes that may be made to take for ever.
//!
//! The compiler cannot be told to stop. So it runs on a thread of its own, one
//! component at a time; whoever offered it waits no longer than the deadline, and
//! while an overdue one is still at it, further offers are refused at once. It
//! keeps processors busy until it is done, and the system shares them fairly: the
//! running guest and scrapes go on. What takes longest is refused before, by the
//! number and the length of its functions.

use std::fmt::Display;
use std::sync::Arc;

use bytes::Bytes;
use rayon::{ThreadPool, ThreadPoolBuildError, ThreadPoolBuilder};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot, watch};
use tokio::time::{Instant, sleep_until, timeout};
use wasmparser::{Parser, Payload};

use super::bindings::GuestPre;
use super::engine::Engine;
use super::error::one_line;
use super::instance::Instance;
use super::{ComponentLimits, LoadError};

/// Linked code, and the names of its imports.
type Compiled = (GuestPre<Instance>, Vec<String>);

/// Lets one component compile at a time.
pub(super) struct Compiler {
    one: Arc<Semaphore>,
    /// The deadline of the one that compiles, or did last.
    due: watch::Sender<Instant>,
}

impl Compiler {
    pub(super) fn new() -> Self {
        Self {
            one: Arc::new(Semaphore::new(1)),
            due: watch::Sender::new(Instant::now()),
        }
    }

    /// Waits for its turn, unless the one before is overdue.
    async fn turn(&self) -> Result<OwnedSemaphorePermit, LoadError> {
        let mut due = self.due.subscribe();
        let acquire = Arc::clone(&self.one).acquire_owned();
        tokio::pin!(acquire);
        loop {
            let until = *due.borrow_and_update();
            tokio::select! {
                biased;
                turn = &mut acquire => return turn.map_err(|_| LoadError::CompilerBusy),
                _ = due.changed() => {}
                () = sleep_until(until) => return Err(LoadError::CompilerBusy),
            }
        }
    }
}

impl Engine {
    /// Validates, compiles and links.
    pub(super) async fn compile(
        self: &Arc<Self>,
        bytes: Bytes,
        limits: ComponentLimits,
    ) -> Result<Compiled, LoadError> {
        if let Some(component) = self.carried(&bytes) {
            return self.linked(&component);
        }
        let turn = self.compiler.turn().await?;
        self.compiler
            .due
            .send_replace(Instant::now() + limits.compile);
        let (done, compiled) = oneshot::channel();
        let engine = Arc::clone(self);
        let work = move || {
            // Nobody may be waiting any more.
            let _ = done.send(engine.work(&bytes, limits));
            drop(turn);
        };
        std::thread::Builder::new()
            .name("guest-compiler".to_owned())
            .spawn(work)
            .map_err(failed)?;
        match timeout(limits.compile, compiled).await {
            Ok(Ok(compiled)) => compiled,
            Ok(Err(_)) => Err(failed("it panicked")),
            Err(_) => Err(LoadError::TooSlow(limits.compile)),
        }
    }

    fn work(&self, bytes: &Bytes, limits: ComponentLimits) -> Result<Compiled, LoadError> {
        measure(bytes, limits).map_err(LoadError::TooComplex)?;
        let threads = threads().map_err(failed)?;
        let component = threads
            .install(|| self.translate(bytes))
            .map_err(|error| LoadError::NotAComponent(one_line(&error)))?;
        self.linked(&component)
    }

    fn linked(&self, component: &wasmtime::component::Component) -> Result<Compiled, LoadError> {
        let kind = component.component_type();
        let imports = kind
            .imports(self.wasmtime())
            .map(|(name, _)| name.to_owned())
            .collect();
        let linked = self
            .link(component)
            .map_err(|error| LoadError::Unlinkable(one_line(&error)))?;
        Ok((linked, imports))
    }
}

/// Where a component is compiled, until it is. Threads that stayed would keep
/// megabytes each for what they allocate next.
fn threads() -> Result<ThreadPool, ThreadPoolBuildError> {
    ThreadPoolBuilder::new()
        .thread_name(|number| format!("guest-compiler-{number}"))
        .build()
}

fn failed(why: impl Display) -> LoadError {
    LoadError::NotAComponent(format!("the compiler failed: {why}"))
}

/// Counts functions and their bytes, those of nested modules too. What cannot be
/// parsed is for the compiler to complain of.
fn measure(bytes: &[u8], limits: ComponentLimits) -> Result<(), String> {
    let mut functions = 0_usize;
    for payload in Parser::new(0).parse_all(bytes).map_while(Result::ok) {
        let Payload::CodeSectionEntry(body) = payload else {
            continue;
        };
        functions += 1;
        if functions > limits.functions {
            let limit = limits.functions;
            return Err(format!("it has more than the {limit} functions allowed"));
        }
        let (length, limit) = (body.range().len(), limits.function_bytes);
        if length > limit {
            return Err(format!(
                "function {functions} has {length} bytes, more than the {limit} allowed"
            ));
        }
    }
    Ok(())
}
