//! One card for each site, the worst first.

use std::collections::BTreeSet;

use super::chart::chart;
use super::html::{Escaped, Marked, ago, number, push, quantity, span};
use crate::http::status_report::{CollectorHealth, Severity, SiteStatus, Tile};

/// The number of sites that have a card. A page with more would take a browser seconds.
const CARDS: usize = 50;
/// The number of failures that a card shows at once. One cause often fails every request.
const FAILURES: usize = 3;

/// The cards of the worst sites, and links to the others.
pub(super) fn cards(out: &mut String, sites: &[SiteStatus], now: f64) {
    let mut sites: Vec<_> = sites.iter().collect();
    // A stable sort, so that equal sites stay in the order of the configuration.
    sites.sort_by_key(|site| site.severity());
    let (shown, others) = sites.split_at(sites.len().min(CARDS));
    out.push_str("<div class=\"cards\">\n");
    for (number, site) in shown.iter().enumerate() {
        card(out, site, number, now);
    }
    out.push_str("</div>\n");
    if others.is_empty() {
        return;
    }
    out.push_str("<h3>Other sites</h3>\n<ul class=\"others\">\n");
    for site in others {
        let name = site.name.as_str();
        let query: String = form_urlencoded::byte_serialize(name.as_bytes()).collect();
        let (name, severity) = (Escaped(name), site.severity().as_str());
        push(
            out,
            format_args!("<li><a href=\"/?site={query}\">{name}</a>: {severity}</li>\n"),
        );
    }
    out.push_str("</ul>\n");
}

fn card(out: &mut String, site: &SiteStatus, number: usize, now: f64) {
    let name = Escaped(site.name.as_str());
    let severity = site.severity().as_str();
    let version = site.api_version.as_deref().unwrap_or("not known yet");
    let version = Escaped(version);
    let series: usize = site.collectors.iter().map(|it| it.series).sum();
    push(
        out,
        format_args!(
            "<article class=\"card {severity}\" aria-labelledby=\"site-{number}\">\n\
             <h3 id=\"site-{number}\">{name} <span class=\"badge\">{severity}</span></h3>\n\
             <p class=\"note\">NetBackup API {version}, {series} series</p>\n"
        ),
    );
    problems(out, site);
    tiles(out, site, now);
    chart(out, &site.recent, number);
    collectors(out, site);
    out.push_str("</article>\n");
}

/// What fails, and each hint once.
fn problems(out: &mut String, site: &SiteStatus) {
    if site.severity() == Severity::Waiting {
        out.push_str("<p>The first collection has not ended yet.</p>\n");
    }
    let failing = site.collectors.iter();
    let failing = failing.filter(|it| it.success == Some(false));
    let failures = grouped(failing.clone());
    let (first, others) = failures.split_at(failures.len().min(FAILURES));
    list(out, first);
    let hints: BTreeSet<_> = failing.flat_map(|it| &it.hints).collect();
    for hint in hints {
        let hint = Marked(hint);
        push(out, format_args!("<p class=\"hint\">Hint: {hint}</p>\n"));
    }
    if !others.is_empty() {
        let count = others.len();
        push(
            out,
            format_args!("<details><summary>More failures: {count}</summary>\n"),
        );
        list(out, others);
        out.push_str("</details>\n");
    }
}

/// One failure of collectors, and how often it occurred.
struct GroupedFailure<'a> {
    collectors: Vec<&'a str>,
    text: &'a str,
    count: usize,
}

/// Failures that differ only in their path become one.
fn grouped<'a>(failing: impl Iterator<Item = &'a CollectorHealth>) -> Vec<GroupedFailure<'a>> {
    let mut groups: Vec<GroupedFailure<'a>> = Vec::new();
    let each = failing.flat_map(|it| it.failures.iter().map(|text| (it.name.as_str(), text)));
    for (collector, text) in each {
        let same = groups.iter_mut().find(|it| cause(it.text) == cause(text));
        match same {
            Some(group) => {
                group.count += 1;
                if !group.collectors.contains(&collector) {
                    group.collectors.push(collector);
                }
            }
            None => groups.push(GroupedFailure {
                collectors: vec![collector],
                text,
                count: 1,
            }),
        }
    }
    groups
}

