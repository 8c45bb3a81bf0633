//! A guest and a simulated server.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use simulator::{Clock, Estate, Options, Release, Simulator};

use super::faults::PING;
use super::subject::TestSubject;
use super::verdicts::{Collection, Verdict};
use crate::egress::{
    Egress, EgressSettings, NoObserver, Origin, RequestLimits, Scheme, Sockets, Timeouts,
    UpstreamTls,
};
use crate::guest::{
    CallTarget, CollectorFailure, Endpoint, Fault, Guest, GuestLimits, Method, SavedState,
    SiteSettings, Window, failure_text,
};
use crate::secret::ApiKey;
use crate::site::SiteName;

/// One release of the server, with a lively estate at a fixed time.
pub(super) struct TestBed<'g> {
    guest: &'g Guest,
    pub(super) release: &'static str,
    pub(super) simulator: Simulator,
    site: SiteName,
    egress: Arc<Egress>,
    settings: SiteSettings,
    now: u64,
}

const BASE_PATH: &str = "/netbackup";

/// The longest that a test waits for a server that does not answer.
const PATIENCE: Duration = Duration::from_secs(4);

/// The number of rows of a short page.
pub(super) const SHORT_PAGE: usize = 20;

/// The deadline of a collection from a server on this machine.
const COLLECTION: Duration = Duration::from_secs(30);

/// The deadline of a collection.
pub(super) fn deadline(hangs: bool) -> Duration {
    if hangs { PATIENCE } else { COLLECTION }
}

/// The time of a collection whose metrics are compared with a file: 2026-01-15, 10:00 UTC.
const GOLDEN: i64 = 1_768_471_200;

/// Four days: most of what a simulated server remembers then happened meanwhile.
const LATER: i64 = 4 * 24 * 3600;

impl<'g> TestBed<'g> {
    pub(super) async fn start(subject: &TestSubject<'g>, release: Release) -> io::Result<Self> {
        let now = Clock::System.now();
        Self::start_at(subject, release, [now, now], usize::MAX).await
    }

    /// Always at the same time, which also stands still for the guest, as in a replay.
    pub(super) async fn start_golden(
        subject: &TestSubject<'g>,
        release: Release,
    ) -> io::Result<Self> {
        Self::start_still(subject, release, 0, usize::MAX).await
    }

    /// The same server, some days later.
    pub(super) async fn start_later(
        subject: &TestSubject<'g>,
        release: Release,
    ) -> io::Result<Self> {
        Self::start_still(subject, release, LATER, usize::MAX).await
    }

    /// The same, with short pages.
    pub(super) async fn start_short(
        subject: &TestSubject<'g>,
        release: Release,
    ) -> io::Result<Self> {
        Self::start_still(subject, release, 0, SHORT_PAGE).await
    }

    async fn start_still(
        subject: &TestSubject<'g>,
        release: Release,
        later: i64,
        rows: usize,
    ) -> io::Result<Self> {
        let at = |seconds| Timestamp::from_second(seconds).map_err(io::Error::other);
        let times = [at(GOLDEN)?, at(GOLDEN + later)?];
        let bed = Self::start_at(subject, release, times, rows).await?;
        drop(bed.egress.record());
        Ok(bed)
    }

    /// The tapes and disks of the server fill from `created` on.
    async fn start_at(
        subject: &TestSubject<'g>,
        release: Release,
        [created, now]: [Timestamp; 2],
        rows: usize,
    ) -> io::Result<Self> {
        let simulator = Simulator::start(Options {
            release,
            estate: Estate::lively_in("par", 1, created),
            clock: Clock::manual(now),
            rows,
            ..Options::default()
        })
        .await?;
        let invalid = |what| io::Error::other(format!("invalid {what}"));
        let site = SiteName::new("test").ok_or_else(|| invalid("name"))?;
        let origin = Origin {
            scheme: Scheme::Http,
            host: "127.0.0.1".to_owned(),
            port: simulator.address().port(),
        };
        let base_url = format!("{}{BASE_PATH}", origin.url());
        let settings = EgressSettings {
            origin,
            base_path: BASE_PATH.to_owned(),
            credential: ApiKey::new("simulator").map_err(|_| invalid("key"))?,
            tls: UpstreamTls::default(),
            proxy: None,
            allow_local_addresses: false,
            timeouts: Timeouts::default(),
            limits: RequestLimits::default(),
        };
        let egress = Egress::new(
            site.clone(),
            &settings,
            Arc::new(NoObserver),
            Sockets::shared(),
        );
        Ok(Self {
            guest: subject.guest,
            release: release.name(),
            simulator,
            site,
            egress: egress.map_err(|error| io::Error::other(error.to_string()))?,
            settings: subject.settings(base_url),
            now: u64::try_from(now.as_second()).unwrap_or_default(),
        })
    }

    /// The declared lists, with the collectors that declare them.
    pub(super) fn lists(&self) -> BTreeMap<&str, Vec<&str>> {
        let mut lists = BTreeMap::<_, Vec<_>>::new();
        for collector in &self.guest.manifest().collectors {
            let paths = collector.endpoints.iter();
            for it in paths.filter(|it| it.method == Method::Get && !it.path.contains('{')) {
                let declaring = lists.entry(it.path.as_str()).or_default();
                declaring.push(collector.name.as_str());
            }
        }
        lists
    }

    /// Whether a collector declares several lists.
    pub(super) fn has_lists(&self, collector: &str) -> bool {
        let lists = self.lists();
        let of_collector = lists.values().filter(|it| it.contains(&collector));
        of_collector.count() > 1
    }

