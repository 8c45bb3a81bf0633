//! The status page: HTML without scripts, made when it is requested.

mod card;
mod chart;
mod event_table;
mod families;
mod html;
mod scrape_config;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use http::header::HOST;
use http::request::Parts;

use self::families::FamilyFilter;
use self::html::{Escaped, push};
use self::scrape_config::ScrapeTarget;
use super::state::{ServerState, Status};
use super::status_report::{GuestStatus, Severity, SiteStatus, StatusReport};
use crate::metrics::{Family, Instruments};

/// The only resource of the page. The policy in `web/headers` has its digest.
pub(super) const STYLE: &str = include_str!("status_page/style.css");

/// Where the documents are published, as in the alerts of `deploy/prometheus`.
const DOCUMENTS: &str = "https://example.com/nbu_exporter/docs";

/// A request for the page. It owns all it needs, so that a blocking thread can render
/// it.
pub(super) struct StatusPage {
    version: &'static str,
    metrics_path: Arc<String>,
    target: ScrapeTarget,
    instruments: Instruments,
    unready: Option<Arc<String>>,
    status: Arc<dyn Status>,
    /// The first value of each key of the query.
    query: BTreeMap<String, String>,
}

impl StatusPage {
    pub(super) fn new(state: &ServerState, request: &Parts) -> Self {
        let query = request.uri.query().unwrap_or_default();
        let mut values = BTreeMap::new();
        for (key, value) in form_urlencoded::parse(query.as_bytes()) {
            let value = value.into_owned();
            values.entry(key.into_owned()).or_insert(value);
        }
        let web = state.web.load();
        let metrics_path = state.metrics_path.load_full();
        let host = request
            .headers
            .get(HOST)
            .and_then(|host| host.to_str().ok());
        Self {
            version: state.version,
            target: ScrapeTarget {
                address: scrape_config::address(host),
                path: metrics_path.to_string(),
                is_encrypted: web.tls.is_some(),
                has_users: web.requires_password(),
            },
            instruments: state.instruments.clone(),
            metrics_path,
            unready: state.unready(),
            status: Arc::clone(&state.status),
            query: values,
        }
    }

    /// The whole page as HTML.
    pub(super) fn render(&self) -> String {
        let mut report = self.status.report();
        let now = SystemTime::now().duration_since(UNIX_EPOCH);
        let now = now.unwrap_or_default().as_secs_f64();
        let summary = summary(&report.sites);
        let only = self.query.get("site").filter(|name| !name.is_empty());
        if let Some(only) = only {
            report.sites.retain(|site| site.name.as_str() == only);
        }
        let mut out = head(&summary);
        push(
            &mut out,
            format_args!(
                "<header>\n<h1>NetBackup exporter</h1>\n<p>Version {}. {summary}.</p>\n",
                Escaped(self.version)
            ),
        );
        self.links(&mut out);
        out.push_str("</header>\n<main id=\"main\">\n");
        if let Some(reason) = &self.unready {
            push(
                &mut out,
                format_args!("<p class=\"unready\">Not ready: {}</p>\n", Escaped(reason)),
            );
        }
        event_table::rejected_reload(&mut out, &report.history);
        sites(&mut out, &report, only, now);
        guest(&mut out, report.guest.as_ref());
        event_table::events(&mut out, &report.history, now);
        self.families(&mut out, &report.sites, only.map(String::as_str));
        scrape_config::scrape_config(&mut out, &self.target);
        out.push_str("</main>\n");
        footer(&mut out);
        out.push_str("</body></html>\n");
        out
    }

    fn families(&self, out: &mut String, sites: &[SiteStatus], site: Option<&str>) {
        // The host's own families belong to no site.
        let own: Vec<Family> = match site {
            Some(_) => Vec::new(),
            None => self.instruments.families().collect(),
        };
        let text = self.query.get("family").map_or("", String::as_str);
        let filter = FamilyFilter { text, site };
        families::families(out, sites, &own, &filter);
    }