/// The failure without the path of its request.
fn cause(text: &str) -> &str {
    match text.split_once(": ") {
        Some((path, cause)) if path.starts_with('/') => cause,
        _ => text,
    }
}

fn list(out: &mut String, failures: &[GroupedFailure<'_>]) {
    if failures.is_empty() {
        return;
    }
    out.push_str("<ul class=\"problems\">\n");
    for failure in failures {
        let collectors = failure.collectors.join(", ");
        let (collectors, text) = (Escaped(&collectors), Marked(failure.text));
        push(
            out,
            format_args!("<li><strong>{collectors}</strong>: {text}"),
        );
        if failure.count > 1 {
            push(out, format_args!(" ({} times)", failure.count));
        }
        out.push_str("</li>\n");
    }
    out.push_str("</ul>\n");
}

/// Each title leads to the series, which name what the number counts.
fn tiles(out: &mut String, site: &SiteStatus, now: f64) {
    if site.tiles.is_empty() {
        return;
    }
    out.push_str("<dl class=\"tiles\">\n");
    for tile in &site.tiles {
        let class = if tile.is_warning() { " over" } else { "" };
        let title = Escaped(&tile.title);
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.append_pair("site", site.name.as_str());
        query.append_pair("family", &tile.family);
        let query = query.finish();
        let query = Escaped(&query);
        push(
            out,
            format_args!(
                "<div class=\"tile{class}\"><dt><a href=\"/?{query}#families\">{title}</a></dt><dd>"
            ),
        );
        let unit = tile.unit.as_deref();
        match tile.value {
            Some(value) => {
                let text = quantity(value, unit, now);
                let text = Escaped(&text);
                push(out, format_args!("<data value=\"{value}\">{text}</data>"));
            }
            None => out.push_str("no data"),
        }
        if let Some(limit) = tile.warn_above.filter(|_| tile.is_warning()) {
            let unit = match unit {
                Some(Tile::AGE) => Some("seconds"),
                other => other,
            };
            let limit = quantity(limit, unit, now);
            let limit = Escaped(&limit);
            push(
                out,
                format_args!("<span class=\"note\">above {limit}</span>"),
            );
        }
        out.push_str("</dd></div>\n");
    }
    out.push_str("</dl>\n");
}

fn collectors(out: &mut String, site: &SiteStatus) {
    let name = Escaped(site.name.as_str());
    push(
        out,
        format_args!(
            "<div class=\"scroll\" role=\"region\" tabindex=\"0\" \
             aria-label=\"Collectors of {name}\">\n<table>\n\
             <thead><tr><th scope=\"col\">Collector</th><th scope=\"col\">Last attempt</th>\
             <th scope=\"col\">Values</th><th scope=\"col\">Next</th>\
             <th scope=\"col\">Requests</th><th scope=\"col\">Series</th></tr></thead>\n<tbody>\n"
        ),
    );
    for it in &site.collectors {
        collector(out, it);
    }
    out.push_str("</tbody></table></div>\n");
}

fn collector(out: &mut String, it: &CollectorHealth) {
    let name = Escaped(&it.name);
    let (class, attempt) = match it.success {
        Some(true) => ("good", format!("succeeded {}", ago(it.attempted))),
        Some(false) => ("bad", format!("failed {}", ago(it.attempted))),
        None => ("", "none yet".to_owned()),
    };
    let age = ago(it.age);
    let next = it.next.map_or_else(
        || "unknown".to_owned(),
        |next| match next.as_secs() {
            0 => "now".to_owned(),
            _ => format!("in {}", span(next)),
        },
    );
    let requests = it.requests.map_or_else(
        || "unknown".to_owned(),
        |requests| number(f64::from(requests)),
    );
    let series = it.series;
    push(
        out,
        format_args!(
            "<tr><th scope=\"row\">{name}</th><td class=\"{class}\">{attempt}</td>\
             <td>{age}</td><td>{next}</td><td class=\"number\">{requests}</td>\
             <td class=\"number\">{series}</td></tr>\n"
        ),
    );
}
