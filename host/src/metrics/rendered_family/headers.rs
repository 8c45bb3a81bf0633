//! Headers of families. Sites have the same families, and share their headers.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};

use crate::metrics::family::Kind;

/// What all samples of a family have in common.
#[derive(Debug, PartialEq, Eq, Hash)]
pub struct FamilyHeader {
    /// Such as `nbu_disk_bytes`.
    pub name: String,
    /// The HELP text.
    pub help: String,
    /// The type of the samples.
    pub kind: Kind,
    /// The label names of all samples, without `site`.
    pub labels: Vec<String>,
}

/// Every header in use, once.
#[derive(Debug, Default)]
pub struct FamilyHeaders(Mutex<HashSet<Arc<FamilyHeader>>>);

impl FamilyHeaders {
    /// The equal header that others use already, or this one.
    pub(super) fn shared(&self, header: FamilyHeader) -> Arc<FamilyHeader> {
        // Insertions are atomic, so a poisoned lock is harmless.
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = all.get(&header) {
            return Arc::clone(known);
        }
        // Before the set grows, the headers of former guests leave it.
        if all.len() == all.capacity() {
            all.retain(|known| Arc::strong_count(known) > 1);
        }
        let header = Arc::new(header);
        all.insert(Arc::clone(&header));
        header
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(help: String) -> FamilyHeader {
        FamilyHeader {
            name: "nbu_x".to_owned(),
            help,
            kind: Kind::Gauge,
            labels: Vec::new(),
        }
    }

    #[test]
    fn equal_headers_are_one_and_unused_ones_are_dropped() {
        let headers = FamilyHeaders::default();
        let used = headers.shared(header("used".to_owned()));
        for number in 0..1_000 {
            headers.shared(header(number.to_string()));
        }
        let count = headers.0.lock().unwrap().len();
        assert!(count < 100, "{count}");
        assert!(Arc::ptr_eq(
            &used,
            &headers.shared(header("used".to_owned()))
        ));
    }
}
