//! The exports of the component, with the host's log and HTTP.

mod http;

use crate::contract::bindings::exports::nbu::collector::collector::Guest;
use crate::contract::bindings::nbu::collector::log;
use crate::contract::{
    Failure, Level, Manifest, ProbeAnswer, Problem, Report, Saved, Settings, Window,
};
use crate::log::Log;

struct Component;

#[allow(unsafe_code, reason = "generated")]
mod export {
    use super::Component;

    crate::contract::bindings::export!(Component with_types_in crate::contract::bindings);
}

impl Guest for Component {
    fn describe() -> Manifest {
        crate::describe::describe()
    }

    fn check(settings: Settings) -> Vec<Problem> {
        crate::check::check(&settings)
    }

    fn probe(settings: Settings, last_api_version: Option<String>) -> Result<ProbeAnswer, Failure> {
        let transport = http::Wasi::new(&settings.base_url);
        let last = last_api_version.as_deref();
        let probe = crate::probe::probe(&settings, last, &transport, &HostLog);
        wstd::runtime::block_on(probe)
    }

    fn collect(settings: Settings, window: Window, state: Vec<Saved>) -> Report {
        let transport = http::Wasi::new(&settings.base_url);
        let collect = crate::run::collect(&settings, &window, state, &transport, &HostLog);
        wstd::runtime::block_on(collect)
    }
}

struct HostLog;

impl Log for HostLog {
    fn emit(&self, level: Level, message: &str, fields: &[(&str, &str)]) {
        let fields: Vec<(String, String)> = fields
            .iter()
            .map(|&(name, value)| (name.to_owned(), value.to_owned()))
            .collect();
        log::emit(level, message, &fields);
    }
}
