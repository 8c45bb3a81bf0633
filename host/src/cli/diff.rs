//! Compare what two guests report from the same answers of NetBackup.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::references::{self, RemovedName};
use super::replay::load;
use super::report_difference::ReportDifference;
use super::{print, replayed};
use crate::app::ExitError;
use crate::bundle::Bundle;
use crate::guest::{DeclaredFamily, Engine, Guest, Manifest};
use crate::swap::Difference;

/// Files that may use metrics.
pub(super) struct MetricUsers<'a> {
    /// Rules of Prometheus.
    pub(super) rules: &'a [PathBuf],
    /// Dashboards of Grafana.
    pub(super) dashboards: &'a [PathBuf],
}

/// Prints the differences. Fails if a rule or a panel uses what the new guest lacks.
pub(super) async fn run(
    engine: &Arc<Engine>,
    guests: [&Path; 2],
    bundle: &Path,
    users: MetricUsers<'_>,
) -> Result<(), ExitError> {
    let bundle = replayed::read(bundle)?;
    let [old, new] = guests;
    let (old, new) = (load(engine, old).await?, load(engine, new).await?);
    let (before, after) = (texts(&old, &bundle).await?, texts(&new, &bundle).await?);
    let [before, after] = [&before, &after].map(|all| all.iter().map(String::as_str));
    let reports =
        ReportDifference::between_all(&before.collect::<Vec<_>>(), &after.collect::<Vec<_>>());
    let (declared, removed) = declared(old.manifest(), new.manifest());
    let mut out = String::new();
    section(&mut out, "declared", &declared);
    section(&mut out, "reported", &reports.text());
    let mut removed: BTreeSet<RemovedName> = removed;
    let families = reports.removed().iter().cloned();
    removed.extend(families.map(RemovedName::family));
    let uses = uses(&users, &removed)?;
    section(&mut out, "used", &uses.concat());
    print(if out.is_empty() {
        "no difference\n"
    } else {
        &out
    })?;
    match uses.len() {
        0 => Ok(()),
        found => Err(ExitError::Command(format!(
            "{found} rules or panels use what the new guest does not have"
        ))),
    }
}

/// The report of each collection.
async fn texts(guest: &Guest, bundle: &Bundle) -> Result<Vec<String>, ExitError> {
    let replayed = replayed::collect(guest, bundle).await?;
    let version = &guest.manifest().version;
    for problem in replayed.iter().flat_map(|it| &it.problems) {
        eprintln!("warning: guest {version}: {problem}");
    }
    Ok(replayed.into_iter().map(|it| it.text).collect())
}

fn section(out: &mut String, title: &str, lines: &str) {
    if lines.is_empty() {
        return;
    }
    // Writing into a `String` cannot fail.
    let _ = writeln!(out, "{title}:");
    for line in lines.lines() {
        let _ = writeln!(out, "  {line}");
    }
}

/// The differences between the manifests, and what only the old one has. The reports
/// show only families that have series in this bundle.
fn declared(old: &Manifest, new: &Manifest) -> (String, BTreeSet<RemovedName>) {
    let mut lines = Difference::between(old, new).lines();
    let (before, after) = (families(old), families(new));
    let mut removed = BTreeSet::new();
    for (name, old) in &before {
        let Some(new) = after.get(name) else {
            removed.insert(RemovedName::family((*name).to_owned()));
            continue;
        };
        for label in old.labels.iter().filter(|it| !new.labels.contains(it)) {
            lines.push(format!("- label `{label}` of family `{name}`"));
            removed.insert(RemovedName::label((*name).to_owned(), label.clone()));
        }
        for label in new.labels.iter().filter(|it| !old.labels.contains(it)) {
            lines.push(format!("+ label `{label}` of family `{name}`"));
        }
    }
    (lines.join("\n"), removed)
}

fn families(manifest: &Manifest) -> BTreeMap<&str, &DeclaredFamily> {
    let families = manifest.collectors.iter().flat_map(|it| &it.families);
    families.map(|it| (it.name.as_str(), it)).collect()
}

/// A line for each rule or panel and each removed name that it uses.
fn uses(
    users: &MetricUsers<'_>,
    removed: &BTreeSet<RemovedName>,
) -> Result<Vec<String>, ExitError> {
    let mut lines = Vec::new();
    let rules = users.rules.iter().map(|path| (path, false));
    let dashboards = users.dashboards.iter().map(|path| (path, true));
    for (path, is_dashboard) in rules.chain(dashboards) {
        let shown = path.display();
        let failed = |why: String| ExitError::Command(format!("cannot read `{shown}`: {why}"));
        let text = fs::read_to_string(path).map_err(|error| failed(error.to_string()))?;
        let parts = match is_dashboard {
            true => references::panels(&text).map_err(|error| failed(error.to_string()))?,
            false => references::rules(&text),
        };
        if parts.is_empty() {
            let why = "expected rules with a line `alert: NAME` or `record: NAME` each";
            return Err(failed(why.to_owned()));
        }
        for part in parts {
            let used = removed.iter().filter(|name| part.uses(name));
            lines.extend(used.map(|name| format!("{shown}: {} uses {name}\n", part.title)));
        }
    }
    Ok(lines)
}
