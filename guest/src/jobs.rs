//! NetBackup's jobs as the API lists them, for every collector that reads jobs.

pub(crate) mod attempt;
pub(crate) mod labels;
pub(crate) mod list;
pub(crate) mod row;
pub(crate) mod unfinished;
