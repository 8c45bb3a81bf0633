//! Excessive log output.

use crate::component::bindings::nbu::collector::log;

/// Lines for the log.
pub(crate) fn chatter() {
    for n in 0..100_000 {
        log::emit(log::Level::Info, &format!("chatter {n}"), &[]);
    }
}

/// A few lines with a megabyte each in message and fields.
pub(crate) fn long_lines() {
    let line = "l".repeat(1 << 20);
    let field = ("f".repeat(1 << 19), "v".repeat(1 << 19));
    for _ in 0..20 {
        log::emit(log::Level::Info, &line, &[field.clone()]);
    }
}

/// A line above the limit of data passed to the host in one call.
pub(crate) fn huge_line() {
    log::emit(log::Level::Info, &"h".repeat(80 << 20), &[]);
}

/// One line in the log, whose field claims to be of another guest, and one printed line.
pub(crate) fn greet() {
    let claim = ("sha256".to_owned(), "another".to_owned());
    log::emit(log::Level::Info, "logged greeting", &[claim]);
    println!("printed greeting");
}

/// Lines on standard output and error.
pub(crate) fn print() {
    for n in 0..20_000 {
        println!("printed {n}");
        eprintln!("printed {n}");
    }
}

/// Control sequences, line breaks and a change of text direction. It has no space, so
/// that a log could write it unquoted.
pub(crate) const CONTROLS: &str = "paris\u{85}\u{9b}2J\u{61c}\u{200e}\u{200f}\u{2028}\u{2029}\u{202a}\
    \u{202b}\u{202c}\u{202d}\u{202e}\u{2066}\u{2067}\u{2068}\u{2069}OK";

/// Writes that text to every output.
pub(crate) fn controls() {
    let fields = [(CONTROLS.to_owned(), CONTROLS.to_owned())];
    log::emit(log::Level::Info, CONTROLS, &fields);
    println!("printed-{CONTROLS}");
}
