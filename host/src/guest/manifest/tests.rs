use super::super::{DeclaredKind, DeclaredOption, ManifestLimits, OptionKind};
use super::*;

mod together;

fn family(name: &str) -> DeclaredFamily {
    DeclaredFamily {
        name: name.to_owned(),
        kind: DeclaredKind::Gauge,
        unit: None,
        help: "Help.".to_owned(),
        labels: vec!["pool".to_owned()],
        experimental: false,
    }
}

fn get(path: &str) -> Endpoint {
    Endpoint {
        method: Method::Get,
        path: path.to_owned(),
    }
}

fn collector(name: &str) -> DeclaredCollector {
    DeclaredCollector {
        name: name.to_owned(),
        summary: "What it is.".to_owned(),
        enabled_by_default: true,
        cached: false,
        default_interval_seconds: None,
        endpoints: vec![get("/a"), get("/b")],
        permissions: Vec::new(),
        options: Vec::new(),
        families: vec![family("nbu_a"), family("nbu_b")],
        state_version: 1,
    }
}

fn manifest(collectors: Vec<DeclaredCollector>) -> Manifest {
    Manifest {
        name: "netbackup".to_owned(),
        version: "1.0.0".to_owned(),
        collectors,
        highlights: Vec::new(),
    }
}

fn limits() -> GuestLimits {
    GuestLimits {
        manifest: ManifestLimits {
            collectors: 2,
            families: 2,
            paths: 2,
        },
        ..GuestLimits::default()
    }
}

fn said(collectors: Vec<DeclaredCollector>) -> String {
    let manifest = manifest(collectors);
    refused(&manifest)
}

/// The problems of a manifest; empty if there are none.
fn refused(manifest: &Manifest) -> String {
    let refused = check(manifest, &limits()).err();
    refused.map_or_else(String::new, |it| it.to_string())
}

#[test]
fn a_manifest_within_its_limits_is_accepted() {
    assert_eq!(said(vec![collector("jobs"), collector("storage")]), "");
}

#[test]
fn every_exceeded_limit_is_reported() {
    let names = ["a", "b", "c"];
    let collectors = said(names.map(collector).to_vec());
    assert_eq!(
        collectors,
        "the manifest declares `3` collectors, the limit is `2`"
    );
    let mut one = collector("jobs");
    one.families.push(family("nbu_c"));
    assert_eq!(
        said(vec![one]),
        "collector `jobs` declares `3` families, the limit is `2`"
    );
    let mut one = collector("jobs");
    one.endpoints.push(get("/c"));
    assert_eq!(
        said(vec![one]),
        "collector `jobs` declares `3` endpoints, the limit is `2`"
    );
}

#[test]
fn duplicate_and_invalid_names_are_refused() {
    assert!(said(vec![]).contains("no collector"));
    assert!(said(vec![collector("jobs"), collector("jobs")]).contains("`jobs` twice"));
    let long = said(vec![collector(&"x".repeat(300))]);
    assert!(
        long.contains("has `300` bytes, the limit is `200`"),
        "{long}"
    );
    for name in ["", "a:b", "a b", "ä", "a/b"] {
        let said = said(vec![collector(name)]);
        assert!(
            said.contains("ASCII letters, digits, `-` and `_` only"),
            "{said}"
        );
    }
    let twice = DeclaredCollector {
        families: vec![family("nbu_a"), family("nbu_a")],
        ..collector("jobs")
    };
    assert!(said(vec![twice]).contains("`nbu_a` twice"));
}

#[test]
fn an_invalid_declared_family_is_refused() {
    let site = DeclaredFamily {
        labels: vec!["site".to_owned()],
        ..family("nbu_a")
    };
    for (bad, reason) in [
        (
            family("nbu a"),
            "invalid family `nbu a`: a name has ASCII letters, digits, `_` and `:` only, and \
             does not begin with a digit (invalid-name)",
        ),
        (
            family("process_x"),
            "invalid family `process_x`: names that begin with `process_` are reserved for the \
             host or Prometheus (reserved-name)",
        ),
        (
            site,
            "invalid family `nbu_a`: label `site`: the host adds it (invalid-label)",
        ),
    ] {
        let one = DeclaredCollector {
            families: vec![bad],
            ..collector("jobs")
        };
        let expected = format!("collector `jobs` declares {reason}");
        assert_eq!(said(vec![one]), expected);
    }
}

