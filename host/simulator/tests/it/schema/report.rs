//! The mismatches, each reported once for a place.

use std::collections::{BTreeMap, BTreeSet};

use simulator::Release;

use super::contradiction::{self, CONTRADICTIONS, Meeting};
use super::endpoint::Endpoint;
use super::exchange::Exchange;
use super::operation::{Expected, Mismatch, Operation};

/// The mismatches so far.
#[derive(Default)]
pub(crate) struct Report {
    checked: usize,
    /// The number of each mismatch.
    wrong: BTreeMap<String, usize>,
    /// The contradictions that occurred.
    met: BTreeSet<Meeting>,
}

impl Report {
    /// Checks the answers of one endpoint.
    pub(crate) fn check(
        &mut self,
        release: Release,
        endpoint: &Endpoint,
        operation: &Operation<'_>,
        exchanges: &[Exchange],
    ) {
        let mut expected: BTreeMap<u16, Expected<'_>> = BTreeMap::new();
        for exchange in exchanges {
            self.status(release, endpoint, exchange);
            let status = exchange.status.as_u16();
            let expected = expected
                .entry(status)
                .or_insert_with(|| operation.expected(status));
            let reply = &exchange.reply;
            for mismatch in expected.mismatches(reply.header("content-type"), &reply.body) {
                self.mismatch(release, endpoint, status, &mismatch);
            }
        }
    }

    /// Checks only the status.
    pub(crate) fn status(&mut self, release: Release, endpoint: &Endpoint, exchange: &Exchange) {
        self.checked += 1;
        let (got, wanted) = (exchange.reply.status, exchange.status);
        if got != wanted {
            self.wrong(release, endpoint, &format!("answers {got}, not {wanted}"));
        }
    }

    fn mismatch(&mut self, release: Release, endpoint: &Endpoint, status: u16, found: &Mismatch) {
        if let Some(meeting) = contradiction::known(release, endpoint, found) {
            self.met.insert(meeting);
            return;
        }
        let Mismatch {
            place,
            keyword,
            message,
        } = found;
        let what = format!("{status} `{place}` {keyword}: {message}");
        self.wrong(release, endpoint, &what);
    }

    fn wrong(&mut self, release: Release, endpoint: &Endpoint, what: &str) {
        let (release, method, path) = (release.name(), endpoint.method(), endpoint.path);
        let line = format!("{release} {} {method} {path}: {what}", endpoint.file);
        *self.wrong.entry(line).or_default() += 1;
    }

    /// Fails the test at any mismatch, and at a contradiction that did not
    /// occur.
    pub(crate) fn conclude(self) {
        let mut lines: Vec<_> = self
            .wrong
            .iter()
            .map(|(line, times)| format!("{line} ({times} times)"))
            .collect();
        for one in CONTRADICTIONS {
            let gone = one.meetings().filter(|meeting| !self.met.contains(meeting));
            lines.extend(gone.map(|(release, path, place, _)| {
                let (release, reason) = (release.name(), one.reason);
                format!("{release} {path} `{place}`: not met any more: {reason}")
            }));
        }
        eprintln!("{} answers checked", self.checked);
        assert!(lines.is_empty(), "\n{}", lines.join("\n"));
    }
}
