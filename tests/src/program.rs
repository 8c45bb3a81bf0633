//! The binary, for tests of exit codes, signals and the log.

use std::net::{SocketAddr, TcpListener};
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Resource, Rlimit};
use tokio::io::{AsyncBufReadExt as _, AsyncRead, BufReader};
use tokio::process::{Child, Command};
use tokio::sync::mpsc;

use crate::processes::Found;

/// How long to wait for an expected event; far longer than any event takes.
const DEADLINE: Duration = Duration::from_secs(60);

/// How long a command may run. In a debug build on a busy machine, compiling a guest
/// alone takes a minute.
const LONGEST_COMMAND: Duration = Duration::from_mins(5);

/// A running `nbu_exporter`; killed when dropped.
pub struct Program {
    child: Child,
    lines: mpsc::UnboundedReceiver<String>,
    /// Every line of its standard output and error so far.
    pub log: Vec<String>,
}

impl Program {
    /// The binary that was built with these tests.
    pub fn path(name: &str) -> PathBuf {
        let tests = std::env::current_exe().unwrap();
        // target/debug/deps/it-… → target/debug/nbu_exporter
        let built = tests.parent().and_then(Path::parent).unwrap();
        let path = built.join(name);
        assert!(
            path.exists(),
            "`{}` is missing: run `cargo build`",
            path.display()
        );
        path
    }

    /// Runs it until it exits.
    pub async fn output(arguments: &[&str], folder: &Path) -> Output {
        let mut command = Command::new(Self::path("nbu_exporter"));
        command
            .args(arguments)
            .current_dir(folder)
            .stdin(Stdio::null());
        let output = tokio::time::timeout(LONGEST_COMMAND, command.output()).await;
        output.expect("it ends").expect("it runs")
    }

    /// Starts it, and reads its output continuously.
    pub fn start(arguments: &[&str], folder: &Path) -> Self {
        let mut command = Command::new(Self::path("nbu_exporter"));
        command.args(arguments);
        Self::spawn(command, folder)
    }

    /// Starts another program, and reads its output continuously.
    pub fn of(path: &Path, arguments: &[&str], folder: &Path) -> Self {
        let mut command = Command::new(path);
        command.args(arguments);
        Self::spawn(command, folder)
    }

    /// Like [`serve`](Self::serve), with at most this many file descriptors.
    pub fn limited(files: u64, folder: &Path) -> Self {
        Self::limited_within(files, files, folder)
    }

    /// The same with this soft limit, which the program may raise to the hard one.
    pub fn limited_within(soft: u64, hard: u64, folder: &Path) -> Self {
        let mut command = Command::new("sh");
        let run = format!(
            "ulimit -S -n {soft} && ulimit -H -n {hard} && exec \"$0\" --web.listen-address=127.0.0.1:0"
        );
        command.args(["-c", &run]).arg(Self::path("nbu_exporter"));
        Self::spawn(command, folder)
    }

    /// Serves on a socket that is already open, as if systemd had passed it.
    pub fn serve_on(socket: &TcpListener, folder: &Path) -> Self {
        let mut command = Command::new("sh");
        // The first socket of systemd has the number 3.
        let run = "exec 3<&0 0</dev/null; export LISTEN_FDS=1 LISTEN_PID=$$; \
            exec \"$0\" --config.file=config.yaml --web.systemd-socket";
        command.args(["-c", run]).arg(Self::path("nbu_exporter"));
        let socket = OwnedFd::from(socket.try_clone().unwrap());
        Self::spawn_with(command, folder, socket.into())
    }

    fn spawn(command: Command, folder: &Path) -> Self {
        Self::spawn_with(command, folder, Stdio::null())
    }

    fn spawn_with(mut command: Command, folder: &Path, stdin: Stdio) -> Self {
        let mut child = command
            .current_dir(folder)
            // For temporary files, which it leaves when killed.
            .env("TMPDIR", folder)
            .stdin(stdin)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .expect("it runs");
        let (sender, lines) = mpsc::unbounded_channel();
        forward(child.stdout.take().unwrap(), sender.clone());
        forward(child.stderr.take().unwrap(), sender);
        Self {
            child,
            lines,
            log: Vec::new(),
        }
    }

