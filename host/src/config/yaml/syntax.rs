//! Explains invalid YAML to people who write configuration files.

/// The message and the hint for an error of the parser. The line itself is not shown,
/// since it may hold a secret.
pub(super) fn explained<'i>(text: &str, line: usize, info: &'i str) -> (&'i str, &'static str) {
    let written = text.lines().nth(line.saturating_sub(1)).unwrap_or_default();
    let says = |words: &[&str]| words.iter().any(|words| info.contains(words));
    if let Some(found) = in_line(written) {
        found
    } else if says(&["found a tab"]) {
        // The parser names the line where the value begins that the tab ends.
        (
            "this line or one below it is indented with a tab",
            "indent with spaces",
        )
    } else if says(&["unknown anchor"]) {
        (
            "the line repeats an anchor that does not exist",
            "write `&name` before the value that `*name` repeats, above this line",
        )
    } else if says(&["quoted scalar", "double-quoted"]) {
        (
            "a quoted text does not end where it should",
            "close the quotes, here or on a line above",
        )
    } else if says(&["flow ", "misplaced bracket", "illegal placement"]) {
        (
            "a list in `[]` or a map in `{}` lacks a comma or its closing bracket",
            "separate the entries by commas, and close the bracket",
        )
    } else if says(&["unexpected character"]) {
        (
            "a value begins with a special character",
            "put the value in quotes",
        )
    } else if says(&["mapping values"]) {
        (
            "the line has a `:` where no key can be",
            "check the indentation, and for a missing `:` on the line above; quote a value that \
             contains `: `",
        )
    } else if says(&[
        "expected key",
        "indentation",
        "simple key",
        "block collection",
    ]) {
        (
            "the line is not a `key: value` of the section above it",
            "write `key: value`, and align it with the other keys of its section",
        )
    } else if says(&["document start", "document-start"]) {
        (
            "the line does not continue the one above",
            "write `key: value`, without `=` and without names in `[]`",
        )
    } else if says(&["unprintable"]) {
        (
            "the line contains a character that cannot be printed",
            "save the file as plain text in UTF-8",
        )
    } else {
        (info, "quote texts that contain special characters")
    }
}

/// What the line itself shows; the parser often names a later consequence.
fn in_line(written: &str) -> Option<(&'static str, &'static str)> {
    let content = written.trim_start();
    let indentation = written.strip_suffix(content).unwrap_or_default();
    if indentation.contains('\t') {
        Some(("the line is indented with a tab", "indent with spaces"))
    } else if content.contains(":\t") {
        Some((
            "the line has a tab after a `:`",
            "write a space instead of the tab, and indent with spaces",
        ))
    } else if content.contains("{{") {
        Some((
            "the line contains `{{`",
            "render the template before the exporter reads the file",
        ))
    } else {
        None
    }
}
