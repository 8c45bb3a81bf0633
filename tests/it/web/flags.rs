//! Flags of the web server that other exporters have too.

use std::net::TcpListener;
use std::path::Path;

use nbu_exporter::config::Overrides;
use tests::{Bench, Client, Program};

use super::folder;

#[tokio::test(flavor = "multi_thread")]
async fn the_socket_of_systemd_is_served_and_outlives_the_exporter() {
    let folder = folder("host: 203.0.113.1, port: 1");
    let socket = TcpListener::bind("127.0.0.1:0").unwrap();
    for _ in 0..2 {
        let client = Client::new(socket.local_addr().unwrap());
        // It waits in the queue of the socket until the exporter accepts it.
        let early = client.get("/-/healthy");
        let serve = async {
            let mut program = Program::serve_on(&socket, folder.path());
            assert_eq!(program.address().await, socket.local_addr().unwrap());
            program
        };
        let (early, mut program) = tokio::join!(early, serve);
        assert_eq!(early.status, 200);
        let config = client.get("/config").await.text();
        assert!(config.starts_with("# on the command line: --web.systemd-socket\n"));
        program.signal("TERM").await;
        assert_eq!(program.wait().await, Some(0));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_socket_of_systemd_the_start_fails_with_a_hint() {
    let output = Program::output(&["--web.systemd-socket"], Path::new(".")).await;
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(
        said.contains("systemd passed no socket\n  hint: "),
        "{said}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_metrics_of_the_process_can_be_left_out() {
    for disable_exporter_metrics in [false, true] {
        let overrides = Overrides {
            listen: vec!["127.0.0.1:0".to_owned()],
            disable_exporter_metrics,
            ..Overrides::default()
        };
        let bench = Bench::open_with(folder(""), overrides).await.unwrap();
        let page = bench.get("/metrics").await.text();
        assert!(page.contains("\nnbu_exporter_build_info{"));
        let left_out = !page.contains("\nprocess_resident_memory_bytes ");
        assert_eq!(left_out, disable_exporter_metrics);
    }
}
