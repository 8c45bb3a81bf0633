//! A browser of the families on the page of metrics.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use super::html::{Escaped, push};
use crate::http::status_report::SiteStatus;
use crate::metrics::{Family, Kind, Samples};

/// Maximum number of rows of a table.
const ROWS: usize = 200;

/// What the list shows of all families of one name.
struct FamilySummary<'a> {
    help: &'a str,
    kind: Kind,
    series: usize,
}

/// A family with its site; `None` for those of the host itself.
type Member<'a> = (Option<&'a str>, Cow<'a, Family>);

/// What the form asks for.
pub(super) struct FamilyFilter<'a> {
    /// A part of a name or HELP text. A complete name shows the values.
    pub(super) text: &'a str,
    /// The only site to show.
    pub(super) site: Option<&'a str>,
}

/// The section of the browser. `own` are the host's own families.
pub(super) fn families(
    out: &mut String,
    sites: &[SiteStatus],
    own: &[Family],
    filter: &FamilyFilter<'_>,
) {
    out.push_str("<section aria-labelledby=\"families\">\n<h2 id=\"families\">Metrics</h2>\n");
    form(out, filter);
    match members(sites, own, filter.text).as_slice() {
        [] => list(out, &by_name(sites, own), filter),
        members => values(out, filter.text, members),
    }
    out.push_str("</section>\n");
}

fn form(out: &mut String, filter: &FamilyFilter<'_>) {
    let text = Escaped(filter.text);
    out.push_str("<form action=\"/#families\">\n");
    if let Some(site) = filter.site {
        let site = Escaped(site);
        push(
            out,
            format_args!("<input type=\"hidden\" name=\"site\" value=\"{site}\">\n"),
        );
    }
    push(
        out,
        format_args!(
            "<label for=\"family\">Part of a name or description</label>\n\
             <input type=\"search\" id=\"family\" name=\"family\" value=\"{text}\">\n\
             <button>Filter</button>\n</form>\n"
        ),
    );
}

/// The families of this name.
fn members<'a>(sites: &'a [SiteStatus], own: &'a [Family], name: &str) -> Vec<Member<'a>> {
    let of_sites = sites.iter().flat_map(|site| {
        let families = site.families.iter();
        let families = families.filter(|family| family.header().name == name);
        families.map(|family| (Some(site.name.as_str()), Cow::Owned(family.read())))
    });
    let own = own.iter().filter(|family| family.name == name);
    of_sites
        .chain(own.map(|family| (None, Cow::Borrowed(family))))
        .collect()
}

fn by_name<'a>(sites: &'a [SiteStatus], own: &'a [Family]) -> BTreeMap<&'a str, FamilySummary<'a>> {
    let of_sites = sites.iter().flat_map(|site| &site.families);
    let of_sites = of_sites.map(|family| {
        let header = family.header();
        (&header.name, &header.help, header.kind, family.series())
    });
    let own = own.iter();
    let own = own.map(|family| (&family.name, &family.help, family.kind(), family.series()));
    let mut all = BTreeMap::new();
    for (name, help, kind, series) in of_sites.chain(own) {
        let summary = all.entry(name.as_str()).or_insert(FamilySummary {
            help,
            kind,
            series: 0,
        });
        summary.series += series;
    }
    all
}

/// The families that match, without values.
fn list(out: &mut String, all: &BTreeMap<&str, FamilySummary<'_>>, filter: &FamilyFilter<'_>) {
    let wanted = filter.text.to_lowercase();
    let found = all.iter().filter(|(name, family)| {
        name.contains(&wanted) || family.help.to_lowercase().contains(&wanted)
    });
    let found: Vec<_> = found.collect();
    count(out, found.len(), ["family", "families"]);
    if found.is_empty() {
        return;
    }
    // All families are many, so they are folded until somebody looks for some.
    let open = if filter.text.is_empty() { "" } else { " open" };
    push(
        out,
        format_args!("<details{open}><summary>Families</summary>\n"),
    );
    out.push_str(
        "<div class=\"scroll\" role=\"region\" tabindex=\"0\" aria-label=\"Families\">\n<table>\n\
         <thead><tr><th scope=\"col\">Name</th><th scope=\"col\">Type</th>\
         <th scope=\"col\">Series</th><th scope=\"col\">Description</th></tr></thead>\n<tbody>\n",
    );
    for (name, FamilySummary { help, kind, series }) in found.into_iter().take(ROWS) {
        let mut query = form_urlencoded::Serializer::new(String::new());
        if let Some(site) = filter.site {
            query.append_pair("site", site);
        }
        let query = query.append_pair("family", name).finish();
        let (query, name, help) = (Escaped(&query), Escaped(name), Escaped(help));
        let kind = kind.as_str();
        push(
            out,
            format_args!(
                "<tr><th scope=\"row\"><a href=\"/?{query}#families\">{name}</a></th>\
                 <td>{kind}</td><td class=\"number\">{series}</td><td>{help}</td></tr>\n"
            ),
        );
    }
    out.push_str("</tbody></table></div></details>\n");
}

