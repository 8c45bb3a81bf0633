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
fn a_manifest_within_its_limits_is_taken() {
    assert_eq!(said(vec![capability("jobs"), capability("storage")]), "");
}

#[test]
fn too_much_of_anything_is_refused_with_the_number() {
    let names = ["a", "b", "c"];
    let collectors = said(names.map(capability).to_vec());
    assert_eq!(collectors, "it names 3 collectors, more than the 2 allowed");
    let mut one = capability("jobs");
    one.families.push(family("nbu_c"));
    assert_eq!(
        said(vec![one]),
        "the collector `jobs` announces 3 families, more than the 2 allowed"
    );
    let mut one = capability("jobs");
    one.paths.push("/c".to_owned());
    assert_eq!(
        said(vec![one]),
        "the collector `jobs` announces 3 paths, more than the 2 allowed"
    );
}

#[test]
fn a_name_that_stands_twice_or_is_none_is_refused() {
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
fn a_family_that_could_never_be_shown_is_refused() {
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
        assert_eq!(
            said(vec![bad]),
            "a text of its manifest holds a control character"
        );
    }
}
