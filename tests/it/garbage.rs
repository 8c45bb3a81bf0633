//! Random input from fixed seeds: mangled components, values of every kind, states
//! and requests. The process and the page must survive all of it.
//! `host/src/config/tests/garbage.rs` does the same for configuration files.

mod components;
mod requests;
mod states;
mod values;

use std::sync::Arc;
use std::time::Duration;

use fastrand::Rng;
use nbu_exporter::egress::{
    Egress, EgressSettings, Observer, Origin, RequestLimits, Scheme, Sockets, Timeouts, UpstreamTls,
};
use nbu_exporter::guest::{SiteSettings, Window};
use nbu_exporter::secret::ApiKey;
use nbu_exporter::site::SiteName;

/// Notes nothing.
struct Nobody;

impl Observer for Nobody {
    fn request(&self, _: &SiteName, _: &str, _: &str, _: Duration) {}
    fn received(&self, _: &SiteName, _: u64) {}
    fn denied(&self, _: &SiteName, _: &'static str) {}
    fn headers_removed(&self, _: &SiteName, _: usize) {}
}

/// Egress to this port on loopback.
fn egress(site: &SiteName, port: u16) -> Arc<Egress> {
    let settings = EgressSettings {
        origin: origin(port),
        base_path: "/netbackup".to_owned(),
        credential: ApiKey::new("simulator").unwrap(),
        tls: UpstreamTls::default(),
        proxy: None,
        allow_local_addresses: false,
        timeouts: Timeouts::default(),
        limits: RequestLimits::default(),
    };
    Egress::new(site.clone(), &settings, Arc::new(Nobody), Sockets::shared()).unwrap()
}

fn origin(port: u16) -> Origin {
    Origin {
        scheme: Scheme::Http,
        host: "127.0.0.1".to_owned(),
        port,
    }
}

fn settings(port: u16) -> SiteSettings {
    SiteSettings {
        base_url: format!("{}/netbackup", origin(port).url()),
        api_version: None,
        collectors: Vec::new().into(),
        legacy_names: true,
    }
}

fn window(now: u64) -> Window {
    Window {
        now,
        lookback_seconds: 3600,
        last_api_version: None,
        resumed: Vec::new(),
    }
}

/// Applies one or a few changes: flips, deletes, inserts, duplicates or moves bytes.
fn mangle(bytes: &mut Vec<u8>, rng: &mut Rng) {
    for _ in 0..rng.usize(1..4) {
        if bytes.is_empty() {
            return;
        }
        let at = rng.usize(..bytes.len());
        let end = (at + rng.usize(1..64)).min(bytes.len());
        match rng.u8(..6) {
            0 => bytes[at] ^= 1 << rng.u8(..8),
            1 => bytes[at] = rng.u8(..),
            2 => drop(bytes.drain(at..end)),
            3 => drop(bytes.splice(at..at, rng.u64(..).to_le_bytes())),
            4 => {
                let piece = bytes[at..end].to_vec();
                let to = rng.usize(..bytes.len());
                drop(bytes.splice(to..to, piece));
            }
            _ => bytes[at..end].fill(0xff),
        }
    }
}
