//! Where the vendor's files contradict themselves, so that no answer can be
//! right: each with its reason.

use simulator::Release;

use super::bundle::RELEASES;
use super::endpoint::Endpoint;
use super::operation::Mismatch;

/// A mismatch that is the file's fault.
pub(crate) struct Contradiction {
    /// The paths in the file.
    pub(crate) paths: &'static [&'static str],
    /// What the query has in it.
    pub(crate) query: &'static str,
    /// The releases whose file has it.
    pub(crate) releases: &'static [Release],
    /// Where in the body, `*` for any index.
    pub(crate) places: &'static [&'static str],
    /// The keyword that does not hold.
    pub(crate) keyword: &'static str,
    /// Why the answer is as it is all the same.
    pub(crate) reason: &'static str,
}

/// Where a contradiction was met.
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
        keyword: "unnamed",
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
        keyword: "unnamed",
        reason: "the schema requires these attributes and does not describe them",
    },
    Contradiction {
        paths: &["/servicecatalog/slos"],
        query: "",
        releases: &RELEASES,
        places: &["/links", "/meta"],
        keyword: "unnamed",
        reason: "the parameters page, and the schema has no place for where the pages are: the \
                 place is that of all lists that page so",
    },
];

impl Contradiction {
    /// The place and where it was met, if it is this that is the matter.
    fn meets(&self, release: Release, endpoint: &Endpoint, mismatch: &Mismatch) -> Option<Meeting> {
        let path = self.paths.iter().find(|path| **path == endpoint.path)?;
        let place = self.places.iter().find(|place| **place == mismatch.place)?;
        let here = self.releases.contains(&release)
            && endpoint.query().contains(self.query)
            && self.keyword == mismatch.keyword;
        here.then_some((release, path, place, self.keyword))
    }

    /// Everywhere that it is to be met.
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
