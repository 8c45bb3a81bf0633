//! The tables of filters and of sort keys in the vendor's descriptions.

use std::collections::BTreeMap;

use super::operation::Operation;

/// Every operator and function of the grammar.
pub(crate) const OPERATORS: [&str; 11] = [
    "eq",
    "ne",
    "lt",
    "gt",
    "le",
    "ge",
    "contains",
    "startswith",
    "endswith",
    "tolower",
    "toupper",
];

/// A literal of each type.
pub(crate) const LITERALS: [&str; 5] = ["'a'", "1", "true", "2026-03-04T00:00:00Z", "PT1M"];

/// The filters and sort keys of a list.
pub(crate) struct Vocabulary {
    /// The names of filters.
    pub(crate) filters: BTreeMap<String, Filterable>,
    /// The sort keys; `None` if the description has none.
    pub(crate) sorts: Option<Vec<String>>,
}

/// The filters that a name supports.
pub(crate) struct Filterable {
    operators: Vec<String>,
    /// A literal of its type.
    literal: &'static str,
}

impl Vocabulary {
    pub(crate) fn of(operation: &Operation<'_>) -> Self {
        let filters = table(operation, "filter").into_iter();
        let filters = filters.filter(|row| row[1].trim() != "any");
        let sorts: Vec<_> = table(operation, "sort")
            .into_iter()
            .map(|mut row| row.swap_remove(0))
            .collect();
        Self {
            filters: filters.map(filterable).collect(),
            sorts: Some(sorts).filter(|sorts| !sorts.is_empty()),
        }
    }

    /// Every name in it.
    pub(crate) fn names(&self) -> impl Iterator<Item = &String> {
        self.filters.keys().chain(self.sorts.iter().flatten())
    }
}

impl Filterable {
    pub(crate) fn allows(&self, operator: &str) -> bool {
        self.operators.iter().any(|one| one == operator)
    }

    /// A filter of that name with an operator or a function.
    pub(crate) fn filter(&self, name: &str, operator: &str) -> String {
        match operator {
            "contains" | "startswith" | "endswith" => format!("{operator}({name},'a')"),
            "tolower" | "toupper" => format!("{operator}({name}) eq 'a'"),
            _ => format!("{name} {operator} {}", self.literal),
        }
    }
}

/// The first table in the description of a parameter, without its head.
fn table(operation: &Operation<'_>, parameter: &str) -> Vec<Vec<String>> {
    let text = operation.description_of(parameter).unwrap_or_default();
    let lines = text.lines().skip_while(|line| !line.starts_with("|---"));
    let rows = lines.skip(1).take_while(|line| line.starts_with('|'));
    let cells = |line: &str| {
        let cells = line.split('|').skip(1);
        cells.map(|cell| cell.trim().to_owned()).collect()
    };
    rows.map(cells).collect()
}

/// A row: name, operators, description, type. Some rows lack the type: texts.
fn filterable(row: Vec<String>) -> (String, Filterable) {
    let words = row[1].split([' ', ',']);
    let operators = words.map(str::to_owned).collect();
    let kind = row.get(3).map(|kind| kind.to_lowercase());
    let literal = match kind.as_deref().unwrap_or_default() {
        "boolean" => "true",
        "date-time" => "2026-03-04T00:00:00Z",
        "duration" => "PT1M",
        "string" | "" => "'a'",
        "integer" | "big integer" | "long" | "float" => "1",
        other => panic!("a filter by `{}` of type `{other}`", row[0]),
    };
    let name = row[0].clone();
    (name, Filterable { operators, literal })
}
