//! The end, when a task does not take part in it.

use std::path::Path;
use std::sync::mpsc as threads;
use std::time::Duration;

use tokio::time::timeout;

use super::*;
use crate::config::{Overrides, parse};
use crate::guest::CompilerProcess;

/// An engine that compiles nothing: its compiler process ends at once.
fn engine() -> Arc<Engine> {
    let compiler = CompilerProcess::from_executable("/bin/true".as_ref()).unwrap();
    Engine::new(compiler).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_task_that_blocks_its_thread_does_not_hold_up_the_end() {
    let text = "server: { shutdownTimeout: 100ms }\nnbuserver: { host: h, apiKey: k }";
    let file = Path::new("config.yaml");
    let config = parse(text, file, &Overrides::default(), &|_| None).unwrap();
    let (requests, _inbox) = mpsc::channel(1);
    let (stop, stopped) = oneshot::channel();
    let (release, released) = threads::channel::<()>();
    let (began, begun) = oneshot::channel();
    let mut tasks = JoinSet::new();
    // Such as a log file on a server that does not answer.
    tasks.spawn(async move {
        began.send(()).unwrap();
        let _ = released.recv();
    });
    tasks.spawn(async move { drop(stopped.await) });
    begun.await.unwrap();
    let app = App {
        addresses: Vec::new(),
        rooms: Rooms::new(engine(), &config, requests.clone()),
        requests,
        stop,
        tasks,
        shutdown_timeout: watch::channel(config.http.shutdown_timeout).1,
    };
    let ended = timeout(Duration::from_secs(30), app.stop()).await;
    // Before the verdict, so that the runtime of the test ends as well.
    drop(release);
    assert!(ended.is_ok(), "it waits for the task");
}
