//! A filter as a tree.

use crate::column::{Case, Column, Datum};

/// A node of a filter.
pub(super) enum Expression<T: 'static> {
    And(Box<Self>, Box<Self>),
    Or(Box<Self>, Box<Self>),
    Not(Box<Self>),
    Compare(Operand<T>, Operator, Datum<'static>),
    Part(Part, Operand<T>, String),
}

/// A column, as it is or in one case.
pub(super) struct Operand<T: 'static> {
    pub(super) column: &'static Column<T>,
    pub(super) case: Option<Case>,
}

/// `eq ne lt le gt ge`
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Operator {
    Eq,
    Ne,
    Lt,
    Le,
    Gt,
    Ge,
}

/// The functions over texts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    Contains,
    Starts,
    Ends,
}
