use std::fs;
use std::path::Path;

use tracing::{debug, info, info_span};

use super::*;

/// A timeout for everything that must happen.
const TIMEOUT: Duration = Duration::from_secs(60);

fn to_file(path: &Path, filter: &str, format: LogFormat) -> LogSettings {
    LogSettings {
        filter: filter.parse().unwrap(),
        format,
        target: LogTarget::File(path.to_owned()),
    }
}

#[test]
fn level_format_and_target_change_while_a_span_is_open() {
    let directory = tempfile::tempdir().unwrap();
    let (first, second) = (directory.path().join("1"), directory.path().join("2"));
    let (subscriber, handle) = subscriber(&to_file(&first, "info", LogFormat::Logfmt)).unwrap();
    tracing::subscriber::with_default(subscriber, || {
        let _span = info_span!("collection", site = "paris").entered();
        debug!("too quiet");
        info!(pages = 3, "first words");
        let staged = handle.prepare(&to_file(&second, "debug", LogFormat::Json));
        debug!("too quiet as long as nothing is committed");
        handle.commit(staged.unwrap());
        debug!("second words");
    });
    handle.flush(TIMEOUT);
    let first = fs::read_to_string(first).unwrap();
    assert!(
        first.starts_with("ts=") && first.contains("level=info"),
        "{first}"
    );
    assert!(
        first.contains("msg=\"first words\" pages=3 target="),
        "{first}"
    );
    assert_eq!(first.lines().count(), 1, "{first}");
    let second: serde_json::Value =
        serde_json::from_str(&fs::read_to_string(second).unwrap()).unwrap();
    assert_eq!(second["msg"], "second words");
    assert_eq!(second["level"], "debug");
    assert_eq!(
        second.as_object().unwrap().len(),
        4,
        "spans are not logged: {second}"
    );
}

#[test]
fn a_log_file_that_cannot_be_opened_keeps_the_old_log() {
    let directory = tempfile::tempdir().unwrap();
    let good = directory.path().join("log");
    let (subscriber, handle) = subscriber(&to_file(&good, "info", LogFormat::Logfmt)).unwrap();
    let error = handle
        .prepare(&to_file(directory.path(), "error", LogFormat::Json))
        .err()
        .unwrap();
    assert!(
        error.to_string().contains("cannot open the log file"),
        "{error}"
    );
    tracing::subscriber::with_default(subscriber, || info!("still here"));
    handle.flush(TIMEOUT);
    assert!(fs::read_to_string(good).unwrap().contains("still here"));
}

#[test]
fn a_log_file_that_was_moved_away_is_created_again() {
    let directory = tempfile::tempdir().unwrap();
    let (path, moved) = (directory.path().join("log"), directory.path().join("log.1"));
    let settings = to_file(&path, "info", LogFormat::Logfmt);
    let (subscriber, handle) = subscriber(&settings).unwrap();
    tracing::subscriber::with_default(subscriber, || {
        info!("old");
        fs::rename(&path, &moved).unwrap();
        handle.commit(handle.prepare(&settings).unwrap());
        info!("new");
    });
    handle.flush(TIMEOUT);
    assert!(fs::read_to_string(moved).unwrap().contains("old"));
    assert!(fs::read_to_string(path).unwrap().contains("new"));
}

#[test]
fn a_panic_is_logged_as_one_line() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("log");
    let (subscriber, handle) = subscriber(&to_file(&path, "info", LogFormat::Logfmt)).unwrap();
    tracing::subscriber::with_default(subscriber, || {
        log_panics(handle);
        let panicked = panic::catch_unwind(|| panic!("out of luck"));
        // The default format again.
        let _ = panic::take_hook();
        assert!(panicked.is_err());
    });
    let log = fs::read_to_string(path).unwrap();
    assert!(log.contains("level=error"), "{log}");
    assert!(
        log.contains("out of luck") && log.contains(file!()),
        "{log}"
    );
    assert_eq!(log.lines().count(), 1, "{log}");
}

#[test]
fn debug_levels_apply_only_to_our_own_code() {
    let compiled = |text: &str| text.parse::<Filter>().unwrap().compiled().to_string();
    assert!(compiled("warn").ends_with(",warn"));
    let debug = compiled("debug");
    assert!(
        debug.contains("nbu_exporter=debug") && debug.contains("info"),
        "{debug}"
    );
    assert!(compiled("hyper=trace").contains("hyper=trace"));
    // A guest can make these log without a limit.
    for target in ["wasmtime_wasi=off", "wasmtime_wasi_http=off"] {
        assert!(debug.contains(target), "{debug}");
    }
}

#[test]
fn a_misspelt_level_is_refused() {
    for text in ["inof", "", "info,inof", "nbu_exporter=loud"] {
        assert!(text.parse::<Filter>().is_err(), "{text}");
    }
    for text in ["INFO", "off", "warn,nbu_exporter::swap=debug"] {
        assert!(text.parse::<Filter>().is_ok(), "{text}");
    }
}

/// Each of the characters, and one that is plain text in its script.
const CONTROLS: &str = "\u{0}\u{7}\u{8}\t\n\r\u{1b}\u{7f}\u{80}\u{85}\u{9b}\u{9f}\u{61c}\u{200e}\
    \u{200f}\u{2028}\u{2029}\u{202a}\u{202b}\u{202c}\u{202d}\u{202e}\u{2066}\u{2067}\u{2068}\u{2069}";

