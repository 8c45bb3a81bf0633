//! Compiling in a process of its own.
//!
//! A compiler takes most of the memory that the exporter would ever use, cannot be
//! stopped, and is the largest body of code that reads a component's bytes. So it
//! runs elsewhere: `process` is the compiler process, which starts one `worker` for
//! each component, kills it at its deadline, and passes on what it said. The worker
//! confines itself before it reads a byte.
//!
//! This file is the exporter's side: one component at a time, in order of arrival.

mod artifact;
mod precheck;
mod process;
mod protocol;
mod worker;

use std::io;
use std::os::unix::net::UnixStream;
use std::process::{Child, ExitCode};
use std::sync::mpsc;
use std::thread::Builder;
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::{oneshot, watch};

use super::bindings::GuestPre;
use super::engine::Engine;
use super::error::one_line;
use super::instance::Instance;
use super::{ComponentLimits, LoadError};
pub use process::CompilerProcess;
use protocol::{CompileAnswer, CompileJob, CompileStatus};

/// Linked code, and the names of its imports.
type Compiled = (GuestPre<Instance>, Vec<String>);

/// The compiler process ends a job at its deadline. One that says nothing for so
/// long after that is itself broken.
const GRACE: Duration = Duration::from_secs(10);

/// Runs the part of the compiler that the first argument of this process names;
/// `None` where it names none, and this process is the exporter.
pub fn compiler_main() -> Option<ExitCode> {
    let mut arguments = std::env::args().skip(1);
    match arguments.next()?.as_str() {
        process::ROLE => Some(process::run()),
        worker::ROLE => Some(worker::run(arguments)),
        _ => None,
    }
}

/// The exporter's connection to the compiler process.
pub(super) struct Compiler {
    jobs: mpsc::Sender<(CompileJob, oneshot::Sender<CompileAnswer>)>,
    up: watch::Receiver<bool>,
}

impl Compiler {
    /// Starts the threads that talk to the process and wait for its end.
    pub(super) fn new(process: CompilerProcess) -> io::Result<Self> {
        let (stream, child) = process.into_parts();
        let (up, receiver) = watch::channel(true);
        let (jobs, queue) = mpsc::channel();
        let down = up.clone();
        Builder::new()
            .name("guest-compiler".to_owned())
            .spawn(move || serve(stream, queue, &up))?;
        Builder::new()
            .name("compiler-reaper".to_owned())
            .spawn(move || reap(child, &down))?;
        Ok(Self { jobs, up: receiver })
    }

    /// Whether the compiler process is there; changes once, when it has ended.
    pub(super) fn up(&self) -> watch::Receiver<bool> {
        self.up.clone()
    }

    /// Waits for its turn, then for the answer.
    async fn compile(&self, bytes: Bytes, limits: ComponentLimits) -> Option<CompileAnswer> {
        let (sender, answer) = oneshot::channel();
        self.jobs
            .send((CompileJob { limits, bytes }, sender))
            .ok()?;
        answer.await.ok()
    }
}

/// Hands on one job at a time. A thread and not a task: it outlives the runtime of
/// a single test, and a blocking pipe needs no reactor.
fn serve(
    mut stream: UnixStream,
    queue: mpsc::Receiver<(CompileJob, oneshot::Sender<CompileAnswer>)>,
    up: &watch::Sender<bool>,
) {
    for (job, sender) in queue {
        if sender.is_closed() {
            continue;
        }
        let overdue = job.limits.compile.saturating_add(GRACE);
        let answer = stream
            .set_read_timeout(Some(overdue))
            .and_then(|()| job.write(&mut stream))
            .and_then(|()| CompileAnswer::read(&mut stream));
        match answer {
            // The asker may be gone.
            Ok(answer) => drop(sender.send(answer)),
            Err(_) => break,
        }
    }
    // Dropping the stream ends the process, if it has not ended already.
    up.send_replace(false);
}

/// Waits for the end of the compiler process, so that it leaves no zombie.
fn reap(mut child: Child, up: &watch::Sender<bool>) {
    let _ = child.wait();
    up.send_replace(false);
    // A worker that outlived it falls to process 1, which the exporter may be.
    #[cfg(target_os = "linux")]
    if std::process::id() == 1 {
        use rustix::process::{WaitOptions, wait};
        while let Ok(Some(_)) = wait(WaitOptions::empty()) {}
    }
}

impl Engine {
    /// Whether guests can be compiled; turns false once, with the compiler process.
    pub fn compiler_up(&self) -> watch::Receiver<bool> {
        self.compiler.up()
    }

    /// Validates, compiles and links.
    pub(super) async fn compile(
        &self,
        bytes: Bytes,
        limits: ComponentLimits,
    ) -> Result<Compiled, LoadError> {
        if let Some(component) = self.carried(&bytes) {
            return self.linked(&component);
        }
        let answer = self.compiler.compile(bytes.clone(), limits).await;
        let CompileAnswer { status, payload } = answer.ok_or(LoadError::CompilerDown)?;
        let why = || String::from_utf8_lossy(&payload).into_owned();
        match status {
            CompileStatus::Compiled => {}
            CompileStatus::TooComplex => return Err(LoadError::TooComplex(why())),
            CompileStatus::NotAComponent => return Err(LoadError::NotAComponent(why())),
            CompileStatus::Unlinkable => return Err(LoadError::Unlinkable(why())),
            CompileStatus::TooSlow => return Err(LoadError::TooSlow(limits.compile)),
            CompileStatus::Failed => return Err(LoadError::CompilerFailed(why())),
        }
        let component = artifact::load(self.wasmtime(), &payload)
            .map_err(|error| LoadError::CompilerFailed(one_line(&error)))?;
        self.linked(&self.keep_if_carried(&bytes, component))
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
