//! A site that answers from a table and records requests.

use std::cell::{Cell, RefCell};
use std::time::Duration;

use futures::executor::block_on;
use futures::future::{LocalBoxFuture, pending};
use guest::contract::{
    DeclaredOption, Failure, Level, OptionKind, OptionValue, Outcome, Reason, Report,
    ReportedFamily, Saved, Selection, Settings, Window,
};
use guest::describe::describe;
use guest::log::Log;
use guest::transport::{Request, Response, Transport};
use jiff::SignedDuration;
use serde_json::{Map, Value, json};

/// 2025-07-01T12:00:00Z.
pub(crate) const NOW: u64 = 1_751_371_200;

type Answer = Result<Response, Reason>;
type Rule = Box<dyn Fn(&str, &Request) -> Option<Answer>>;

/// The last matching rule answers. Without one the status is 404.
#[derive(Default)]
pub(crate) struct Site {
    rules: Vec<Rule>,
    /// Decoded path and query of each request, in order.
    pub(crate) asked: RefCell<Vec<String>>,
    pub(crate) requests: RefCell<Vec<Request>>,
    /// The number of requests in flight before any is answered.
    gather: usize,
    in_flight: Cell<usize>,
    /// The server's clock, instead of that of the rules.
    pub(crate) clock: Cell<Option<u64>>,
    pub(crate) most_in_flight: Cell<usize>,
    /// Requests that contain this are never answered.
    hanging: Option<&'static str>,
    /// How long the guest has waited.
    pub(crate) slept: Cell<Option<Duration>>,
}

/// The logged messages.
#[derive(Default)]
pub(crate) struct Lines(pub(crate) RefCell<Vec<String>>);

impl Log for Lines {
    fn emit(&self, level: Level, message: &str, fields: &[(&str, &str)]) {
        let line = format!("{level:?} {message} {fields:?}");
        self.0.borrow_mut().push(line);
    }
}