#[test]
fn control_characters_are_escaped_in_every_format() {
    let directory = tempfile::tempdir().unwrap();
    for (format, place) in [(LogFormat::Logfmt, "logfmt"), (LogFormat::Json, "json")] {
        let path = directory.path().join(place);
        let (subscriber, handle) = subscriber(&to_file(&path, "info", format)).unwrap();
        tracing::subscriber::with_default(subscriber, || {
            for c in CONTROLS.chars() {
                // With and without a blank: logfmt quotes only one of them.
                let (bare, quoted) = (format!("a{c}b"), format!("a {c} b"));
                let _span = info_span!("call", of = %bare).entered();
                info!(bare, quoted, shown = %bare, debugged = ?quoted, "{bare}");
            }
            info!(text = "für-\u{5d0}\u{200d}", "harmless");
        });
        handle.flush(TIMEOUT);
        let log = fs::read_to_string(path).unwrap();
        let lines: Vec<_> = log.split('\n').filter(|line| !line.is_empty()).collect();
        assert_eq!(lines.len(), CONTROLS.chars().count() + 1, "{place}");
        for (line, c) in lines.iter().zip(CONTROLS.chars()) {
            assert!(!line.contains(is_control_like), "{place} {c:?}: {line:?}");
            if format == LogFormat::Json {
                let event: serde_json::Value = serde_json::from_str(line).unwrap();
                assert_eq!(event["bare"], format!("a{c}b"), "{line}");
                assert_eq!(event["msg"], format!("a{c}b"), "{line}");
            }
        }
        let harmless = lines.last().unwrap();
        assert!(harmless.contains("für-\u{5d0}\u{200d}"), "{harmless}");
    }
}

#[test]
fn a_log_file_among_other_files_makes_only_itself_writable() {
    let directory = tempfile::tempdir().unwrap();
    let link = directory.path().join("link");
    std::os::unix::fs::symlink("/", &link).unwrap();
    let through = link.join("log");
    let here = std::env::current_dir().unwrap().join("log");
    let settings = |path: &Path| to_file(path, "info", LogFormat::Logfmt);
    for shared in [
        Path::new("log"),
        Path::new("./log"),
        Path::new("/log"),
        &through,
        &here,
    ] {
        assert_eq!(settings(shared).writable().unwrap(), shared);
        assert!(settings(shared).shares_folder(), "{}", shared.display());
    }
    // So that a log that was moved away can be created again.
    let own = settings(&directory.path().join("log"));
    assert_eq!(own.writable().unwrap(), directory.path());
    assert!(!own.shares_folder());
    let device = settings(Path::new("/dev/null"));
    assert_eq!(device.writable().unwrap(), Path::new("/dev/null"));
    assert_eq!(LogSettings::default().writable(), None);
}

#[test]
fn a_pipe_is_rejected_as_log_and_a_nonblocking_device_is_accepted() {
    let directory = tempfile::tempdir().unwrap();
    let pipe = directory.path().join("pipe");
    let mode = rustix::fs::Mode::RUSR | rustix::fs::Mode::WUSR;
    rustix::fs::mkfifoat(rustix::fs::CWD, &pipe, mode).unwrap();
    // With a reader it could be opened, and would block once it is full.
    let mut options = fs::OpenOptions::new();
    let _reader = options.read(true).write(true).open(&pipe).unwrap();
    let refused = examine(&to_file(&pipe, "info", LogFormat::Logfmt)).unwrap_err();
    assert!(refused.to_string().contains("found a pipe"), "{refused}");
    assert!(refused.to_string().contains("or `stdout`"), "{refused}");
    let device = to_file(Path::new("/dev/null"), "info", LogFormat::Logfmt);
    examine(&device).unwrap();
    assert!(subscriber(&device).is_ok());
    let absent = directory.path().join("absent");
    examine(&to_file(&absent, "info", LogFormat::Logfmt)).unwrap();
    assert!(!absent.exists(), "the check creates nothing");
}

/// What both formats make of one event: the line without its time.
fn lines(log: impl Fn()) -> [String; 2] {
    [LogFormat::Logfmt, LogFormat::Json].map(|format| {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("log");
        let (subscriber, handle) = subscriber(&to_file(&path, "info", format)).unwrap();
        tracing::subscriber::with_default(subscriber, &log);
        handle.flush(TIMEOUT);
        let line = fs::read_to_string(path).unwrap();
        let begin = if format == LogFormat::Json { 7 } else { 3 };
        let time = &line[begin..begin + 24];
        assert!(time.parse::<jiff::Timestamp>().is_ok(), "{line}");
        line.trim_end().replace(time, "T")
    })
}

#[test]
fn both_formats_have_the_same_names_and_values() {
    let lines = lines(|| {
        let hint: Option<&str> = None;
        info!(target: "t", pages = 3, good = true, seconds = 0.25, text = "a=\"b\"", hint, "It's");
    });
    let expected = [
        r#"ts=T level=info msg=It's pages=3 good=true seconds=0.25 text="a=\"b\"" target=t"#,
        r#"{"ts":"T","level":"info","msg":"It's","pages":3,"good":true,"seconds":0.25,"text":"a=\"b\"","target":"t"}"#,
    ];
    assert_eq!(lines, expected);
}

#[test]
fn fields_of_a_guest_are_fields_and_cannot_replace_others() {
    let fields = [
        ("version", "12.0"),
        ("site", "tokyo"),
        ("a b\n", "x y"),
        ("version", "13.0"),
    ];
    let lines = lines(|| {
        let fields = guest_fields(&fields);
        info!(target: "t", site = "paris", guest_fields = fields, "Detected");
    });
    let expected = [
        r#"ts=T level=info msg=Detected site=paris a_b_="x y" guest_site=tokyo version=12.0 target=t"#,
        r#"{"ts":"T","level":"info","msg":"Detected","site":"paris","a_b_":"x y","guest_site":"tokyo","version":"12.0","target":"t"}"#,
    ];
    assert_eq!(lines, expected);
}
