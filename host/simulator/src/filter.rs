//! The filter grammar: the subset of OData 4.01 that the vendor's guide and
//! tables name.
//!
//! ```text
//! or      = and { "or" and }
//! and     = unary { "and" unary }
//! unary   = "not" unary | "(" or ")" | function | operand operator literal
//! function= ("contains" | "startswith" | "endswith") "(" operand "," text ")"
//! operand = name | ("tolower" | "toupper") "(" name ")"
//! ```
//!
//! Each column defines the operators that it supports. The tables of jobs
//! do not name `and`, `or`, `not`, but clients join clauses with `and` on
//! real servers, so they are supported everywhere.

mod eval;
mod expression;
mod lexer;
mod literal;
mod narrow;
mod parser;

pub(crate) use narrow::Bounds;

use expression::Expression;

use crate::column::Column;
use crate::release::Release;

/// A parsed filter. Its columns exist, and its literals have their types.
pub(crate) struct Filter<T: 'static>(Expression<T>);

/// The two ends of a range.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    From,
    To,
}

impl<T> Filter<T> {
    /// Reads a filter over the columns of a resource. The error is a sentence
    /// for the error object of a 400.
    pub(crate) fn parse(
        text: &str,
        columns: &'static [Column<T>],
        release: Release,
    ) -> Result<Self, String> {
        parser::parse(text, columns, release).map(Self)
    }

    /// Whether the filter bounds the values of a column, for resources
    /// that have a default bound.
    pub(crate) fn bounds(&self, name: &str, side: Side) -> bool {
        self.0.bounds(name, side)
    }

    /// Whether the filter keeps a row.
    pub(crate) fn keeps(&self, row: &T) -> bool {
        self.0.holds(row)
    }
}

#[cfg(test)]
mod tests;
