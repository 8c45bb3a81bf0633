//! Compiles components in another process.
//!
//! Compiling uses far more memory than serving and cannot be interrupted. The compiler
//! is also the largest code that parses untrusted bytes. So `process` starts one
//! `worker` per component and kills it after its time limit. The worker restricts
//! itself before it reads any input.
//!
//! This file is the client in the exporter. It compiles one component at a time, in
//! order of arrival.

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
use wasmtime::Engine;
use wasmtime::component::Component;

use super::error::one_line;
use super::{ComponentLimits, LoadError};
pub use process::CompilerProcess;
pub use protocol::CompileCost;
use protocol::{CompileAnswer, CompileJob, CompileStatus};

/// The compiler process enforces the time limit of a job. If it does not respond for
/// this long afterwards, it is considered broken.
const GRACE: Duration = Duration::from_secs(10);

/// Runs the compiler process or a worker, if the first argument says so. Otherwise
/// returns `None`: this process is the exporter.
pub fn compiler_main() -> Option<ExitCode> {
    let mut arguments = std::env::args().skip(1);
    match arguments.next()?.as_str() {
        process::ROLE => Some(process::run()),
        worker::ROLE => Some(worker::run(arguments)),
        _ => None,
    }
}

/// The connection to the compiler process.
pub(super) struct Compiler {
    jobs: mpsc::Sender<(CompileJob, oneshot::Sender<CompileAnswer>)>,
    up: watch::Receiver<bool>,
}

impl Compiler {
    /// Starts the threads that communicate with the process and wait for its exit.
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

    /// Whether the compiler process is running. Changes once, when it exits.
    pub(super) fn up(&self) -> watch::Receiver<bool> {
        self.up.clone()
    }

    /// Compiles a component, and loads its code into `engine`.
    pub(super) async fn compile(
        &self,
        engine: &Engine,
        bytes: Bytes,
        limits: ComponentLimits,
    ) -> Result<(Component, CompileCost), LoadError> {
        let answer = self.ask(bytes, limits).await;
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
        let failed = |why| LoadError::CompilerFailed(why);
        let (cost, code) = CompileCost::split(&payload)
            .ok_or_else(|| failed("its answer is truncated".to_owned()))?;
        let component = artifact::load(engine, code);
        let component = component.map_err(|error| failed(one_line(&error)))?;
        Ok((component, cost))
    }

    /// Queues a job and waits for its result.
    async fn ask(&self, bytes: Bytes, limits: ComponentLimits) -> Option<CompileAnswer> {
        let (sender, answer) = oneshot::channel();
        self.jobs
            .send((CompileJob { limits, bytes }, sender))
            .ok()?;
        answer.await.ok()
    }
}

/// Processes one job at a time. A thread instead of a task, because it outlives the
/// runtime of a test and uses blocking I/O.
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
            // The receiver may have been dropped.
            Ok(answer) => drop(sender.send(answer)),
            Err(_) => break,
        }
    }
    // Dropping the stream ends the process.
    up.send_replace(false);
}

/// Reaps the compiler process after its exit.
fn reap(mut child: Child, up: &watch::Sender<bool>) {
    let _ = child.wait();
    up.send_replace(false);
    // Orphaned workers are reparented to process 1, which may be the exporter.
    #[cfg(target_os = "linux")]
    if std::process::id() == 1 {
        use rustix::process::{WaitOptions, wait};
        while let Ok(Some(_)) = wait(WaitOptions::empty()) {}
    }
}
