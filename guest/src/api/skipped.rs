//! Rows that could not be read. A few are left out, so that one row does not take its
//! list. With more of them, the server's answers mean something else than the guest
//! expects, and the list fails.

use std::cell::RefCell;
use std::collections::BTreeMap;

use crate::contract::{Failure, Level, Reason};
use crate::log::Log;

/// The share of rows that may be unreadable is one of this number.
const MIN_ROWS_PER_SKIPPED: u64 = 10;

/// The rows of one list.
#[derive(Debug, Default)]
pub(super) struct RowCounts {
    pub(super) readable: u64,
    pub(super) unreadable: u64,
    /// Values that were left out of readable rows.
    pub(super) left_out: u64,
    /// Why the first row is unreadable.
    pub(super) first_error: Option<String>,
}

impl RowCounts {
    pub(super) fn add(&mut self, page: Self) {
        self.readable += page.readable;
        self.unreadable += page.unreadable;
        self.left_out += page.left_out;
        self.first_error = self.first_error.take().or(page.first_error);
    }

    fn skipped(&self) -> u64 {
        self.unreadable + self.left_out
    }

    /// Fails if too many rows are unreadable.
    pub(super) fn check(&self, endpoint: &str) -> Result<(), Failure> {
        let (skipped, rows) = (self.skipped(), self.readable + self.unreadable);
        if skipped.saturating_mul(MIN_ROWS_PER_SKIPPED) <= rows {
            return Ok(());
        }
        let why = self.first_error.as_deref().unwrap_or("unexpected type");
        let place = format!("{skipped} of {rows} rows are unreadable, the first one: {why}");
        Err(Failure::new(endpoint, Reason::Malformed(place)))
    }
}

/// Skipped rows of a collector, by endpoint.
#[derive(Debug, Default)]
pub struct SkippedRows {
    by_endpoint: RefCell<BTreeMap<&'static str, u64>>,
}

impl SkippedRows {
    /// Adds the rows of a complete list, or fails if too many are unreadable.
    pub(super) fn add(&self, endpoint: &'static str, rows: &RowCounts) -> Result<(), Failure> {
        rows.check(endpoint)?;
        self.add_unchecked(endpoint, rows);
        Ok(())
    }

    /// Adds rows, however many are unreadable.
    pub(super) fn add_unchecked(&self, endpoint: &'static str, rows: &RowCounts) {
        if rows.skipped() > 0 {
            let mut by_endpoint = self.by_endpoint.borrow_mut();
            *by_endpoint.entry(endpoint).or_default() += rows.skipped();
        }
    }

    /// Number of skipped rows.
    pub fn total(&self) -> u32 {
        let sum = self.by_endpoint.borrow().values().sum::<u64>();
        u32::try_from(sum).unwrap_or(u32::MAX)
    }

    /// Logs each endpoint with skipped rows.
    pub fn log(&self, log: &dyn Log) {
        for (endpoint, rows) in &*self.by_endpoint.borrow() {
            let rows = rows.to_string();
            let fields = [("endpoint", *endpoint), ("rows", rows.as_str())];
            log.emit(Level::Warn, "Skipped unreadable rows", &fields);
        }
    }
}
