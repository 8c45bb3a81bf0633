//! The component: the only file that names the generated bindings. It converts their
//! types, and provides the host's log and HTTP.

mod http;

use bindings::exports::nbu::collector::collector as wit;
use bindings::nbu::collector::{log as wit_log, metrics};

use crate::describe::Capability;
use crate::family::{DescribedFamily, Distribution, Family, Kind, Point, Samples};
use crate::log::{Level, Log};
use crate::report::{Failure, Outcome, Problem, Reason, Report};
use crate::settings::{Selection, Settings, Window};
use crate::state::Saved;

#[allow(
    unsafe_code,
    missing_docs,
    unreachable_pub,
    clippy::all,
    reason = "generated"
)]
mod bindings {
    use super::Component;

    wit_bindgen::generate!({
        path: "../wit",
        world: "guest",
        with: {
            "wasi:clocks/monotonic-clock@0.2.12": wasip2::clocks::monotonic_clock,
            "wasi:http/outgoing-handler@0.2.12": wasip2::http::outgoing_handler,
            "wasi:http/types@0.2.12": wasip2::http::types,
            "wasi:io/error@0.2.12": wasip2::io::error,
            "wasi:io/poll@0.2.12": wasip2::io::poll,
            "wasi:io/streams@0.2.12": wasip2::io::streams,
        },
    });

    export!(Component);
}

struct Component;

impl wit::Guest for Component {
    fn describe() -> wit::Manifest {
        let manifest = crate::describe::describe();
        wit::Manifest {
            version: manifest.version,
            capabilities: each(manifest.capabilities),
        }
    }

    fn check(settings: wit::Settings) -> Vec<wit::Problem> {
        each(crate::check::check(&settings.into()))
    }

    fn probe(
        settings: wit::Settings,
        last_api_version: Option<String>,
    ) -> Result<wit::ProbeAnswer, wit::Failure> {
        let settings = Settings::from(settings);
        let transport = http::Wasi::new(&settings.base_url);
        let last = last_api_version.as_deref();
        let probe = crate::probe::probe(&settings, last, &transport, &HostLog);
        let answer = wstd::runtime::block_on(probe)?;
        Ok(wit::ProbeAnswer {
            api_version: answer.api_version,
            server_time: answer.server_time,
        })
    }

    fn collect(
        settings: wit::Settings,
        window: wit::Window,
        state: Vec<wit::Saved>,
    ) -> wit::Report {
        let settings = Settings::from(settings);
        let window = Window {
            now: window.now,
            lookback_seconds: window.lookback_seconds,
            last_api_version: window.last_api_version,
            resumed: window.resumed,
        };
        let state: Vec<Saved> = each(state);
        let transport = http::Wasi::new(&settings.base_url);
        let collect = crate::run::collect(&settings, &window, state, &transport, &HostLog);
        wstd::runtime::block_on(collect).into()
    }
}

struct HostLog;

impl Log for HostLog {
    fn emit(&self, level: Level, message: &str, fields: &[(&str, &str)]) {
        let level = match level {
            Level::Debug => wit_log::Level::Debug,
            Level::Info => wit_log::Level::Info,
            Level::Warn => wit_log::Level::Warn,
            Level::Error => wit_log::Level::Error,
        };
        let fields: Vec<(String, String)> = fields
            .iter()
            .map(|&(name, value)| (name.to_owned(), value.to_owned()))
            .collect();
        wit_log::emit(level, message, &fields);
    }
}

fn each<A, B: From<A>>(list: Vec<A>) -> Vec<B> {
    list.into_iter().map(B::from).collect()
}

impl From<wit::Settings> for Settings {
    fn from(settings: wit::Settings) -> Self {
        Self {
            base_url: settings.base_url,
            api_version: settings.api_version,
            collectors: each(settings.collectors),
            legacy_names: settings.legacy_names,
        }
    }
}

