//! What is asked: one line an endpoint.

use http::Method;

/// An operation of the vendor's files.
pub(crate) struct Endpoint {
    /// The file that specifies it.
    pub(crate) file: &'static str,
    /// Its path there.
    pub(crate) path: &'static str,
    pub(crate) kind: Kind,
}

/// How it is asked.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Kind {
    /// Needs neither a key nor a version.
    Open,
    /// A list, page by page, with this query.
    List(&'static str),
    /// One of the rows of that list.
    Row(&'static str),
    /// A request to count: the body carries a filter.
    Count(&'static str),
}

use Kind::{Count, List, Open, Row};

#[rustfmt::skip]
pub(crate) const ENDPOINTS: &[Endpoint] = &[
    at("gateway.yaml", "/ping", Open),
    at("security.yaml", "/security/servertime", Open),
    at("security.yaml", "/security/serverinfo", Open),
    at("security.yaml", "/security/cacert", Open),
    // What changed within a day: three days take thrice as long and show no more.
    at("admin.yaml", "/admin/jobs", List("filter=lastUpdateTime%20ge%202026-03-03T01:20:00Z&page%5Blimit%5D=100")),
    at("admin.yaml", "/admin/jobs/{jobId}", Row("/admin/jobs")),
    at("admin.yaml", "/admin/jobs-count-requests", Count("state eq 'DONE'")),
    at("storage.yaml", "/storage/storage-units", List("include=diskPool&page%5Blimit%5D=5")),
    at("storage.yaml", "/storage/disk-pools", List("page%5Blimit%5D=2")),
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
}
