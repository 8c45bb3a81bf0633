//! The process cannot regain the privileges that it dropped.

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tempfile::TempDir;
use tests::estates::{simulator, site, small};
use tests::processes::Found;
use tests::{Bench, Client, Program};

/// A configuration with its log in that directory.
fn config(log: &str) -> String {
    format!("server: {{ logName: {log}/exporter.log }}")
}

/// Whether Landlock is enabled in the kernel, determined without Landlock. If the
/// kernel does not tell, assume that it is: a test must not be skipped by mistake.
fn has_landlock() -> bool {
    let lists = [
        ("/sys/kernel/security/lsm", "landlock"),
        ("/proc/kallsyms", "landlock_create_ruleset"),
    ];
    lists
        .iter()
        .find_map(|(list, name)| Some(fs::read_to_string(list).ok()?.contains(name)))
        .unwrap_or(true)
}

/// Runs a program below a seccomp filter that answers the three system calls of
/// Landlock, which have the same numbers everywhere, with an error.
const FILTER: &str = r#"
import ctypes, os, struct, sys
load, equal, end = 0x20, 0x15, 0x06
refuse, allow = 0x00050000 | int(sys.argv[1]), 0x7fff0000
steps = [(load, 0, 0, 0)]
steps += [(equal, 3 - n, 0, 444 + n) for n in range(3)]
steps += [(end, 0, 0, allow), (end, 0, 0, refuse)]
code = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *step) for step in steps))
program = struct.pack("HL", len(steps), ctypes.addressof(code))
libc = ctypes.CDLL(None, use_errno=True)
assert libc.prctl(38, 1, 0, 0, 0) == 0
assert libc.prctl(22, 2, program) == 0, ctypes.get_errno()
os.execv(sys.argv[2], sys.argv[2:])
"#;

#[tokio::test(flavor = "multi_thread")]
async fn a_seccomp_filter_that_blocks_landlock_causes_a_warning() {
    let python = Path::new("/usr/bin/python3");
    if !python.exists() || !has_landlock() {
        return eprintln!("skipped: no `{}`, or no Landlock", python.display());
    }
    let folder = TempDir::new().unwrap();
    let simulator = simulator(small()).await;
    Bench::write(folder.path(), &[site("paris", &simulator)], "");
    let exporter = Program::path("nbu_exporter").display().to_string();
    let eperm_and_enosys = [
        ("1", "not enforced: a seccomp filter denies Landlock"),
        ("38", "not enforced: this kernel has no Landlock"),
    ];
    for (errno, expected) in eperm_and_enosys {
        let listen = "--web.listen-address=127.0.0.1:0";
        let arguments = ["-c", FILTER, errno, &exporter, listen];
        let mut program = Program::of(python, &arguments, folder.path());
        let line = program.line("Confined").await;
        assert!(line.contains(expected), "{line}");
        assert!(line.contains("level=warn"), "{line}");
        program.line("Listening").await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn only_the_log_directory_is_writable() {
    let folder = TempDir::new().unwrap();
    let simulator = simulator(small()).await;
    let sites = [site("paris", &simulator)];
    for name in ["logs", "elsewhere"] {
        fs::create_dir(folder.path().join(name)).unwrap();
    }
    Bench::write(folder.path(), &sites, &config("logs"));
    let program = Program::serve(folder.path());
    let log = folder.path().join("logs/exporter.log");
    let said = || fs::read_to_string(&log).unwrap_or_default();
    tests::eventually("it listens", async || said().contains("Listening")).await;
    if said().contains("Confined: not enforced") {
        assert!(!has_landlock(), "{}", said());
        return eprintln!("skipped: {}", said());
    }

    Bench::write(folder.path(), &sites, &config("elsewhere"));
    program.signal("HUP").await;
    let refused = async || said().contains("Permission denied");
    tests::eventually("another folder is refused", refused).await;
    assert!(!folder.path().join("elsewhere/exporter.log").exists());

    // A log rotation may move the log away.
    fs::rename(&log, folder.path().join("logs/old.log")).unwrap();
    Bench::write(
        folder.path(),
        &sites,
        &format!("{} # again", config("logs")),
    );
    program.signal("HUP").await;
    tests::eventually("a new log is created", async || !said().is_empty()).await;
    let address = fs::read_to_string(folder.path().join("logs/old.log")).unwrap();
    let address = address.split("address=").nth(1).unwrap();
    let address = address.split_whitespace().next().unwrap();
    let page = Client::new(address.parse().unwrap()).scrape().await;
    assert!(page.types.contains_key("nbu_exporter_build_info"));
}

/// The files of a process below `/proc` belong to root if it is not dumpable, so the
/// program must not run as root here.
#[tokio::test(flavor = "multi_thread")]
async fn the_memory_of_the_process_is_not_readable_by_others() {
    let folder = TempDir::new().unwrap();
    let simulator = simulator(small()).await;
    Bench::write(folder.path(), &[site("paris", &simulator)], "");
    // The program inherits the maximum, and has to lower the limit itself.
    let inherited = getrlimit(Resource::Core);
    let most = Rlimit {
        current: inherited.maximum,
        ..inherited
    };
    setrlimit(Resource::Core, most).unwrap();
    let mut program = Program::serve_unprivileged(folder.path());
    setrlimit(Resource::Core, inherited).unwrap();
    let client = Client::new(program.address().await);
    let process = Found::of(program.id());
    assert_eq!(process.limit("Max core file size"), Some(0));
    for name in ["mem", "environ", "maps", "fd"] {
        let entry = fs::metadata(format!("/proc/{}/{name}", program.id())).unwrap();
        assert_eq!(entry.uid(), 0, "its user may open `{name}`");
    }
    // The program can still count its own descriptors.
    let page = client.scrape().await;
    assert!(
        page.value("process_open_fds", &[])
            .is_some_and(|open| open > 5.0)
    );
}

/// A service without its own directory runs in `/`, or in a directory with more than
/// its log.
#[tokio::test(flavor = "multi_thread")]
async fn only_the_log_file_is_writable_in_the_working_directory() {
    let folder = TempDir::new().unwrap();
    let at = |name: &str| folder.path().join(name);
    let simulator = simulator(small()).await;
    let sites = [site("paris", &simulator)];
    let server = |log: &str| format!("server: {{ logName: {log} }}");
    Bench::write(folder.path(), &sites, &server("exporter.log"));
    let mut program = Program::serve(folder.path());
    let said = || fs::read_to_string(at("exporter.log")).unwrap_or_default();
    tests::eventually("it listens", async || said().contains("Listening")).await;
    assert!(
        said().contains("logName: the log is in the root or working directory"),
        "{}",
        said()
    );
    if said().contains("Confined: not enforced") {
        assert!(!has_landlock(), "{}", said());
        return eprintln!("skipped: {}", said());
    }
    Bench::write(folder.path(), &sites, &server("other.log"));
    program.signal("HUP").await;
    let refused = async || said().contains("Permission denied");
    tests::eventually("another file next to it is rejected", refused).await;
    assert!(!at("other.log").exists());

    // A log rotation may copy and truncate it.
    Bench::write(folder.path(), &sites, &server("exporter.log"));
    fs::write(at("exporter.log"), "").unwrap();
    program.signal("HUP").await;
    let reloaded = async || said().contains("Configuration reloaded successfully");
    tests::eventually("it is opened again", reloaded).await;
    program.signal("TERM").await;
    assert_eq!(program.wait().await, Some(0));
}
