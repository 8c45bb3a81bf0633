//! A guest and a simulated server.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use simulator::{Clock, Estate, Options, Release, Simulator};

use super::{PATIENCE, SHORT_PAGE};
use crate::egress::{
    Egress, EgressSettings, NoObserver, Origin, RequestLimits, Scheme, Sockets, Timeouts,
    UpstreamTls,
};
use crate::guest::{
    CallTarget, Collected, CollectorFailure, CollectorKeys, Endpoint, Guest, GuestLimits, Method,
    Place, SavedState, SiteSettings, Window, failure_text,
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

/// The deadline of a collection from a server on this machine.
const COLLECTION: Duration = Duration::from_secs(30);

/// The deadline of a collection.
pub(super) fn deadline(hangs: bool) -> Duration {
    if hangs { PATIENCE } else { COLLECTION }
}

/// The time of a collection whose metrics are compared with a file: 2026-01-15, 10:00 UTC.
const GOLDEN: i64 = 1_768_471_200;

impl<'g> TestBed<'g> {
    pub(super) async fn start(guest: &'g Guest, release: Release) -> io::Result<Self> {
        Self::start_at(guest, release, Clock::System.now(), usize::MAX).await
    }

    /// Always at the same time, which also stands still for the guest, as in a replay.
    pub(super) async fn start_golden(guest: &'g Guest, release: Release) -> io::Result<Self> {
        Self::start_still(guest, release, usize::MAX).await
    }

    /// The same, with short pages.
    pub(super) async fn start_short(guest: &'g Guest, release: Release) -> io::Result<Self> {
        Self::start_still(guest, release, SHORT_PAGE).await
    }

    async fn start_still(guest: &'g Guest, release: Release, rows: usize) -> io::Result<Self> {
        let now = Timestamp::from_second(GOLDEN).map_err(io::Error::other)?;
        let bed = Self::start_at(guest, release, now, rows).await?;
        drop(bed.egress.record());
        Ok(bed)
    }

    async fn start_at(
        guest: &'g Guest,
        release: Release,
        now: Timestamp,
        rows: usize,
    ) -> io::Result<Self> {
        let simulator = Simulator::start(Options {
            release,
            estate: Estate::lively_in("par", 1, now),
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
            guest,
            release: release.name(),
            simulator,
            site,
            egress: egress.map_err(|error| io::Error::other(error.to_string()))?,
            settings: all_collectors(guest, base_url),
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

    /// The guest accepts its own defaults.
    pub(super) async fn check(&self) -> Result<String, String> {
        let problems = self.guest.check(&self.settings).await;
        let problems = problems.map_err(|fault| fault.to_string())?;
        let texts = problems
            .iter()
            .map(|it| format!("{}: {}", it.at, it.message));
        let texts: Vec<_> = texts.collect();
        if texts.is_empty() {
            Ok(String::new())
        } else {
            Err(texts.join("\n"))
        }
    }

    pub(super) async fn probe(&self) -> Result<String, String> {
        let probed = self.probed().await?;
        probed.map_or_else(
            |failure| Err(failure_text(&failure)),
            |version| Ok(format!("API version {version}")),
        )
    }

    /// The API version, or why the server does not answer. The error is a fault of the guest.
    pub(super) async fn probed(&self) -> Result<Result<String, CollectorFailure>, String> {
        let target = self.target(GuestLimits::default());
        let answer = self.guest.probe(target, &self.settings, None).await;
        let answer = answer.map_err(|fault| fault.to_string())?;
        Ok(answer.map(|it| it.api_version))
    }

    pub(super) async fn collect(&self, state: Vec<SavedState>) -> Result<Collected, String> {
        self.call(state, deadline(false)).await
    }

    pub(super) async fn collect_within(&self, deadline: Duration) -> Result<Collected, String> {
        self.call(Vec::new(), deadline).await
    }

    async fn call(&self, state: Vec<SavedState>, deadline: Duration) -> Result<Collected, String> {
        let limits = GuestLimits {
            collect: deadline,
            ..GuestLimits::default()
        };
        let window = Window {
            now: self.now,
            lookback_seconds: 3600,
            last_api_version: None,
            resumed: Vec::new(),
        };
        let target = self.target(limits);
        let collected = self
            .guest
            .collect(target, &self.settings, |_| true, window, state);
        collected.await.map_err(|fault| fault.to_string())
    }

    fn target(&self, limits: GuestLimits) -> CallTarget<'_> {
        CallTarget {
            site: &self.site,
            egress: &self.egress,
            limits,
        }
    }
}

/// Whether a request was for a declared path, in which `{id}` stands for any one segment.
fn matches(declared: &str, requested: &str) -> bool {
    let path = requested.strip_prefix(BASE_PATH).unwrap_or(requested);
    let pairs = || declared.split('/').zip(path.split('/'));
    declared.split('/').count() == path.split('/').count()
        && pairs().all(|(declared, asked)| declared == asked || declared.starts_with('{'))
}

/// Every declared collector, with its defaults.
fn all_collectors(guest: &Guest, base_url: String) -> SiteSettings {
    let place = Place {
        file: std::path::Path::new("").into(),
        line: None,
    };
    let keys = guest.manifest().collectors.iter().map(|it| CollectorKeys {
        name: it.name.clone(),
        place: place.clone(),
        enabled: Some(true),
        interval: None,
        options: Vec::new(),
    });
    SiteSettings {
        base_url,
        api_version: None,
        collectors: keys.collect(),
        legacy_names: false,
    }
}