    /// Serves with the `config.yaml` in `folder`, on a free port.
    pub fn serve(folder: &Path) -> Self {
        Self::serve_with(folder, &[])
    }

    /// The same, as a user who is not root.
    pub fn serve_unprivileged(folder: &Path) -> Self {
        const NOBODY: u32 = 65534;
        // Other users may not be able to read the build directory.
        let program = folder.join("nbu_exporter");
        std::fs::copy(Self::path("nbu_exporter"), &program).unwrap();
        let mut command = Command::new(&program);
        command.args([
            "--config.file=config.yaml",
            "--web.listen-address=127.0.0.1:0",
        ]);
        if rustix::process::getuid().is_root() {
            let open = std::os::unix::fs::PermissionsExt::from_mode(0o755);
            std::fs::set_permissions(folder, open).unwrap();
            command.uid(NOBODY).gid(NOBODY);
        }
        Self::spawn(command, folder)
    }

    /// The same with these environment variables.
    pub fn serve_with(folder: &Path, variables: &[(&str, &Path)]) -> Self {
        let mut command = Command::new(Self::path("nbu_exporter"));
        command.args([
            "--config.file=config.yaml",
            "--web.listen-address=127.0.0.1:0",
        ]);
        command.envs(variables.iter().copied());
        Self::spawn(command, folder)
    }

    /// Waits for the next line that contains `text`; fails the test on a timeout.
    pub async fn line(&mut self, text: &str) -> String {
        let read = async {
            while let Some(line) = self.lines.recv().await {
                self.log.push(line.clone());
                if line.contains(text) {
                    return line;
                }
            }
            panic!("it ended without saying `{text}`: {:#?}", self.log);
        };
        let found = tokio::time::timeout(DEADLINE, read).await;
        match found {
            Ok(line) => line,
            Err(_) => panic!("it never said `{text}`: {:#?}", self.log),
        }
    }

    /// Discards its output from here on.
    pub fn quiet(mut self) -> Self {
        self.lines.close();
        self.log = Vec::new();
        self
    }

    /// The logged address of its listener.
    pub async fn address(&mut self) -> SocketAddr {
        let line = self.line("Listening").await;
        let (_, rest) = line.split_once("address").expect("an address");
        // In either format: `address=…` or `"address":"…"`.
        let rest = rest.trim_start_matches(['"', '=', ':']);
        let end = rest.find([' ', '"']).unwrap_or(rest.len());
        rest[..end].parse().expect("an address")
    }

    /// Sends a signal, such as `TERM`.
    pub async fn signal(&self, name: &str) {
        let id = self.id().to_string();
        let sent = Command::new("kill").args(["-s", name, &id]).status().await;
        assert!(sent.unwrap().success());
    }

    /// Changes its limit on file descriptors. Above its hard limit, this process must
    /// be privileged.
    pub fn limit(&self, files: u64) {
        let id = i32::try_from(self.id()).ok().and_then(Pid::from_raw);
        let hard = Found::of(self.id()).hard_limit("Max open files");
        let limit = Rlimit {
            current: Some(files),
            maximum: hard.map(|hard| hard.max(files)),
        };
        rustix::process::prlimit(id, Resource::Nofile, limit).expect("it runs");
    }

    /// Its process id.
    pub fn id(&self) -> u32 {
        self.child.id().expect("it runs")
    }

    /// Waits until it exits; returns the exit code.
    pub async fn wait(&mut self) -> Option<i32> {
        let status = tokio::time::timeout(DEADLINE, self.child.wait()).await;
        status.expect("it ends").unwrap().code()
    }
}

fn forward(stream: impl AsyncRead + Unpin + Send + 'static, lines: mpsc::UnboundedSender<String>) {
    tokio::spawn(async move {
        let mut read = BufReader::new(stream).lines();
        while let Ok(Some(line)) = read.next_line().await {
            // The pipe must be drained even if nobody waits for lines.
            let _ = lines.send(line);
        }
    });
}
