//! Files that the exporter opens and that are not regular files.
//!
//! Opening a named pipe waits for its other end. If the exporter did that, anybody
//! who can create files in its directories could block it.

use std::fs::{self, File};
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::process::Output;
use std::time::{Duration, Instant};

use rustix::fs::{CWD, Mode, mkfifoat};
use tempfile::TempDir;
use tests::estates::{simulator, site, small};
use tests::{Bench, Client, Program, eventually, guests};

/// The error message for a pipe.
const REFUSED: &str = "expected a regular file, found a pipe";

/// Atomically replaces the file of that name with a pipe.
fn pipe(path: &Path) {
    let beside = path.with_extension("beside");
    mkfifoat(CWD, &beside, Mode::RUSR | Mode::WUSR).unwrap();
    fs::rename(&beside, path).unwrap();
}

/// A configuration of one site with these keys, and more YAML. Its guest is small, unless
/// the YAML names another.
fn one_site(keys: &str, rest: &str) -> String {
    let guest = match rest.contains("guest:") {
        true => "",
        false => "guest: { path: small.wasm }\n",
    };
    format!(
        "nbuserver: {{ site: paris, scheme: http, host: 127.0.0.1, port: 9, {keys} }}\n\
         {guest}{rest}\n"
    )
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// The result of `check` for a configuration next to a file `pipe`, which `put`
/// creates.
async fn checked(config: &str, put: impl Fn(&Path)) -> Output {
    let folder = TempDir::new().unwrap();
    let at = |name: &str| folder.path().join(name);
    put(&at("pipe"));
    put(&at("signed.wasm.minisig"));
    for guest in ["signed.wasm", "small.wasm"] {
        fs::write(at(guest), guests::behaving("steady", 1)).unwrap();
    }
    fs::write(at("config.yaml"), config).unwrap();
    for key in ["cert_file", "key_file", "client_ca_file"] {
        let web = format!("tls_server_config: {{ {key}: pipe }}\n");
        fs::write(at(&format!("{key}.yaml")), web).unwrap();
    }
    Program::output(&["check"], folder.path()).await
}

#[tokio::test(flavor = "multi_thread")]
async fn check_rejects_a_pipe_instead_of_a_file_at_once() {
    let key = "apiKey: k";
    for config in [
        one_site("apiKeyFile: pipe", ""),
        one_site("apiKey: k, caFile: pipe", ""),
        one_site("apiKey: k, certFile: pipe, keyFile: signed.wasm", ""),
        one_site("apiKey: k, certFile: signed.wasm, keyFile: pipe", ""),
        one_site(key, "server: { webConfigFile: pipe }"),
        one_site(key, "server: { webConfigFile: cert_file.yaml }"),
        one_site(key, "server: { webConfigFile: key_file.yaml }"),
        one_site(key, "server: { webConfigFile: client_ca_file.yaml }"),
        one_site(key, "server: { logName: pipe }"),
        one_site(key, "guest: { path: pipe }"),
        one_site(key, "guest: { path: signed.wasm, publicKeyFile: pipe }"),
    ] {
        let output = checked(&config, pipe).await;
        let said = said(&output);
        assert_eq!(output.status.code(), Some(2), "{config}: {said}");
        assert!(said.contains(REFUSED), "{config}: {said}");
        assert!(
            said.contains("pipe`"),
            "it names the file: {config}: {said}"
        );
    }
    let signed = one_site(key, "guest: { path: signed.wasm }");
    let output = checked(&signed, pipe).await;
    let told = said(&output);
    assert_eq!(output.status.code(), Some(2), "{told}");
    assert!(
        told.contains(&format!("signed.wasm.minisig`: {REFUSED}")),
        "{told}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pipe_instead_of_the_configuration_or_dotenv_is_rejected_at_once() {
    let folder = TempDir::new().unwrap();
    let at = |name: &str| folder.path().join(name);
    pipe(&at("pipe"));
    fs::write(at("config.yaml"), one_site("apiKey: k", "")).unwrap();
    for arguments in [
        &["check", "--config.file=pipe"][..],
        &["--config.file=pipe"],
        &["check", "--web.config.file=pipe"],
        &["inspect", "pipe"],
    ] {
        let output = Program::output(arguments, folder.path()).await;
        let said = said(&output);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {said}");
        assert!(said.contains(REFUSED), "{arguments:?}: {said}");
    }
    pipe(&at(".env"));
    let output = Program::output(&["check"], folder.path()).await;
    let said = said(&output);
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(said.contains(".env") && said.contains(REFUSED), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn directories_sockets_and_devices_are_rejected_with_the_same_message() {
    let config = one_site("apiKey: k, caFile: pipe", "");
    let socket = |path: &Path| drop(UnixListener::bind(path).unwrap());
    let device = |path: &Path| std::os::unix::fs::symlink("/dev/zero", path).unwrap();
    let directory = |path: &Path| fs::create_dir(path).unwrap();
    for (output, found) in [
        (checked(&config, socket).await, "a socket"),
        (checked(&config, device).await, "a character device"),
        (checked(&config, directory).await, "a directory"),
    ] {
        let said = said(&output);
        assert_eq!(output.status.code(), Some(2), "{said}");
        let refused =
            format!("caFile: cannot read the file: expected a regular file, found {found}");
        assert!(said.contains(&refused), "{said}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_replaced_by_a_pipe_blocks_neither_reloads_nor_shutdown() {
    let folder = TempDir::new().unwrap();
    let at = |name: &str| folder.path().join(name);
    let guest = at("guest.wasm");
    guests::install(&guests::behaving("steady", 1), &guest);
    let config = one_site(
        "apiKeyFile: key, domain: '${DOMAIN}'",
        "guest: { path: guest.wasm }",
    );
    let files = [
        (at("key"), "secret"),
        (at(".env"), "DOMAIN=one"),
        (at("config.yaml"), config.as_str()),
    ];
    for (path, text) in &files {
        fs::write(path, text).unwrap();
    }
    let mut program = Program::serve(folder.path());
    let client = Client::new(program.address().await);
    program.line("Generation is current").await;
    for (path, text) in &files {
        pipe(path);
        let line = program.line("Configuration not reloaded").await;
        assert!(line.contains(REFUSED), "{line}");
        // Not only after a change of the file.
        let answer = client.post("/-/reload").await;
        assert!(answer.text().contains(REFUSED), "{}", answer.text());
        client.scrape().await;
        fs::remove_file(path).unwrap();
        fs::write(path, text).unwrap();
        program.line("Configuration reloaded successfully").await;
    }
    pipe(&guest);
    program
        .line("Guest refused; the running guest stays in use")
        .await;
    client.scrape().await;
    program.signal("TERM").await;
    assert_eq!(program.wait().await, Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_guest_of_two_tebibytes_blocks_neither_reloads_nor_shutdown() {
    let folder = TempDir::new().unwrap();
    let at = |name: &str| folder.path().join(name);
    let sparse = at("sparse");
    let grown = File::create(&sparse).and_then(|file| file.set_len(2 << 40));
    if let Err(error) = grown {
        return eprintln!("skipped: this file system has no such files: {error}");
    }
    let config = one_site(
        "apiKey: k",
        "server: { shutdownTimeout: 2s }\nguest: { path: guest.wasm }",
    );
    fs::write(at("config.yaml"), config).unwrap();
    guests::install(&guests::behaving("steady", 1), &at("guest.wasm"));
    let mut program = Program::serve(folder.path());
    let client = Client::new(program.address().await);
    program.line("Generation is current").await;

    fs::rename(&sparse, at("guest.wasm")).unwrap();
    program.line("the file has `2199023255552` bytes").await;
    let answer = client.post("/-/reload").await;
    assert!(answer.status.is_success(), "{}", answer.text());
    // A replacement is detected, at least by its modification time.
    File::create(&sparse).unwrap().set_len(2 << 40).unwrap();
    fs::rename(&sparse, at("guest.wasm")).unwrap();
    program.line("Guest file changed, evaluating it").await;
    program.line("Guest refused").await;
    guests::install(&guests::behaving("steady", 2), &at("guest.wasm"));
    program.line("Guest swapped").await;

    File::create(&sparse).unwrap().set_len(2 << 40).unwrap();
    fs::rename(&sparse, at("guest.wasm")).unwrap();
    program.line("the file has `2199023255552` bytes").await;
    let asked = Instant::now();
    program.signal("TERM").await;
    assert_eq!(program.wait().await, Some(0));
    let limit = Duration::from_secs(2 + 1);
    assert!(asked.elapsed() < limit + Duration::from_secs(5));
}

/// The files that the exporter writes itself, replaced by a pipe.
#[tokio::test(flavor = "multi_thread")]
async fn a_pipe_in_the_state_directory_blocks_nothing() {
    let simulator = simulator(small()).await;
    let sites = [site("paris", &simulator)];
    let rest = "server: { stateDir: state, collectionInterval: 100ms }";
    let folder = TempDir::new().unwrap();
    let at = |name: &str| folder.path().join(name);
    Bench::write(folder.path(), &sites, rest);
    fs::create_dir_all(at("state/paris")).unwrap();
    pipe(&at("state/.lock"));
    let output = Program::output(&["--web.listen-address=127.0.0.1:0"], folder.path()).await;
    let told = said(&output);
    assert_eq!(output.status.code(), Some(2), "{told}");
    assert!(told.contains(&format!("`.lock`: {REFUSED}")), "{told}");

    fs::remove_file(at("state/.lock")).unwrap();
    pipe(&at("state/paris/jobs.state"));
    pipe(&at("state/paris/jobs.state.new"));
    let mut program = Program::serve(folder.path());
    let line = program.line("State file is corrupt").await;
    assert!(line.contains(REFUSED), "{line}");
    let stored = at("state/paris/jobs.state");
    eventually("the state is stored", async || stored.is_file()).await;
    program.signal("TERM").await;
    assert_eq!(program.wait().await, Some(0));
}

/// Other users may be able to write to the working directory, but not to `/etc`.
#[tokio::test(flavor = "multi_thread")]
async fn the_dotenv_next_to_the_configuration_takes_precedence() {
    let simulator = simulator(small()).await;
    let folder = TempDir::new().unwrap();
    let at = |name: &str| folder.path().join(name);
    for name in ["etc", "work"] {
        fs::create_dir(at(name)).unwrap();
    }
    let port = simulator.address().port();
    // A wrong key fails the command.
    let config = format!(
        "nbuserver: {{ site: paris, scheme: http, host: 127.0.0.1, port: {port}, \
         apiKey: '${{KEY}}', domain: '${{ONLY_THERE}}' }}"
    );
    fs::write(at("etc/config.yaml"), config).unwrap();
    fs::write(at("etc/.env"), "KEY=simulator\n").unwrap();
    fs::write(at("work/.env"), "KEY=planted\nONLY_THERE=one\n").unwrap();
    let arguments = ["collect", "--config.file=../etc/config.yaml"];
    let output = Program::output(&arguments, &at("work")).await;
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    fs::write(at("etc/.env"), "KEY=wrong\n").unwrap();
    let output = Program::output(&arguments, &at("work")).await;
    assert_eq!(
        output.status.code(),
        Some(1),
        "the simulator asks for the key"
    );
}
