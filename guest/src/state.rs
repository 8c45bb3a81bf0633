//! The state that a collector keeps from one collection to the next, encoded by
//! [postcard](https://postcard.jamesmunns.com).

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::contract::{Level, Saved};
use crate::log::Log;

/// The state of a collector.
pub(crate) trait State: Serialize + DeserializeOwned {
    /// The collector's name.
    const COLLECTOR: &'static str;

    /// Increases whenever the state changes its shape.
    const VERSION: u32;

    /// The state of the version before, which is converted.
    type Previous: DeserializeOwned + Into<Self>;

    /// Whether the parts of the state match each other.
    fn is_consistent(&self) -> bool;
}

/// Decodes a state. If it is unusable, the log says why. Counters then restart
/// from 0, which Prometheus handles as a reset.
pub(crate) fn load<S: State>(saved: Saved, log: &dyn Log) -> Option<S> {
    let state = decode::<S>(&saved).and_then(|state| match state.is_consistent() {
        true => Ok(state),
        false => Err("label sets are missing".to_owned()),
    });
    state
        .inspect_err(|problem| {
            log.emit(
                Level::Warn,
                "Saved state is unusable; counters restart from 0",
                &[("collector", S::COLLECTOR), ("problem", problem)],
            );
        })
        .ok()
}

fn decode<S: State>(saved: &Saved) -> Result<S, String> {
    let (current, version) = (S::VERSION, saved.version);
    if version == current {
        parse(&saved.bytes)
    } else if version.checked_add(1) == Some(current) {
        parse::<S::Previous>(&saved.bytes).map(Into::into)
    } else {
        Err(format!("expected version `{current}`, found `{version}`"))
    }
}

fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, String> {
    match postcard::take_from_bytes(bytes) {
        Ok((value, [])) => Ok(value),
        Ok((_, rest)) => Err(format!("{} excess bytes", rest.len())),
        Err(error) => Err(error.to_string()),
    }
}

/// Encodes a state. None leaves the old state in place.
pub(crate) fn save<S: State>(state: &S) -> Option<Vec<u8>> {
    encode(state)
}

fn encode<T: Serialize>(value: &T) -> Option<Vec<u8>> {
    // A growing buffer would exist twice, and WebAssembly returns no memory.
    let size = postcard::experimental::serialized_size(value).ok()?;
    postcard::to_extend(value, Vec::with_capacity(size)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_buffer_has_the_size_of_the_state() {
        let state: Vec<(u64, String)> = (0..1000).map(|id| (id, id.to_string())).collect();
        let bytes = encode(&state).unwrap();
        assert_eq!(bytes, postcard::to_allocvec(&state).unwrap());
        assert_eq!(bytes.capacity(), bytes.len());
    }
}
