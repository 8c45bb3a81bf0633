//! Repeat a recorded collection.

use std::path::Path;
use std::sync::Arc;

use super::check::refused;
use super::inspect::load_patiently;
use super::replayed::ReplayedCollection;
use super::report_difference::ReportDifference;
use super::{print, replayed};
use crate::app::ExitError;
use crate::guest::{Engine, Guest, built_in};
use crate::swap::GuestFile;

/// Prints the metrics, or with another guest the differences.
pub(super) async fn run(
    engine: &Arc<Engine>,
    file: &Path,
    other: Option<&Path>,
) -> Result<(), ExitError> {
    let bundle = replayed::read(file)?;
    let guest = match other {
        Some(path) => load(engine, path).await?,
        None => load_patiently(engine, built_in()).await?,
    };
    let replayed = replayed::collect(&guest, &bundle).await?;
    replayed.iter().for_each(ReplayedCollection::warn);
    let recorded: Vec<_> = bundle
        .collections
        .iter()
        .map(|it| it.report.as_str())
        .collect();
    let replayed: Vec<_> = replayed.iter().map(|it| it.text.as_str()).collect();
    let is_recorded = guest.digest().to_string() == bundle.guest.digest;
    let difference = ReportDifference::between_all(&recorded, &replayed);
    if other.is_some() {
        let lines = difference.text();
        print(if lines.is_empty() {
            "no difference\n"
        } else {
            &lines
        })?;
    } else {
        print(&replayed::joined(&replayed))?;
    }
    let is_same = recorded == replayed;
    if is_same || (other.is_some() && !is_recorded) {
        return Ok(());
    }
    let hint = if is_recorded {
        String::new()
    } else {
        let recorded = named(&bundle.guest.version, &bundle.guest.digest);
        let own = named(&guest.manifest().version, &guest.digest().to_string());
        format!("\n  hint: pass the recorded guest, {recorded}, with `--guest`; this one is {own}")
    };
    let lines = difference.text();
    Err(ExitError::Command(format!(
        "the metrics differ from the recorded ones{hint}\n{}",
        lines.trim_end()
    )))
}

fn named(version: &str, digest: &str) -> String {
    format!("version {version} with SHA-256 {digest}")
}

/// Loads a guest from a file. It needs no signature, since it gets no network and no key.
pub(super) async fn load(engine: &Arc<Engine>, path: &Path) -> Result<Guest, ExitError> {
    let offered = GuestFile::read(Some(path)).await.map_err(refused)?;
    load_patiently(engine, offered.bytes).await
}
