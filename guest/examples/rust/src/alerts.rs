//! The alerts that NetBackup keeps. The state counts each alert once.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::bindings::exports::nbu::collector::collector::*;
use crate::bindings::nbu::collector::log::Level;
use crate::bindings::nbu::collector::metrics::{Kind, Point, ReportedFamily, Samples};
use crate::netbackup::{Client, Host, Paging};

const PATH: &str = "/manage/alerts";
const ALERTS: &str = "nbu_alerts";
const SEEN: &str = "nbu_alerts_seen_total";
const STATE_VERSION: u32 = 1;

/// NetBackup may omit any attribute.
#[derive(Default, Deserialize)]
struct Alert {
    severity: Option<String>,
    category: Option<String>,
}

#[derive(Default, Deserialize, Serialize)]
struct State {
    /// Only the alerts of now, so that the state does not grow.
    ids: BTreeSet<String>,
    /// By severity.
    seen: BTreeMap<String, f64>,
}

pub fn describe() -> Manifest {
    Manifest {
        name: "example".into(),
        version: env!("CARGO_PKG_VERSION").into(),
        collectors: vec![DeclaredCollector {
            name: "alerts".into(),
            summary: "Alerts that NetBackup keeps.".into(),
            enabled_by_default: true,
            cached: false,
            default_interval_seconds: None,
            endpoints: vec![Endpoint {
                method: Method::Get,
                path: PATH.into(),
            }],
            permissions: vec!["|MANAGE|EMAIL-NOTIFICATIONS|".into()],
            options: options(),
            families: families(),
            state_version: STATE_VERSION,
        }],
        highlights: vec![Highlight {
            title: "Alerts of severity ERROR".into(),
            family: ALERTS.into(),
            matching: vec![("severity".into(), "ERROR".into())],
            aggregate: Aggregate::Sum,
            unit: None,
            warn_above: Some(0.0),
        }],
    }
}

fn options() -> Vec<DeclaredOption> {
    vec![
        DeclaredOption {
            name: "pageSize".into(),
            summary: "Number of alerts to read in one request.".into(),
            kind: OptionKind::Integer((1, 100)),
            default: Some("100".into()),
        },
        DeclaredOption {
            name: "ignoredCategories".into(),
            summary: "Categories of alerts to leave out.".into(),
            kind: OptionKind::TextList,
            default: Some("[]".into()),
        },
    ]
}

fn families() -> Vec<DeclaredFamily> {
    vec![
        DeclaredFamily {
            name: ALERTS.into(),
            kind: Kind::Gauge,
            unit: None,
            help: "Number of alerts that NetBackup keeps.".into(),
            labels: vec!["severity".into(), "category".into()],
            experimental: false,
        },
        DeclaredFamily {
            name: SEEN.into(),
            kind: Kind::Counter,
            unit: None,
            help: "Number of alerts seen since the first collection.".into(),
            labels: vec!["severity".into()],
            experimental: true,
        },
    ]
}

/// Checks what the declared options do not express.
pub fn check(settings: &Settings) -> Vec<Problem> {
    let selected = settings.collectors.iter();
    let invalid = selected.filter(|it| ignored_categories(it).iter().any(String::is_empty));
    let problem = |selection: &Selection| Problem {
        at: format!("collectors.{}.ignoredCategories", selection.name),
        message: "a category is empty".into(),
        hint: Some("remove the empty text".into()),
    };
    invalid.map(problem).collect()
}

pub fn probe(
    settings: &Settings,
    last_api_version: Option<String>,
    host: &dyn Host,
) -> Result<ProbeAnswer, Failure> {
    let mut client = Client::new(settings, last_api_version, host, Duration::MAX);
    if let Err(failure) = client.get(PATH, "?page%5Blimit%5D=1") {
        expect_lacking(failure, &mut client)?;
    }
    Ok(ProbeAnswer {
        api_version: client.version().unwrap_or_default(),
        server_time: None,
    })
}

pub fn collect(settings: &Settings, window: Window, state: &[Saved], host: &dyn Host) -> Report {
    // The last tenth is for the report.
    let deadline = Duration::from_millis(window.deadline_milliseconds) * 9 / 10;
    let mut client = Client::new(settings, window.last_api_version, host, deadline);
    let selections = settings.collectors.iter();
    let outcomes = selections.map(|selection| {
        let saved = state.iter().find(|it| it.collector == selection.name);
        outcome(selection, saved, &mut client, host)
    });
    Report {
        outcomes: outcomes.collect(),
        api_version: client.version(),
    }
}

