use std::future::pending;
use std::sync::atomic::AtomicUsize;

use futures::future::{FutureExt, join};
use tokio::sync::Notify;

use super::*;
use crate::http::testing::site;

/// Two sites: the first waits until it is let go, the second never answers.
#[derive(Default)]
struct Upstream {
    sites: Vec<SiteName>,
    probes: Arc<AtomicUsize>,
    go: Arc<Notify>,
}

impl Health for Upstream {
    fn sites(&self) -> Vec<SiteName> {
        self.sites.clone()
    }

    fn probe(&self, site: SiteName) -> BoxFuture<'static, Result<String, String>> {
        self.probes.fetch_add(1, Ordering::Relaxed);
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

fn answers(sites: &[&str], limit: Duration, reuse: Duration) -> (HealthAnswers, Arc<Upstream>) {
    let sites = sites.iter().map(|name| site(name)).collect();
    let upstream = Arc::new(Upstream {
        sites,
        ..Upstream::default()
    });
    (
        HealthAnswers::with_times(upstream.clone(), limit, reuse),
        upstream,
    )
}

fn asked(upstream: &Upstream) -> usize {
    upstream.probes.load(Ordering::Relaxed)
}

const LONG: Duration = Duration::from_secs(3600);

#[tokio::test]
async fn many_who_ask_at_once_cost_one_probe() {
    let (answers, upstream) = answers(&["a"], LONG, LONG);
    let (first, (second, ())) = join(
        answers.get(),
        join(answers.get(), async { upstream.go.notify_one() }),
    )
    .await;
    assert_eq!(first, second);
    assert_eq!(first[0].result, Ok("14.0".to_owned()));
    assert_eq!(asked(&upstream), 1);
}

#[tokio::test]
async fn an_answer_is_given_again_until_it_is_forgotten() {
    let (answers, upstream) = answers(&["a"], LONG, LONG);
    for expected in [1, 1, 2] {
        upstream.go.notify_one();
        if expected == 2 {
            answers.forget();
        }
        answers.get().await;
        assert_eq!(asked(&upstream), expected);
    }
}

#[tokio::test]
async fn an_old_answer_is_not_given_again() {
    let (answers, upstream) = answers(&["a"], LONG, Duration::ZERO);
    for expected in [1, 2] {
        upstream.go.notify_one();
        answers.get().await;
        assert_eq!(asked(&upstream), expected);
    }
}

#[tokio::test]
async fn a_probe_that_was_given_up_does_not_block_the_next() {
    let (answers, upstream) = answers(&["a"], LONG, LONG);
    assert!(answers.get().now_or_never().is_none());
    upstream.go.notify_one();
    assert!(answers.get().await[0].result.is_ok());
}

#[tokio::test]
async fn a_site_that_hangs_counts_as_unreachable_and_takes_no_other_with_it() {
    let (answers, upstream) = answers(&["hangs", "good"], Duration::from_millis(20), LONG);
    upstream.go.notify_one();
    let sites = answers.get().await;
    assert_eq!(sites[0].result, Err("no answer within 20ms".to_owned()));
    assert_eq!(sites[1].result, Ok("14.0".to_owned()));
}

#[test]
fn the_verdict_is_unhealthy_only_when_no_site_answers() {
    let good = SiteHealth {
        site: site("good"),
        result: Ok("14.0".to_owned()),
    };
    let bad = SiteHealth {
        site: site("bad"),
        result: Err("timeout".to_owned()),
    };
    let table = [
        (vec![good.clone()], true, "OK\n"),
        (
            vec![good, bad.clone()],
            true,
            "OK\ngood: OK, API version 14.0\nbad: UNREACHABLE, timeout\n",
        ),
        (
            vec![bad],
            false,
            "UNHEALTHY: NetBackup API unreachable\nbad: UNREACHABLE, timeout\n",
        ),
    ];
    for (sites, healthy, body) in table {
        assert_eq!(verdict(&sites), (healthy, body.to_owned()));
    }
}
