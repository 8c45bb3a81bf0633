//! Compares two reports in the Prometheus text format.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

/// The differences between two reports.
#[derive(Default)]
pub(super) struct ReportDifference {
    text: String,
    removed: BTreeSet<String>,
}

/// One family of a report.
#[derive(Debug, Default, PartialEq)]
struct ReportedFamily<'t> {
    help: &'t str,
    kind: &'t str,
    /// The value of each series.
    series: BTreeMap<&'t str, &'t str>,
}

impl ReportDifference {
    /// From `old` to `new`.
    pub(super) fn between(old: &str, new: &str) -> Self {
        let (before, after) = (families(old), families(new));
        let mut difference = Self::default();
        let names: BTreeSet<&str> = before.keys().chain(after.keys()).copied().collect();
        for name in names {
            difference.family(name, before.get(name), after.get(name));
        }
        if difference.text.is_empty() && old != new {
            difference
                .text
                .push_str("the order of the series differs\n");
        }
        difference
    }

    /// From the reports of collections to those of the same collections. With several, the
    /// changes stand under the number of the collection. A family is removed if no new
    /// report has it.
    pub(super) fn between_all(old: &[&str], new: &[&str]) -> Self {
        let ([old], [new]) = (old, new) else {
            let mut all = Self {
                text: String::new(),
                removed: Self::between(&old.concat(), &new.concat()).removed,
            };
            for ((old, new), number) in old.iter().zip(new).zip(1..) {
                let text = Self::between(old, new).text;
                if !text.is_empty() {
                    // Writing into a `String` cannot fail.
                    let _ = write!(all.text, "collection {number}:\n{text}");
                }
            }
            return all;
        };
        Self::between(old, new)
    }

    /// A line for each change; empty if there is none.
    pub(super) fn text(&self) -> String {
        self.text.clone()
    }

    /// The families that only the old report has.
    pub(super) fn removed(&self) -> &BTreeSet<String> {
        &self.removed
    }

    fn family(
        &mut self,
        name: &str,
        before: Option<&ReportedFamily<'_>>,
        after: Option<&ReportedFamily<'_>>,
    ) {
        let none = ReportedFamily::default();
        let head = match (before, after) {
            (Some(old), None) => {
                self.removed.insert(name.to_owned());
                format!("- family `{name}`, a {}", old.kind)
            }
            (None, Some(new)) => format!("+ family `{name}`, a {}", new.kind),
            _ => format!("~ family `{name}`"),
        };
        let (old, new) = (before.unwrap_or(&none), after.unwrap_or(&none));
        if old == new {
            return;
        }
        let mut lines = Vec::new();
        if before.is_some() && after.is_some() {
            if old.kind != new.kind {
                lines.push(format!("type changed from {} to {}", old.kind, new.kind));
            }
            if old.help != new.help {
                lines.push("help text changed".to_owned());
            }
        }
        lines.extend(series(&old.series, &new.series));
        // Writing into a `String` cannot fail.
        let _ = writeln!(self.text, "{head}");
        for line in lines {
            let _ = writeln!(self.text, "    {line}");
        }
    }
}

/// A line for each series that was removed, added or changed.
fn series(old: &BTreeMap<&str, &str>, new: &BTreeMap<&str, &str>) -> Vec<String> {
    let names: BTreeSet<&str> = old.keys().chain(new.keys()).copied().collect();
    let change = |name: &str| match (old.get(name), new.get(name)) {
        (Some(before), None) => Some(format!("- {name} {before}")),
        (None, Some(after)) => Some(format!("+ {name} {after}")),
        (Some(before), Some(after)) if before != after => {
            Some(format!("~ {name} changed from {before} to {after}"))
        }
        _ => None,
    };
    names.into_iter().filter_map(change).collect()
}

fn families(text: &str) -> BTreeMap<&str, ReportedFamily<'_>> {
    let mut families: BTreeMap<&str, ReportedFamily<'_>> = BTreeMap::new();
    let mut current = "";
    for line in text.lines() {
        let comment = line.strip_prefix("# ").and_then(|it| it.split_once(' '));
        match comment {
            Some((word @ ("HELP" | "TYPE"), rest)) => {
                let (name, value) = rest.split_once(' ').unwrap_or((rest, ""));
                current = name;
                let family = families.entry(name).or_default();
                match word {
                    "HELP" => family.help = value,
                    _ => family.kind = value,
                }
            }
            _ => {
                if let Some((series, value)) = line.rsplit_once(' ') {
                    let family = families.entry(current).or_default();
                    family.series.insert(series, value);
                }
            }
        }
    }
    families
}

#[cfg(test)]
mod tests {
    use super::*;

    const OLD: &str = "# HELP a A b.\n# TYPE a gauge\na{x=\"1 2\"} 5\na{x=\"3\"} 6\na{x=\"4\"} 7\n\
                       # HELP b B.\n# TYPE b counter\nb 1\n";

    #[test]
    fn families_series_and_values_are_compared() {
        let new = "# HELP a A b.\n# TYPE a gauge\na{x=\"1 2\"} 8\na{x=\"3\"} 6\na{x=\"5\"} 7\n\
                   # HELP c C.\n# TYPE c gauge\nc 2\n";
        let difference = ReportDifference::between(OLD, new);
        assert_eq!(
            difference.text(),
            "~ family `a`\n    ~ a{x=\"1 2\"} changed from 5 to 8\n    - a{x=\"4\"} 7\n    \
             + a{x=\"5\"} 7\n- family `b`, a counter\n    - b 1\n+ family `c`, a gauge\n    + c 2\n"
        );
        assert!(difference.removed().iter().eq(["b"]));
    }

    #[test]
    fn type_and_help_are_compared() {
        let new = OLD.replace("B.", "C.").replace("b counter", "b gauge");
        let difference = ReportDifference::between(OLD, &new);
        let text = "~ family `b`\n    type changed from counter to gauge\n    help text changed\n";
        assert_eq!(difference.text(), text);
        assert!(difference.removed().is_empty());
    }

    #[test]
    fn equal_reports_have_no_difference_and_another_order_is_one() {
        assert_eq!(ReportDifference::between(OLD, OLD).text(), "");
        let (a, b) = OLD.split_at(OLD.find("# HELP b").unwrap());
        let swapped = format!("{b}{a}");
        let text = ReportDifference::between(OLD, &swapped).text();
        assert_eq!(text, "the order of the series differs\n");
    }
}
