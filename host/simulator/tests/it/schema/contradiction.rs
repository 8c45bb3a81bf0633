//! Where the vendor's files contradict themselves, so that no answer can be
//! right: each with its reason.

use simulator::Release;

use super::bundle::RELEASES;
use super::operation::Mismatch;

/// A mismatch that is the file's fault.
pub(crate) struct Contradiction {
    /// The path in the file.
    pub(crate) path: &'static str,
    /// The releases whose file has it.
    pub(crate) releases: &'static [Release],
    /// Where in the body, `*` for any index.
    pub(crate) place: &'static str,
    /// The keyword that does not hold.
    pub(crate) keyword: &'static str,
    /// Why the answer is as it is all the same.
    pub(crate) reason: &'static str,
}

pub(crate) const CONTRADICTIONS: &[Contradiction] = &[
    Contradiction {
        path: "/storage/storage-units",
        releases: &RELEASES,
        place: "/data/*/attributes",
        keyword: "oneOf",
        reason: "two forms, for tape and for disk, of which neither requires what only it has: \
                 any unit is of both",
    },
    Contradiction {
        path: "/storage/storage-units",
        releases: &RELEASES,
        place: "/included",
        keyword: "unnamed",
        reason: "the parameter `include` is documented, where it puts what it includes is not: \
                 the place is that of JSON:API",
    },
];

impl Contradiction {
    pub(crate) fn covers(&self, release: Release, path: &str, mismatch: &Mismatch) -> bool {
        self.releases.contains(&release)
            && self.path == path
            && self.place == mismatch.place
            && self.keyword == mismatch.keyword
    }
}
