//! Reloads that need a process: by a signal, and with a log.

use std::fs;

use tests::{Client, Program, eventually, guests};

use super::{config, folder};

const LISTEN: &str = "--web.listen-address=127.0.0.1:0";

async fn shows(client: &Client, site: &str) {
    let wanted = [("site", site)];
    eventually(&format!("{site} is read"), async || {
        client.scrape().await.value("nbu_up", &wanted) == Some(1.0)
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sighup_reloads_and_the_reload_is_logged() {
    let folder = folder();
    let file = folder.path().join("config.yaml");
    fs::write(&file, config("paris")).unwrap();
    let mut program = Program::start(&[LISTEN], folder.path());
    let client = Client::new(program.address().await);
    shows(&client, "paris").await;
    program.signal("HUP").await;
    let line = program.line("Reload requested").await;
    assert!(line.contains("SIGHUP"), "{line}");
    let line = program.line("Configuration reloaded successfully").await;
    assert!(line.contains("generation=2"), "{line}");
    shows(&client, "paris").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_changed_file_is_logged_and_an_invalid_one_explained() {
    let folder = folder();
    let file = folder.path().join("config.yaml");
    fs::write(&file, config("paris")).unwrap();
    let mut program = Program::start(&[LISTEN], folder.path());
    let client = Client::new(program.address().await);
    shows(&client, "paris").await;
    fs::write(&file, config("lyon").replace("port: 9", "port: x")).unwrap();
    program.line("Config file changed, reloading…").await;
    let line = program.line("Configuration not reloaded").await;
    assert!(line.contains("level=error"), "{line}");
    assert!(
        line.contains("nbuservers[0].port: `x` is not a port number"),
        "{line}"
    );
    shows(&client, "paris").await;
    fs::write(&file, config("lyon")).unwrap();
    program.line("Config file changed, reloading…").await;
    program.line("Configuration reloaded successfully").await;
    shows(&client, "lyon").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_during_the_first_compilation_takes_effect() {
    // The built-in guest takes longest.
    let own = config("paris").replace("guest: { path: guest.wasm }\n", "");
    let folder = folder();
    let file = folder.path().join("config.yaml");
    fs::write(&file, own).unwrap();
    let mut program = Program::start(&[LISTEN], folder.path());
    let client = Client::new(program.address().await);
    let any = config("lyon").replace("guest: { path: guest.wasm }\n", guests::ANY_GUEST);
    fs::write(&file, any).unwrap();
    shows(&client, "lyon").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sighup_during_the_first_compilation_does_not_end_the_program() {
    let own = config("paris").replace("guest: { path: guest.wasm }\n", "");
    let folder = folder();
    fs::write(folder.path().join("config.yaml"), own).unwrap();
    let mut program = Program::start(&[LISTEN], folder.path());
    program.line("Listening").await;
    program.signal("HUP").await;
    program.line("Configuration reloaded successfully").await;
}
