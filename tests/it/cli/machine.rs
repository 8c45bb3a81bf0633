//! What the program says about a machine that lacks what the configuration needs.

use std::net::TcpListener;

use tempfile::TempDir;
use tests::{Client, Program};

use super::{folder, lively};

/// The exit status and standard error of a command.
async fn said(command: &[&str], folder: &TempDir) -> (Option<i32>, String) {
    let output = Program::output(command, folder.path()).await;
    let text = String::from_utf8(output.stderr).unwrap();
    (output.status.code(), text)
}

#[tokio::test(flavor = "multi_thread")]
async fn check_warns_about_a_state_directory_that_a_running_exporter_has() {
    let simulator = lively().await;
    let folder = folder(&[("paris", &simulator)], "server:\n  stateDir: state");
    let check = ["check", "--web.listen-address=127.0.0.1:0"];
    let mut program = Program::serve(folder.path());
    Client::new(program.address().await);
    let (code, text) = said(&check, &folder).await;
    assert_eq!(code, Some(0), "{text}");
    let expected = "warning: config.yaml:2: server.stateDir: another process uses the directory";
    assert!(text.starts_with(expected), "{text}");
    assert!(
        text.contains("\n  hint: if the running exporter uses it, this is expected"),
        "{text}"
    );
    program.signal("TERM").await;
    program.wait().await;
    let (code, text) = said(&check, &folder).await;
    assert_eq!((code, text.as_str()), (Some(0), ""));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_start_without_its_port_guest_or_folder_names_the_line_and_a_hint() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    let simulator = lively().await;
    for (rest, code, expected) in [
        (
            format!("server:\n  host: 127.0.0.1\n  port: {port}"),
            1,
            format!(
                "config.yaml:3: server.port: cannot listen on 127.0.0.1:{port}: address in use\n  hint: "
            ),
        ),
        (
            "server: { host: 127.0.0.1, port: 0 }\nguest:\n  path: none.wasm".to_owned(),
            2,
            "config.yaml:3: guest.path: cannot read the guest `none.wasm`: No such file or \
             directory (os error 2)\n  hint: copy the guest there, or remove `guest.path` to run the built-in guest\n"
                .to_owned(),
        ),
        (
            "server:\n  port: 0\n  logName: none/exporter.log".to_owned(),
            2,
            "config.yaml:3: server.logName: cannot open the log file `none/exporter.log`: No such \
             file or directory (os error 2)\n  hint: create the folder `none`; the path starts at the working directory\n"
                .to_owned(),
        ),
        (
            "server:\n  port: 0\n  stateDir: config.yaml".to_owned(),
            2,
            "config.yaml:3: server.stateDir: `config.yaml` is not a directory\n  hint: ".to_owned(),
        ),
    ] {
        let folder = folder(&[("paris", &simulator)], &rest);
        let (found, text) = said(&[], &folder).await;
        assert_eq!(found, Some(code), "{text}");
        let expected = format!("nbu_exporter: {expected}");
        assert!(
            text.starts_with(&expected),
            "expected {expected}, found {text}"
        );
    }
}

/// The warning is about the missing feature.
#[cfg(not(feature = "traces"))]
#[tokio::test(flavor = "multi_thread")]
async fn a_hint_in_the_log_is_a_field() {
    let simulator = lively().await;
    let folder = folder(&[("paris", &simulator)], "opentelemetry: { enabled: true }");
    let mut program = Program::serve(folder.path());
    let line = program.line("Configuration warning").await;
    let hint =
        "hint=\"install a package, build with `--features traces`, or set the key to `false`\"";
    assert!(line.contains(hint) && !line.contains("\\n"), "{line}");
}
