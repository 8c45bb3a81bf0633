use std::path::Path;

use serde_json::json;

use super::super::Place;
use super::*;

fn option(name: &str, kind: OptionKind, default: Option<&str>) -> DeclaredOption {
    DeclaredOption {
        name: name.to_owned(),
        summary: "What it does.".to_owned(),
        kind,
        default: default.map(str::to_owned),
    }
}

fn declared(options: Vec<DeclaredOption>) -> DeclaredCollector {
    DeclaredCollector {
        name: "jobs".to_owned(),
        summary: String::new(),
        enabled_by_default: true,
        cached: false,
        default_interval_seconds: None,
        endpoints: Vec::new(),
        permissions: Vec::new(),
        options,
        families: Vec::new(),
        state_version: 0,
    }
}

fn place() -> Place {
    Place {
        file: Path::new("c.yaml").into(),
        line: Some(7),
    }
}

fn keys(options: &[(&str, Json)]) -> CollectorKeys {
    let key = |(path, value): &(&str, Json)| OptionKey {
        path: (*path).to_owned(),
        place: place(),
        value: value.clone(),
        written: json!("${VARIABLE}"),
    };
    CollectorKeys {
        name: "jobs".to_owned(),
        place: place(),
        enabled: None,
        interval: None,
        options: options.iter().map(key).collect(),
    }
}

/// The value of one option of this kind, or the message of the problem.
fn bound(kind: OptionKind, value: Json) -> Result<OptionValue, String> {
    let collector = declared(vec![option("x", kind, None)]);
    let (mut values, mut problems) = bind(&collector, Some(&keys(&[("x", value)])), false);
    match problems.pop() {
        Some(problem) => {
            assert_eq!(
                (problem.at.as_str(), problem.place),
                ("collectors.jobs.x", Some(place()))
            );
            Err(problem.message)
        }
        None => Ok(values.remove(0).1),
    }
}

#[test]
fn values_are_read_as_their_kind_with_and_without_quotes() {
    let choice = || OptionKind::Choice(vec!["a".to_owned(), "b".to_owned()]);
    let good = [
        (OptionKind::Bool, json!("yes"), OptionValue::Bool(true)),
        (OptionKind::Bool, json!(false), OptionValue::Bool(false)),
        (
            OptionKind::Integer((1, 16)),
            json!(16),
            OptionValue::Integer(16),
        ),
        (
            OptionKind::Integer((1, 16)),
            json!(" 1 "),
            OptionValue::Integer(1),
        ),
        (
            OptionKind::Duration((1.0, 90.0)),
            json!("1m30s"),
            OptionValue::Duration(90.0),
        ),
        (
            OptionKind::Text,
            json!(13.5),
            OptionValue::Text("13.5".to_owned()),
        ),
        (choice(), json!("b"), OptionValue::Text("b".to_owned())),
        (
            OptionKind::TextList,
            json!(null),
            OptionValue::TextList(Vec::new()),
        ),
    ];
    for (kind, value, expected) in good {
        let text = format!("{value}");
        match (bound(kind, value), expected) {
            (Ok(OptionValue::Bool(a)), OptionValue::Bool(b)) => assert_eq!(a, b, "{text}"),
            (Ok(OptionValue::Integer(a)), OptionValue::Integer(b)) => assert_eq!(a, b, "{text}"),
            (Ok(OptionValue::Duration(a)), OptionValue::Duration(b)) => {
                assert!((a - b).abs() < 1e-9, "{text}");
            }
            (Ok(OptionValue::Text(a)), OptionValue::Text(b)) => assert_eq!(a, b, "{text}"),
            (Ok(OptionValue::TextList(a)), OptionValue::TextList(b)) => assert_eq!(a, b, "{text}"),
            (found, _) => panic!("{text}: {found:?}"),
        }
    }
}

#[test]
fn a_value_of_another_kind_says_what_is_expected() {
    let bad = [
        (
            OptionKind::Bool,
            json!("maybe"),
            "expected `true` or `false`",
        ),
        (
            OptionKind::Integer((1, 16)),
            json!(17),
            "expected a whole number from `1` to `16`",
        ),
        (
            OptionKind::Integer((1, 16)),
            json!(1.5),
            "expected a whole number from `1` to `16`",
        ),
        (
            OptionKind::Duration((1.0, 5400.0)),
            json!(5),
            "expected a duration from `1s` to `1h30m`, such as `90s` or `1h30m`",
        ),
        (
            OptionKind::Duration((1.0, 5400.0)),
            json!("2h"),
            "expected a duration from `1s` to `1h30m`, such as `90s` or `1h30m`",
        ),
        (OptionKind::Text, json!([1]), "expected a text"),
        (
            OptionKind::Choice(vec!["a".to_owned()]),
            json!("b"),
            "expected one of `a`",
        ),
        (OptionKind::TextList, json!("a"), "expected a list of texts"),
    ];
    for (kind, value, expected) in bad {
        // A variable may hold a secret, so its value is not shown.
        let expected = format!("{expected}, found `${{VARIABLE}}`");
        assert_eq!(bound(kind, value).err(), Some(expected));
    }
}

#[test]
fn every_option_gets_a_value_in_the_declared_order() {
    let collector = declared(vec![
        option("readers", OptionKind::Integer((1, 16)), Some("4")),
        option("overlap", OptionKind::Duration((1.0, 600.0)), Some("5m")),
        option("per.client", OptionKind::TextList, Some("[]")),
        option("legacyNames", OptionKind::Bool, Some("false")),
    ]);
    let given = keys(&[("per.client", json!(["a"])), ("overlap", json!("2m"))]);
    let (values, problems) = bind(&collector, Some(&given), true);
    assert_eq!(problems, []);
    let text = format!("{values:?}");
    assert_eq!(
        text,
        "[(\"readers\", OptionValue::Integer(4)), (\"overlap\", OptionValue::Duration(120.0)), \
         (\"per.client\", OptionValue::TextList([\"a\"])), \
         (\"legacyNames\", OptionValue::Bool(true))]"
    );
}

#[test]
fn a_missing_and_an_unknown_option_are_both_reported() {
    let collector = declared(vec![option("token", OptionKind::Text, None)]);
    let (values, problems) = bind(&collector, Some(&keys(&[("tokne", json!(1))])), false);
    assert!(values.is_empty());
    let texts: Vec<_> = problems
        .iter()
        .map(|it| {
            format!(
                "{}: {} ({})",
                it.at,
                it.message,
                it.hint.as_deref().unwrap_or("")
            )
        })
        .collect();
    assert_eq!(
        texts,
        [
            "collectors.jobs.tokne: collector `jobs` has no option `tokne` (did you mean `token`?)",
            "collectors.jobs.token: is missing (expected a text)",
        ]
    );
}
