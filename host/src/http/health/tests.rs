use std::future::pending;
use std::sync::atomic::{AtomicUsize, Ordering};

use futures::future::join;
use tokio::sync::Notify;

use super::*;
use crate::http::testing::site;

/// Sites that wait until they are released; one named `hangs` never answers.
struct Upstream {
    sites: Vec<SiteName>,
    guest: watch::Sender<bool>,
    probes: Arc<AtomicUsize>,
    begun: Arc<Notify>,
    go: Arc<Notify>,
}

impl Health for Upstream {
    fn sites(&self) -> BoxFuture<'static, Vec<SiteName>> {
        let (sites, mut guest) = (self.sites.clone(), self.guest.subscribe());
        async move {
            guest.wait_for(|ready| *ready).await.unwrap();
            sites
        }
        .boxed()
    }

    fn probe(&self, site: SiteName) -> BoxFuture<'static, Result<String, ProbeFailure>> {
        self.probes.fetch_add(1, Ordering::Relaxed);
        self.begun.notify_one();
        let go = self.go.clone();
        async move {
            if site.as_str() == "hangs" {
                pending::<()>().await;
            }
            go.notified().await;
            Ok("14.0".to_owned())
        }
        .boxed()
    }
}

fn probes(sites: &[&str], limit: Duration, reuse: Duration) -> (Arc<HealthProbes>, Arc<Upstream>) {
    let upstream = Arc::new(Upstream {
        sites: sites.iter().map(|name| site(name)).collect(),
        guest: watch::Sender::new(true),
        probes: Arc::default(),
        begun: Arc::default(),
        go: Arc::default(),
    });
    let probes = HealthProbes::with_times(upstream.clone(), limit, reuse);
    (Arc::new(probes), upstream)
}

fn results(report: HealthReport) -> Vec<Result<String, ProbeFailure>> {
    match report {
        HealthReport::Probed(sites) => sites.iter().map(|site| site.result.clone()).collect(),
        HealthReport::Starting => panic!("no site was probed"),
    }
}

fn asked(upstream: &Upstream) -> usize {
    upstream.probes.load(Ordering::Relaxed)
}

const LONG: Duration = Duration::from_secs(3600);

#[tokio::test]
async fn concurrent_clients_share_one_probe() {
    let (probes, upstream) = probes(&["a"], LONG, LONG);
    let (first, (second, ())) = join(
        probes.get(),
        join(probes.get(), async { upstream.go.notify_one() }),
    )
    .await;
    assert_eq!(first, second);
    assert_eq!(results(first), [Ok("14.0".to_owned())]);
    assert_eq!(asked(&upstream), 1);
}

#[tokio::test]
async fn a_result_is_reused_until_it_is_forgotten() {
    let (probes, upstream) = probes(&["a"], LONG, LONG);
    for expected in [1, 1, 2] {
        upstream.go.notify_one();
        if expected == 2 {
            probes.forget();
        }
        probes.get().await;
        assert_eq!(asked(&upstream), expected);
    }
}

#[tokio::test]
async fn an_old_result_is_not_reused() {
    let (probes, upstream) = probes(&["a"], LONG, Duration::ZERO);
    for expected in [1, 2] {
        upstream.go.notify_one();
        probes.get().await;
        assert_eq!(asked(&upstream), expected);
    }
}

/// A client that disconnects drops its future, but not the probe.
#[tokio::test]
async fn disconnected_clients_cause_no_second_probe_and_the_next_gets_the_result() {
    let (probes, upstream) = probes(&["a"], LONG, LONG);
    for _ in 0..300 {
        assert!(probes.get().now_or_never().is_none());
        tokio::task::yield_now().await;
    }
    upstream.begun.notified().await;
    assert_eq!(asked(&upstream), 1);
    upstream.go.notify_one();
    assert_eq!(results(probes.get().await), [Ok("14.0".to_owned())]);
    assert_eq!(asked(&upstream), 1);
}

/// The age of a report counts from the end of its probe.
#[tokio::test]
async fn an_unclaimed_result_expires_too() {
    let (probes, upstream) = probes(&["a"], LONG, Duration::ZERO);
    let mut unseen = probes.latest();
    upstream.go.notify_one();
    unseen.changed().await.unwrap();
    upstream.go.notify_one();
    probes.get().await;
    assert_eq!(asked(&upstream), 2);
}

