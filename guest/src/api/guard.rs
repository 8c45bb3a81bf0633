//! Ends the reading of a list that does not end by itself.
//!
//! A server may ignore `page[offset]`, or give cursors that lead in a circle. A
//! page with another one after it and without a row that is new to this reading
//! shows that. What such a list would have had is unknown, so it is a failure and
//! not the end of the list.

use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash, Hasher};

use crate::report::{Failure, Reason};

/// Pages of one list; a million jobs are 10,000 pages. It is half of the requests
/// that a collection has by default, so that one list leaves some to the others.
const MAX_PAGES: u32 = 10_000;

/// Rows that are remembered at one time: about 1 MiB. A circle of more rows than
/// that ends at [`MAX_PAGES`].
const MAX_ROWS: usize = 1 << 16;

/// A row that can be recognised.
pub trait Identified {
    /// What no other row of its list has. A row without it counts as new.
    fn identity(&self) -> Option<impl Hash>;
}

/// Watches the reading of one list, by however many readers.
pub(super) struct Guard {
    endpoint: &'static str,
    pages: u32,
    /// Hashes. A cursor has a meaning in the list of its own reader.
    cursors: HashSet<u64>,
    /// Hashes of identities.
    rows: HashSet<u64>,
    /// Whether the current page has a row that was not on the ones before.
    has_new_row: bool,
}

impl Guard {
    pub(super) fn new(endpoint: &'static str) -> Self {
        Self {
            endpoint,
            pages: 0,
            cursors: HashSet::new(),
            rows: HashSet::new(),
            has_new_row: false,
        }
    }

    /// A page begins.
    pub(super) fn page(&mut self) {
        self.pages += 1;
        self.has_new_row = false;
        if self.rows.len() >= MAX_ROWS {
            self.rows.clear();
        }
    }

    /// A row of the current page.
    pub(super) fn row(&mut self, row: &impl Identified) {
        let identity = row.identity();
        self.has_new_row |= identity.is_none_or(|it| self.rows.insert(hash(it)));
    }

    /// Whether another page may be read after the current one.
    pub(super) fn go_on(&self) -> Result<(), Failure> {
        if !self.has_new_row {
            return Err(self.too_long("the server repeats its pages"));
        }
        if self.pages >= MAX_PAGES {
            return Err(Failure::new(self.endpoint, Reason::TooLong(self.pages)));
        }
        Ok(())
    }

    /// The same where a reader, by its number, goes on at a cursor.
    pub(super) fn follow(&mut self, reader: usize, cursor: &str) -> Result<(), Failure> {
        if !self.cursors.insert(hash((reader, cursor))) {
            return Err(self.too_long("the server gave the same cursor twice"));
        }
        self.go_on()
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
        guard.page();
        rows.into_iter().for_each(|row| guard.row(&row));
        guard.go_on().is_ok()
    }

    #[test]
    fn a_page_needs_one_row_that_is_new() {
        let mut guard = Guard::new("/x");
        assert!(page(&mut guard, [1, 2]));
        assert!(page(&mut guard, [1, 2, 3]));
        assert!(!page(&mut guard, [3, 1]), "in another order");
        assert!(!page(&mut guard, []));
    }

    #[test]
    fn what_is_remembered_is_bounded_and_a_circle_is_found_all_the_same() {
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
