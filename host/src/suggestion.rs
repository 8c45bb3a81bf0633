//! Suggestions for misspelt names.

/// The least similarity of a suggested name; 1 means equal.
const MIN_SIMILARITY: f64 = 0.85;

/// Names the known name that is most similar, or lists all after `heading`.
pub(crate) fn suggestion(unknown: &str, known: &[&str], heading: &str) -> String {
    // The time that a comparison takes grows with the length; no name is as long.
    let unknown: String = unknown.chars().take(64).collect();
    let unknown = unknown.to_lowercase();
    let similarity = |name: &&&str| strsim::jaro_winkler(&unknown, &name.to_lowercase());
    match known
        .iter()
        .max_by(|a, b| similarity(a).total_cmp(&similarity(b)))
    {
        Some(best) if similarity(&best) > MIN_SIMILARITY => format!("did you mean `{best}`?"),
        _ => format!("{heading}: {}", known.join(", ")),
    }
}
