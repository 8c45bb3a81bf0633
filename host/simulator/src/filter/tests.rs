use super::*;
use crate::column::{Datum, Ops};

struct Row {
    name: &'static str,
    size: Option<u64>,
    at: &'static str,
    worm: bool,
}

type C = Column<Row>;

static COLUMNS: &[C] = &[
    C::shown("name", |row| Datum::text(row.name)).text(Ops::NAME),
    C::shown("word", |row| Datum::text(row.name)).text(Ops::EQ),
    C::shown("size", |row| Datum::maybe(row.size)).number(Ops::NUMBER),
    C::shown("at", |row| Datum::Time(row.at.parse().unwrap())).time(),
    C::shown("worm", |row| Datum::Flag(row.worm)).flag(),
    C::shown("later", |_| Datum::Absent)
        .text(Ops::EQ)
        .filter_since(Release::V10_5),
    C::shown("mute", |_| Datum::Absent),
];

const ROW: Row = Row {
    name: "O'Neil MSDP",
    size: Some(7),
    at: "2026-07-01T00:00:00Z",
    worm: true,
};

fn keeps(filter: &str) -> bool {
    match Filter::parse(filter, COLUMNS, Release::V11_2) {
        Ok(filter) => filter.keeps(&ROW),
        Err(error) => panic!("{filter}: {error}"),
    }
}

fn rejection(filter: &str) -> String {
    Filter::parse(filter, COLUMNS, Release::V10_3)
        .err()
        .unwrap_or_else(|| panic!("{filter}"))
}

#[test]
fn clauses_compare_a_column_with_a_literal() {
    assert!(keeps("name eq 'O''Neil MSDP'"));
    assert!(keeps("size ge 7") && keeps("size le 7.5") && keeps("size ne 8"));
    assert!(!keeps("size gt 7") && !keeps("size lt 7"));
    assert!(keeps("at ge 2026-07-01T00:00:00Z") && keeps("at lt 2026-07-01T02:00:00.001+01:00"));
    assert!(keeps("worm eq true") && !keeps("worm eq false"));
}

#[test]
fn and_binds_tighter_than_or_and_not_tighter_than_and() {
    assert!(keeps("size eq 7 or size eq 1 and size eq 2"));
    assert!(!keeps("(size eq 7 or size eq 1) and size eq 2"));
    assert!(keeps("not size eq 1 and size eq 7"));
    assert!(!keeps("not (size eq 1 or size eq 7)"));
}

#[test]
fn functions_match_parts_of_texts() {
    assert!(keeps("contains(name,'Neil')") && keeps("startswith( name , 'O' )"));
    assert!(keeps("endswith(tolower(name),'msdp')") && keeps("toupper(name) eq 'O''NEIL MSDP'"));
    assert!(!keeps("contains(name,'neil')"));
}

#[test]
fn an_absent_value_compares_with_nothing() {
    let row = Row { size: None, ..ROW };
    let keeps = |text| {
        Filter::parse(text, COLUMNS, Release::V11_2)
            .ok()
            .unwrap()
            .keeps(&row)
    };
    assert!(keeps("size ne 7"));
    assert!(!keeps("size eq 7") && !keeps("size lt 7") && !keeps("size ge 0"));
}

#[test]
fn an_operator_that_the_tables_do_not_allow_is_rejected() {
    assert!(rejection("colour eq 'red'").contains("`colour`"));
    assert!(rejection("mute eq 'x'").contains("`mute`"));
    assert!(rejection("word ne 'x'").contains("`ne`"));
    assert!(rejection("contains(word,'x')").contains("`word`"));
    assert!(rejection("worm gt true").contains("`gt`"));
    assert!(rejection("later eq 'x'").contains("`later`"));
    assert!(!keeps("later eq 'x'"));
}

#[test]
fn a_literal_of_another_type_is_rejected() {
    for filter in [
        "name eq DONE",
        "size eq '7'",
        "size eq inf",
        "at ge '2026-07-01T00:00:00Z'",
    ] {
        assert!(rejection(filter).contains("compares with"), "{filter}");
    }
    assert!(rejection("at ge \"2026-07-01T00:00:00Z\"").contains("single quotes"));
}

#[test]
fn a_malformed_filter_is_rejected() {
    for filter in [
        "size",
        "size eq",
        "size is 7",
        "(size eq 7",
        "size eq 7)",
        "name eq 'x",
        "and",
    ] {
        rejection(filter);
    }
    assert!(rejection(&"(".repeat(100_000)).contains("too deeply"));
}
