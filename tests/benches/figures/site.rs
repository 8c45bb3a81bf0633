//! A site with a given number of jobs, and its clock.

use tests::Client;

use crate::child::Child;
use crate::jobs::Pace;

/// The server of the jobs, in its own process.
pub(crate) struct Site {
    pub(crate) child: Child,
    pub(crate) pace: Pace,
    client: Client,
}

impl Site {
    pub(crate) async fn start(pace: Pace) -> Self {
        let numbers = [pace.jobs, pace.from, pace.span].map(|number| number.to_string());
        let [jobs, from, span] = &numbers;
        let child = Child::start(&[crate::JOBS, jobs, from, span]).await;
        Self {
            client: Client::new(child.address),
            child,
            pace,
        }
    }

    /// This many jobs in the half hour that ended a minute ago, continuing at the
    /// same rate.
    pub(crate) async fn of(jobs: u64) -> Self {
        let span = 1800;
        let from = now() - 60 - span;
        Self::start(Pace { jobs, from, span }).await
    }

    /// Answers 503 while this many requests are being answered.
    pub(crate) async fn crowd(&self, most: u64) {
        self.client.get(&format!("/bench?most={most}")).await;
    }

    /// Sets the server's time and its latency in milliseconds; returns the requests
    /// since the last call, and how many of them were answered with 503.
    pub(crate) async fn set(&self, now: u64, pause: u64) -> (u64, u64) {
        let path = format!("/bench?now={now}&pause={pause}");
        let text = self.client.get(&path).await.text();
        let (requests, refused) = text.split_once(' ').unwrap();
        (requests.parse().unwrap(), refused.parse().unwrap())
    }

    /// The last second before more jobs exist than the initial number.
    pub(crate) fn first(&self) -> u64 {
        self.pace.from + self.pace.span - 1
    }

    /// The time at which at least this many more jobs exist.
    pub(crate) fn later(&self, jobs: u64) -> u64 {
        self.first() + (jobs * self.pace.span).div_ceil(self.pace.jobs)
    }
}

/// Seconds since the Unix epoch.
pub(crate) fn now() -> u64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    since.unwrap().as_secs()
}
