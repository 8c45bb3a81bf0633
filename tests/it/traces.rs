//! Traces, as an OpenTelemetry receiver gets them. Only with the feature `traces`.

mod receiver;

use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use opentelemetry_proto::tonic::trace::v1::Span;
use receiver::{Receiver, attribute};
use simulator::{Estate, Options, Simulator};
use tempfile::TempDir;
use tests::{Act, Bench, Client, Program, Scripted, Site, eventually, guests};

use crate::hostile::{EMPTY, json};

const DROPPED: &str = "nbu_exporter_spans_dropped_total";
/// A key that occurs nowhere else.
const KEY: &str = "CaNaRyKeY";

async fn lively() -> Simulator {
    let options = Options {
        estate: Estate::lively(1, simulator::Clock::System.now()),
        ..Options::default()
    };
    let simulator = Simulator::start(options).await.unwrap();
    simulator.set_api_key(KEY);
    simulator
}

fn paris(simulator: &Simulator) -> [Site<'_>; 1] {
    [Site {
        name: "paris",
        simulator,
        key: KEY,
    }]
}

/// Collects often, and traces as `keys` say.
fn traced(endpoint: &str, keys: &str) -> String {
    format!(
        "server: {{ collectionInterval: 200ms, cacheTTL: 200ms, shutdownTimeout: 1s }}\n\
         opentelemetry: {{ enabled: true, endpoint: \"{endpoint}\", {keys} }}\n{}",
        guests::GUEST
    )
}

fn is_child(span: &Span, parent: &Span) -> bool {
    span.trace_id == parent.trace_id && span.parent_span_id == parent.span_id
}

