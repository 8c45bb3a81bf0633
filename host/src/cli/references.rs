//! Finds the names of metrics in rules and dashboards, as words.

use std::collections::{BTreeMap, HashSet};
use std::fmt;

use serde_json::Value;

/// The endings that a histogram adds to its name.
const ENDINGS: [&str; 4] = ["", "_bucket", "_sum", "_count"];

/// A family that is gone, or one of its labels.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct RemovedName {
    family: String,
    label: Option<String>,
}

/// A rule or a panel.
#[derive(Debug)]
pub(super) struct MetricUser {
    /// Such as `alert NetBackupDown` or `panel Jobs`.
    pub(super) title: String,
    words: HashSet<String>,
}

impl RemovedName {
    pub(super) fn family(family: String) -> Self {
        Self {
            family,
            label: None,
        }
    }

    pub(super) fn label(family: String, label: String) -> Self {
        Self {
            family,
            label: Some(label),
        }
    }
}

impl fmt::Display for RemovedName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.label {
            Some(label) => write!(f, "label `{label}` of family `{}`", self.family),
            None => write!(f, "family `{}`", self.family),
        }
    }
}

impl MetricUser {
    fn new(title: String) -> Self {
        Self {
            title,
            words: HashSet::new(),
        }
    }

    fn read(&mut self, text: &str) {
        let is_part = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == ':';
        let words = text.split(|c| !is_part(c)).filter(|word| !word.is_empty());
        self.words.extend(words.map(str::to_owned));
    }

    /// Whether it has the name of the family, and that of the label.
    pub(super) fn uses(&self, name: &RemovedName) -> bool {
        let has_family = ENDINGS
            .iter()
            .any(|ending| self.words.contains(&format!("{}{ending}", name.family)));
        let label = name.label.as_ref();
        has_family && label.is_none_or(|label| self.words.contains(label))
    }
}

/// The rules of a file for Prometheus, with their lines.
pub(super) fn rules(yaml: &str) -> Vec<MetricUser> {
    let mut rules: Vec<MetricUser> = Vec::new();
    for (line, number) in yaml.lines().zip(1..) {
        let content = line.trim_start();
        if content.starts_with('#') {
            continue;
        }
        let entry = content.trim_start_matches("- ");
        let title = ["alert", "record"].iter().find_map(|kind| {
            let name = entry.strip_prefix(kind)?.strip_prefix(':')?;
            Some(format!("line {number}: {kind} `{}`", name.trim()))
        });
        if let Some(title) = title {
            rules.push(MetricUser::new(title));
        }
        if let Some(rule) = rules.last_mut() {
            rule.read(content);
        }
    }
    rules
}

/// The panels and variables of a dashboard.
pub(super) fn panels(json: &str) -> Result<Vec<MetricUser>, serde_json::Error> {
    let dashboard: Value = serde_json::from_str(json)?;
    let mut panels = BTreeMap::new();
    walk(&dashboard, "dashboard", &mut panels);
    Ok(panels.into_values().collect())
}

/// Adds each text to the nearest object with a title or a name.
fn walk(value: &Value, owner: &str, panels: &mut BTreeMap<String, MetricUser>) {
    match value {
        Value::Object(members) => {
            let named = |key: &str| members.get(key).and_then(Value::as_str);
            let owner = match (named("title"), named("name")) {
                (Some(title), _) => format!("panel `{title}`"),
                (None, Some(name)) if members.contains_key("query") => format!("variable `{name}`"),
                _ => owner.to_owned(),
            };
            for member in members.values() {
                walk(member, &owner, panels);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| walk(item, owner, panels)),
        Value::String(text) => {
            let panel = panels.entry(owner.to_owned());
            panel
                .or_insert_with(|| MetricUser::new(owner.to_owned()))
                .read(text);
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn titles(users: &[MetricUser], name: &RemovedName) -> Vec<String> {
        let found = users.iter().filter(|user| user.uses(name));
        found.map(|user| user.title.clone()).collect()
    }

    fn family(name: &str) -> RemovedName {
        RemovedName::family(name.to_owned())
    }

    #[test]
    fn rules_that_use_a_family_or_its_label_are_found() {
        let rules = rules(
            "groups:\n- name: x\n  rules:\n  # nbu_old\n  - record: site:nbu_jobs:sum\n    expr: sum by (site) (\n      \
             nbu_jobs{state=\"x\"})\n  - alert: Old\n    expr: rate(nbu_time_bucket[5m]) > nbu_jobs_total\n",
        );
        let record = "line 5: record `site:nbu_jobs:sum`";
        assert_eq!(titles(&rules, &family("nbu_jobs")), [record]);
        assert_eq!(titles(&rules, &family("nbu_time")), ["line 8: alert `Old`"]);
        assert!(titles(&rules, &family("nbu_old")).is_empty());
        let label = |label: &str| RemovedName::label("nbu_jobs".to_owned(), label.to_owned());
        assert_eq!(titles(&rules, &label("state")), [record]);
        assert!(titles(&rules, &label("policy")).is_empty());
    }

    #[test]
    fn panels_and_variables_that_use_a_family_are_found() {
        let json = r#"{"title":"All","panels":[
            {"title":"Jobs","targets":[{"expr":"sum(nbu_jobs{site=~\"$site\"})"}],
             "panels":[{"title":"Inner","targets":[{"expr":"nbu_inner"}]}]}],
            "templating":{"list":[{"name":"site","query":"label_values(nbu_up, site)"}]}}"#;
        let panels = panels(json).unwrap();
        assert_eq!(titles(&panels, &family("nbu_jobs")), ["panel `Jobs`"]);
        assert_eq!(titles(&panels, &family("nbu_inner")), ["panel `Inner`"]);
        assert_eq!(titles(&panels, &family("nbu_up")), ["variable `site`"]);
        assert!(super::panels("{").is_err());
    }
}
