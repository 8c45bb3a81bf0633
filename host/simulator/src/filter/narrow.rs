//! What a filter says of all rows that it keeps, so that no others are looked at.
//! What is found may say too little, never too much.

use jiff::Timestamp;

use super::{Expression, Filter, Operator};
use crate::listing::Datum;

impl<T> Filter<T> {
    /// The earliest and the latest time of a column that the filter keeps.
    pub(crate) fn times(&self, name: &str) -> (Option<Timestamp>, Option<Timestamp>) {
        self.0.times(name)
    }

    /// Whether no row is kept whose column is this text.
    pub(crate) fn excludes(&self, name: &str, text: &str) -> bool {
        self.0.excludes(name, text)
    }
}

impl<T> Expression<T> {
    fn times(&self, name: &str) -> (Option<Timestamp>, Option<Timestamp>) {
        match self {
            Self::And(a, b) => {
                let ((a_from, a_to), (b_from, b_to)) = (a.times(name), b.times(name));
                let to = match (a_to, b_to) {
                    (Some(a), Some(b)) => Some(a.min(b)),
                    (a, b) => a.or(b),
                };
                (a_from.max(b_from), to)
            }
            Self::Compare(operand, operator, Datum::Time(time))
                if operand.column.name() == name =>
            {
                match operator {
                    Operator::Eq => (Some(*time), Some(*time)),
                    Operator::Ge | Operator::Gt => (Some(*time), None),
                    Operator::Le | Operator::Lt => (None, Some(*time)),
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
