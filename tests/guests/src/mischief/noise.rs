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
