//! Tries each collector once, and prints what the API key of each site may read.

mod table;

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::io::{IsTerminal as _, stderr};
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use futures::future::join_all;

use crate::app::ExitError;
use crate::cli::print;
use crate::config::Config;
use crate::egress::{Diagnosis, Egress, Observer, Sockets};
use crate::guest::{
    CallTarget, CollectorFailure, DeclaredCollector, FAULT, Guest, Outcome, Window, failure_text,
    hints, reason_name, unconnected,
};
use crate::metrics::Family;
use crate::site::SiteName;
use crate::swap::Site;
use table::{Row, shown, table};

/// One request as it ended.
struct EndedRequest {
    path: String,
    code: String,
    took: Duration,
}

impl EndedRequest {
    fn is_refused(&self) -> bool {
        matches!(&*self.code, "401" | "403")
    }
}

/// Records the requests of one call.
#[derive(Default)]
struct EndedRequests(Mutex<Vec<EndedRequest>>);

impl Observer for EndedRequests {
    fn request(&self, _: &SiteName, path: &str, code: &str, took: Duration) {
        let path = path.split('?').next().unwrap_or_default().to_owned();
        let code = code.to_owned();
        let mut requests = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        requests.push(EndedRequest { path, code, took });
    }

    fn received(&self, _: &SiteName, _: u64) {}

    fn denied(&self, _: &SiteName, _: &'static str) {}

    fn headers_removed(&self, _: &SiteName, _: usize) {}
}

/// Tries every enabled collector of every site. Fails if an endpoint could not be read.
pub(super) async fn run(config: &Config, guest: &Guest) -> Result<(), ExitError> {
    let sockets = Sockets::shared();
    let asked = AskedSites::new(config.swap.sites.len());
    let sites = config.swap.sites.iter().map(|site| async {
        let attempts = try_site(config, guest, site, &sockets).await;
        asked.add(&site.name);
        attempts
    });
    let sites = join_all(sites).await;
    let rows: Vec<Vec<Row>> = sites.iter().map(|attempts| site_rows(attempts)).collect();
    let shown: Vec<Row> = rows.iter().flat_map(|rows| shown(rows)).collect();
    print(&table(&shown))?;
    let endpoints = rows.iter().flatten();
    let missing = endpoints.clone().filter(|row| row.is_missing).count();
    if missing == 0 {
        return Ok(());
    }
    let all = endpoints.count();
    let mut text = format!("`{missing}` of `{all}` endpoints cannot be read");
    for hint in sites.iter().flat_map(|attempts| site_hints(attempts)) {
        text.push_str("\n  hint: ");
        text.push_str(&hint);
    }
    Err(ExitError::Command(text))
}

fn site_rows(attempts: &[CollectorAttempt<'_>]) -> Vec<Row> {
    attempts.iter().flat_map(CollectorAttempt::rows).collect()
}

/// Says on a terminal how far it is, since a site that hangs takes minutes.
struct AskedSites {
    all: usize,
    done: AtomicUsize,
}

impl AskedSites {
    fn new(all: usize) -> Self {
        Self {
            all,
            done: AtomicUsize::new(0),
        }
    }

    fn add(&self, site: &SiteName) {
        let done = self.done.fetch_add(1, Relaxed) + 1;
        if self.all > 1 && stderr().is_terminal() {
            eprintln!("{done} of {} sites asked: {site}", self.all);
        }
    }
}

/// Tries the collectors of a site one after another, so that each request belongs to one.
async fn try_site<'a>(
    config: &Config,
    guest: &'a Guest,
    site: &'a Site,
    sockets: &Arc<Sockets>,
) -> Vec<CollectorAttempt<'a>> {
    let mut attempts = Vec::new();
    let enabled = guest.collectors(&site.guest);
    let declared = guest.manifest().collectors.iter();
    for collector in declared.filter(|it| enabled.contains(&it.name)) {
        attempts.push(CollectorAttempt::make(config, guest, site, sockets, collector).await);
    }
    let succeeded = |it: &CollectorAttempt<'_>| it.result.as_ref().is_ok_and(Outcome::succeeded);
    let is_up = attempts.iter().any(succeeded);
    attempts.iter_mut().for_each(|it| it.is_up = is_up);
    attempts
}

