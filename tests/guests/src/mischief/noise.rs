//! More words than anybody wants to read.

use crate::component::bindings::nbu::collector::log;

/// Lines for the log.
pub(crate) fn chatter() {
    for n in 0..100_000 {
        log::emit(log::Level::Info, &format!("chatter {n}"), &[]);
    }
}

/// Few lines, each a megabyte, and as much in its fields.
pub(crate) fn long_lines() {
    let line = "l".repeat(1 << 20);
    let field = ("f".repeat(1 << 19), "v".repeat(1 << 19));
    for _ in 0..20 {
        log::emit(log::Level::Info, &line, &[field.clone()]);
    }
}

/// One line that is larger than what may pass to the host at once.
pub(crate) fn huge_line() {
    log::emit(log::Level::Info, &"h".repeat(80 << 20), &[]);
}

/// Lines on standard output and error.
pub(crate) fn print() {
    for n in 0..20_000 {
        println!("printed {n}");
        eprintln!("printed {n}");
    }
}

/// Steers a terminal, begins lines, and turns the direction of writing. Without a
/// blank, so that a log may write it as it is.
pub(crate) const CONTROLS: &str = "paris\u{85}\u{9b}2J\u{61c}\u{200e}\u{200f}\u{2028}\u{2029}\u{202a}\
    \u{202b}\u{202c}\u{202d}\u{202e}\u{2066}\u{2067}\u{2068}\u{2069}OK";

/// Says that in every way there is.
pub(crate) fn controls() {
    let fields = [(CONTROLS.to_owned(), CONTROLS.to_owned())];
    log::emit(log::Level::Info, CONTROLS, &fields);
    println!("printed-{CONTROLS}");
}
