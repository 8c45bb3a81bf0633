//! States that a guest saves for its next call.

use super::holding;
use crate::component::bindings::exports::nbu::collector::collector::Saved;

/// The state saved by a guest with that behaviour.
pub(crate) fn of(word: &str, collector: &str, counted: Saved) -> Saved {
    let saved = |collector: &str, bytes| Saved {
        collector: collector.to_owned(),
        version: 1,
        bytes,
    };
    match word {
        // For one collector only: two would not fit into its memory.
        "huge-state" if collector == "jobs" => saved(collector, vec![1; 17 << 20]),
        "foreign-state" => saved("somebody else", vec![1]),
        "hold-state" if collector == "jobs" => saved(collector, holding::large()),
        "small-state" => saved(collector, vec![1; 2 << 10]),
        _ => counted,
    }
}
