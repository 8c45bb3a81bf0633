//! Restrictions cannot be undone, so each test applies them in its own thread or
//! process.

#![cfg(target_os = "linux")]

use std::fs;
use std::io::ErrorKind;
use std::process::Command;

use super::*;

/// Whether Landlock is enabled, determined without Landlock. If unknown, assumes that
/// it is: a test must not be skipped by mistake.
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

#[test]
fn a_seccomp_filter_differs_from_a_kernel_without_landlock() {
    use rustix::io::Errno;

    for (errno, expected) in [
        (Errno::NOSYS, LandlockStatus::Unsupported),
        (Errno::OPNOTSUPP, LandlockStatus::Disabled),
        (Errno::PERM, LandlockStatus::Refused),
        (Errno::ACCESS, LandlockStatus::Refused),
    ] {
        let found = LandlockStatus::unavailable(&errno.into());
        assert_eq!(found, expected, "{errno}");
        assert!(!found.is_enforced());
    }
    assert!(LandlockStatus::Refused.to_string().contains("seccomp"));
}

/// Landlock applies per thread, so the test process itself stays unrestricted.
#[test]
fn a_restricted_process_executes_nothing_and_writes_one_directory() {
    let folder = tempfile::tempdir().unwrap();
    let (log, elsewhere) = (folder.path().join("log"), folder.path().join("elsewhere"));
    fs::create_dir(&log).unwrap();
    fs::create_dir(&elsewhere).unwrap();
    let there = elsewhere.join("there");
    fs::write(&there, "kept").unwrap();
    let confined = std::thread::spawn(move || {
        let confinement = restrict_writes(std::slice::from_ref(&log));
        if !confinement.is_enforced() {
            assert!(!has_landlock(), "{confinement}");
            return eprintln!("skipped: {confinement}");
        }
        let denied = |result: std::io::Result<()>| {
            assert_eq!(result.unwrap_err().kind(), ErrorKind::PermissionDenied);
        };
        denied(Command::new("/bin/true").status().map(drop));
        denied(fs::write(elsewhere.join("new"), "x"));
        denied(fs::write(&there, "x"));
        denied(fs::remove_file(&there));
        denied(fs::create_dir(elsewhere.join("folder")));
        assert_eq!(fs::read(&there).unwrap(), b"kept");
        fs::write(log.join("exporter.log"), "x").unwrap();
    });
    confined.join().unwrap();
}

/// Regression test for a log file in the root directory.
#[test]
fn the_root_directory_is_never_writable_but_a_single_file_can_be() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    fs::write(at("log"), "").unwrap();
    fs::write(at("beside"), "kept").unwrap();
    std::os::unix::fs::symlink("/", at("link")).unwrap();
    let (log, beside, link) = (at("log"), at("beside"), at("link"));
    let confined = std::thread::spawn(move || {
        let confinement = restrict_writes(&["/".into(), link, log.clone()]);
        if !confinement.is_enforced() {
            assert!(!has_landlock(), "{confinement}");
            return eprintln!("skipped: {confinement}");
        }
        let denied = |result: std::io::Result<()>| {
            assert_eq!(result.unwrap_err().kind(), ErrorKind::PermissionDenied);
        };
        denied(fs::write(&beside, "x"));
        denied(fs::rename(&log, &beside));
        denied(fs::remove_file(&log));
        fs::write(&log, "x").unwrap();
    });
    confined.join().unwrap();
}

/// The name of the test that runs in a child process, and the variable that marks the
/// child.
const INSIDE: &str = "landlock::tests::a_restricted_worker_has_no_access_left";
const VARIABLE: &str = "NBU_TEST_INSIDE";

/// Limits apply to a whole process, so this test runs itself again as a child.
#[test]
fn a_restricted_worker_has_no_access_left() {
    if std::env::var_os(VARIABLE).is_some() {
        return inside();
    }
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", INSIDE, "--nocapture"])
        .env(VARIABLE, "1")
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    assert!(said.contains("1 passed"), "{said}");
}

fn inside() {
    use std::net::{TcpListener, TcpStream, UdpSocket};
    use std::os::unix::net::UnixStream;

    use rustix::process::{Resource, dumpable_behavior, getrlimit};

    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let denied = |result: std::io::Result<()>| {
        assert_eq!(result.unwrap_err().kind(), ErrorKind::PermissionDenied);
    };
    // Landlock runs in a thread of its own, because the test harness still needs its
    // files.
    let landlocked = std::thread::spawn(move || {
        deny_files_and_network();
        if !has_landlock() {
            return eprintln!("skipped: this kernel has no Landlock");
        }
        denied(fs::read("/proc/self/status").map(drop));
        denied(fs::read_dir("/").map(drop));
        denied(Command::new("/bin/true").status().map(drop));
        denied(TcpStream::connect(address).map(drop));
        denied(TcpListener::bind("127.0.0.1:0").map(drop));
    });
    landlocked.join().unwrap();
    let confined = std::thread::spawn(|| {
        restrict_worker(4 << 30, 7).unwrap();
        assert!(fs::read("/proc/self/status").is_err(), "a file is read");
        assert!(
            UdpSocket::bind("127.0.0.1:0").is_err(),
            "it sends datagrams"
        );
        assert!(UnixStream::pair().is_err(), "it opens another socket");
    });
    confined.join().unwrap();
    let soft = |resource| getrlimit(resource).current;
    assert_eq!(soft(Resource::As), Some(4 << 30));
    assert_eq!(soft(Resource::Cpu), Some(7));
    assert_eq!(soft(Resource::Core), Some(0));
    let dumpable = dumpable_behavior().unwrap();
    assert_eq!(dumpable, rustix::process::DumpableBehavior::NotDumpable);
    let mut memory: Vec<u8> = Vec::new();
    assert!(memory.try_reserve(5 << 30).is_err(), "memory is granted");
}
