//! The metrics reference: every family that can be on the page, as Markdown.
//! Nothing in it is written twice: a guest describes its families, the host
//! defines its own.

use std::fmt::Write as _;

use crate::cache;
use crate::guest::{Capability, DeclaredKind, DescribedFamily, Manifest};
use crate::metrics::{Definition, Family, Instruments};

const HEAD: &str = "\
# Metrics

<!-- Written by `nbu_exporter inspect --markdown`. -->

Every family of a guest and every family about a site carries the label `site` first. \
The legacy families, which HELP calls the predecessor's, are there with \
`metrics.legacyNames: true`.
";

/// One line of a table.
struct Row {
    name: String,
    kind: &'static str,
    labels: String,
    help: String,
}

/// The whole page.
pub(super) fn markdown(manifest: &Manifest) -> String {
    let mut page = HEAD.to_owned();
    let sites = cache::definitions().into_iter().map(Row::from).collect();
    section(
        &mut page,
        "Freshness and health",
        "Of every site, always.",
        sites,
    );
    for capability in &manifest.capabilities {
        let rows = capability.families.iter().map(Row::from).collect();
        let title = format!("Collector `{}`", capability.name);
        section(&mut page, &title, &about(capability), rows);
    }
    let own = Instruments::definitions().iter().map(Row::from);
    let process = Instruments::process().into_iter().map(Row::from);
    let rows = own.chain(process).collect();
    section(
        &mut page,
        "The exporter itself",
        "Without `site`, unless it is listed.",
        rows,
    );
    page
}

fn about(capability: &Capability) -> String {
    let asked = if capability.cached {
        "an answer is reused for `server.cacheTTL`"
    } else {
        "asked at every collection"
    };
    let paths: Vec<_> = capability
        .paths
        .iter()
        .map(|path| format!("`{path}`"))
        .collect();
    format!(
        "{}: {asked}. Reads {}.",
        capability.summary,
        paths.join(", ")
    )
}

fn section(page: &mut String, title: &str, about: &str, rows: Vec<Row>) {
    // Writing into a `String` cannot fail.
    let _ = write!(
        page,
        "\n## {title}\n\n{about}\n\n| Family | Type | Labels | Meaning |\n|---|---|---|---|\n"
    );
    for Row {
        name,
        kind,
        labels,
        help,
    } in rows
    {
        let _ = writeln!(
            page,
            "| `{name}` | {kind} | {labels} | {} |",
            help.replace('|', "\\|")
        );
    }
}

impl Row {
    fn new<'a>(
        name: &str,
        kind: &'static str,
        labels: impl IntoIterator<Item = &'a str>,
        help: &str,
    ) -> Self {
        let labels: Vec<_> = labels
            .into_iter()
            .map(|label| format!("`{label}`"))
            .collect();
        Self {
            name: name.to_owned(),
            kind,
            labels: labels.join(", "),
            help: help.to_owned(),
        }
    }
}

impl From<&Definition> for Row {
    fn from(own: &Definition) -> Self {
        Self::new(
            own.name,
            own.kind.as_str(),
            own.labels.iter().copied(),
            own.help,
        )
    }
}

impl From<Family> for Row {
    fn from(own: Family) -> Self {
        let labels = own.labels.iter().map(String::as_str);
        Self::new(&own.name, own.kind().as_str(), labels, &own.help)
    }
}

impl From<&DescribedFamily> for Row {
    fn from(described: &DescribedFamily) -> Self {
        let kind = match described.kind {
            DeclaredKind::Gauge => "gauge",
            DeclaredKind::Counter => "counter",
            DeclaredKind::Histogram => "histogram",
        };
        let labels = described.labels.iter().map(String::as_str);
        Self::new(&described.name, kind, labels, &described.help)
    }
}
