//! Lists that never end, and bodies that do not.

use super::*;

/// Each page leads to another, by this cursor.
async fn paging(
    name: &str,
    seen: Seen,
    next: impl Fn(usize) -> String + Send + Sync + 'static,
) -> Case {
    let play = move |_: &str, number: usize| {
        let cursor = next(number);
        let page = format!(r#"{{"data":[],"meta":{{"pagination":{{"next":"{cursor}"}}}}}}"#);
        vec![Act::Say(json(page))]
    };
    Case::on(name, seen, Scripted::start(Arc::new(play)).await)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_without_an_end_is_given_up() {
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
    let cases = vec![
        paging("repeated", Fails("too-long"), |_| "again".to_owned()).await,
        paging("pair", Fails("too-long"), |number| {
            format!("{}", number % 2)
        })
        .await,
        // The site's number of requests ends it.
        paging("always-new", Fails("denied"), |number| number.to_string()).await,
        paging("long", Fails("denied"), |number| {
            format!("{number}{}", "x".repeat(9000))
        })
        .await,
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
