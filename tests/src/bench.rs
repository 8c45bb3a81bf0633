//! A host in this process, with a configuration file and simulators.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use nbu_exporter::app::{App, ConfigSource, ExitError};
use nbu_exporter::config::Overrides;
use simulator::Simulator;
use tempfile::TempDir;

use crate::{Answer, Client, Exposition, guests};

/// How long to wait for an expected event; far longer than any event takes.
/// A waiting test fails after this time.
pub const DEADLINE: Duration = Duration::from_secs(60);

/// A running host. Dropping it stops everything.
pub struct Bench {
    /// The directory of the configuration file and the files that it names.
    pub folder: TempDir,
    /// The host.
    pub app: App,
    /// A client of the host.
    pub client: Client,
}

/// One site of a configuration, as YAML.
pub struct Site<'a> {
    /// The `site` label.
    pub name: &'a str,
    /// Its base URL.
    pub simulator: &'a Simulator,
    /// The key to send.
    pub key: &'a str,
}

impl Site<'_> {
    /// An item of `nbuservers`.
    pub fn yaml(&self) -> String {
        self.yaml_with("")
    }

    /// The same with more keys, such as `timeouts: { firstByte: 1s }`.
    pub fn yaml_with(&self, more: &str) -> String {
        let address = self.simulator.address();
        let (host, port) = (address.ip(), address.port());
        let (name, key) = (self.name, self.key);
        let scheme = self
            .simulator
            .url()
            .split(':')
            .next()
            .unwrap_or("http")
            .to_owned();
        let trust = if scheme == "https" {
            ", caFile: \"ca.pem\""
        } else {
            ""
        };
        format!(
            "  - {{ site: {name}, scheme: {scheme}, host: \"{host}\", port: {port}, \
             apiKey: \"{key}\"{trust}, {more} }}\n"
        )
    }
}

impl Bench {
    /// Starts with `sites`. `rest` is further YAML after `nbuservers`; the bench sets
    /// `server.host` and `server.port`.
    pub async fn start(sites: &[Site<'_>], rest: &str) -> Self {
        let folder = TempDir::new().unwrap();
        Self::write(folder.path(), sites, rest);
        Self::open(folder).await.expect("the host starts")
    }

    /// Starts with the text of a complete configuration.
    pub async fn on(text: &str) -> Self {
        let folder = TempDir::new().unwrap();
        fs::write(folder.path().join("config.yaml"), text).unwrap();
        Self::open(folder).await.expect("the host starts")
    }

    /// The same, with `guest` in a file that `rest` names with
    /// [`GUEST`](crate::guests::GUEST).
    pub async fn start_on(guest: &[u8], sites: &[Site<'_>], rest: &str) -> Self {
        let folder = TempDir::new().unwrap();
        guests::install(guest, &folder.path().join(guests::FILE));
        Self::write(folder.path(), sites, rest);
        Self::open(folder).await.expect("the host starts")
    }

    /// Replaces that file with another guest; the host notices by itself.
    pub fn install(&self, guest: &[u8]) {
        guests::install(guest, &self.file(guests::FILE));
    }

    /// Starts with the `config.yaml` in `folder`.
    pub async fn open(folder: TempDir) -> Result<Self, ExitError> {
        let overrides = Overrides {
            listen: vec!["127.0.0.1:0".to_owned()],
            ..Overrides::default()
        };
        Self::open_with(folder, overrides).await
    }

    /// The same with these flags, possibly none.
    pub async fn open_with(folder: TempDir, overrides: Overrides) -> Result<Self, ExitError> {
        Self::open_changing(folder, overrides, |_| ()).await
    }

    /// The same, with a change in the directory after everything was read.
    pub async fn open_changing(
        folder: TempDir,
        overrides: Overrides,
        change: impl FnOnce(&Path),
    ) -> Result<Self, ExitError> {
        let source = ConfigSource {
            path: folder.path().join("config.yaml"),
            overrides,
        };
        let config = source.load().await.map_err(ExitError::Config)?;
        change(folder.path());
        let app = App::start(source, config, crate::engine(), None).await?;
        let client = Client::new(app.addresses()[0]);
        Ok(Self {
            folder,
            app,
            client,
        })
    }

    /// Writes a configuration, and the CA of the last HTTPS site next to it.
    pub fn write(folder: &Path, sites: &[Site<'_>], rest: &str) {
        for site in sites {
            if let Some(pem) = site.simulator.ca_pem() {
                fs::write(folder.join("ca.pem"), pem).unwrap();
            }
        }
        let list: String = sites.iter().map(Site::yaml).collect();
        fs::write(
            folder.join("config.yaml"),
            format!("{rest}\nnbuservers:\n{list}"),
        )
        .unwrap();
    }

    /// Replaces the configuration; the host notices by itself.
    pub fn rewrite(&self, sites: &[Site<'_>], rest: &str) {
        Self::write(self.folder.path(), sites, rest);
    }

    /// Replaces the text of the configuration and waits until it is in force.
    pub async fn reconfigure(&self, text: &str) {
        fs::write(self.file("config.yaml"), text).unwrap();
        let answer = self.client.post("/-/reload").await;
        assert!(answer.status.is_success(), "{}\n{text}", answer.text());
    }

    /// The path of a file in the bench's directory.
    pub fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Scrapes `/metrics`.
    pub async fn scrape(&self) -> Exposition {
        self.client.scrape().await
    }

    /// GET.
    pub async fn get(&self, path: &str) -> Answer {
        self.client.get(path).await
    }

    /// Scrapes until `wanted` is true for the exposition, again after each published
    /// page. Fails the test on a timeout.
    pub async fn until(&self, what: &str, wanted: impl Fn(&Exposition) -> bool) -> Exposition {
        let mut published = self.app.services().cache.subscribe();
        let look = async {
            loop {
                published.borrow_and_update();
                let exposition = self.scrape().await;
                if wanted(&exposition) {
                    return exposition;
                }
                // Instruments change without a new page, so also scrape again after a
                // short time.
                let soon = tokio::time::sleep(Duration::from_millis(50));
                tokio::select! {
                    _ = published.changed() => {}
                    () = soon => {}
                }
            }
        };
        let found = tokio::time::timeout(DEADLINE, look).await;
        match found {
            Ok(exposition) => exposition,
            Err(_) => panic!("never: {what}\n{}", self.scrape().await.text),
        }
    }

    /// Waits until every site has been collected.
    pub async fn until_read(&self, sites: &[&str]) -> Exposition {
        let all_up = |e: &Exposition| {
            sites
                .iter()
                .all(|site| e.value("nbu_up", &[("site", site)]) == Some(1.0))
        };
        self.until(&format!("{sites:?} are up"), all_up).await
    }
}

/// Repeats `wanted` until it is true; fails the test on a timeout.
pub async fn eventually(what: &str, mut wanted: impl AsyncFnMut() -> bool) {
    let look = async {
        while !wanted().await {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let found = tokio::time::timeout(DEADLINE, look).await;
    assert!(found.is_ok(), "never: {what}");
}