fn outcome(
    selection: &Selection,
    saved: Option<&Saved>,
    client: &mut Client<'_>,
    host: &dyn Host,
) -> Outcome {
    let (started, sent) = (host.elapsed(), client.requests());
    let mut outcome = Outcome {
        collector: selection.name.clone(),
        families: vec![],
        failures: vec![],
        unsupported: vec![],
        state: None,
        duration_milliseconds: 0,
        requests: 0,
        skipped_rows: 0,
    };
    if let Err(failure) = read(selection, load(saved, host), client, &mut outcome) {
        match expect_lacking(failure, client) {
            Ok(()) => outcome.unsupported.push(PATH.into()),
            Err(failure) => outcome.failures.push(failure),
        }
    }
    outcome.requests = client.requests() - sent;
    outcome.duration_milliseconds = (host.elapsed() - started).as_millis() as u64;
    outcome
}

/// Fails, unless the release of the server does not have the list. With a wrong base path
/// nothing is found, not even `/ping`.
fn expect_lacking(failure: Failure, client: &mut Client<'_>) -> Result<(), Failure> {
    let is_not_found = matches!(failure.reason, Reason::Status(404));
    if failure.endpoint != PATH || !is_not_found {
        return Err(failure);
    }
    client.detect_version().map(|_| ())
}

fn read(
    selection: &Selection,
    mut state: State,
    client: &mut Client<'_>,
    outcome: &mut Outcome,
) -> Result<(), Failure> {
    let list = client.list::<Alert>(PATH, page_size(selection), Paging::Offset)?;
    let mut current = BTreeMap::<_, f64>::new();
    let mut ids = BTreeSet::new();
    for (id, alert) in list.rows {
        let [severity, category] =
            [alert.severity, alert.category].map(|it| it.unwrap_or_else(|| "unknown".into()));
        if ignored_categories(selection).contains(&category) {
            continue;
        }
        if !state.ids.contains(&id) {
            *state.seen.entry(severity.clone()).or_default() += 1.0;
        }
        *current.entry(vec![severity, category]).or_default() += 1.0;
        ids.insert(id);
    }
    state.ids = ids;
    let seen = state.seen.iter().map(|(it, n)| (vec![it.clone()], *n));
    outcome.families = vec![
        family(ALERTS, Samples::Gauge(points(current))),
        family(SEEN, Samples::Counter(points(seen))),
    ];
    outcome.state = serde_json::to_vec(&state).ok();
    outcome.skipped_rows = list.skipped;
    Ok(())
}

fn family(name: &str, samples: Samples) -> ReportedFamily {
    ReportedFamily {
        name: name.into(),
        samples,
    }
}

fn points(values: impl IntoIterator<Item = (Vec<String>, f64)>) -> Vec<Point> {
    let point = |(label_values, value)| Point {
        label_values,
        value,
    };
    values.into_iter().map(point).collect()
}

fn load(saved: Option<&Saved>, host: &dyn Host) -> State {
    let Some(saved) = saved else {
        return State::default();
    };
    let state = match saved.version {
        STATE_VERSION => serde_json::from_slice(&saved.bytes).map_err(|it| it.to_string()),
        other => Err(format!("it has version {other}")),
    };
    state.unwrap_or_else(|problem| {
        let fields = [("problem".into(), problem)];
        let message = "Saved state is unusable; counters restart from 0";
        host.log(Level::Warn, message, &fields);
        State::default()
    })
}

/// The host has checked the options, so the other cases do not occur.
fn page_size(selection: &Selection) -> i64 {
    match option(selection, "pageSize") {
        Some(OptionValue::Integer(size)) => *size,
        _ => 100,
    }
}

fn ignored_categories(selection: &Selection) -> &[String] {
    match option(selection, "ignoredCategories") {
        Some(OptionValue::TextList(categories)) => categories,
        _ => &[],
    }
}

fn option<'a>(selection: &'a Selection, name: &str) -> Option<&'a OptionValue> {
    let mut options = selection.options.iter();
    options.find(|(it, _)| it == name).map(|(_, value)| value)
}

#[cfg(test)]
#[path = "alerts_test.rs"]
mod tests;