impl Site {
    /// A server of version 13.0 with an empty list at every endpoint.
    pub(crate) fn new() -> Self {
        let empty = r#"{"data":[],"meta":{"pagination":{"count":0}}}"#;
        let offset = [
            "/storage/storage-units",
            "/storage/disk-pools",
            "/storage/storage-servers",
            "/storage/drives",
            "/manage/alerts",
            "/malware/latest-scan-results",
            "/catalog/images",
            "/servicecatalog/slos",
            "/config/media-servers",
            "/security/anomalies",
            "/security/certificate-authorities",
            "/security/api-keys",
            "/security/mpa-tickets",
            "/config/paused-clients",
            "/licensing/entitlements",
            "/licensing/capacity",
            "/config/policies/",
        ];
        let others = [
            "/admin/jobs",
            "/storage/tape-media",
            "/storage/tape-volume-pools",
            "/storage/robots-device-hosts",
            "/catalog/slp-images",
        ];
        let site = Self::default().with_version("13.0");
        let site = offset
            .into_iter()
            .fold(site, |site, path| site.on(path, empty));
        let empty = r#"{"data":[],"meta":{"pagination":{}}}"#;
        let site = site
            .on(
                "/security/certificates/current",
                r#"{"certificateList":[]}"#,
            )
            .on("/migration-summary", r#"{"data":{}}"#)
            .on("/security/status", r#"{"data":{}}"#)
            .on("/security/serverinfo", "{}");
        others
            .into_iter()
            .fold(site, |site, path| site.on(path, empty))
    }

    pub(crate) fn with_version(self, version: &'static str) -> Self {
        self.rule(move |asked, _| {
            let mut ping = ok("1751371200500");
            let header = ("X-NetBackup-API-Version".to_owned(), version.to_owned());
            ping.headers.push(header);
            (asked == "/ping").then_some(Ok(ping))
        })
    }

    /// Answers 200 with this body if the decoded path and query contain `part`.
    pub(crate) fn on(self, part: &'static str, body: &str) -> Self {
        let body = body.to_owned();
        self.rule(move |asked, _| asked.contains(part).then(|| Ok(ok(&body))))
    }

    /// Answers this status if the decoded path and query contain `part`.
    pub(crate) fn refusing(self, part: &'static str, status: u16, body: &'static str) -> Self {
        self.rule(move |asked, _| {
            let response = Response { status, ..ok(body) };
            asked.contains(part).then_some(Ok(response))
        })
    }

    pub(crate) fn broken(self, part: &'static str, reason: Reason) -> Self {
        self.rule(move |asked, _| asked.contains(part).then(|| Err(reason.clone())))
    }

    pub(crate) fn rule(
        mut self,
        rule: impl Fn(&str, &Request) -> Option<Answer> + 'static,
    ) -> Self {
        self.rules.push(Box::new(rule));
        self
    }

    /// Answers once `requests` are in flight.
    pub(crate) fn gathering(mut self, requests: usize) -> Self {
        self.gather = requests;
        self
    }

    /// Never answers requests that contain `part`. Timers expire once all others are
    /// answered.
    pub(crate) fn hanging(mut self, part: &'static str) -> Self {
        self.hanging = Some(part);
        self
    }

    fn answer(&self, request: &Request) -> Answer {
        let asked = decode(&request.path_and_query);
        let mut rules = self.rules.iter().rev();
        if let (Some(seconds), "/ping") = (self.clock.get(), &*asked) {
            return Ok(ok(&(seconds * 1000).to_string()));
        }
        rules
            .find_map(|rule| rule(&asked, request))
            .unwrap_or_else(|| {
                Ok(Response {
                    status: 404,
                    ..ok("")
                })
            })
    }

    pub(crate) fn collect(&self, settings: &Settings, window: &Window, state: &[Saved]) -> Report {
        let log = Lines::default();
        block_on(guest::run::collect(
            settings,
            window,
            state.to_vec(),
            self,
            &log,
        ))
    }

    /// The result of one collector with default settings.
    pub(crate) fn outcome(&self, collector: &str) -> Outcome {
        let mut report = self.collect(&settings(&[collector]), &window(), &[]);
        assert_eq!(report.outcomes.len(), 1);
        report.outcomes.remove(0)
    }

    /// The families of a collector that read everything.
    pub(crate) fn families(&self, collector: &str) -> Vec<ReportedFamily> {
        let outcome = self.outcome(collector);
        assert_eq!(
            (&*outcome.failures, &*outcome.unsupported),
            (&[][..], &[][..])
        );
        outcome.families
    }

    /// The only failure of a collector, which then reports nothing else.
    pub(crate) fn failure(&self, collector: &str) -> Failure {
        let mut outcome = self.outcome(collector);
        assert_eq!((outcome.families, outcome.state), (vec![], None));
        assert_eq!(outcome.failures.len(), 1, "{:?}", outcome.failures);
        outcome.failures.remove(0)
    }

    pub(crate) fn times_asked(&self, part: &str) -> usize {
        let asked = self.asked.borrow();
        asked.iter().filter(|asked| asked.contains(part)).count()
    }
}

impl Transport for Site {
    fn send(&self, request: Request) -> LocalBoxFuture<'_, Answer> {
        self.asked
            .borrow_mut()
            .push(decode(&request.path_and_query));
        self.requests.borrow_mut().push(request.clone());
        Box::pin(async move {
            self.in_flight.set(self.in_flight.get() + 1);
            self.most_in_flight
                .set(self.most_in_flight.get().max(self.in_flight.get()));
            let mut attempts = 1000;
            while self.most_in_flight.get() < self.gather {
                attempts -= 1;
                assert!(attempts > 0, "never {} requests in flight", self.gather);
                yield_once().await;
            }
            if let Some(part) = self.hanging
                && decode(&request.path_and_query).contains(part)
            {
                return pending().await;
            }
            self.in_flight.set(self.in_flight.get() - 1);
            self.answer(&request)
        })
    }

    fn sleep(&self, time: Duration) -> LocalBoxFuture<'_, ()> {
        Box::pin(async move {
            if self.hanging.is_none() {
                return pending().await;
            }
            for _ in 0..1000 {
                yield_once().await;
            }
            self.slept.set(Some(time));
        })
    }
}

