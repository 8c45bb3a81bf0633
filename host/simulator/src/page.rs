//! The two ways of paging, and the limits both have.

mod cursor;
mod offset;

pub(crate) use cursor::{Cursors, encode};
pub(crate) use offset::Offsets;

use serde_json::{Map, Value, json};

use crate::options::Strictness;
use crate::query::Query;

/// The default number of rows of a page, for all resources.
const DEFAULT_LIMIT: u64 = 10;

/// The bounds of `page[limit]`.
#[derive(Clone, Copy)]
pub(crate) struct Limits {
    pub(crate) min: u64,
    pub(crate) max: u64,
}

impl Limits {
    /// The `page[limit]` of a request, within its bounds or rejected.
    fn read(self, query: &Query, strictness: Strictness) -> Result<usize, String> {
        let Some(text) = query.get("page[limit]") else {
            return Ok(DEFAULT_LIMIT as usize);
        };
        let limit = number(text, "page[limit]")?;
        let within = limit.clamp(self.min, self.max);
        if limit != within && strictness == Strictness::Refuse {
            let Self { min, max } = self;
            return Err(format!(
                "`page[limit]` is `{limit}`, outside {min} to {max}."
            ));
        }
        Ok(within as usize)
    }
}

fn number(text: &str, name: &str) -> Result<u64, String> {
    text.parse()
        .map_err(|_| format!("`{name}` is `{text}`, which is not a number."))
}

/// A page of rows, with pagination and links.
pub(crate) struct Page<T> {
    pub(crate) rows: Vec<T>,
    /// `meta.pagination`.
    pub(crate) pagination: Map<String, Value>,
    /// `links`, by relation.
    pub(crate) links: Map<String, Value>,
}

/// One link: `{"href": …}`.
fn link(query: &Query, changes: &[(&str, Option<String>)]) -> Value {
    json!({ "href": query.href(changes) })
}