#[tokio::test]
async fn a_hung_site_counts_as_unreachable_and_does_not_affect_others() {
    let (probes, upstream) = probes(&["hangs", "good"], Duration::from_millis(20), LONG);
    upstream.go.notify_one();
    let results = results(probes.get().await);
    let late = Err("no answer within 20ms".to_owned().into());
    assert_eq!(results, [late, Ok("14.0".to_owned())]);
}

#[tokio::test]
async fn no_site_is_probed_before_a_guest_is_loaded() {
    let (probes, upstream) = probes(&["a"], Duration::from_millis(20), LONG);
    upstream.guest.send_replace(false);
    for _ in 0..2 {
        assert_eq!(probes.get().await, HealthReport::Starting);
        assert_eq!(asked(&upstream), 0);
    }
}

#[tokio::test]
async fn the_first_response_waits_for_the_guest_and_for_netbackup() {
    let (probes, upstream) = probes(&["a"], LONG, LONG);
    upstream.guest.send_replace(false);
    let waiting = tokio::spawn({
        let probes = Arc::clone(&probes);
        async move { probes.get().await }
    });
    while upstream.guest.receiver_count() == 0 {
        tokio::task::yield_now().await;
    }
    assert_eq!(asked(&upstream), 0);
    upstream.guest.send_replace(true);
    upstream.begun.notified().await;
    assert!(!waiting.is_finished());
    upstream.go.notify_one();
    let report = waiting.await.unwrap();
    assert_eq!(results(report), [Ok("14.0".to_owned())]);
}

/// A guest that is loaded at the last moment leaves a site no time to answer.
#[tokio::test]
async fn a_site_without_time_to_answer_is_not_reported_as_unreachable() {
    let (probes, upstream) = probes(&["hangs"], Duration::from_millis(100), LONG);
    upstream.guest.send_replace(false);
    let waiting = tokio::spawn(async move { probes.get().await });
    while upstream.guest.receiver_count() == 0 {
        tokio::task::yield_now().await;
    }
    upstream.guest.send_replace(true);
    assert_eq!(waiting.await.unwrap(), HealthReport::Starting);
}

#[tokio::test]
async fn a_panicked_probe_is_unhealthy_and_the_next_client_starts_another() {
    let (probes, upstream) = probes(&["a"], LONG, LONG);
    let (sender, broken) = watch::channel(None);
    probes.probes().latest = Some(broken);
    let waiting = probes.get();
    let dropped = async { drop(sender) };
    assert_eq!(join(waiting, dropped).await.0, HealthReport::Starting);
    upstream.go.notify_one();
    assert_eq!(results(probes.get().await), [Ok("14.0".to_owned())]);
}

#[test]
fn health_is_unhealthy_only_if_no_site_answers() {
    let good = SiteHealth {
        site: site("good"),
        result: Ok("14.0".to_owned()),
    };
    let bad = SiteHealth {
        site: site("bad"),
        result: Err("timeout".to_owned().into()),
    };
    let refused = SiteHealth {
        site: site("refused"),
        result: Err(ProbeFailure {
            is_unauthorized: true,
            text: "401".to_owned(),
        }),
    };
    let starting = verdict(&HealthReport::Starting);
    assert_eq!(starting, (false, "UNHEALTHY: starting\n".to_owned()));
    let table = [
        (vec![good.clone()], true, "OK\n"),
        (
            vec![good, bad.clone()],
            true,
            "OK\ngood: OK, API version 14.0\nbad: UNREACHABLE, timeout\n",
        ),
        (
            vec![bad.clone()],
            false,
            "UNHEALTHY: NetBackup API unreachable\nbad: UNREACHABLE, timeout\n",
        ),
        (
            vec![refused.clone()],
            false,
            "UNHEALTHY: NetBackup API rejects the key\nrefused: UNAUTHORIZED, 401\n",
        ),
        (
            vec![bad, refused],
            false,
            "UNHEALTHY: NetBackup API unreachable\n\
             bad: UNREACHABLE, timeout\nrefused: UNAUTHORIZED, 401\n",
        ),
    ];
    for (sites, healthy, body) in table {
        let report = HealthReport::Probed(sites.into());
        assert_eq!(verdict(&report), (healthy, body.to_owned()));
    }
}
