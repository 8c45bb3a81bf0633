//! Scrapes whose results are checked.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use http::Method;
use tests::{Client, Exposition, Sample};
use tokio::task::JoinSet;

/// Clients that only check for a complete response; one more client parses it.
const SCRAPERS: usize = 2;

/// Clients that go on until [`end`](Self::end).
pub(crate) struct Load {
    shared: Arc<Shared>,
    clients: JoinSet<()>,
}

#[derive(Default)]
struct Shared {
    /// Between two scrapes of a client.
    pause: Duration,
    over: AtomicBool,
    scrapes: AtomicU64,
    failed: AtomicU64,
    fell: AtomicU64,
}

/// The results of the clients.
pub(crate) struct Ended {
    pub(crate) scrapes: u64,
    pub(crate) failed: u64,
    pub(crate) fell: u64,
}

impl Load {
    pub(crate) fn start(address: SocketAddr, pause: Duration) -> Self {
        let shared = Arc::new(Shared {
            pause,
            ..Shared::default()
        });
        let mut clients = JoinSet::new();
        for _ in 0..SCRAPERS {
            clients.spawn(Arc::clone(&shared).scrape(Client::new(address)));
        }
        clients.spawn(Arc::clone(&shared).read(Client::new(address)));
        Self { shared, clients }
    }

    pub(crate) async fn end(mut self) -> Ended {
        self.shared.over.store(true, Ordering::Relaxed);
        while let Some(ended) = self.clients.join_next().await {
            ended.expect("a client goes on to the end");
        }
        let count = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        Ended {
            scrapes: count(&self.shared.scrapes),
            failed: count(&self.shared.failed),
            fell: count(&self.shared.fell),
        }
    }
}

impl Shared {
    async fn scrape(self: Arc<Self>, client: Client) {
        while !self.over.load(Ordering::Relaxed) {
            self.text(&client).await;
            tokio::time::sleep(self.pause).await;
        }
    }

    /// A scrape that succeeded.
    async fn text(&self, client: &Client) -> Option<String> {
        self.scrapes.fetch_add(1, Ordering::Relaxed);
        let why = match client.try_ask(Method::GET, "/metrics", &[]).await {
            Ok(answer) if answer.status == 200 => {
                let text = answer.text();
                if text.ends_with('\n') && text.contains("\nnbu_exporter_build_info{") {
                    return Some(text);
                }
                "it is not whole".to_owned()
            }
            Ok(answer) => answer.status.to_string(),
            Err(error) => error,
        };
        eprintln!("a scrape failed: {why}");
        self.failed.fetch_add(1, Ordering::Relaxed);
        None
    }

    async fn read(self: Arc<Self>, client: Client) {
        let mut before = BTreeMap::new();
        while !self.over.load(Ordering::Relaxed) {
            tokio::time::sleep(self.pause).await;
            let Some(text) = self.text(&client).await else {
                continue;
            };
            // The parser panics on an invalid page and reports the reason.
            let parsed = tokio::task::spawn_blocking(move || Exposition::parse(&text)).await;
            let Ok(page) = parsed else {
                self.failed.fetch_add(1, Ordering::Relaxed);
                continue;
            };
            before = self.compare(&before, &page);
        }
    }

    /// Compares the counters of a scrape with the previous ones, and counts
    /// decreases.
    fn compare(&self, before: &BTreeMap<String, f64>, page: &Exposition) -> BTreeMap<String, f64> {
        let series = page.samples.iter().filter(|sample| counts(page, sample));
        let name = |sample: &Sample| format!("{}{:?}", sample.name, sample.labels);
        let now: BTreeMap<_, _> = series.map(|sample| (name(sample), sample.value)).collect();
        for (name, value) in before {
            let still = now.get(name);
            if still.is_none_or(|still| still < value) {
                eprintln!("{name} fell from {value} to {still:?}");
                self.fell.fetch_add(1, Ordering::Relaxed);
            }
        }
        now
    }
}

/// Counters, and the counts of histograms.
fn counts(page: &Exposition, sample: &Sample) -> bool {
    let kind = |name: &str| page.types.get(name).map(String::as_str);
    let histogram = ["_bucket", "_count"].iter().any(|suffix| {
        let family = sample.name.strip_suffix(suffix);
        family.is_some_and(|family| kind(family) == Some("histogram"))
    });
    histogram || kind(&sample.name) == Some("counter")
}