async fn every_span_has_its_parent(receiver: &Receiver, endpoint: String) {
    let simulator = lively().await;
    let guest = guests::good_with("1");
    let rest = traced(&endpoint, "samplingRate: 1");
    let bench = Bench::start_on(&guest, &paris(&simulator), &rest).await;
    bench.until_read(&["paris"]).await;
    bench.install(&guests::good_with("2"));
    let swap = receiver.wait_for("swap").await;
    assert!(!attribute(&swap, "guest.version").is_empty());
    assert!(bench.client.post("/-/reload").await.status.is_success());
    let reload = receiver.wait_for("reload").await;
    assert!(reload.parent_span_id.is_empty());
    let page = receiver.wait_for("page").await;
    assert_eq!(attribute(&page, "content_encoding"), "identity");

    let collection = receiver.wait_for("collection").await;
    assert_eq!(attribute(&collection, "site"), "paris");
    assert!(!attribute(&collection, "guest.version").is_empty());
    let requests = receiver.named("request");
    let requests: Vec<_> = requests
        .iter()
        .filter(|it| is_child(it, &collection))
        .collect();
    let jobs = requests
        .iter()
        .find(|it| attribute(it, "url.template") == "/admin/jobs");
    let jobs = jobs.expect("the collection read jobs");
    assert_eq!(attribute(jobs, "http.request.method"), "GET");
    assert_eq!(attribute(jobs, "http.response.status_code"), "200");
    assert!(
        attribute(jobs, "http.response.body.size")
            .parse::<u64>()
            .unwrap()
            > 0
    );
    assert!(jobs.start_time_unix_nano >= collection.start_time_unix_nano);
    assert!(jobs.end_time_unix_nano <= collection.end_time_unix_nano);
    let collectors = receiver.named("collector");
    let of_jobs = |it: &&Span| is_child(it, &collection) && attribute(it, "collector") == "jobs";
    let collector = collectors
        .iter()
        .find(of_jobs)
        .expect("a span of the collector");
    assert!(attribute(collector, "requests").parse::<u64>().unwrap() > 0);
    assert_eq!(collector.status, None);
    // The trial of the new guest.
    assert!(
        receiver
            .named("request")
            .iter()
            .any(|it| is_child(it, &swap))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn every_span_has_its_parent_over_grpc() {
    let receiver = Receiver::start().await;
    every_span_has_its_parent(&receiver, receiver.grpc()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_span_has_its_parent_over_http() {
    let receiver = Receiver::start().await;
    every_span_has_its_parent(&receiver, receiver.http()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_credential_or_query_is_in_a_trace() {
    let (simulator, receiver) = (lively().await, Receiver::start().await);
    let rest = traced(&receiver.grpc(), "samplingRate: 1, propagate: true");
    let bench = Bench::start_on(&guests::good(), &paris(&simulator), &rest).await;
    bench.until_read(&["paris"]).await;
    // Also failures, whose texts may quote the server.
    simulator.set_api_key("another");
    let failed = async || {
        let requests = receiver.named("request");
        requests
            .iter()
            .any(|it| attribute(it, "error.type") == "401")
    };
    eventually("a request failed", failed).await;
    let bytes = receiver.bytes();
    let has = |text: &str| {
        bytes
            .windows(text.len())
            .any(|part| part == text.as_bytes())
    };
    assert!(has("url.template") && !has(KEY));
    let requests = simulator.requests().all();
    let names: Vec<_> = requests.iter().flat_map(|it| &it.query).collect();
    assert!(!names.is_empty());
    for (name, value) in names {
        assert!(!has(name), "{name}");
        assert!(value.len() < 6 || !has(value), "{value}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reload_changes_rate_receiver_and_whether_traces_are_sent() {
    let simulator = lively().await;
    let (first, second) = (Receiver::start().await, Receiver::start().await);
    let sites = paris(&simulator);
    let with = |rest: &str| format!("{rest}\nnbuservers:\n{}", sites[0].yaml());
    let never = with(&traced(&first.grpc(), "samplingRate: 0"));
    let bench = Bench::start_on(&guests::good(), &sites, "").await;
    bench.reconfigure(&never).await;
    let requests = simulator.requests();
    requests.wait_for_more_than(requests.total() + 20).await;
    let before = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let always = with(&traced(&first.grpc(), "samplingRate: 1"));
    bench.reconfigure(&always).await;
    first.wait_for("collection").await;
    let begins = first
        .spans()
        .into_iter()
        .map(|span| span.start_time_unix_nano);
    assert!(begins.min().map(u128::from) >= Some(before.as_nanos()));

    let other = with(&traced(&second.http(), "samplingRate: 1, insecure: true"));
    bench.reconfigure(&other).await;
    second.wait_for("collection").await;
    bench
        .reconfigure(&other.replace("enabled: true", "enabled: false"))
        .await;
    requests.wait_for_more_than(requests.total() + 20).await;
    // The end sends what is queued.
    let Bench { app, .. } = bench;
    app.stop().await;
    assert!(second.named("reload").len() <= 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unreachable_receiver_costs_no_scrape_and_its_spans_are_counted() {
    let simulator = lively().await;
    let address = Receiver::start().await.address;
    let folder = TempDir::new().unwrap();
    Bench::write(
        folder.path(),
        &paris(&simulator),
        &traced(&address.to_string(), "samplingRate: 1").replace(guests::GUEST, ""),
    );
    let mut program = Program::serve(folder.path());
    let client = Client::new(program.address().await);
    let line = program.line("Traces cannot be sent").await;
    assert!(
        line.contains("level=warn") && line.contains("refused"),
        "{line}"
    );
    let counted = async || client.scrape().await.sum(DROPPED, &[]) > 100.0;
    eventually("spans are dropped", counted).await;
    assert_eq!(client.scrape().await.sum("nbu_up", &[]), 1.0);

    let receiver = Receiver::at(address).await;
    program.line("Traces are sent again").await;
    let warned = |line: &&String| line.contains("Traces cannot be sent");
    assert_eq!(program.log.iter().filter(warned).count(), 1);
    receiver.wait_for("page").await;
    program.signal("TERM").await;
    assert_eq!(program.wait().await, Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_trace_reaches_netbackup_only_on_request() {
    let play = |_: &str, _| vec![Act::Say(json(EMPTY))];
    let server = Scripted::start(Arc::new(play)).await;
    let receiver = Receiver::start().await;
    let with = |keys: &str| {
        let port = server.address.port();
        format!(
            "{}\nnbuserver: {{ site: paris, scheme: http, host: 127.0.0.1, port: {port}, apiKey: k }}",
            traced(&receiver.grpc(), keys).replace(guests::GUEST, "")
        )
    };
    let parents = || {
        let heads = server.heads();
        let lines: Vec<_> = heads.iter().flat_map(|head| head.lines()).collect();
        let values = lines
            .iter()
            .filter_map(|line| line.strip_prefix("traceparent: "));
        values.map(str::to_owned).collect::<Vec<_>>()
    };
    let bench = Bench::on(&with("samplingRate: 1")).await;
    receiver.wait_for("collection").await;
    assert_eq!(parents(), [""; 0]);
    bench
        .reconfigure(&with("samplingRate: 1, propagate: true"))
        .await;
    eventually("a trace reached the server", async || !parents().is_empty()).await;
    let sent = parents().remove(0);
    let known = async || {
        let hex = |id: &[u8]| {
            id.iter()
                .map(|byte| format!("{byte:02x}"))
                .collect::<String>()
        };
        let spans = receiver.named("request");
        let ids = spans
            .iter()
            .map(|it| format!("00-{}-{}-01", hex(&it.trace_id), hex(&it.span_id)));
        ids.into_iter().any(|id| id == sent)
    };
    eventually("its span is the one that was sent", known).await;
}
