//! Contradictions in the vendor's files, with which no answer can
//! comply. Each has its reason.

use simulator::Release;

use super::bundle::RELEASES;
use super::endpoint::Endpoint;
use super::operation::Mismatch;

/// A mismatch that the file causes.
pub(crate) struct Contradiction {
    /// The paths in the file.
    pub(crate) paths: &'static [&'static str],
    /// A part of the query.
    pub(crate) query: &'static str,
    /// The releases whose file has it.
    pub(crate) releases: &'static [Release],
    /// The place in the body, `*` for any index.
    pub(crate) places: &'static [&'static str],
    /// The keyword that is violated.
    pub(crate) keyword: &'static str,
    /// Why the answer is right anyway.
    pub(crate) reason: &'static str,
}

/// The occurrence of a contradiction.
pub(crate) type Meeting = (Release, &'static str, &'static str, &'static str);

pub(crate) const CONTRADICTIONS: &[Contradiction] = &[
    Contradiction {
        paths: &["/storage/storage-units"],
        query: "",
        releases: &RELEASES,
        places: &["/data/*/attributes"],
        keyword: "oneOf",
        reason: "two forms, for tape and for disk, of which neither requires what only it has: \
                 any unit is of both",
    },
    Contradiction {
        paths: &["/storage/storage-units"],
        query: "include=",
        releases: &RELEASES,
        places: &["/included"],
        keyword: "undocumented",
        reason: "the parameter `include` is documented, where it puts what it includes is not: \
                 the place is that of JSON:API",
    },
    Contradiction {
        paths: &["/storage/storage-servers"],
        query: "=minimal",
        releases: &RELEASES,
        places: &[
            "/data/*/attributes/encryptionEnabled",
            "/data/*/attributes/isUshareSupported",
            "/data/*/attributes/isWormSupported",
            "/data/*/attributes/kmsEnabled",
        ],
        keyword: "required",
        reason: "the minimal fieldset names what it is restricted to, and these are not in it",
    },
    Contradiction {
        paths: &["/malware/scan-results", "/malware/latest-scan-results"],
        query: "",
        releases: &RELEASES,
        places: &[
            "/data/*/attributes/malwareToolId",
            "/data/*/attributes/scanHostId",
        ],
        keyword: "undocumented",
        reason: "the schema requires these attributes and does not describe them",
    },
    Contradiction {
        paths: &["/security/anomalies"],
        query: "",
        releases: &RELEASES,
        places: &["/data/*/links"],
        keyword: "undocumented",
        reason: "the schema requires this attribute and does not describe it",
    },
    Contradiction {
        paths: &["/servicecatalog/slos"],
        query: "",
        releases: &RELEASES,
        places: &["/links", "/meta"],
        keyword: "undocumented",
        reason: "the parameters page, and the schema has no place for where the pages are: the \
                 place is that of all lists that page so",
    },
];

impl Contradiction {
    /// The place and the occurrence, if the mismatch comes from this contradiction.
    fn meets(&self, release: Release, endpoint: &Endpoint, mismatch: &Mismatch) -> Option<Meeting> {
        let path = self.paths.iter().find(|path| **path == endpoint.path)?;
        let place = self.places.iter().find(|place| **place == mismatch.place)?;
        let here = self.releases.contains(&release)
            && endpoint.query().contains(self.query)
            && self.keyword == mismatch.keyword;
        here.then_some((release, path, place, self.keyword))
    }

    /// Every expected occurrence.
    pub(crate) fn meetings(&self) -> impl Iterator<Item = Meeting> {
        self.releases.iter().flat_map(move |release| {
            self.paths.iter().flat_map(move |path| {
                let places = self.places.iter();
                places.map(move |place| (*release, *path, *place, self.keyword))
            })
        })
    }
}

/// The contradiction that a mismatch comes from, if there is one.
pub(crate) fn known(release: Release, endpoint: &Endpoint, mismatch: &Mismatch) -> Option<Meeting> {
    let all = CONTRADICTIONS.iter();
    all.filter_map(|one| one.meets(release, endpoint, mismatch))
        .next()
}
