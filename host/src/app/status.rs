//! Makes the report that the status page shows.

mod tiles;

use std::time::Duration;

use super::services::Services;
use crate::cache::{CollectorSnapshot, SiteSnapshot};
use crate::clock::Timestamp;
use crate::guest::{Manifest, hints};
use crate::http::{CollectionTime, CollectorHealth, GuestStatus, SiteStatus, StatusReport};
use crate::swap::Generation;

/// The state of the exporter now.
pub(super) fn report(services: &Services) -> StatusReport {
    let generation = services.swap_controller.current();
    let manifest = generation.as_ref().map(|it| it.guest.manifest());
    let now = Timestamp::now();
    let sites = services.cache.snapshot().into_iter();
    let sites = sites.map(|snapshot| site(services, manifest, now, snapshot));
    StatusReport {
        sites: sites.collect(),
        guest: generation.as_deref().map(guest),
        history: services.events.history(),
    }
}

fn guest(generation: &Generation) -> GuestStatus {
    let manifest = generation.guest.manifest();
    let path = generation.origin.path.as_ref();
    GuestStatus {
        name: manifest.name.clone(),
        version: manifest.version.clone(),
        digest: generation.guest.digest().to_string(),
        signed: generation.origin.signed,
        file: path.map(|path| path.display().to_string()),
        generation: generation.number,
    }
}

fn site(
    services: &Services,
    manifest: Option<&Manifest>,
    now: Timestamp,
    site: SiteSnapshot,
) -> SiteStatus {
    let due = services.memory.due(&site.name);
    // As in the log.
    let is_up = services.memory.is_up(&site.name);
    let next = |name: &str| {
        let (_, at) = due.iter().find(|(collector, _)| collector == name)?;
        Some(at.saturating_duration_since(now.instant))
    };
    let collectors = site.collectors.iter();
    let collectors = collectors.map(|it| {
        let permissions = manifest.map_or(&[][..], |manifest| manifest.permissions(&it.name));
        let status = &it.status;
        let hints = match status.hint {
            Some(hint) => vec![hint.to_owned()],
            None => hints(&status.reasons, permissions, is_up),
        };
        collector(it, hints, now, next(&it.name))
    });
    let recent = site.recent.iter();
    let recent = recent.map(|it| CollectionTime {
        took: it.took,
        complete: it.complete,
    });
    SiteStatus {
        collectors: collectors.collect(),
        tiles: manifest.map_or_else(Vec::new, |manifest| tiles::tiles(manifest, &site, now.unix)),
        api_version: site.api_version,
        families: site.families,
        recent: recent.collect(),
        name: site.name,
    }
}

fn collector(
    snapshot: &CollectorSnapshot,
    hints: Vec<String>,
    now: Timestamp,
    next: Option<Duration>,
) -> CollectorHealth {
    let status = &snapshot.status;
    // If the clock was set back, the time is unknown.
    let since = |at: f64| Duration::try_from_secs_f64(now.unix - at).ok();
    CollectorHealth {
        name: snapshot.name.clone(),
        success: status.success,
        attempted: status.last_attempt.and_then(since),
        age: status.last_success.and_then(since),
        next,
        requests: status.requests,
        series: snapshot.series,
        failures: status.failures.clone(),
        hints,
    }
}
