//! Endless lists and endless bodies.

use std::path::Path;

use tests::Play;

use super::*;
use crate::week::host_clock::faketime;

/// Each page links to another by this cursor, and has one job with this number.
async fn paging(
    name: &str,
    seen: Seen,
    next: impl Fn(usize) -> String + Send + Sync + 'static,
    job: impl Fn(usize) -> usize + Send + Sync + 'static,
) -> Case {
    let play = move |_: &str, number: usize| {
        let (cursor, job) = (next(number), job(number));
        let row = format!(r#"{{"id":"{job}","attributes":{{"jobId":{job},"state":"ACTIVE"}}}}"#);
        let page = format!(r#"{{"data":[{row}],"meta":{{"pagination":{{"next":"{cursor}"}}}}}}"#);
        vec![Act::Say(json(page))]
    };
    Case::on(name, seen, Scripted::start(Arc::new(play)).await)
}

#[tokio::test(flavor = "multi_thread")]
async fn an_endless_list_ends_at_its_limit() {
    let endless = |head: &str| {
        vec![
            Act::Say(format!("{head}\r\n\r\n{{\"data\":[").into_bytes()),
            Act::Endless(br#"{"id":"1"},"#.repeat(400)),
        ]
    };
    let chunks = vec![
        Act::Say(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n".to_vec()),
        Act::Endless(format!("2000\r\n{}\r\n", r#"{"a":1},"#.repeat(1024)).into_bytes()),
    ];
    let again = |_| "again".to_owned();
    let number = |number: usize| number.to_string();
    let long = |number| format!("{number}{}", "x".repeat(9000));
    let cases = vec![
        paging("repeated", Fails("too-long"), again, |number| number).await,
        paging(
            "pair",
            Fails("too-long"),
            |n| format!("{}", n % 2),
            |number| number,
        )
        .await,
        paging("same-rows", Fails("too-long"), number, |_| 1).await,
        // The site's limit on requests ends the list.
        paging("always-new", Fails("denied"), number, |number| number).await,
        paging("long", Fails("denied"), long, |number| number).await,
        case("endless", Fails("malformed"), endless("HTTP/1.1 200 OK")).await,
        case("http10", Fails("malformed"), endless("HTTP/1.0 200 OK")).await,
        case("chunks", Fails("malformed"), chunks).await,
    ];
    let page = all(cases, "").await;
    for (site, reason) in [("always-new", "requests"), ("long", "url")] {
        let labels = [("site", site), ("reason", reason)];
        let denied = page.value("nbu_exporter_egress_denied_total", &labels);
        assert!(denied >= Some(1.0), "{site}: {denied:?}");
    }
}

/// Has no jobs and no storage, but alerts on every page.
fn endless_alerts(page: impl Fn(usize) -> Vec<Act> + Send + Sync + 'static) -> Play {
    Arc::new(
        move |head: &str, number| match head.contains("/manage/alerts") {
            true => page(number),
            false => vec![Act::Say(json(
                r#"{"data":[],"meta":{"pagination":{"count":0}}}"#,
            ))],
        },
    )
}

/// 100 alerts from this number on, as part of a very long list.
fn alerts(first: usize) -> Vec<u8> {
    let rows: Vec<String> = (first..first + 100)
        .map(|id| format!(r#"{{"id":"{id}"}}"#))
        .collect();
    let count = r#"{"count":1000000000}"#;
    let rows = rows.join(",");
    json(format!(
        r#"{{"data":[{rows}],"meta":{{"pagination":{count}}}}}"#
    ))
}

/// Collects this site with `alerts` on: alerts fail with this reason, and the other
/// collectors succeed.
async fn alerts_fail_alone(
    server: &Scripted,
    rest: &str,
    variables: &[(&str, &Path)],
    reason: &str,
) {
    let folder = TempDir::new().unwrap();
    let port = server.address.port();
    let config = format!(
        "collectors: {{ alerts: {{ enabled: true }} }}\n\
         nbuserver: {{ site: paris, scheme: http, host: 127.0.0.1, port: {port}, \
         apiVersion: '14.0', apiKey: {CANARY} }}\n{rest}"
    );
    fs::write(folder.path().join("config.yaml"), config).unwrap();
    let mut program = Program::serve_with(folder.path(), variables);
    let client = Client::new(program.address().await);
    let mut page = client.scrape().await;
    let success = |page: &Exposition, collector| {
        page.value("nbu_collector_success", &[("collector", collector)])
    };
    let read = tokio::time::timeout(PATIENCE, async {
        while success(&page, "alerts").is_none() {
            tokio::time::sleep(Duration::from_millis(50)).await;
            page = client.scrape().await;
        }
    });
    read.await.expect("the site is read");
    for (collector, expected) in [("alerts", 0.0), ("jobs", 1.0), ("storage", 1.0)] {
        assert_eq!(success(&page, collector), Some(expected), "{collector}");
    }
    let all = page.sum("nbu_collector_failures_total", &[]);
    let labels = [("collector", "alerts"), ("reason", reason)];
    let counted = page.sum("nbu_collector_failures_total", &labels);
    assert!(
        counted > 0.0 && counted == all,
        "{reason}: {counted} of {all}"
    );
    assert_eq!(page.value("nbu_up", &[]), Some(1.0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_that_ignores_its_offset_does_not_affect_other_collectors() {
    let server = Scripted::start(endless_alerts(|_| vec![Act::Say(alerts(0))])).await;
    let rest = "server: { collectionTimeout: 10s, collectionInterval: 1h }";
    alerts_fail_alone(&server, rest, &[], "too-long").await;
    let asked = server.heads();
    let asked = asked.iter().filter(|head| head.contains("/manage/alerts"));
    // Twice per collection, and a failure may already have been retried.
    assert!(asked.count() < 20);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_list_does_not_affect_other_collectors() {
    let Some(library) = faketime() else {
        return eprintln!("skipped: `faketime` is not installed");
    };
    // Each page is different and delayed.
    let server = Scripted::start(endless_alerts(|number| {
        let mut late = alerts(number * 100);
        let rest = late.split_off(1);
        vec![Act::Drip(late, Duration::from_millis(50)), Act::Say(rest)]
    }))
    .await;
    // The program's clock is 20 times as fast: 90 s take 4.5 s.
    let variables = [("LD_PRELOAD", library), ("FAKETIME", Path::new("+0 x20"))];
    let rest = "guest: { limits: { compileTimeout: 1h, checkTimeout: 10m } }\n\
                server: { collectionInterval: 1h }";
    alerts_fail_alone(&server, rest, &variables, "timeout").await;
}
