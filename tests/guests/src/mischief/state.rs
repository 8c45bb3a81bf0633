//! What a guest leaves for its next call.

use crate::component::bindings::exports::nbu::collector::collector::Saved;

/// How often the collector was asked before.
pub(crate) fn count(collector: &str, state: &[Saved]) -> u32 {
    let saved = state.iter().find(|saved| saved.collector == collector);
    let bytes = saved.and_then(|saved| saved.bytes.as_slice().try_into().ok());
    bytes.map_or(0, u32::from_le_bytes)
}

/// What a guest of that behaviour saves.
pub(crate) fn of(word: &str, collector: &str, count: u32) -> Option<Saved> {
    let saved = |collector: &str, bytes| Saved {
        collector: collector.to_owned(),
        version: 1,
        bytes,
    };
    match word {
        "falling" | "falling-histogram" => {
            Some(saved(collector, (count + 1).to_le_bytes().to_vec()))
        }
        "huge-state" => Some(saved(collector, vec![1; 17 << 20])),
        "foreign-state" => Some(saved("somebody else", vec![1])),
        "small-state" => Some(saved(collector, vec![1; 2 << 10])),
        _ => None,
    }
}
