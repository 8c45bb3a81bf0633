//! The endpoints that are checked.

use http::Method;
use simulator::Release;

/// The file whose errors replace those of `catalog.yaml`, which refers
/// to a file that no bundle has.
pub(crate) const ERRORS: &str = "manage.yaml";

/// An operation of the vendor's files.
pub(crate) struct Endpoint {
    /// The file that specifies it.
    pub(crate) file: &'static str,
    /// Its path there.
    pub(crate) path: &'static str,
    pub(crate) kind: Kind,
}

/// The kind of its requests.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Kind {
    /// Needs neither a key nor a version.
    Open,
    /// A list, page by page, with this query, which makes more than one page.
    List(&'static str),
    /// The same, with a query that earlier releases reject.
    ListSince(Release, &'static str),
    /// A list without pages.
    Whole,
    /// One of the rows of that list.
    Row(&'static str),
    /// A request to count: the body has a filter.
    Count(&'static str),
}

use Kind::{Count, List, ListSince, Open, Row, Whole};

#[rustfmt::skip]
pub(crate) const ENDPOINTS: &[Endpoint] = &[
    at("gateway.yaml", "/ping", Open),
    at("gateway.yaml", "/tokenkey", Open),
    at("security.yaml", "/security/servertime", Open),
    at("security.yaml", "/security/serverinfo", Open),
    at("security.yaml", "/security/cacert", Open),
    // The changes of one day: three days take longer and show no more.
    at("admin.yaml", "/admin/jobs", List("filter=lastUpdateTime%20ge%202026-03-03T01:20:00Z&page%5Blimit%5D=100")),
    at("admin.yaml", "/admin/jobs/{jobId}", Row("/admin/jobs")),
    at("admin.yaml", "/admin/jobs-count-requests", Count("state eq 'DONE'")),
    at("storage.yaml", "/storage/storage-units", List("include=diskPool&page%5Blimit%5D=5")),
    at("storage.yaml", "/storage/disk-pools", List("page%5Blimit%5D=2")),
    at("storage.yaml", "/storage/storage-servers", List("page%5Blimit%5D=2")),
    at("storage.yaml", "/storage/storage-servers", List("fieldset%5BstorageServer%5D=minimal&page%5Blimit%5D=2")),
    at("storage.yaml", "/storage/drives", List("page%5Blimit%5D=4")),
    at("storage.yaml", "/storage/robots-device-hosts", Whole),
    at("storage.yaml", "/storage/tape-media", List("page%5Blimit%5D=15")),
    at("storage.yaml", "/storage/tape-volume-pools", List("page%5Blimit%5D=4")),
    at("catalog.yaml", "/catalog/images", List("page%5Blimit%5D=100")),
    at("catalog.yaml", "/catalog/images", ListSince(Release::V11_2, "fieldset%5Bimage%5D=imageCopy&filter=policyName%20eq%20'Linux-Servers'&page%5Blimit%5D=40")),
    at("catalog.yaml", "/catalog/slp-images", List("page%5Blimit%5D=100")),
    at("config.yaml", "/config/media-servers", List("page%5Blimit%5D=3")),
    at("security.yaml", "/security/certificates/current", Whole),
    at("security.yaml", "/security/certificate-authorities", Open),
    at("security.yaml", "/security/certificate-authorities/migration-summary", Open),
    at("security.yaml", "/security/api-keys", List("page%5Blimit%5D=5")),
    at("security.yaml", "/security/anomalies", List("page%5Blimit%5D=2")),
    at("security.yaml", "/security/status", Whole),
    at("security.yaml", "/security/mpa-tickets", List("page%5Blimit%5D=5")),
    at("hostproperties.yaml", "/config/paused-clients", List("page%5Blimit%5D=5")),
    at("licensing.yaml", "/licensing/entitlements", List("page%5Blimit%5D=5")),
    at("licensing.yaml", "/licensing/capacity", List("page%5Blimit%5D=2")),
    at("config_policies.yaml", "/config/policies/", List("page%5Blimit%5D=5")),
    at("malware.yaml", "/malware/scan-results", List("include=malwareTool&page%5Blimit%5D=20")),
    at("malware.yaml", "/malware/scan-results", List("include=scanHost&page%5Blimit%5D=20")),
    at("malware.yaml", "/malware/latest-scan-results", List("include=malwareTool&page%5Blimit%5D=20")),
    at("manage.yaml", "/manage/alerts", List("page%5Blimit%5D=20")),
    at("servicecatalog.yaml", "/servicecatalog/slos", List("page%5Blimit%5D=4")),
];

const fn at(file: &'static str, path: &'static str, kind: Kind) -> Endpoint {
    Endpoint { file, path, kind }
}

impl Endpoint {
    pub(crate) fn method(&self) -> Method {
        match self.kind {
            Count(_) => Method::POST,
            _ => Method::GET,
        }
    }

    /// The query, empty if there is none.
    pub(crate) fn query(&self) -> &'static str {
        match self.kind {
            List(query) | ListSince(_, query) => query,
            _ => "",
        }
    }

    /// Whether it has more than one page to read.
    pub(crate) fn is_paged(&self) -> bool {
        matches!(self.kind, List(_) | ListSince(..))
    }
}
