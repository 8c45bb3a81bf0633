//! A worker compiles one component and exits. Since the component may be malicious,
//! the worker drops all privileges before it reads any input.

use std::fs::File;
use std::io::{self, Read as _, Write as _};
use std::os::fd::AsFd as _;
use std::os::unix::net::UnixStream;
use std::os::unix::process::ExitStatusExt as _;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::{ExitCode, ExitStatus};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use bytesize::ByteSize;

use super::super::engine_config::compiling_engine;
use super::super::error::{one_line, plain};
use super::super::{ComponentLimits, LARGEST};
use super::precheck::{self, CodeLimits};
use super::protocol::{CompileAnswer, CompileCost, CompileStatus};
use crate::landlock;

/// The first argument of a worker.
pub(super) const ROLE: &str = "compiler-worker";

/// Maximum number of threads. More would gain little and need address space.
const THREADS: usize = 8;

/// The arguments of a worker.
pub(super) fn arguments(limits: ComponentLimits) -> [String; 5] {
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let threads = threads.min(THREADS);
    // The kernel limit applies to the sum of all threads.
    let factor = u32::try_from(threads).unwrap_or(u32::MAX);
    let cpu = limits.compile.saturating_mul(factor) + Duration::from_secs(1);
    [
        limits.memory as u64,
        cpu.as_secs_f64().ceil() as u64,
        threads as u64,
        limits.functions as u64,
        limits.function_bytes as u64,
    ]
    .map(|number| number.to_string())
}

/// The main function of a worker.
pub(super) fn run(arguments: impl Iterator<Item = String>) -> ExitCode {
    let numbers: Option<Vec<u64>> = arguments.map(|number| number.parse().ok()).collect();
    let Some(&[memory, cpu, threads, functions, function_bytes]) = numbers.as_deref() else {
        return ExitCode::FAILURE;
    };
    let size = |number| usize::try_from(number).unwrap_or(usize::MAX);
    let limits = CodeLimits {
        functions: size(functions),
        function_bytes: size(function_bytes),
    };
    // Opened before the worker restricts itself.
    let status = File::open("/proc/self/status").ok();
    let answered = own_socket().and_then(|socket| {
        landlock::restrict_worker(memory, cpu)?;
        answer(socket, limits, size(threads), status)
    });
    match answered {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}

fn answer(
    mut socket: UnixStream,
    limits: CodeLimits,
    threads: usize,
    proc_status: Option<File>,
) -> io::Result<()> {
    let mut bytes = Vec::new();
    (&socket).take(LARGEST).read_to_end(&mut bytes)?;
    let compile = || compile(&bytes, limits, threads, proc_status);
    let CompileAnswer { status, payload } = guarded(compile);
    socket.write_all(&[status.tag()])?;
    socket.write_all(&payload)
}

fn compile(
    bytes: &[u8],
    limits: CodeLimits,
    threads: usize,
    proc_status: Option<File>,
) -> CompileAnswer {
    let began = Instant::now();
    let functions = match precheck::examine(bytes, limits) {
        Ok(functions) => functions as u64,
        Err(refused) => return refused,
    };
    let compiled = rayon::ThreadPoolBuilder::new()
        .num_threads(threads)
        .build()
        .map_err(|error| CompileAnswer::refused(CompileStatus::Failed, error.to_string()))
        .and_then(|pool| {
            let artifact = pool.install(|| compiling_engine()?.precompile_component(bytes));
            let refused =
                |error| CompileAnswer::refused(CompileStatus::NotAComponent, one_line(&error));
            artifact.map_err(refused)
        });
    match compiled {
        Ok(artifact) => {
            let cost = CompileCost {
                functions,
                time: began.elapsed(),
                peak_memory: proc_status.and_then(peak_memory).unwrap_or_default(),
            };
            CompileAnswer {
                status: CompileStatus::Compiled,
                payload: cost.before(&artifact),
            }
        }
        Err(refused) => refused,
    }
}

/// The peak of resident memory in bytes: `VmHWM`, in kibibytes.
fn peak_memory(mut proc_status: File) -> Option<u64> {
    let mut text = String::new();
    proc_status.read_to_string(&mut text).ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kibibytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kibibytes * 1024)
}

/// Converts a panic into an answer.
fn guarded(work: impl FnOnce() -> CompileAnswer) -> CompileAnswer {
    static MESSAGE: Mutex<String> = Mutex::new(String::new());
    std::panic::set_hook(Box::new(|panic| {
        *MESSAGE.lock().unwrap_or_else(PoisonError::into_inner) = plain(&panic.to_string());
    }));
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|_| {
        let message = MESSAGE.lock().unwrap_or_else(PoisonError::into_inner);
        CompileAnswer::refused(CompileStatus::Failed, message.clone())
    })
}

/// Explains why a worker exited without an answer.
pub(super) fn died(status: ExitStatus, memory: usize) -> CompileAnswer {
    use rustix::process::Signal;
    let memory = ByteSize(memory as u64);
    let signal = status.signal().and_then(Signal::from_named_raw);
    let why = match signal {
        // Rust aborts when an allocation fails.
        Some(Signal::ABORT) => {
            let why = format!("it takes more than {memory} (`guest.limits.compileMemory`)");
            return CompileAnswer::refused(CompileStatus::TooComplex, why);
        }
        Some(Signal::XCPU | Signal::KILL) => "it was killed: out of processor time, or \
             out of memory on this machine"
            .to_owned(),
        _ => format!("the worker ended with {status}"),
    };
    CompileAnswer::refused(CompileStatus::Failed, why)
}

/// The socket that the parent passed to this process as standard input.
pub(super) fn own_socket() -> io::Result<UnixStream> {
    std::io::stdin()
        .as_fd()
        .try_clone_to_owned()
        .map(From::from)
}
