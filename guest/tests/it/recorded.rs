//! A site of each supported release, as the vendor's specification of that
//! release has its answers. Where a release has no file of its own for an
//! endpoint, that of the release before is carried forward.

use guest::settings::Selection;

use crate::site::Site;

/// NetBackup's release and the API version it speaks.
pub(crate) const RELEASES: [(&str, &str); 4] = [
    ("10.3", "10.0"),
    ("10.5", "12.0"),
    ("11.0", "13.0"),
    ("11.2", "14.0"),
];

macro_rules! body {
    ($name:literal) => {
        include_str!(concat!("bodies/", $name, ".json"))
    };
}

/// What is asked, and the answer: with the first release that answers so.
const BODIES: &[(&str, &str, &str)] = &[
    ("filter=endTime ge", "10.3", body!("finished-10.3")),
    ("filter=state ne 'DONE'", "10.3", body!("current-11.2")),
    ("/storage/storage-units", "10.3", body!("units-10.3")),
    ("/storage/storage-servers", "10.3", body!("servers-10.3")),
    ("/storage/disk-pools", "10.3", body!("pools-11.0")),
    ("/manage/alerts", "10.3", body!("alerts-10.3")),
    (
        "/malware/latest-scan-results",
        "10.3",
        body!("malware-10.3"),
    ),
    (
        "/malware/latest-scan-results",
        "10.5",
        body!("malware-10.5"),
    ),
    ("/servicecatalog/slos", "10.3", body!("slos-10.3")),
    ("/servicecatalog/slos", "10.5", body!("slos-10.5")),
];

/// A site of that release with something of everything.
pub(crate) fn site(release: &str) -> Site {
    let (_, version) = RELEASES[number(release)];
    let site = Site::default().speaking(version);
    bodies(release)
        .into_iter()
        .fold(site, |site, (part, body)| site.on(part, body))
}

/// A collector with options that find something at these sites.
pub(crate) fn selection(collector: &str) -> Selection {
    let options = match collector {
        "perClient" => r#"{"allowlist":["app1","db1"]}"#,
        _ => "{}",
    };
    Selection {
        name: collector.to_owned(),
        options: options.to_owned(),
    }
}

fn number(release: &str) -> usize {
    RELEASES.iter().position(|(r, _)| *r == release).unwrap()
}

/// What a site of that release answers, and to what.
pub(crate) fn bodies(release: &str) -> Vec<(&'static str, &'static str)> {
    let there = BODIES
        .iter()
        .filter(|(_, since, _)| number(since) <= number(release));
    there.map(|&(part, _, body)| (part, body)).collect()
}
