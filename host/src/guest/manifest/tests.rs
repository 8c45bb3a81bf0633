use super::super::{DeclaredKind, ManifestLimits};
use super::*;

fn family(name: &str) -> DescribedFamily {
    DescribedFamily {
        name: name.to_owned(),
        kind: DeclaredKind::Gauge,
        help: "Help.".to_owned(),
        labels: vec!["pool".to_owned()],
    }
}

fn capability(name: &str) -> Capability {
    Capability {
        name: name.to_owned(),
        summary: "What it is.".to_owned(),
        families: vec![family("nbu_a"), family("nbu_b")],
        paths: vec!["/a".to_owned(), "/b".to_owned()],
        cached: false,
        state_version: 1,
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

fn said(capabilities: Vec<Capability>) -> String {
    let version = "1.0.0".to_owned();
    let manifest = Manifest {
        version,
        capabilities,
    };
    check(&manifest, &limits()).err().unwrap_or_default()
}

#[test]
fn a_manifest_within_its_limits_is_accepted() {
    assert_eq!(said(vec![capability("jobs"), capability("storage")]), "");
}

#[test]
fn every_exceeded_limit_is_reported() {
    let names = ["a", "b", "c"];
    let collectors = said(names.map(capability).to_vec());
    assert_eq!(
        collectors,
        "the manifest declares `3` collectors, the limit is `2`"
    );
    let mut one = capability("jobs");
    one.families.push(family("nbu_c"));
    assert_eq!(
        said(vec![one]),
        "collector `jobs` declares `3` families, the limit is `2`"
    );
    let mut one = capability("jobs");
    one.paths.push("/c".to_owned());
    assert_eq!(
        said(vec![one]),
        "collector `jobs` declares `3` paths, the limit is `2`"
    );
}

#[test]
fn duplicate_and_invalid_names_are_refused() {
    assert!(said(vec![]).contains("no collector"));
    assert!(said(vec![capability("jobs"), capability("jobs")]).contains("`jobs` twice"));
    assert!(said(vec![capability("")]).contains("empty or too long"));
    assert!(said(vec![capability(&"x".repeat(300))]).contains("empty or too long"));
    let twice = Capability {
        families: vec![family("nbu_a"), family("nbu_a")],
        ..capability("jobs")
    };
    assert!(said(vec![twice]).contains("`nbu_a` twice"));
}

#[test]
fn an_invalid_declared_family_is_refused() {
    let site = DescribedFamily {
        labels: vec!["site".to_owned()],
        ..family("nbu_a")
    };
    for (bad, reason) in [
        (family("nbu a"), "invalid-name"),
        (family("process_x"), "reserved-name"),
        (site, "invalid-label"),
    ] {
        let one = Capability {
            families: vec![bad],
            ..capability("jobs")
        };
        assert!(said(vec![one.clone()]).contains(reason), "{one:?}");
    }
}

#[test]
fn texts_are_short() {
    let long = "x".repeat(5000);
    let summary = Capability {
        summary: long.clone(),
        ..capability("jobs")
    };
    assert!(said(vec![summary]).contains("summary"));
    let path = Capability {
        paths: vec![long.clone()],
        ..capability("jobs")
    };
    assert!(said(vec![path]).contains("path of more than"));
    let manifest = Manifest {
        version: long,
        capabilities: vec![capability("jobs")],
    };
    assert!(check(&manifest, &limits()).unwrap_err().contains("version"));
}

#[test]
fn texts_are_on_one_line() {
    let odd = "x\n\u{1b}[2J".to_owned();
    let resource = || capability("jobs");
    let labelled = DescribedFamily {
        labels: vec![odd.clone()],
        ..family("nbu_a")
    };
    let named = |families| Capability {
        families,
        ..resource()
    };
    for bad in [
        capability(&odd),
        named(vec![family(&odd)]),
        named(vec![labelled]),
        Capability {
            summary: odd.clone(),
            ..resource()
        },
        Capability {
            paths: vec![odd.clone()],
            ..resource()
        },
    ] {
        assert_eq!(said(vec![bad]), "the manifest contains a control character");
    }
}