/// Each hint once, with the site and the collectors that it is for.
fn site_hints(attempts: &[CollectorAttempt<'_>]) -> Vec<String> {
    let mut collectors = BTreeMap::<_, Vec<_>>::new();
    for attempt in attempts {
        for hint in attempt.hints() {
            let concerned = collectors.entry((&attempt.site.name, hint)).or_default();
            concerned.push(attempt.collector.name.as_str());
        }
    }
    let lines = collectors.into_iter();
    lines
        .map(|((site, hint), collectors)| format!("{site}, {}: {hint}", collectors.join(", ")))
        .collect()
}

/// One collector, tried once.
struct CollectorAttempt<'a> {
    site: &'a Site,
    collector: &'a DeclaredCollector,
    requests: Vec<EndedRequest>,
    /// What the guest reported, or why it reported nothing.
    result: Result<Outcome, String>,
    /// Why connections failed.
    connection: Option<Arc<Diagnosis>>,
    /// Whether any collector can read the site: if none can, no permission is at fault.
    is_up: bool,
}

impl<'a> CollectorAttempt<'a> {
    async fn make(
        config: &Config,
        guest: &Guest,
        site: &'a Site,
        sockets: &Arc<Sockets>,
        collector: &'a DeclaredCollector,
    ) -> Self {
        let ended = Arc::new(EndedRequests::default());
        let observer = Arc::clone(&ended) as Arc<dyn Observer>;
        let egress = Egress::new(
            site.name.clone(),
            &site.egress,
            observer,
            Arc::clone(sockets),
        );
        let (result, connection) = match egress {
            Ok(egress) => {
                let result = call(config, guest, site, &egress, &collector.name).await;
                (result, egress.diagnosis())
            }
            Err(error) => (Err(error.to_string()), None),
        };
        let mut requests = ended.0.lock().unwrap_or_else(PoisonError::into_inner);
        Self {
            site,
            collector,
            requests: std::mem::take(&mut requests),
            result,
            connection,
            is_up: false,
        }
    }

    /// One for each endpoint, and for each failure elsewhere.
    fn rows(&self) -> Vec<Row> {
        let declared = self.collector.endpoints.iter();
        let mut rows: Vec<Row> = declared.map(|it| self.row(&it.path)).collect();
        for failure in self.failures() {
            let is_shown = |it: &Row| failure.endpoint.split(' ').any(|path| path == it.endpoint);
            if !rows.iter().any(is_shown) {
                rows.push(self.row(&failure.endpoint));
            }
        }
        if let Ok(outcome) = &self.result
            && let Some(first) = rows.first_mut()
        {
            first.series = Some(outcome.families.iter().map(Family::series).sum());
        }
        rows
    }

    fn row(&self, endpoint: &str) -> Row {
        let base = self.site.egress.base_path.as_str();
        let requests = self.requests.iter();
        let requests: Vec<_> = requests
            .filter(|it| {
                let path = it.path.strip_prefix(base).unwrap_or(&it.path);
                matches_template(endpoint, path)
            })
            .collect();
        let (result, is_missing) = self.judge(endpoint, &requests);
        Row {
            site: self.site.name.to_string(),
            collector: self.collector.name.clone(),
            endpoint: endpoint.to_owned(),
            result,
            is_missing,
            series: None,
            requests: requests.len(),
            took: requests.iter().map(|it| it.took).sum(),
        }
    }