#[test]
fn texts_are_short() {
    let long = "x".repeat(5000);
    let summary = DeclaredCollector {
        summary: long.clone(),
        ..collector("jobs")
    };
    assert!(said(vec![summary]).contains("summary"));
    let path = DeclaredCollector {
        endpoints: vec![get(&long)],
        ..collector("jobs")
    };
    let said = said(vec![path]);
    assert!(
        said.contains("has `5000` bytes, the limit is `1024`"),
        "{said}"
    );
    let manifest = Manifest {
        version: long,
        ..manifest(vec![collector("jobs")])
    };
    assert!(refused(&manifest).contains("the version of the guest has `5000` bytes"));
}

#[test]
fn texts_are_on_one_line() {
    let odd = "x\n\u{1b}[2J".to_owned();
    let resource = || collector("jobs");
    let labelled = DeclaredFamily {
        labels: vec![odd.clone()],
        ..family("nbu_a")
    };
    let named = |families| DeclaredCollector {
        families,
        ..resource()
    };
    for bad in [
        collector(&odd),
        named(vec![family(&odd)]),
        named(vec![labelled]),
        DeclaredCollector {
            permissions: vec![odd.clone()],
            ..resource()
        },
        DeclaredCollector {
            summary: odd.clone(),
            ..resource()
        },
        DeclaredCollector {
            endpoints: vec![get(&odd)],
            ..resource()
        },
    ] {
        let said = said(vec![bad]);
        let shown = said.contains("control character") || said.contains(r"`x\n\u{1b}[2J`");
        assert!(shown && said.lines().count() < 4, "{said}");
        assert!(
            !said.replace('\n', "").contains(char::is_control),
            "{said:?}"
        );
    }
}

#[test]
fn an_endpoint_is_a_path() {
    for path in ["admin/jobs", "/admin/jobs?filter=x", "/admin/jobs#x", ""] {
        let collector = DeclaredCollector {
            endpoints: vec![get(path)],
            ..collector("jobs")
        };
        let why = format!(
            "endpoint `{path}` of collector `jobs` is not a path: write it as `/admin/jobs`, without \
             a query"
        );
        assert_eq!(said(vec![collector]), why);
    }
}

#[test]
fn only_the_reading_post_may_be_declared() {
    let post = |path: &str| DeclaredCollector {
        endpoints: vec![Endpoint {
            method: Method::Post,
            ..get(path)
        }],
        ..collector("jobs")
    };
    assert_eq!(said(vec![post(READ_ONLY_POST)]), "");
    assert_eq!(
        said(vec![post("/admin/jobs/1/cancel")]),
        "collector `jobs` declares `POST /admin/jobs/1/cancel`, but only \
         `POST /admin/jobs-count-requests` is allowed"
    );
}

