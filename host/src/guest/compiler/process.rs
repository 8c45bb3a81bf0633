//! The compiler process. It starts a worker per component, kills it after its time
//! limit, and forwards its result. It never parses a component.
//!
//! It is started before Landlock forbids the exporter to execute files. Afterwards the
//! exporter cannot signal it, so it exits at the end of its input.

use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitCode, Stdio};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::UnixStream as AsyncStream;
use tokio::signal::unix::{SignalKind, signal};
use tokio::time::timeout;

use super::super::ComponentLimits;
use super::protocol::{CompileAnswer, CompileJob, CompileStatus, JOB_HEAD, LARGEST_ARTIFACT};
use super::worker;

/// The first argument of the compiler process.
pub(super) const ROLE: &str = "compiler-process";

/// A started compiler process. It is started before the exporter restricts itself, and
/// before any thread uses it.
pub struct CompilerProcess {
    stream: UnixStream,
    child: Child,
}

impl CompilerProcess {
    /// Starts the process from the executable of this process.
    ///
    /// # Errors
    /// `/proc` is not mounted, or the system cannot start a process.
    pub fn start() -> io::Result<Self> {
        Self::from_executable(&own_executable()?)
    }

    /// Starts the process from another `nbu_exporter` executable of the same build.
    /// For tests, whose own executable is another one.
    ///
    /// # Errors
    /// Same as [`start`](Self::start).
    pub fn from_executable(executable: &Path) -> io::Result<Self> {
        let (stream, theirs) = UnixStream::pair()?;
        let child = command(executable, theirs).arg(ROLE).spawn()?;
        Ok(Self { stream, child })
    }

    pub(super) fn into_parts(self) -> (UnixStream, Child) {
        (self.stream, self.child)
    }
}

/// The link itself, not its target: it refers to the running file even after an
/// upgrade.
#[cfg(target_os = "linux")]
fn own_executable() -> io::Result<PathBuf> {
    let link = PathBuf::from("/proc/self/exe");
    match std::fs::read_link(&link) {
        Ok(_) => Ok(link),
        Err(error) => Err(io::Error::new(
            error.kind(),
            format!("`{}`: {error}; mount /proc", link.display()),
        )),
    }
}

#[cfg(not(target_os = "linux"))]
fn own_executable() -> io::Result<PathBuf> {
    std::env::current_exe()
}

/// A child process with a socket and no environment.
fn command(executable: &Path, socket: UnixStream) -> Command {
    let mut command = Command::new(executable);
    command
        .env_clear()
        .stdin(Stdio::from(OwnedFd::from(socket)))
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    command
}

/// The main function of the compiler process.
pub(super) fn run() -> ExitCode {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    match runtime.and_then(|runtime| runtime.block_on(serve())) {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}

async fn serve() -> io::Result<()> {
    // Ignored: signals for the exporter may reach its whole process group.
    let _ignored = [
        signal(SignalKind::interrupt())?,
        signal(SignalKind::terminate())?,
        signal(SignalKind::hangup())?,
    ];
    let socket = worker::own_socket()?;
    socket.set_nonblocking(true)?;
    let (mut reader, mut writer) = AsyncStream::from_std(socket)?.into_split();
    let mut head = [0; JOB_HEAD];
    while reader.read_exact(&mut head).await.is_ok() {
        let (limits, length) = CompileJob::parse_head(&head)?;
        let mut bytes = vec![0; usize::try_from(length).unwrap_or_default()];
        reader.read_exact(&mut bytes).await?;
        let answer = tokio::select! {
            answer = compile(limits, &bytes) => answer,
            // The exporter sends nothing while it waits, so it has exited.
            _ = reader.read_u8() => return Ok(()),
        };
        drop(bytes);
        writer.write_all(&answer.head()).await?;
        writer.write_all(&answer.payload).await?;
    }
    Ok(())
}

/// Compiles one component in a worker.
async fn compile(limits: ComponentLimits, bytes: &[u8]) -> CompileAnswer {
    let failed =
        |error: io::Error| CompileAnswer::refused(CompileStatus::Failed, error.to_string());
    let started = UnixStream::pair().and_then(|(ours, theirs)| {
        ours.set_nonblocking(true)?;
        let mut command = command(&own_executable()?, theirs);
        command.arg(worker::ROLE).args(worker::arguments(limits));
        let mut command = tokio::process::Command::from(command);
        let child = command.kill_on_drop(true).spawn()?;
        Ok((child, AsyncStream::from_std(ours)?))
    });
    let (mut child, stream) = match started {
        Ok(started) => started,
        Err(error) => return failed(error),
    };
    let talk = async {
        let said = exchange(stream, bytes).await;
        let status = child.wait().await?;
        Ok((said, status))
    };
    match timeout(limits.compile, talk).await {
        Ok(Ok((Ok(Some(answer)), status))) if status.success() => answer,
        Ok(Ok((_, status))) => worker::died(status, limits.memory),
        Ok(Err(error)) => failed(error),
        Err(_) => {
            let _ = child.kill().await;
            CompileAnswer::refused(CompileStatus::TooSlow, "")
        }
    }
}

/// Sends the component and receives the result. `None` if the result is too large or
/// invalid.
async fn exchange(mut stream: AsyncStream, bytes: &[u8]) -> io::Result<Option<CompileAnswer>> {
    stream.write_all(bytes).await?;
    stream.shutdown().await?;
    let Some(status) = CompileStatus::of(stream.read_u8().await?) else {
        return Ok(None);
    };
    let mut payload = Vec::new();
    let mut capped = stream.take(LARGEST_ARTIFACT + 1);
    let read = capped.read_to_end(&mut payload).await?;
    Ok((read as u64 <= LARGEST_ARTIFACT).then_some(CompileAnswer { status, payload }))
}
