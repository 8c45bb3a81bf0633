//! A column of a resource: how to read it, and how requests filter and sort by it.

mod datum;

pub(crate) use datum::{Datum, iso};

use crate::release::Release;

/// The operators that filters support for a column, from the specification's tables.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Ops(u8);

impl Ops {
    pub(crate) const NONE: Self = Self(0);
    pub(crate) const EQ: Self = Self(1);
    pub(crate) const NE: Self = Self(2);
    /// `lt gt`
    pub(crate) const ORDER: Self = Self(4);
    pub(crate) const CONTAINS: Self = Self(8);
    /// `startswith` and `endswith`.
    pub(crate) const ENDS: Self = Self(16);
    /// `tolower` and `toupper`.
    pub(crate) const CASE: Self = Self(32);
    /// `ge le`
    pub(crate) const RANGE: Self = Self(64);

    pub(crate) const EQ_NE: Self = Self::EQ.and(Self::NE);
    /// `eq ne lt gt le ge`
    pub(crate) const NUMBER: Self = Self::EQ_NE.and(Self::ORDER).and(Self::RANGE);
    /// `contains startswith endswith`
    pub(crate) const PARTS: Self = Self::CONTAINS.and(Self::ENDS);
    /// `eq ne contains startswith endswith`
    pub(crate) const TEXT: Self = Self::EQ_NE.and(Self::PARTS);
    /// `eq contains`
    pub(crate) const WORDS: Self = Self::EQ.and(Self::CONTAINS);
    /// The operators of a name in the tables of tape: `TEXT`, `tolower`, `toupper`.
    pub(crate) const LABEL: Self = Self::TEXT.and(Self::CASE);
    /// The operators of a name in the tables of storage.
    pub(crate) const NAME: Self = Self::NUMBER.and(Self::PARTS).and(Self::CASE);
    /// `eq contains tolower toupper`
    pub(crate) const WORD: Self = Self::EQ.and(Self::CONTAINS).and(Self::CASE);

    pub(crate) const fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    pub(crate) const fn has(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }
}

/// A function around a column's name in a filter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Case {
    Lower,
    Upper,
}

/// The type of a column's literals in a filter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Schema {
    Text,
    Number,
    Flag,
    Time,
    Span,
}

/// A column of rows of `T`, built in a constant.
pub(crate) struct Column<T> {
    name: &'static str,
    read: for<'a> fn(&'a T) -> Datum<'a>,
    shown: bool,
    /// The first and the last release that have it.
    known: (Release, Release),
    schema: Schema,
    ops: Ops,
    /// The first release in which a filter may name it.
    filter_since: Release,
    /// The first and the last release in which a sort may name it.
    sort: Option<(Release, Release)>,
}

