//! Shutdown while a task fails or hangs.

use std::path::Path;
use std::sync::mpsc as threads;
use std::time::Duration;

use tokio::time::timeout;

use super::*;
use crate::config::{Overrides, parse};
use crate::guest::CompilerProcess;

/// An engine without a compiler: its compiler process exits at once.
fn engine() -> Arc<Engine> {
    let compiler = CompilerProcess::from_executable("/bin/true".as_ref()).unwrap();
    Engine::new(compiler).unwrap()
}

/// An exporter with only these tasks.
fn app(tasks: Tasks, stop: oneshot::Sender<()>) -> App {
    let text = "server: { shutdownTimeout: 100ms }\nnbuserver: { host: h, apiKey: k }";
    let file = Path::new("config.yaml");
    let config = parse(text, file, &Overrides::default(), &|_| None).unwrap();
    let (requests, _inbox) = mpsc::channel(1);
    App {
        addresses: Vec::new(),
        services: Services::new(engine(), &config, requests.clone()),
        requests,
        stop,
        tasks,
        shutdown_timeout: watch::channel(config.http.shutdown_timeout).1,
    }
}

#[tokio::test]
async fn the_exporter_fails_if_a_task_panics_or_ends() {
    let (stop, _stopped) = oneshot::channel();
    let (panic, panicked) = oneshot::channel::<()>();
    let (end, ended) = oneshot::channel::<()>();
    let mut tasks = Tasks::default();
    tasks.spawn("rounds", async move { panicked.await.unwrap() });
    tasks.spawn("expiry", async move { drop(ended.await) });
    tasks.spawn("reloader", std::future::pending());
    let mut app = app(tasks, stop);
    let early = timeout(Duration::from_millis(1), app.failed()).await;
    assert!(early.is_err(), "no task has ended yet");
    for (cause, name) in [(panic, "rounds"), (end, "expiry")] {
        drop(cause);
        let failure = timeout(Duration::from_secs(30), app.failed())
            .await
            .unwrap();
        assert!(
            failure.to_string().contains(&format!("`{name}`")),
            "{failure}"
        );
        assert_eq!(failure.exit_code(), 1);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_blocked_task_does_not_delay_shutdown() {
    let (stop, stopped) = oneshot::channel();
    let (release, released) = threads::channel::<()>();
    let (began, begun) = oneshot::channel();
    let mut tasks = Tasks::default();
    // For example, a log file on a server that does not answer.
    tasks.spawn("blocked", async move {
        began.send(()).unwrap();
        let _ = released.recv();
    });
    tasks.spawn("reloader", async move { drop(stopped.await) });
    begun.await.unwrap();
    let app = app(tasks, stop);
    let ended = timeout(Duration::from_secs(30), app.stop()).await;
    // Release the task before the assertion, so that the runtime of the test can end.
    drop(release);
    assert!(ended.is_ok(), "shutdown waited for the task");
}