    fn links(&self, out: &mut String) {
        let links = [
            (self.metrics_path.as_str(), "metrics"),
            ("/health", "whether NetBackup answers"),
            ("/-/healthy", "whether the exporter runs"),
            ("/-/ready", "whether the exporter collects"),
            ("/config", "the configuration in effect, secrets masked"),
        ];
        out.push_str("<nav aria-label=\"Pages\"><ul>\n");
        for (path, what) in links {
            let path = Escaped(path);
            push(
                out,
                format_args!("<li><a href=\"{path}\">{path}</a> {what}</li>\n"),
            );
        }
        out.push_str("</ul></nav>\n");
    }
}

fn footer(out: &mut String) {
    out.push_str("<footer>\n<nav aria-label=\"Documentation\"><ul>\n");
    for (page, what) in [
        ("troubleshooting", "When something fails"),
        ("runbooks", "What to do for each alert"),
        ("operating", "Operating"),
        ("configuration", "Configuration"),
        ("metrics", "Metrics"),
    ] {
        push(
            out,
            format_args!("<li><a href=\"{DOCUMENTS}/{page}.md\">{what}</a></li>\n"),
        );
    }
    out.push_str("</ul></nav>\n</footer>\n");
}

fn head(summary: &str) -> String {
    format!(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <title>NetBackup exporter: {summary}</title><style>{STYLE}</style></head><body>\n\
         <a class=\"skip\" href=\"#main\">Skip to the sites</a>\n"
    )
}

/// How many sites there are, and how many of each severity.
fn summary(sites: &[SiteStatus]) -> String {
    let mut counts: BTreeMap<Severity, usize> = BTreeMap::new();
    for site in sites {
        *counts.entry(site.severity()).or_default() += 1;
    }
    let counts = counts.iter();
    let counts: Vec<_> = counts
        .map(|(severity, count)| format!("{count} {}", severity.as_str()))
        .collect();
    match sites.len() {
        0 => "No sites yet".to_owned(),
        1 => format!("1 site: {}", counts.join(", ")),
        all => format!("{all} sites: {}", counts.join(", ")),
    }
}

fn sites(out: &mut String, report: &StatusReport, only: Option<&String>, now: f64) {
    out.push_str("<section aria-labelledby=\"sites\">\n<h2 id=\"sites\">Sites</h2>\n");
    if let Some(only) = only {
        let only = Escaped(only);
        push(
            out,
            format_args!("<p>Only site {only}. <a href=\"/\">Show all sites</a></p>\n"),
        );
    }
    if report.sites.is_empty() {
        let nothing = match only {
            Some(_) => "This exporter does not collect that site.",
            None => "Nothing has been collected yet.",
        };
        push(out, format_args!("<p>{nothing}</p>\n"));
    }
    if !report.sites.is_empty() {
        out.push_str(
            "<p class=\"note\">A site is well if every collector succeeds and no tile exceeds its \
             limit. The alert rules watch more than that.</p>\n",
        );
    }
    card::cards(out, &report.sites, now);
    out.push_str("</section>\n");
}

fn guest(out: &mut String, guest: Option<&GuestStatus>) {
    out.push_str("<section aria-labelledby=\"guest\">\n<h2 id=\"guest\">Guest</h2>\n");
    let Some(guest) = guest else {
        out.push_str("<p>The guest is not loaded yet.</p>\n</section>\n");
        return;
    };
    let signature = if guest.signed {
        "verified"
    } else {
        "not verified"
    };
    let generation = guest.generation.to_string();
    out.push_str("<dl class=\"facts\">\n");
    for (term, value) in [
        ("Name", guest.name.as_str()),
        ("Version", &guest.version),
        ("File", guest.file.as_deref().unwrap_or("built in")),
        ("SHA-256", &guest.digest),
        ("Signature", signature),
        ("Generation", &generation),
    ] {
        let value = Escaped(value);
        push(
            out,
            format_args!("<div><dt>{term}</dt><dd>{value}</dd></div>\n"),
        );
    }
    out.push_str("</dl>\n</section>\n");
}

#[cfg(test)]
mod tests;