    /// Says whether the endpoint could be read, and whether it is missing.
    fn judge(&self, endpoint: &str, requests: &[&EndedRequest]) -> (String, bool) {
        let outcome = match &self.result {
            Ok(outcome) => outcome,
            Err(why) => return (format!("failed: {why}"), true),
        };
        if let Some(request) = requests.iter().find(|it| it.is_refused()) {
            return (self.refusal(&request.code), true);
        }
        let concerns = |it: &&CollectorFailure| it.endpoint.split(' ').any(|path| path == endpoint);
        if let Some(failure) = outcome.failures.iter().find(concerns) {
            if let Some(connection) = self.unconnected() {
                return (connection.error.clone(), true);
            }
            let text = failure_text(failure);
            let prefix = format!("{}: ", failure.endpoint);
            return (text.strip_prefix(&prefix).unwrap_or(&text).to_owned(), true);
        }
        let result = match requests {
            _ if outcome.unsupported.iter().any(|it| it == endpoint) => "not on this server",
            [] => "not requested",
            _ => "allowed",
        };
        (result.to_owned(), false)
    }

    /// The contract names permissions by collector and not by endpoint.
    fn refusal(&self, code: &str) -> String {
        match self.collector.permissions.as_slice() {
            _ if !self.is_up => format!("key rejected ({code})"),
            [] => format!("refused ({code})"),
            [one] => format!("missing {one} ({code})"),
            several => format!("missing one of {} ({code})", several.join(" ")),
        }
    }

    /// The reasons as the log has them. A guest may do without what the key may not read.
    fn reasons(&self) -> Vec<Cow<'static, str>> {
        let Ok(outcome) = &self.result else {
            return vec![FAULT.into()];
        };
        let refused = self.requests.iter().any(EndedRequest::is_refused);
        let refused = refused.then(|| Cow::from("unauthorized"));
        let failures = outcome.failures.iter();
        let reasons = failures.map(|it| reason_name(&it.reason)).chain(refused);
        let reasons: BTreeSet<_> = reasons.collect();
        reasons.into_iter().collect()
    }

    /// Why connections failed, if nothing else did.
    fn unconnected(&self) -> Option<&Diagnosis> {
        unconnected(&self.reasons(), self.connection.as_deref())
    }

    /// What to do.
    fn hints(&self) -> Vec<String> {
        match self.unconnected() {
            Some(connection) => vec![connection.hint.to_owned()],
            None => hints(&self.reasons(), &self.collector.permissions, self.is_up),
        }
    }

    fn failures(&self) -> &[CollectorFailure] {
        self.result.as_ref().map_or(&[], |it| &it.failures)
    }
}

async fn call(
    config: &Config,
    guest: &Guest,
    site: &Site,
    egress: &Arc<Egress>,
    collector: &str,
) -> Result<Outcome, String> {
    let target = CallTarget {
        site: &site.name,
        egress,
        limits: config.swap.limits,
    };
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    let window = Window {
        now: now.unwrap_or_default().as_secs(),
        lookback_seconds: config.collect.lookback.as_secs(),
        last_api_version: None,
        resumed: Vec::new(),
    };
    let only = |name: &str| name == collector;
    let collected = guest.collect(target, &site.guest, only, window, Vec::new());
    let mut collected = collected.await.map_err(|fault| fault.to_string())?;
    let outcome = collected.report.outcomes.pop();
    outcome.ok_or_else(|| "the guest reported nothing".to_owned())
}

/// Whether a path fits a template such as `/a/{id}`.
fn matches_template(template: &str, path: &str) -> bool {
    let (mut template, mut path) = (template.split('/'), path.split('/'));
    loop {
        match (template.next(), path.next()) {
            (None, None) => return true,
            (Some(part), Some(segment)) if part == segment || part.starts_with('{') => {}
            _ => return false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_fits_its_template_segment_by_segment() {
        for (template, path, fits) in [
            ("/admin/jobs", "/admin/jobs", true),
            ("/admin/jobs", "/admin/jobs/1", false),
            ("/a/{id}/b", "/a/x/b", true),
            ("/a/{id}/b", "/a/x", false),
        ] {
            assert_eq!(matches_template(template, path), fits, "{template} {path}");
        }
    }
}