impl From<wit::Selection> for Selection {
    fn from(selection: wit::Selection) -> Self {
        Self {
            name: selection.name,
            options: selection.options,
        }
    }
}

impl From<wit::Saved> for Saved {
    fn from(saved: wit::Saved) -> Self {
        Self {
            collector: saved.collector,
            version: saved.version,
            bytes: saved.bytes,
        }
    }
}

impl From<Saved> for wit::Saved {
    fn from(saved: Saved) -> Self {
        Self {
            collector: saved.collector,
            version: saved.version,
            bytes: saved.bytes,
        }
    }
}

impl From<Capability> for wit::Capability {
    fn from(capability: Capability) -> Self {
        Self {
            name: capability.name,
            summary: capability.summary,
            families: each(capability.families),
            paths: capability.paths,
            cached: capability.cached,
            state_version: capability.state_version,
        }
    }
}

impl From<DescribedFamily> for wit::DescribedFamily {
    fn from(family: DescribedFamily) -> Self {
        Self {
            name: family.name,
            kind: match family.kind {
                Kind::Gauge => metrics::Kind::Gauge,
                Kind::Counter => metrics::Kind::Counter,
                Kind::Histogram => metrics::Kind::Histogram,
            },
            help: family.help,
            labels: family.labels,
        }
    }
}

impl From<Problem> for wit::Problem {
    fn from(problem: Problem) -> Self {
        Self {
            at: problem.at,
            message: problem.message,
            hint: problem.hint,
        }
    }
}

impl From<Report> for wit::Report {
    fn from(report: Report) -> Self {
        Self {
            api_version: report.api_version,
            outcomes: each(report.outcomes),
        }
    }
}

impl From<Outcome> for wit::Outcome {
    fn from(outcome: Outcome) -> Self {
        Self {
            collector: outcome.collector,
            families: each(outcome.families),
            failures: each(outcome.failures),
            state: outcome.state.map(Into::into),
        }
    }
}

impl From<Failure> for wit::Failure {
    fn from(failure: Failure) -> Self {
        Self {
            endpoint: failure.endpoint,
            reason: failure.reason.into(),
            detail: failure.detail,
            request_id: failure.request_id,
        }
    }
}

impl From<Reason> for wit::Reason {
    fn from(reason: Reason) -> Self {
        match reason {
            Reason::Unreachable(why) => Self::Unreachable(why),
            Reason::Timeout => Self::Timeout,
            Reason::Unauthorized => Self::Unauthorized,
            Reason::Unsupported => Self::Unsupported,
            Reason::Busy(until) => Self::Busy(until),
            Reason::Status(status) => Self::Status(status),
            Reason::Malformed(place) => Self::Malformed(place),
            Reason::TooLong(pages) => Self::TooLong(pages),
            Reason::Denied(why) => Self::Denied(why),
        }
    }
}

impl From<Family> for metrics::Family {
    fn from(family: Family) -> Self {
        Self {
            name: family.name,
            help: family.help,
            labels: family.labels,
            samples: match family.samples {
                Samples::Gauge(points) => metrics::Samples::Gauge(each(points)),
                Samples::Counter(points) => metrics::Samples::Counter(each(points)),
                Samples::Histogram(list) => metrics::Samples::Histogram(each(list)),
            },
        }
    }
}

impl From<Point> for metrics::Point {
    fn from(point: Point) -> Self {
        Self {
            label_values: point.label_values,
            value: point.value,
        }
    }
}

impl From<Distribution> for metrics::Distribution {
    fn from(distribution: Distribution) -> Self {
        Self {
            label_values: distribution.label_values,
            buckets: distribution
                .buckets
                .into_iter()
                .map(|(upper_bound, cumulative_count)| metrics::Bucket {
                    upper_bound,
                    cumulative_count,
                })
                .collect(),
            sum: distribution.sum,
            count: distribution.count,
        }
    }
}
