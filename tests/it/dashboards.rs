//! The dashboards ask for nothing that does not exist, and every panel shows data.

mod expression;
mod panel;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use nbu_exporter::cache;
use nbu_exporter::metrics::{Instruments, Kind};
use serde_json::Value;
use tempfile::TempDir;
use tests::Program;

use self::expression::Expression;
use self::panel::{FOLDER, dashboards, substitute};
use crate::week::prometheus;

/// The demo does not save its state.
const NOT_IN_THE_DEMO: [&str; 2] = [
    "nbu_exporter_state_write_failures_total",
    // A client is named a day after its last success, and the demo is younger.
    "nbu_client_overdue_seconds",
];

/// The time in which every panel must have filled.
const TEN_MINUTES: Duration = Duration::from_secs(600);

/// The labels of every metric, by the names that expressions use. Legacy names are
/// missing, because they can be switched off.
fn known_metrics() -> BTreeMap<String, BTreeSet<String>> {
    let mut metrics = BTreeMap::new();
    let mut add = |name: &str, is_histogram: bool, labels: Vec<&str>| {
        let labels = labels.into_iter().chain(["instance", "job"]);
        let labels: BTreeSet<_> = labels.map(str::to_owned).collect();
        if !is_histogram {
            metrics.insert(name.to_owned(), labels);
            return;
        }
        for suffix in ["_sum", "_count"] {
            metrics.insert(format!("{name}{suffix}"), labels.clone());
        }
        let bounds = labels.into_iter().chain(["le".to_owned()]);
        metrics.insert(format!("{name}_bucket"), bounds.collect());
    };
    let manifest = guest::describe::describe();
    let families = manifest.collectors.iter().flat_map(|it| &it.families);
    for family in families.filter(|family| !family.help.contains("Legacy name.")) {
        let labels = family.labels.iter().map(String::as_str).chain(["site"]);
        let is_histogram = family.kind == guest::contract::Kind::Histogram;
        add(&family.name, is_histogram, labels.collect());
    }
    for family in cache::definitions() {
        let labels = family.labels.iter().copied().chain(["site"]);
        add(family.name, false, labels.collect());
    }
    for family in Instruments::definitions() {
        let is_histogram = family.kind == Kind::Histogram;
        add(family.name, is_histogram, family.labels.to_vec());
    }
    for family in Instruments::process() {
        add(&family.name, false, Vec::new());
    }
    metrics
}

/// The unknown metrics and labels of an expression.
fn unknown(
    expression: &Expression,
    legend: &[String],
    known: &BTreeMap<String, BTreeSet<String>>,
) -> Vec<String> {
    let mut unknown = Vec::new();
    let mut available = expression.created.clone();
    for (metric, matched) in &expression.metrics {
        let Some(labels) = known.get(metric) else {
            unknown.push(metric.clone());
            continue;
        };
        let missing = matched.iter().filter(|label| !labels.contains(*label));
        unknown.extend(missing.map(|label| format!("{metric}{{{label}}}")));
        available.extend(labels.iter().cloned());
    }
    if unknown.is_empty() {
        let used = expression.labels.iter().chain(legend);
        unknown.extend(used.filter(|label| !available.contains(*label)).cloned());
    }
    unknown
}

#[test]
fn every_expression_asks_only_for_known_metrics_and_labels() {
    let known = known_metrics();
    let mut wrong = Vec::new();
    let mut expressions = 0;
    for target in dashboards().iter().flat_map(|it| it.targets()) {
        let expression = Expression::parse(&target.expression);
        let unknown = unknown(&expression, &target.legend, &known).into_iter();
        for name in unknown {
            wrong.push(format!("{}: `{name}`", target.place));
        }
        expressions += 1;
    }
    assert!(wrong.is_empty(), "unknown:\n{}", wrong.join("\n"));
    assert!(expressions > 150, "{expressions} expressions were found");
}

#[test]
fn every_dashboard_has_the_variables_and_links_of_the_others() {
    let dashboards = dashboards();
    assert_eq!(dashboards.len(), 8);
    let first = &dashboards[0].json;
    let known = known_metrics();
    for variable in first["templating"]["list"].as_array().unwrap() {
        let query = variable["query"].as_str().unwrap();
        let Some(query) = query.strip_prefix("label_values(") else {
            continue;
        };
        let (metric, label) = query.rsplit_once(", ").unwrap();
        let label = label.trim_end_matches(')').to_owned();
        let metric = Expression::parse(&substitute(metric));
        assert_eq!(unknown(&metric, &[label], &known), [""; 0], "{query}");
    }
    let mut links = BTreeSet::new();
    for dashboard in &dashboards {
        for part in ["templating", "links", "tags", "schemaVersion", "refresh"] {
            assert_eq!(dashboard.json[part], first[part], "{}", dashboard.file);
        }
        let name = dashboard.file.trim_end_matches(".json");
        assert_eq!(dashboard.json["uid"], format!("nbu-{name}"));
        let text = dashboard.json.to_string();
        let linked = text.split("\"/d/nbu-").skip(1);
        links.extend(linked.map(|rest| rest.split('?').next().unwrap().to_owned()));
    }
    for link in &links {
        assert!(Path::new(FOLDER).join(format!("{link}.json")).exists());
    }
    assert!(!links.is_empty());
}

