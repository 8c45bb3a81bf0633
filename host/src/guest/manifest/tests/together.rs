//! Several problems of one manifest.

use super::*;

#[test]
fn all_problems_are_reported_at_once() {
    let bad = DeclaredCollector {
        families: vec![DeclaredFamily {
            labels: ["pool-id", "__pool", "pool", "pool"]
                .map(str::to_owned)
                .to_vec(),
            help: "x".repeat(2000),
            ..family("up")
        }],
        endpoints: vec![Endpoint {
            method: Method::Post,
            ..get("/a")
        }],
        ..collector("jobs")
    };
    let manifest = Manifest {
        version: "1 0".to_owned(),
        ..manifest(vec![bad, collector("a b")])
    };
    let family = "collector `jobs` declares invalid family `up`";
    let expected = [
        "8 problems".to_owned(),
        "the version `1 0` is invalid: it must have printable ASCII characters only, and no \
         space"
            .to_owned(),
        "collector `jobs` declares `POST /a`, but only `POST /admin/jobs-count-requests` is \
         allowed"
            .to_owned(),
        format!("{family}: this name is reserved for the host or Prometheus (reserved-name)"),
        format!(
            "{family}: label `pool-id`: a label has ASCII letters, digits and `_` only, and \
             does not begin with a digit (invalid-label)"
        ),
        format!(
            "{family}: label `__pool`: labels that begin with `__` are reserved for Prometheus \
             (invalid-label)"
        ),
        format!("{family}: label `pool` is declared twice (invalid-label)"),
        format!("{family}: its HELP text has `2000` bytes, the limit is `1024` (long-help)"),
        format!("collector `a b` has an invalid name: {WORDS}"),
    ];
    assert_eq!(refused(&manifest), expected.join("\n  "));
    assert!(check(&manifest, &limits()).unwrap_err().exceeds_limit);
}

#[test]
fn only_the_first_of_very_many_problems_are_listed() {
    let families = (0..2).map(|n| DeclaredFamily {
        labels: (0..20).map(|label| format!("{n}-{label}")).collect(),
        ..family(&format!("nbu_{n}"))
    });
    let many = DeclaredCollector {
        families: families.collect(),
        ..collector("jobs")
    };
    let said = said(vec![many]);
    assert!(
        said.starts_with("40 problems\n  collector `jobs`"),
        "{said}"
    );
    assert!(said.ends_with("\n  and 20 more"), "{said}");
    assert_eq!(said.lines().count(), 22);
}
