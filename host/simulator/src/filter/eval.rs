//! Whether a filter holds for a row.

use std::borrow::Cow;
use std::cmp::Ordering;

use super::Side;
use super::expression::{Expression, Operand, Operator, Part};
use crate::column::{Case, Datum};

impl<T> Expression<T> {
    pub(super) fn holds(&self, row: &T) -> bool {
        match self {
            Self::And(a, b) => a.holds(row) && b.holds(row),
            Self::Or(a, b) => a.holds(row) || b.holds(row),
            Self::Not(a) => !a.holds(row),
            Self::Compare(operand, operator, literal) => {
                operator.holds(operand.read(row).partial_order(literal))
            }
            Self::Part(part, operand, text) => match operand.read(row) {
                Datum::Text(value) => part.holds(&value, text),
                _ => false,
            },
        }
    }

    pub(super) fn bounds(&self, name: &str, side: Side) -> bool {
        match self {
            Self::And(a, b) | Self::Or(a, b) => a.bounds(name, side) || b.bounds(name, side),
            Self::Not(a) => a.bounds(name, side),
            Self::Compare(operand, operator, _) => {
                operand.column.name() == name && operator.bounds(side)
            }
            Self::Part(..) => false,
        }
    }
}

impl<T> Operand<T> {
    fn read<'a>(&self, row: &'a T) -> Datum<'a> {
        match (self.column.read(row), self.case) {
            (Datum::Text(text), Some(case)) => Datum::Text(Cow::Owned(match case {
                Case::Lower => text.to_lowercase(),
                Case::Upper => text.to_uppercase(),
            })),
            (datum, _) => datum,
        }
    }
}

impl Operator {
    fn bounds(self, side: Side) -> bool {
        match self {
            Self::Eq => true,
            Self::Ne => false,
            Self::Gt | Self::Ge => side == Side::From,
            Self::Lt | Self::Le => side == Side::To,
        }
    }

    /// An absent value compares with nothing: only `ne` holds.
    fn holds(self, order: Option<Ordering>) -> bool {
        let Some(order) = order else {
            return self == Self::Ne;
        };
        match self {
            Self::Eq => order.is_eq(),
            Self::Ne => order.is_ne(),
            Self::Lt => order.is_lt(),
            Self::Le => order.is_le(),
            Self::Gt => order.is_gt(),
            Self::Ge => order.is_ge(),
        }
    }
}

impl Part {
    fn holds(self, value: &str, part: &str) -> bool {
        match self {
            Self::Contains => value.contains(part),
            Self::Starts => value.starts_with(part),
            Self::Ends => value.ends_with(part),
        }
    }
}