/// The values of one family.
fn values(out: &mut String, name: &str, members: &[Member<'_>]) {
    let Some((_, first)) = members.first() else {
        return;
    };
    let kind = first.kind().as_str();
    let (name, help) = (Escaped(name), Escaped(&first.help));
    push(
        out,
        format_args!("<h3>{name}</h3>\n<p>{help} <span class=\"note\">{kind}</span></p>\n"),
    );
    let rows = members.iter().map(|(_, family)| family.label_sets().len());
    count(out, rows.sum(), ["sample", "samples"]);
    push(
        out,
        format_args!(
            "<div class=\"scroll\" role=\"region\" tabindex=\"0\" aria-label=\"Values of {name}\">\n\
             <table>\n<thead><tr>"
        ),
    );
    value_rows(out, members);
}

/// The columns and rows of the values, from the cells of the first row on.
fn value_rows(out: &mut String, members: &[Member<'_>]) {
    let labels: BTreeSet<&str> = members
        .iter()
        .flat_map(|(_, family)| family.labels.iter().map(String::as_str))
        .collect();
    let of_sites = members.iter().any(|(site, _)| site.is_some());
    for label in of_sites.then_some("site").iter().chain(&labels) {
        push(
            out,
            format_args!("<th scope=\"col\">{}</th>", Escaped(label)),
        );
    }
    out.push_str("<th scope=\"col\">Value</th></tr></thead>\n<tbody>\n");
    let rows = members.iter().flat_map(|(site, family)| {
        let rows = samples(family).into_iter();
        rows.map(move |(label_values, value)| (site, family, label_values, value))
    });
    for (site, family, label_values, value) in rows.take(ROWS) {
        out.push_str("<tr>");
        if of_sites {
            push(
                out,
                format_args!("<td>{}</td>", Escaped(site.unwrap_or(""))),
            );
        }
        for label in &labels {
            let index = family.labels.iter().position(|it| it == label);
            let text = index.and_then(|index| label_values.get(index));
            let text = Escaped(text.map_or("", String::as_str));
            push(out, format_args!("<td>{text}</td>"));
        }
        push(
            out,
            format_args!("<td class=\"number\">{}</td></tr>\n", Escaped(&value)),
        );
    }
    out.push_str("</tbody></table></div>\n");
}

/// The label values and the value of each sample.
fn samples(family: &Family) -> Vec<(&[String], String)> {
    match &family.samples {
        Samples::Gauge(points) | Samples::Counter(points) => {
            let points = points.iter();
            points
                .map(|it| (it.label_values.as_slice(), it.value.to_string()))
                .collect()
        }
        Samples::Histogram(distributions) => {
            let all = distributions.iter();
            let text = |count, sum| format!("{count} observations, sum {sum}");
            all.map(|it| (it.label_values.as_slice(), text(it.count, it.sum)))
                .collect()
        }
    }
}

fn count(out: &mut String, all: usize, [one, many]: [&str; 2]) {
    match all {
        1 => push(out, format_args!("<p>1 {one}.</p>\n")),
        0..=ROWS => push(out, format_args!("<p>{all} {many}.</p>\n")),
        _ => push(
            out,
            format_args!("<p>The first {ROWS} of {all} {many}; use the filter.</p>\n"),
        ),
    }
}
