//! What a filter requires of every row that it keeps, so that other rows need not be
//! read. It may require less than the filter, never more.

use super::Filter;
use super::expression::{Expression, Operator};
use crate::column::Datum;

/// The least and the greatest value, if there are any.
pub(crate) type Bounds<V> = (Option<V>, Option<V>);

impl<T> Filter<T> {
    /// The values of a column that the filter requires. `value` reads literals of
    /// the column's type.
    pub(crate) fn range<V: Ord>(
        &self,
        name: &str,
        value: fn(&Datum<'_>) -> Option<V>,
    ) -> Bounds<V> {
        self.0.range(name, value)
    }

    /// Whether no row is kept whose column is this text.
    pub(crate) fn excludes(&self, name: &str, text: &str) -> bool {
        self.0.excludes(name, text)
    }
}

impl<T> Expression<T> {
    fn range<V: Ord>(&self, name: &str, value: fn(&Datum<'_>) -> Option<V>) -> Bounds<V> {
        match self {
            Self::And(a, b) => {
                let ((a_from, a_to), (b_from, b_to)) = (a.range(name, value), b.range(name, value));
                let to = [a_to, b_to].into_iter().flatten().min();
                (a_from.max(b_from), to)
            }
            Self::Compare(operand, operator, literal) if operand.column.name() == name => {
                let bound = || value(literal);
                match operator {
                    Operator::Eq => (bound(), bound()),
                    Operator::Ge | Operator::Gt => (bound(), None),
                    Operator::Le | Operator::Lt => (None, bound()),
                    Operator::Ne => (None, None),
                }
            }
            _ => (None, None),
        }
    }

    fn excludes(&self, name: &str, text: &str) -> bool {
        match self {
            Self::And(a, b) => a.excludes(name, text) || b.excludes(name, text),
            Self::Or(a, b) => a.excludes(name, text) && b.excludes(name, text),
            Self::Compare(operand, operator, Datum::Text(literal)) => {
                let plain = operand.column.name() == name && operand.case.is_none();
                plain
                    && match operator {
                        Operator::Ne => literal == text,
                        Operator::Eq => literal != text,
                        _ => false,
                    }
            }
            _ => false,
        }
    }
}
