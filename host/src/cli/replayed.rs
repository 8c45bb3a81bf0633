//! Repeats the collection of a bundle. The guest gets the recorded answers, and no
//! network.

use std::borrow::Cow;
use std::fs::File;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Map, Value};

use super::fallen_counters::fallen_counters;
use crate::app::ExitError;
use crate::bundle::{Bundle, RecordedSettings, RecordedWindow, Replay};
use crate::egress::Egress;
use crate::guest::{
    CallTarget, CollectorKeys, Guest, GuestLimits, OptionKey, Outcome, Place, Report, SavedState,
    SiteSettings, Window, failure_text,
};
use crate::metrics::{Format, Page, RenderedFamily};
use crate::site::SiteName;

/// The deadline of a collection that is recorded or repeated. Its requests are answered
/// one at a time.
const LONGEST_COLLECTION: Duration = Duration::from_mins(15);

/// The result of a repeated collection.
pub(super) struct ReplayedCollection {
    /// The metrics in the Prometheus text format; empty if the call failed.
    pub(super) text: String,
    /// The number of series.
    pub(super) series: usize,
    /// What failed or was dropped, and which counters fell since the last collection.
    pub(super) problems: Vec<String>,
}

impl ReplayedCollection {
    /// Prints the problems on standard error.
    pub(super) fn warn(&self) {
        for problem in &self.problems {
            eprintln!("warning: {problem}");
        }
    }
}

/// Reads the bundle in a file.
pub(super) fn read(path: &Path) -> Result<Bundle, ExitError> {
    let shown = path.display();
    let file = File::open(path)
        .map_err(|error| ExitError::Command(format!("cannot open `{shown}`: {error}")))?;
    Bundle::read(file).map_err(|error| ExitError::Command(format!("{shown}: {error}")))
}

/// Repeats each collection of a bundle, with the states that the guest returns.
pub(super) async fn collect(
    guest: &Guest,
    bundle: &Bundle,
) -> Result<Vec<ReplayedCollection>, ExitError> {
    let invalid = |what: &str| ExitError::Command(format!("the bundle has an invalid {what}"));
    let site = SiteName::new(&bundle.settings.site).ok_or_else(|| invalid("site"))?;
    let settings = site_settings(guest, &bundle.settings).ok_or_else(|| invalid("option"))?;
    let mut states = Vec::new();
    let mut all = Vec::new();
    let mut last = Report::default();
    for recorded in &bundle.collections {
        let replay = Arc::new(Replay::new(recorded.exchanges.clone()));
        let egress = Egress::replaying(site.clone(), &settings.base_url, Arc::clone(&replay));
        let egress = egress.map_err(|_| invalid("base URL"))?;
        let target = CallTarget {
            site: &site,
            egress: &egress,
            limits: limits(GuestLimits::default()),
        };
        let window = window(&recorded.window);
        let collected = guest
            .collect(target, &settings, |_| true, window, states.clone())
            .await;
        let mut replayed = match collected {
            Ok(collected) => {
                keep_states(&mut states, &collected.report);
                let mut problems = problems(&collected.report);
                problems.extend(fallen_counters(&last, &collected.report));
                last = collected.report;
                ReplayedCollection {
                    text: report_text(&site, &last),
                    series: series(&last),
                    problems,
                }
            }
            Err(fault) => ReplayedCollection {
                text: String::new(),
                series: 0,
                problems: vec![fault.to_string()],
            },
        };
        let missing = replay.missing();
        let missing = missing.iter().map(ToString::to_string);
        replayed.problems.extend(missing);
        all.push(replayed);
    }
    Ok(all)
}

/// The window of a recorded collection.
pub(super) fn window(recorded: &RecordedWindow) -> Window {
    Window {
        now: recorded.now,
        lookback_seconds: recorded.lookback_seconds,
        last_api_version: recorded.last_api_version.clone(),
        resumed: Vec::new(),
    }
}

/// Replaces the states that a report has. A collector without one keeps its own.
pub(super) fn keep_states(states: &mut Vec<SavedState>, report: &Report) {
    for state in report.outcomes.iter().filter_map(|it| it.state.clone()) {
        states.retain(|it| it.collector != state.collector);
        states.push(state);
    }
}

/// The reports of all collections, each under its number if there are several.
pub(super) fn joined<'t>(texts: &[&'t str]) -> Cow<'t, str> {
    match texts {
        [only] => Cow::Borrowed(only),
        _ => texts
            .iter()
            .zip(1..)
            .map(|(text, number)| format!("# collection {number} of {}\n{text}", texts.len()))
            .collect(),
    }
}

/// The limits of a collection that is recorded or repeated.
pub(super) fn limits(limits: GuestLimits) -> GuestLimits {
    GuestLimits {
        collect: LONGEST_COLLECTION,
        ..limits
    }
}

/// The families of a report as a page shows them.
pub(super) fn report_text(site: &SiteName, report: &Report) -> String {
    let families = report.outcomes.iter().flat_map(|it| &it.families).cloned();
    let rendered: Vec<_> = families.map(|it| RenderedFamily::new(site, it)).collect();
    let page = Page::new(
        &[(site.clone(), rendered.iter().collect())],
        &Page::default(),
    );
    String::from_utf8_lossy(&page.plain(Format::Text).to_vec()).into_owned()
}

/// The number of series of a report.
pub(super) fn series(report: &Report) -> usize {
    let families = report.outcomes.iter().flat_map(|it| &it.families);
    families.map(|it| it.series()).sum()
}

/// What failed or was dropped, by collector.
pub(super) fn problems(report: &Report) -> Vec<String> {
    report.outcomes.iter().flat_map(outcome_problems).collect()
}

fn outcome_problems(outcome: &Outcome) -> Vec<String> {
    let failures = outcome.failures.iter().map(failure_text);
    let dropped = outcome.dropped.iter().map(|it| {
        format!(
            "dropped {} series of `{}` ({}): {}",
            it.series, it.family, it.reason, it.detail
        )
    });
    let all = failures.chain(dropped);
    all.map(|text| format!("collector `{}`: {text}", outcome.collector))
        .collect()
}

/// The recorded collectors run, and no others: their requests are not in the bundle.
fn site_settings(guest: &Guest, recorded: &RecordedSettings) -> Option<SiteSettings> {
    let place = Place {
        file: Path::new("").into(),
        line: None,
    };
    let keys = |name: &String| {
        let selected = recorded.collectors.iter().find(|it| it.name == *name);
        let options: Map<String, Value> = match selected {
            Some(selected) => serde_json::from_str(&selected.options).ok()?,
            None => Map::new(),
        };
        let option = |(path, value): (String, Value)| OptionKey {
            path,
            place: place.clone(),
            written: value.clone(),
            value,
        };
        Some(CollectorKeys {
            name: name.clone(),
            place: place.clone(),
            enabled: Some(selected.is_some()),
            interval: None,
            options: options.into_iter().map(option).collect(),
        })
    };
    let declared = guest.manifest().collectors.iter();
    let collectors: Option<Vec<_>> = declared.map(|it| keys(&it.name)).collect();
    Some(SiteSettings {
        base_url: recorded.base_url.clone(),
        api_version: recorded.api_version.clone(),
        collectors: collectors?.into(),
        legacy_names: recorded.legacy_names,
    })
}
