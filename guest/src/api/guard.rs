//! Stops reading a list that does not end.
//!
//! A server may ignore `page[offset]` or return cursors that form a cycle. The guard
//! detects this by a page that has a next page but no new row. The rest of such a
//! list is unknown, so this is a failure and not the end of the list.

use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash, Hasher};

use super::skipped::{RowCounts, SkippedRows};
use crate::contract::{Failure, Reason};

/// The maximum number of pages of a list, enough for a million jobs. It is half of
/// the default request limit of a collection, so other lists can be read too.
const MAX_PAGES: u32 = 10_000;

/// The maximum number of remembered rows, about 1 MiB. A longer cycle ends at
/// [`MAX_PAGES`].
const MAX_ROWS: usize = 1 << 16;

/// A row that has an identity.
pub trait Identified {
    /// Unique within the list. A row without an identity counts as new.
    fn identity(&self) -> Option<impl Hash>;
}

/// Guards the read of one list by any number of readers.
pub(super) struct Guard {
    endpoint: &'static str,
    pages: u32,
    /// Hashes of cursors, each with its reader.
    cursors: HashSet<u64>,
    /// Hashes of identities.
    rows: HashSet<u64>,
    /// Whether the current page has a new row.
    has_new_row: bool,
    /// Number of rows that were new.
    distinct: u64,
    counts: RowCounts,
}

impl Guard {
    pub(super) fn new(endpoint: &'static str) -> Self {
        Self {
            endpoint,
            pages: 0,
            cursors: HashSet::new(),
            rows: HashSet::new(),
            has_new_row: false,
            distinct: 0,
            counts: RowCounts::default(),
        }
    }

    /// Begins a page with these rows.
    pub(super) fn begin_page(&mut self, counts: RowCounts) {
        self.counts.add(counts);
        self.pages += 1;
        self.has_new_row = false;
        if self.rows.len() >= MAX_ROWS {
            self.rows.clear();
        }
    }

    /// Adds a row of the current page.
    pub(super) fn add_row(&mut self, row: &impl Identified) {
        let identity = row.identity();
        let is_new = identity.is_none_or(|it| self.rows.insert(hash(it)));
        self.has_new_row |= is_new;
        self.distinct += u64::from(is_new);
    }

    /// Ends a complete list. Fails if too many rows are unreadable.
    pub(super) fn finish(&self, skipped: &SkippedRows) -> Result<(), Failure> {
        skipped.add(self.endpoint, &self.counts)
    }

    /// Fails if rows of a list with this `count` are missing. A row that moves to
    /// another page during the read shifts one that is then never read, and is itself
    /// read twice.
    pub(super) fn check_count(&self, count: u64) -> Result<(), Failure> {
        let read = self.distinct + self.counts.unreadable;
        if self.pages == 1 || read >= count {
            return Ok(());
        }
        let place = format!("found {read} of {count} rows: the list changed during the read");
        Err(Failure::new(self.endpoint, Reason::Malformed(place)))
    }

    /// Fails if the next page must not be read.
    pub(super) fn check_limit(&self) -> Result<(), Failure> {
        if !self.has_new_row {
            return Err(self.too_long("the server repeated its pages"));
        }
        if self.pages >= MAX_PAGES {
            return Err(Failure::new(self.endpoint, Reason::TooLong(self.pages)));
        }
        Ok(())
    }

    /// Fails if a reader must not continue at this cursor.
    pub(super) fn check_cursor(&mut self, reader: usize, cursor: &str) -> Result<(), Failure> {
        if !self.cursors.insert(hash((reader, cursor))) {
            return Err(self.too_long("the server returned the same cursor twice"));
        }
        self.check_limit()
    }

    fn too_long(&self, detail: &str) -> Failure {
        Failure {
            detail: Some(detail.to_owned()),
            ..Failure::new(self.endpoint, Reason::TooLong(self.pages))
        }
    }
}

fn hash(value: impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    impl Identified for u64 {
        fn identity(&self) -> Option<impl Hash> {
            Some(*self)
        }
    }

    fn page(guard: &mut Guard, rows: impl IntoIterator<Item = u64>) -> bool {
        guard.begin_page(RowCounts::default());
        rows.into_iter().for_each(|row| guard.add_row(&row));
        guard.check_limit().is_ok()
    }

    #[test]
    fn a_page_needs_a_new_row() {
        let mut guard = Guard::new("/x");
        assert!(page(&mut guard, [1, 2]));
        assert!(page(&mut guard, [1, 2, 3]));
        assert!(!page(&mut guard, [3, 1]), "in another order");
        assert!(!page(&mut guard, []));
    }

    #[test]
    fn a_cycle_is_detected_within_bounded_memory() {
        let mut guard = Guard::new("/x");
        let rows = MAX_ROWS as u64 - 500;
        let pages = (0..2 * rows).step_by(100);
        let read = pages
            .take_while(|first| page(&mut guard, (*first..first + 100).map(|n| n % rows)))
            .count();
        assert!(read as u64 * 100 < 2 * rows, "{read} pages");
        assert!(guard.rows.len() < MAX_ROWS + 100);
    }
}