/// Yields to other futures once.
pub(crate) async fn yield_once() {
    let mut yielded = false;
    std::future::poll_fn(|context| {
        if std::mem::replace(&mut yielded, true) {
            return std::task::Poll::Ready(());
        }
        context.waker().wake_by_ref();
        std::task::Poll::Pending
    })
    .await;
}

pub(crate) fn ok(body: &str) -> Response {
    let header = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    Response {
        status: 200,
        headers: vec![header("X-Request-ID", "7f3d")],
        body: body.as_bytes().to_vec(),
    }
}

pub(crate) fn settings(collectors: &[&str]) -> Settings {
    Settings {
        base_url: "https://nbu1:1556/netbackup".to_owned(),
        collectors: collectors.iter().map(|name| select(name, "{}")).collect(),
        api_version: None,
    }
}

/// A collector with these options, a JSON object, and the defaults of the others.
pub(crate) fn select(name: &str, options: &str) -> Selection {
    let given: Map<String, Value> = serde_json::from_str(options).unwrap();
    let declared = describe().collectors.into_iter().find(|it| it.name == name);
    let declared = declared.map_or_else(Vec::new, |it| it.options);
    let value = |option: &DeclaredOption| {
        let default = || match option.default.as_deref() {
            Some("[]") => json!([]),
            Some(text) => serde_json::from_str(text).unwrap_or(json!(text)),
            None => panic!("`{}` is required", option.name),
        };
        let value = given.get(&option.name).cloned().unwrap_or_else(default);
        (option.name.clone(), typed(&option.kind, &value))
    };
    for key in given.keys() {
        assert!(
            declared.iter().any(|it| it.name == *key),
            "no option `{key}`"
        );
    }
    Selection {
        name: name.to_owned(),
        options: declared.iter().map(value).collect(),
    }
}

fn typed(kind: &OptionKind, value: &Value) -> OptionValue {
    match kind {
        OptionKind::Bool => OptionValue::Bool(value.as_bool().unwrap()),
        OptionKind::Integer(_) => OptionValue::Integer(value.as_i64().unwrap()),
        OptionKind::Duration(_) => {
            let duration: SignedDuration = value.as_str().unwrap().parse().unwrap();
            OptionValue::Duration(duration.as_secs_f64())
        }
        OptionKind::Text | OptionKind::Choice(_) => {
            OptionValue::Text(value.as_str().unwrap().to_owned())
        }
        OptionKind::TextList => {
            let texts = value.as_array().unwrap().iter();
            OptionValue::TextList(texts.map(|it| it.as_str().unwrap().to_owned()).collect())
        }
    }
}

/// The state that an outcome leaves, as the host keeps it.
pub(crate) fn saved(outcome: &Outcome) -> Option<Saved> {
    let collectors = describe().collectors;
    let declared = collectors.iter().find(|it| it.name == outcome.collector)?;
    Some(Saved {
        collector: outcome.collector.clone(),
        version: declared.state_version,
        bytes: outcome.state.clone()?,
    })
}

/// Turns the families of the predecessor on.
pub(crate) fn with_legacy_names(mut settings: Settings) -> Settings {
    for (name, value) in settings
        .collectors
        .iter_mut()
        .flat_map(|it| &mut it.options)
    {
        if name == "legacyNames" {
            *value = OptionValue::Bool(true);
        }
    }
    settings
}

/// The last hour.
pub(crate) fn window() -> Window {
    Window {
        now: NOW,
        lookback_seconds: 3600,
        deadline_milliseconds: 120_000,
        last_api_version: Some("13.0".to_owned()),
        resumed: Vec::new(),
    }
}

/// Decodes percent-encoding.
pub(crate) fn decode(text: &str) -> String {
    let mut pieces = text.split('%');
    let mut decoded = pieces.next().unwrap().as_bytes().to_vec();
    for piece in pieces {
        let (code, rest) = piece.split_at(2);
        decoded.push(u8::from_str_radix(code, 16).unwrap());
        decoded.extend_from_slice(rest.as_bytes());
    }
    String::from_utf8(decoded).unwrap()
}
