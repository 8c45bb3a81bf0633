//! A strict parser of the text exposition format: anything that Prometheus would
//! reject fails the test.

use std::collections::{BTreeMap, HashSet};

/// One scrape.
#[derive(Debug)]
pub struct Exposition {
    /// The page as received.
    pub text: String,
    /// Every series.
    pub samples: Vec<Sample>,
    /// The type of each family.
    pub types: BTreeMap<String, String>,
}

/// One series.
#[derive(Clone, Debug, PartialEq)]
pub struct Sample {
    /// Its name, `_bucket` and the like included.
    pub name: String,
    /// Its labels.
    pub labels: BTreeMap<String, String>,
    /// Its value.
    pub value: f64,
}

impl Exposition {
    /// Parses the text format. Fails the test on any error, such as a duplicate
    /// family, a duplicate series or a series without a family.
    pub fn parse(text: &str) -> Self {
        assert!(
            text.is_empty() || text.ends_with('\n'),
            "the last line has no end"
        );
        let mut types = BTreeMap::new();
        let mut samples = Vec::new();
        let mut seen = HashSet::new();
        for line in text.lines().filter(|line| !line.starts_with("# HELP")) {
            if let Some(rest) = line.strip_prefix("# TYPE ") {
                let (name, kind) = rest.split_once(' ').expect("a type");
                let before = types.insert(name.to_owned(), kind.to_owned());
                assert_eq!(before, None, "`{name}` is declared twice");
                continue;
            }
            let sample = sample(line);
            assert!(
                seen.insert(format!("{}{:?}", sample.name, sample.labels)),
                "twice: {line}"
            );
            let family = ["_bucket", "_sum", "_count"]
                .iter()
                .filter_map(|suffix| sample.name.strip_suffix(suffix))
                .find(|name| types.get(*name).is_some_and(|kind| kind == "histogram"))
                .unwrap_or(&sample.name);
            assert!(types.contains_key(family), "no TYPE for: {line}");
            samples.push(sample);
        }
        Self {
            text: text.to_owned(),
            samples,
            types,
        }
    }

    /// Every series of that name whose labels include `labels`.
    pub fn all(&self, name: &str, labels: &[(&str, &str)]) -> Vec<&Sample> {
        let matches = |sample: &&Sample| {
            let mut wanted = labels.iter();
            sample.name == name
                && wanted.all(|(k, v)| sample.labels.get(*k).is_some_and(|value| value == v))
        };
        self.samples.iter().filter(matches).collect()
    }

    /// The value of the only series of that name whose labels include `labels`, or
    /// `None`. Fails the test if there are several.
    pub fn value(&self, name: &str, labels: &[(&str, &str)]) -> Option<f64> {
        let found = self.all(name, labels);
        assert!(found.len() <= 1, "several of {name}{labels:?}: {found:?}");
        found.first().map(|sample| sample.value)
    }

    /// The sum of all such series; 0 without any.
    pub fn sum(&self, name: &str, labels: &[(&str, &str)]) -> f64 {
        self.all(name, labels)
            .iter()
            .map(|sample| sample.value)
            .sum()
    }
}

fn sample(line: &str) -> Sample {
    let (series, value) = line.rsplit_once(' ').expect("a value");
    let (name, labels) = match series.split_once('{') {
        Some((name, rest)) => (
            name,
            pairs(rest.strip_suffix('}').expect("a closing brace")),
        ),
        None => (series, BTreeMap::new()),
    };
    Sample {
        name: name.to_owned(),
        labels,
        value: value.parse().expect("a number"),
    }
}

fn pairs(mut rest: &str) -> BTreeMap<String, String> {
    let mut labels = BTreeMap::new();
    while let Some((name, after)) = rest.split_once("=\"") {
        let mut value = String::new();
        let mut chars = after.char_indices();
        let end = loop {
            match chars.next().expect("a closing quote") {
                (at, '"') => break at,
                (_, '\\') => value.push(match chars.next().expect("an escape").1 {
                    'n' => '\n',
                    other => other,
                }),
                (_, other) => value.push(other),
            }
        };
        let before = labels.insert(name.trim_start_matches(',').to_owned(), value);
        assert_eq!(before, None, "the label `{name}` stands twice");
        rest = &after[end + 1..];
    }
    labels
}
