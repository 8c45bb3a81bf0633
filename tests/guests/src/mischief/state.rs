//! What a guest leaves for its next call.

use super::holding;
use crate::component::bindings::exports::nbu::collector::collector::Saved;

/// What a guest of that behaviour saves.
pub(crate) fn of(word: &str, collector: &str, counted: Saved) -> Saved {
    let saved = |collector: &str, bytes| Saved {
        collector: collector.to_owned(),
        version: 1,
        bytes,
    };
    match word {
        // Of one collector: of two it would not fit into its memory.
        "huge-state" if collector == "jobs" => saved(collector, vec![1; 17 << 20]),
        "foreign-state" => saved("somebody else", vec![1]),
        "hold-state" if collector == "jobs" => saved(collector, holding::large()),
        "small-state" => saved(collector, vec![1; 2 << 10]),
        _ => counted,
    }
}
