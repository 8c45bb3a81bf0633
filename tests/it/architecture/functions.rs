//! Functions stay short enough to read at once.

use super::source::files;

/// The maximum number of lines of a function.
const MAX_LINES: usize = 70;

/// Names and numbers of lines of the functions in formatted code. A function ends at
/// the first closing brace with the indentation of its `fn`.
fn functions(text: &str) -> Vec<(&str, usize)> {
    let indentation = |line: &str| line.len() - line.trim_start().len();
    let lines: Vec<&str> = text.lines().collect();
    let mut functions = Vec::new();
    for (at, line) in lines.iter().enumerate() {
        let Some(name) = name(line) else { continue };
        let rest = lines[at..].iter().take_while(|other| {
            let is_same = indentation(other) == indentation(line);
            let other = other.trim_start();
            // A declaration in a trait has no body.
            let is_end = other.starts_with('}') || other.ends_with([';', '}']);
            !(is_same && is_end)
        });
        functions.push((name, rest.count() + 1));
    }
    functions
}

/// The name of the function that begins on this line.
fn name(line: &str) -> Option<&str> {
    let (before, after) = line.split_once("fn ")?;
    let mut modifiers = before.split_whitespace();
    let is_modifier = |word: &str| {
        word.starts_with("pub") || ["async", "const", "unsafe", "extern"].contains(&word)
    };
    // `pub(in crate::x)` contains a space.
    let is_function = modifiers.all(|word| is_modifier(word) || word.ends_with(')'));
    let name = after
        .split(|c: char| !c.is_alphanumeric() && c != '_')
        .next()?;
    (is_function && !name.is_empty()).then_some(name)
}

#[test]
fn the_lines_of_a_function_are_counted() {
    let text = "trait A {\n    fn a(&self);\n    fn b(\n        x: u32,\n    ) -> u32;\n}\n\
                pub(crate) async fn c() {\n    if x {\n    }\n}\n\
                /// Not fn d() {\nfn e() {}\n";
    assert_eq!(functions(text), [("a", 1), ("b", 3), ("c", 4), ("e", 1)]);
}

#[test]
fn no_function_is_too_long() {
    for folder in ["host/src", "host/simulator/src", "guest/src"] {
        // A test may hold a long snapshot.
        let is_test = |path: &std::path::Path| {
            path.iter()
                .any(|part| part == "tests" || part == "tests.rs")
        };
        for (path, text) in files(folder).into_iter().filter(|(path, _)| !is_test(path)) {
            for (name, lines) in functions(&text) {
                let path = path.display();
                assert!(lines <= MAX_LINES, "{path}: `{name}` has {lines} lines");
            }
        }
    }
}
