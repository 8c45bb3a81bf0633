//! Paging by offset: `page[offset]` and `page[limit]`, with a count.

use serde_json::{Map, Value};

use super::{Limits, Page, link, number};
use crate::options::Strictness;
use crate::query::Query;

/// The requested page.
pub(crate) struct Offsets {
    offset: usize,
    limit: usize,
}

impl Offsets {
    /// Reads the two parameters. The error is the message of a 400.
    pub(crate) fn parse(
        query: &Query,
        limits: Limits,
        strictness: Strictness,
    ) -> Result<Self, String> {
        let offset = query
            .get("page[offset]")
            .map_or(Ok(0), |text| number(text, "page[offset]"))?;
        let offset = usize::try_from(offset).unwrap_or(usize::MAX);
        Ok(Self {
            offset,
            limit: limits.read(query, strictness)?.max(1),
        })
    }

    /// A page of so many rows at most.
    pub(crate) fn within(mut self, rows: usize) -> Self {
        self.limit = self.limit.min(rows);
        self
    }

    /// Cuts the page out of all rows. `next` and `prev` are offsets, absent on
    /// the last and the first page. With `repeat`, a `next` that leads to the same page.
    pub(crate) fn cut<T>(&self, rows: Vec<T>, query: &Query, repeat: bool) -> Page<T> {
        let Self { offset, limit } = *self;
        let count = rows.len();
        let after = offset.saturating_add(limit);
        let next = if repeat {
            Some(offset)
        } else {
            Some(after).filter(|after| *after < count)
        };
        let prev = (offset > 0).then(|| offset.saturating_sub(limit));
        let last = count.saturating_sub(1) / limit * limit;
        let numbers = [
            ("count", Some(count)),
            ("offset", Some(offset)),
            ("limit", Some(limit)),
            ("first", Some(0)),
            ("last", Some(last)),
            ("next", next),
            ("prev", prev),
            ("page", Some(offset / limit)),
            ("pages", Some(count.div_ceil(limit))),
        ];
        let places = [
            ("self", Some(offset)),
            ("first", Some(0)),
            ("last", Some(last)),
        ];
        Page {
            rows: rows.into_iter().skip(offset).take(limit).collect(),
            pagination: present(numbers, Value::from),
            links: present(
                places.into_iter().chain([("next", next), ("prev", prev)]),
                |to| link(query, &[("page[offset]", Some(to.to_string()))]),
            ),
        }
    }
}

/// The pairs that have a value, as an object.
fn present(
    pairs: impl IntoIterator<Item = (&'static str, Option<usize>)>,
    make: impl Fn(usize) -> Value,
) -> Map<String, Value> {
    pairs
        .into_iter()
        .filter_map(|(name, value)| Some((name.to_owned(), make(value?))))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const LIMITS: Limits = Limits { min: 1, max: 500 };

    fn page(text: &str) -> Page<usize> {
        let query = Query::parse("/units", Some(text));
        let offsets = Offsets::parse(&query, LIMITS, Strictness::Refuse).unwrap();
        offsets.cut((0..25).collect(), &query, false)
    }

    #[test]
    fn the_first_page_has_a_next_and_no_prev() {
        let page = page("filter=x%20eq%201");
        assert_eq!(page.rows, (0..10).collect::<Vec<_>>());
        assert_eq!(
            Value::from(page.pagination),
            json!({ "count": 25, "offset": 0, "limit": 10, "first": 0, "last": 20, "next": 10,
                "page": 0, "pages": 3 })
        );
        let next = page.links["next"]["href"].as_str().unwrap();
        assert_eq!(next, "/units?filter=x+eq+1&page%5Boffset%5D=10");
    }

    #[test]
    fn the_last_page_has_a_prev_and_no_next() {
        let page = page("page%5Boffset%5D=20&page[limit]=10");
        assert_eq!(page.rows, (20..25).collect::<Vec<_>>());
        assert!(!page.pagination.contains_key("next") && !page.links.contains_key("next"));
        assert_eq!(page.pagination["prev"], 10);
    }

    #[test]
    fn a_limit_out_of_bounds_is_rejected_or_clamped() {
        let query = Query::parse("/units", Some("page[limit]=501"));
        let parse = |strictness| Offsets::parse(&query, LIMITS, strictness);
        assert!(parse(Strictness::Refuse).is_err());
        assert_eq!(parse(Strictness::Forgive).unwrap().limit, 500);
    }
}
