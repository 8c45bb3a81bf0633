//! The dashboards in `deploy/grafana`.

use std::fs;
use std::path::Path;

use serde_json::Value;

/// The folder of the dashboards.
pub(super) const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../deploy/grafana");

/// What Grafana would write for its variables: every exporter and site, a day, and a
/// range that fits in ten minutes.
const VARIABLES: [(&str, &str); 4] = [
    ("$instance", ".+"),
    ("$site", ".+"),
    ("$__range", "24h"),
    ("$__rate_interval", "5m"),
];

/// A dashboard.
pub(super) struct Dashboard {
    /// The name of its file.
    pub(super) file: String,
    pub(super) json: Value,
}

/// A panel.
pub(super) struct Panel<'a> {
    /// Names it in messages.
    pub(super) place: String,
    pub(super) json: &'a Value,
}

/// One expression of a panel.
pub(super) struct Target {
    /// Names it in messages.
    pub(super) place: String,
    /// With values for Grafana's variables.
    pub(super) expression: String,
    /// The labels in the legend.
    pub(super) legend: Vec<String>,
}

/// Every dashboard, by name of the file.
pub(super) fn dashboards() -> Vec<Dashboard> {
    let files = fs::read_dir(FOLDER).unwrap();
    let paths = files.map(|file| file.unwrap().path());
    let mut paths: Vec<_> = paths
        .filter(|path| path.extension().is_some_and(|it| it == "json"))
        .collect();
    paths.sort();
    paths.iter().map(|path| Dashboard::read(path)).collect()
}

impl Dashboard {
    fn read(path: &Path) -> Self {
        let file = path.file_name().unwrap().to_string_lossy().into_owned();
        let text = fs::read_to_string(path).unwrap();
        let json = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{file}: {error}"));
        Self { file, json }
    }

    pub(super) fn panels(&self) -> Vec<Panel<'_>> {
        let panels = self.json["panels"].as_array().unwrap().iter();
        panels
            .map(|json| Panel {
                place: format!("{}, `{}`", self.file, json["title"].as_str().unwrap()),
                json,
            })
            .collect()
    }

    pub(super) fn targets(&self) -> Vec<Target> {
        let panels = self.panels();
        panels.iter().flat_map(Panel::targets).collect()
    }
}

impl Panel<'_> {
    fn targets(&self) -> Vec<Target> {
        let targets = self.json["targets"].as_array().unwrap().iter();
        targets
            .map(|target| Target {
                place: format!("{}, {}", self.place, target["refId"]),
                expression: substitute(target["expr"].as_str().unwrap()),
                legend: legend(target["legendFormat"].as_str().unwrap_or_default()),
            })
            .collect()
    }
}

/// The expression with values for Grafana's variables.
pub(super) fn substitute(expression: &str) -> String {
    let mut text = expression.to_owned();
    for (variable, value) in VARIABLES {
        text = text.replace(variable, value);
    }
    text
}

/// The labels in `{{label}}`.
fn legend(format: &str) -> Vec<String> {
    let parts = format.split("{{").skip(1);
    parts
        .map(|part| part.split("}}").next().unwrap().to_owned())
        .collect()
}
