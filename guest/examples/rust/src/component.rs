//! The exports of the component.

use std::time::{Duration, Instant};

use jiff::Timestamp;

use crate::alerts;
use crate::bindings::exports::nbu::collector::collector::*;
use crate::bindings::nbu::collector::log::{self, Level};
use crate::http::Site;
use crate::netbackup::{Host, Response};

struct Component;

crate::bindings::export!(Component with_types_in crate::bindings);

impl Guest for Component {
    fn describe() -> Manifest {
        alerts::describe()
    }

    fn check(settings: Settings) -> Vec<Problem> {
        alerts::check(&settings)
    }

    fn probe(settings: Settings, last_api_version: Option<String>) -> Result<ProbeAnswer, Failure> {
        alerts::probe(&settings, last_api_version, &WasiHost::new(&settings))
    }

    fn collect(settings: Settings, window: Window, state: Vec<Saved>) -> Report {
        alerts::collect(&settings, window, &state, &WasiHost::new(&settings))
    }
}

struct WasiHost {
    site: Site,
    started: Instant,
}

impl WasiHost {
    fn new(settings: &Settings) -> Self {
        Self {
            site: Site::new(&settings.base_url),
            started: Instant::now(),
        }
    }
}

impl Host for WasiHost {
    fn get(
        &self,
        path_and_query: &str,
        accept: Option<&str>,
        limit: Duration,
    ) -> Result<Response, Reason> {
        self.site.get(path_and_query, accept, limit)
    }

    fn log(&self, level: Level, message: &str, fields: &[(String, String)]) {
        log::emit(level, message, fields);
    }

    fn elapsed(&self) -> Duration {
        self.started.elapsed()
    }

    fn now(&self) -> Timestamp {
        Timestamp::now()
    }
}