#[test]
fn invalid_options_are_refused() {
    let option = |name: &str, kind, default: Option<&str>| DeclaredCollector {
        options: vec![DeclaredOption {
            name: name.to_owned(),
            summary: "What it does.".to_owned(),
            kind,
            default: default.map(str::to_owned),
        }],
        ..collector("jobs")
    };
    let number = || OptionKind::Integer((1, 16));
    assert_eq!(said(vec![option("readers", number(), Some("4"))]), "");
    assert_eq!(
        said(vec![option("per.client", OptionKind::TextList, Some("[]"))]),
        ""
    );
    for (bad, why) in [
        (option("Readers", number(), None), "camelCase"),
        (option("a.b.c", number(), None), "camelCase"),
        (option("", number(), None), "camelCase"),
        (
            option("enabled", OptionKind::Bool, None),
            "the host reads this key",
        ),
        (
            option("interval", OptionKind::Text, None),
            "the host reads this key",
        ),
        (
            option("readers", number(), Some("17")),
            "its default is `17`: expected a whole number from",
        ),
        (
            option("x", OptionKind::Integer((2, 1)), None),
            "must be in order",
        ),
        (
            option("x", OptionKind::Duration((1.0, f64::NAN)), None),
            "must be in order",
        ),
        (
            option("x", OptionKind::Text, Some(&"x".repeat(999))),
            "the default of option `x` of collector `jobs` has `999` bytes",
        ),
        (
            option("x", OptionKind::Choice(vec!["x".repeat(999)]), None),
            "of option `x` of collector `jobs` has `999` bytes, the limit is `256`",
        ),
        (
            option("x", OptionKind::Choice(vec!["a".to_owned(); 101]), None),
            "declares `101` choices, the limit is `100`",
        ),
        (
            option("legacyNames", OptionKind::TextList, None),
            "a boolean",
        ),
    ] {
        let found = said(vec![bad]);
        assert!(found.contains(why), "{found}");
    }
    let mut twice = option("readers", number(), None);
    twice.options.push(twice.options[0].clone());
    assert!(said(vec![twice]).contains("option `readers` twice"));
}

#[test]
fn a_name_ends_with_its_unit() {
    let with_unit = |name: &str| DeclaredCollector {
        families: vec![DeclaredFamily {
            unit: Some("bytes".to_owned()),
            ..family(name)
        }],
        ..collector("jobs")
    };
    assert_eq!(said(vec![with_unit("nbu_sent_bytes_total")]), "");
    assert!(said(vec![with_unit("nbu_sent")]).contains("unit"));
}

#[test]
fn highlights_name_declared_families_and_labels() {
    let highlight = |family: &str, label: &str| Manifest {
        highlights: vec![Highlight {
            title: "Pools".to_owned(),
            family: family.to_owned(),
            matching: vec![(label.to_owned(), "x".to_owned())],
            aggregate: crate::guest::Aggregate::Sum,
            unit: None,
            warn_above: None,
        }],
        ..manifest(vec![collector("jobs")])
    };
    let said = |manifest| refused(&manifest);
    assert_eq!(said(highlight("nbu_a", "pool")), "");
    assert!(said(highlight("nbu_c", "pool")).contains("undeclared family `nbu_c`"));
    assert!(said(highlight("nbu_a", "size")).contains("label `size`"));
    let mut long = highlight("nbu_a", "pool");
    long.highlights[0].unit = Some("x".repeat(999));
    assert!(said(long).contains("the unit of highlight `Pools` has `999` bytes"));
    let mut many = highlight("nbu_a", "pool");
    many.highlights[0].matching = vec![("pool".to_owned(), String::new()); 101];
    assert!(said(many).contains("`101` labels"));
}

#[test]
fn an_interval_is_a_week_at_most() {
    let every = |seconds| DeclaredCollector {
        default_interval_seconds: Some(seconds),
        ..collector("jobs")
    };
    assert_eq!(said(vec![every(INTERVAL)]), "");
    for seconds in [0, INTERVAL + 1] {
        assert!(said(vec![every(seconds)]).contains("must be 1 to 604800 s"));
    }
}

#[test]
fn versions_that_look_equal_are_equal() {
    let invisible = Manifest {
        version: "1.0\u{200b}".to_owned(),
        ..manifest(vec![collector("jobs")])
    };
    let said = refused(&invisible);
    assert!(said.contains("printable ASCII"), "{said}");
}

#[test]
fn a_manifest_has_a_name() {
    let nameless = Manifest {
        name: String::new(),
        ..manifest(vec![collector("jobs")])
    };
    assert_eq!(
        refused(&nameless),
        "the name `` is invalid: it must have ASCII letters, digits, `-` and `_` only"
    );
}