    /// A path in a failure that no collector may request. A failure of several lists has
    /// all their paths.
    pub(super) fn undeclared<'c>(&self, collected: &'c Collection) -> Option<&'c str> {
        let outcomes = collected.iter().flat_map(|it| &it.report.outcomes);
        let failures = outcomes.flat_map(|it| &it.failures);
        let mut paths = failures.flat_map(|it| it.endpoint.split_whitespace());
        let collectors = &self.guest.manifest().collectors;
        let is_declared = |path: &str| {
            let mut endpoints = collectors.iter().flat_map(|it| &it.endpoints);
            path == PING || endpoints.any(|it| matches(&it.path, path))
        };
        paths.find(|path| !is_declared(path))
    }

    /// The collectors that declare one of the endpoints that were requested since the server
    /// had `before` requests.
    pub(super) fn declaring(&self, before: u64) -> BTreeSet<&str> {
        let since = self.simulator.requests().total() - before;
        let requests = self.simulator.requests().all();
        let requests = requests.iter().rev().take(since as usize);
        let paths: BTreeSet<_> = requests.map(|it| it.path.as_str()).collect();
        let is_asked = |it: &Endpoint| paths.iter().any(|path| matches(&it.path, path));
        let collectors = self.guest.manifest().collectors.iter();
        let declaring = collectors.filter(|it| it.endpoints.iter().any(is_asked));
        declaring.map(|it| it.name.as_str()).collect()
    }

    /// The guest accepts the options of the command line, and its own defaults.
    pub(super) async fn check(&self) -> Verdict {
        let problems = self.guest.check(&self.settings).await;
        let problems = problems.map_err(|fault| fault_text(&fault))?;
        let texts = problems.iter().map(|it| {
            let hint = it.hint.as_ref().map(|hint| format!("\n  hint: {hint}"));
            format!("{}: {}{}", it.at, it.message, hint.unwrap_or_default())
        });
        let texts: Vec<_> = texts.collect();
        if texts.is_empty() {
            Ok(String::new())
        } else {
            Err(texts.join("\n"))
        }
    }

    /// The server answers and accepts the credential.
    pub(super) async fn probe(&self) -> Verdict {
        match self.probed().await? {
            Ok(version) if is_version(&version) => Ok(format!("API version {version}")),
            Ok(other) => Err(format!(
                "the API version is `{other}`: expected the one in use, such as `13.0`"
            )),
            Err(failure) => Err(format!(
                "{}\nthe server is sound: `/health` would report it as down",
                failure_text(&failure)
            )),
        }
    }

    /// The API version, or why the server does not answer. The error is a fault of the guest.
    pub(super) async fn probed(&self) -> Result<Result<String, CollectorFailure>, String> {
        let target = self.target(GuestLimits::default());
        let answer = self.guest.probe(target, &self.settings, None).await;
        let answer = answer.map_err(|fault| fault_text(&fault))?;
        Ok(answer.map(|it| it.api_version))
    }

    pub(super) async fn collect(&self, state: Vec<SavedState>) -> Collection {
        self.call(state, self.window(), deadline(false)).await
    }

    pub(super) async fn collect_within(&self, deadline: Duration) -> Collection {
        self.call(Vec::new(), self.window(), deadline).await
    }

    /// With the API version of the last report.
    pub(super) async fn collect_in(&self, version: Option<String>) -> Collection {
        let window = Window {
            last_api_version: version,
            ..self.window()
        };
        self.call(Vec::new(), window, deadline(false)).await
    }

    /// With the states of an earlier process.
    pub(super) async fn collect_restarted(&self, state: Vec<SavedState>) -> Collection {
        let window = Window {
            resumed: state.iter().map(|it| it.collector.clone()).collect(),
            ..self.window()
        };
        self.call(state, window, deadline(false)).await
    }

    async fn call(&self, state: Vec<SavedState>, window: Window, deadline: Duration) -> Collection {
        let limits = GuestLimits {
            collect: deadline,
            ..GuestLimits::default()
        };
        let target = self.target(limits);
        let collected = self
            .guest
            .collect(target, &self.settings, |_| true, window, state);
        collected.await.map_err(|fault| fault_text(&fault))
    }

    fn window(&self) -> Window {
        Window {
            now: self.now,
            lookback_seconds: 3600,
            last_api_version: None,
            resumed: Vec::new(),
        }
    }

    fn target(&self, limits: GuestLimits) -> CallTarget<'_> {
        CallTarget {
            site: &self.site,
            egress: &self.egress,
            limits,
        }
    }
}

/// A fault of the guest without the functions that were running. What the guest printed
/// comes before it.
fn fault_text(fault: &Fault) -> String {
    let text = fault.to_string();
    match text.split_once("; error while executing at wasm backtrace") {
        Some((cause, _)) => cause.to_owned(),
        None => text,
    }
}

/// Whether it is two numbers with a dot, as NetBackup writes a version.
fn is_version(text: &str) -> bool {
    let is_number = |it: &str| !it.is_empty() && it.bytes().all(|byte| byte.is_ascii_digit());
    let parts = text.split_once('.');
    parts.is_some_and(|(major, minor)| is_number(major) && is_number(minor))
}

/// Whether a request was for a declared path, in which `{id}` stands for any one segment.
fn matches(declared: &str, requested: &str) -> bool {
    let path = requested.strip_prefix(BASE_PATH).unwrap_or(requested);
    let pairs = || declared.split('/').zip(path.split('/'));
    declared.split('/').count() == path.split('/').count()
        && pairs().all(|(declared, asked)| declared == asked || declared.starts_with('{'))
}
