//! Suggestions for misspelt names, and the hints of messages.

/// The least similarity of a suggested name; 1 means equal.
const MIN_SIMILARITY: f64 = 0.85;

/// Names the known name that is most similar, or lists all after `heading`.
pub(crate) fn suggestion(unknown: &str, known: &[&str], heading: &str) -> String {
    match similar(unknown, known) {
        Some(best) => format!("did you mean `{best}`?"),
        None => format!("{heading}: {}", known.join(", ")),
    }
}

/// The known name that is most similar, if it is similar enough.
fn similar<'k>(unknown: &str, known: &[&'k str]) -> Option<&'k str> {
    // The time that a comparison takes grows with the length; no name is as long.
    let unknown: String = unknown.chars().take(64).collect();
    let unknown = unknown.to_lowercase();
    let similarity = |name: &&str| strsim::jaro_winkler(&unknown, &name.to_lowercase());
    let known = known.iter().copied();
    let best = known.max_by(|a, b| similarity(a).total_cmp(&similarity(b)))?;
    (similarity(&best) > MIN_SIMILARITY).then_some(best)
}

/// The beginning of a foreign text, without characters that control a terminal.
pub(crate) fn printable(text: &str) -> String {
    const LONGEST: usize = 100;
    text.chars()
        .flat_map(char::escape_debug)
        .take(LONGEST)
        .collect()
}

/// Separates messages from their hints, which are on lines of their own. Several are
/// joined in their order.
pub(crate) fn split_hints(text: &str) -> (String, Option<String>) {
    let (mut messages, mut hints) = (Vec::new(), Vec::new());
    for line in text.lines() {
        match line.trim_start().strip_prefix("hint: ") {
            Some(hint) => hints.push(hint),
            None => messages.push(line.trim_start()),
        }
    }
    let hints = (!hints.is_empty()).then(|| hints.join("; "));
    (messages.join("; "), hints)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hints_are_separated_from_messages() {
        let (messages, hints) =
            split_hints("a: bad\n  hint: mend a\nb: bad\nc: bad\n  hint: mend c");
        assert_eq!(messages, "a: bad; b: bad; c: bad");
        assert_eq!(hints.as_deref(), Some("mend a; mend c"));
        assert_eq!(split_hints("d: bad"), ("d: bad".to_owned(), None));
        let (messages, _) = split_hints("2 problems\n  a: bad\n  b: bad");
        assert_eq!(messages, "2 problems; a: bad; b: bad");
    }

    #[test]
    fn foreign_texts_are_short_and_cannot_control_a_terminal() {
        assert_eq!(printable("a\n\u{1b}[2J\u{202e}"), r"a\n\u{1b}[2J\u{202e}");
        assert_eq!(printable(&"ä".repeat(999)), "ä".repeat(100));
        assert_eq!(printable(&"\u{e000}".repeat(999)).len(), 100);
    }
}