#[test]
fn every_panel_has_a_description_and_a_unit_and_overlaps_no_other() {
    for dashboard in dashboards() {
        let (mut ids, mut cells) = (BTreeSet::new(), BTreeSet::new());
        for panel in dashboard.panels() {
            let (place, json) = (&panel.place, panel.json);
            let description = json["description"].as_str().unwrap_or_default();
            assert!(description.ends_with('.'), "{place}: no description");
            let has_unit = json["fieldConfig"]["defaults"]["unit"].is_string();
            let kind = json["type"].as_str().unwrap();
            // Columns have their own units, and states have none.
            assert!(
                has_unit || ["table", "state-timeline"].contains(&kind),
                "{place}"
            );
            assert!(ids.insert(json["id"].as_u64()), "{place}: the id is taken");
            let cell = |side: &str| json["gridPos"][side].as_u64().unwrap();
            assert!(cell("x") + cell("w") <= 24, "{place} is too wide");
            for x in cell("x")..cell("x") + cell("w") {
                for y in cell("y")..cell("y") + cell("h") {
                    assert!(cells.insert((x, y)), "{place} overlaps another panel");
                }
            }
        }
    }
}

/// The texts of the values of every mapping that knows status 58.
fn status_names(json: &Value, found: &mut Vec<Value>) {
    match json {
        Value::Array(items) => items.iter().for_each(|item| status_names(item, found)),
        Value::Object(map) if map.contains_key("58") => found.push(json.clone()),
        Value::Object(map) => map.values().for_each(|item| status_names(item, found)),
        _ => {}
    }
}

#[test]
fn every_panel_gives_a_status_the_same_name() {
    let mut found = Vec::new();
    for dashboard in dashboards() {
        status_names(&dashboard.json, &mut found);
    }
    assert!(found.len() > 4, "{} mappings were found", found.len());
    let first = &found[0];
    assert!(found.iter().all(|names| names == first));
    for (code, name) in first.as_object().unwrap() {
        let text = name["text"].as_str().unwrap();
        assert!(code == "unknown" || text.starts_with(&format!("{code} ")));
    }
}

#[test]
fn grafana_and_prometheus_find_the_files_that_compose_mounts() {
    let folder = Path::new(FOLDER).join("../compose");
    let compose = fs::read_to_string(folder.join("compose.yaml")).unwrap();
    assert!(!compose.contains(":latest"));
    let mut mounts = BTreeMap::new();
    for line in compose.lines() {
        let Some(mount) = line.trim().strip_prefix("- ../") else {
            continue;
        };
        let (source, target) = mount.split_once(':').unwrap();
        assert!(folder.join("..").join(source).exists(), "{source}");
        mounts.insert(source, target.trim_end_matches(":ro"));
    }
    let provider = Path::new(FOLDER).join("provisioning/dashboards/netbackup.yaml");
    let provider = fs::read_to_string(provider).unwrap();
    assert!(provider.contains(&format!("path: {}", mounts["grafana"])));
    assert_eq!(mounts["grafana/provisioning"], "/etc/grafana/provisioning");
    assert_eq!(mounts["prometheus"], "/etc/prometheus");
    let scraped = Path::new(FOLDER).join("../prometheus/prometheus.yml");
    let scraped = fs::read_to_string(scraped).unwrap();
    let (_, target) = scraped.split_once("targets: [\"").unwrap();
    let host = target.split(':').next().unwrap();
    assert!(compose.contains(&format!("aliases: [{host}]")));
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "the panels fill within ten minutes of the demo: `make verify`"]
async fn every_panel_shows_data_of_the_demo_in_a_real_prometheus() {
    let folder = TempDir::new().unwrap();
    let arguments = ["demo", "--web.listen-address=127.0.0.1:0"];
    let mut demo = Program::start(&arguments, folder.path());
    let address = demo.address().await;
    demo.line("Generation is current").await;
    let _demo = demo.quiet();
    let Some(prometheus) = prometheus::scraping(address).await else {
        return;
    };
    let begun = Instant::now();
    let mut targets = Vec::new();
    for target in dashboards().iter().flat_map(|it| it.targets()) {
        let expression = Expression::parse(&target.expression);
        let mut names = expression.metrics.iter().map(|(name, _)| name.as_str());
        let absent = |name| NOT_IN_THE_DEMO.contains(&name);
        if !expression.is_earlier && !names.any(absent) {
            targets.push(target);
        }
    }
    loop {
        let mut empty = Vec::new();
        for target in &targets {
            if !prometheus.asked.has_data(&target.expression).await {
                empty.push(format!("{}: {}", target.place, target.expression));
            }
        }
        if empty.is_empty() {
            return println!("all full after {:?}", begun.elapsed());
        }
        let text = empty.join("\n");
        assert!(begun.elapsed() < TEN_MINUTES, "empty:\n{text}");
        tokio::time::sleep(Duration::from_secs(5)).await;
    }
}