impl<T> Column<T> {
    /// An attribute that is shown, and neither filtered nor sorted yet.
    pub(crate) const fn shown(name: &'static str, read: for<'a> fn(&'a T) -> Datum<'a>) -> Self {
        Self {
            name,
            read,
            shown: true,
            known: (Release::V10_3, Release::V11_2),
            schema: Schema::Text,
            ops: Ops::NONE,
            filter_since: Release::V10_3,
            sort: None,
        }
    }

    /// A name that only filters and sorts have.
    pub(crate) const fn hidden(name: &'static str, read: for<'a> fn(&'a T) -> Datum<'a>) -> Self {
        Self {
            shown: false,
            ..Self::shown(name, read)
        }
    }

    const fn filtered(self, schema: Schema, ops: Ops) -> Self {
        Self {
            schema,
            ops,
            ..self
        }
    }

    /// Filtered by quoted strings.
    pub(crate) const fn text(self, ops: Ops) -> Self {
        self.filtered(Schema::Text, ops)
    }

    /// Filtered by numbers.
    pub(crate) const fn number(self, ops: Ops) -> Self {
        self.filtered(Schema::Number, ops)
    }

    /// Filtered by `true` and `false`, with `eq` alone.
    pub(crate) const fn flag(self) -> Self {
        self.flag_with(Ops::EQ)
    }

    /// The same, with other operators.
    pub(crate) const fn flag_with(self, ops: Ops) -> Self {
        self.filtered(Schema::Flag, ops)
    }

    /// Filtered by bare date-times.
    pub(crate) const fn time(self) -> Self {
        self.time_with(Ops::NUMBER)
    }

    /// The same, with other operators.
    pub(crate) const fn time_with(self, ops: Ops) -> Self {
        self.filtered(Schema::Time, ops)
    }

    /// Filtered by bare ISO-8601 durations.
    pub(crate) const fn span(self) -> Self {
        self.filtered(Schema::Span, Ops::NUMBER)
    }

    /// Present from a release on: shown, filtered and sorted.
    pub(crate) const fn since(self, first: Release) -> Self {
        let known = (first, self.known.1);
        Self { known, ..self }
    }

    /// Present up to a release, included.
    pub(crate) const fn until(self, last: Release) -> Self {
        let known = (self.known.0, last);
        Self { known, ..self }
    }

    /// Filtered only from a release on.
    pub(crate) const fn filter_since(self, release: Release) -> Self {
        Self {
            filter_since: release,
            ..self
        }
    }

    /// Sorted in every release.
    pub(crate) const fn sorted(self) -> Self {
        self.sorted_in(Release::V10_3, Release::V11_2)
    }

    /// Sorted from one release to another, both included.
    pub(crate) const fn sorted_in(self, first: Release, last: Release) -> Self {
        Self {
            sort: Some((first, last)),
            ..self
        }
    }

    pub(crate) fn name(&self) -> &'static str {
        self.name
    }

    pub(crate) fn schema(&self) -> Schema {
        self.schema
    }

    pub(crate) fn is_shown(&self, release: Release) -> bool {
        self.shown && self.is_known(release)
    }

    pub(crate) fn read<'a>(&self, row: &'a T) -> Datum<'a> {
        (self.read)(row)
    }

    /// The operators that filters support for it in a release.
    pub(crate) fn ops(&self, release: Release) -> Ops {
        if release >= self.filter_since && self.is_known(release) {
            self.ops
        } else {
            Ops::NONE
        }
    }

    pub(crate) fn sorts_in(&self, release: Release) -> bool {
        self.is_known(release)
            && self
                .sort
                .is_some_and(|(first, last)| first <= release && release <= last)
    }

    fn is_known(&self, release: Release) -> bool {
        self.known.0 <= release && release <= self.known.1
    }
}

/// A column that is shown, filtered by quoted strings, and sorted.
pub(crate) const fn text<T>(
    name: &'static str,
    ops: Ops,
    read: for<'a> fn(&'a T) -> Datum<'a>,
) -> Column<T> {
    Column::shown(name, read).text(ops).sorted()
}

/// A column that is shown, filtered by numbers, and sorted.
pub(crate) const fn number<T>(
    name: &'static str,
    ops: Ops,
    read: for<'a> fn(&'a T) -> Datum<'a>,
) -> Column<T> {
    Column::shown(name, read).number(ops).sorted()
}

/// A column that is shown, filtered by `true` and `false`, and sorted.
pub(crate) const fn flag<T>(name: &'static str, read: for<'a> fn(&'a T) -> Datum<'a>) -> Column<T> {
    Column::shown(name, read).flag().sorted()
}

/// A column that is shown, filtered by date-times, and sorted.
pub(crate) const fn time<T>(name: &'static str, read: for<'a> fn(&'a T) -> Datum<'a>) -> Column<T> {
    Column::shown(name, read).time().sorted()
}

/// The column of a name in a release. A name that is shown in one form and filtered in
/// another has two columns; the one for filters is found.
pub(crate) fn find<T>(
    columns: &'static [Column<T>],
    release: Release,
    name: &str,
) -> Option<&'static Column<T>> {
    let named = || {
        let known = |column: &&Column<T>| column.name == name && column.is_known(release);
        columns.iter().filter(known)
    };
    named()
        .find(|column| column.ops(release) != Ops::NONE)
        .or_else(|| named().next())
}
