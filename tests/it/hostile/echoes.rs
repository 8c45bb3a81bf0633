//! Servers that echo the key.

use super::*;

/// Responds with `say` applied to the key.
async fn echo(name: &str, seen: Seen, say: fn(&str) -> Vec<Act>) -> Case {
    let play = move |head: &str, _: usize| {
        let mut lines = head.lines();
        let sent = lines.find_map(|line| line.strip_prefix("authorization: "));
        say(sent.unwrap_or_default())
    };
    Case::on(name, seen, Scripted::start(Arc::new(play)).await)
}

fn refusing(key: &str) -> Vec<Act> {
    let body = format!(r#"{{"errorCode":1,"errorMessage":"no {key} here"}}"#);
    let length = body.len();
    let head = format!("HTTP/1.1 400 {key}\r\nx-{key}: {key}\r\ncontent-length: {length}");
    keep(format!(
        "{head}\r\nx-request-id: {key}\r\nset-cookie: {key}\r\n\r\n{body}"
    ))
}

fn reading(key: &str) -> Vec<Act> {
    let job =
        format!(r#"{{"id":"1","attributes":{{"jobId":1,"jobType":"{key}","state":"ACTIVE"}}}}"#);
    keep(json(format!(
        r#"{{"data":[{job}],"meta":{{"pagination":{{}}}}}}"#
    )))
}

/// In chunks that split the key.
fn in_split_chunks(key: &str) -> Vec<Act> {
    let Some(Act::Say(bytes)) = reading(key).into_iter().next() else {
        return Vec::new();
    };
    let pause = std::time::Duration::from_millis(1);
    vec![Act::Drip(bytes, pause)]
}

fn moved(key: &str) -> Vec<Act> {
    let head = "HTTP/1.1 302 Found\r\ncontent-length: 0\r\nlocation:";
    keep(format!("{head} /{key}\r\n\r\n"))
}

fn packed(key: &str) -> Vec<Act> {
    let head = "HTTP/1.1 200 OK\r\ncontent-length: 0\r\ncontent-encoding:";
    keep(format!("{head} {key}\r\n\r\n"))
}

fn not_json(key: &str) -> Vec<Act> {
    keep(json(format!(r#"{{"data":"{key}"}}"#)))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_echoed_by_the_server_is_shown_nowhere() {
    let cases = vec![
        echo("refusing", Fails("status"), refusing).await,
        echo("reading", Reads, reading).await,
        echo("dripping", Reads, in_split_chunks).await,
        echo("moved", Fails("redirect"), moved).await,
        echo("packed", Fails("malformed"), packed).await,
        echo("not-json", Fails("malformed"), not_json).await,
    ];
    let page = all(cases, "").await;
    for site in ["reading", "dripping"] {
        let labels = [("site", site)];
        let jobs = page.all("nbu_jobs_current", &labels);
        let masked = jobs.iter().any(|job| job.labels["action"].contains("****"));
        assert!(masked, "{site}: {jobs:?}");
    }
}
