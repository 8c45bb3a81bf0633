//! What a collector keeps from one collection to the next.

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::log::{Level, Log};

/// One collector's state as the host keeps it, unread.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Saved {
    /// The collector's name.
    pub collector: String,
    /// The shape of `bytes`.
    pub version: u32,
    /// [postcard](https://postcard.jamesmunns.com) of that shape.
    pub bytes: Vec<u8>,
}

/// The collector's own state, none when there is none. One that cannot be read,
/// or that another version of the guest wrote, is none too, and the log says so:
/// counters then start anew, which Prometheus takes for a restart.
pub fn load<T: DeserializeOwned>(
    saved: &[Saved],
    collector: &str,
    version: u32,
    log: &dyn Log,
) -> Option<T> {
    let saved = saved.iter().find(|s| s.collector == collector)?;
    let problem = if saved.version == version {
        match postcard::take_from_bytes(&saved.bytes) {
            Ok((state, [])) => return Some(state),
            Ok((_, rest)) => format!("there are {} bytes too many", rest.len()),
            Err(error) => error.to_string(),
        }
    } else {
        format!(
            "it is of version `{}`, this guest reads `{version}`",
            saved.version
        )
    };
    start_anew(collector, &problem, log);
    None
}

/// Whether the parts of a state fit together. The log says if they do not.
pub fn is_whole(collector: &str, whole: bool, log: &dyn Log) -> bool {
    if !whole {
        start_anew(collector, "its parts do not fit together", log);
    }
    whole
}

/// Says that a state was not used.
fn start_anew(collector: &str, problem: &str, log: &dyn Log) {
    log.emit(
        Level::Warn,
        "Saved state is not usable, counters start anew",
        &[("collector", collector), ("problem", problem)],
    );
}

/// The state as the host keeps it; none if it cannot be written down, which
/// leaves the old one.
pub fn save<T: Serialize>(collector: &str, version: u32, state: &T) -> Option<Saved> {
    // A buffer that grows is held twice, and a guest gives no memory back.
    let size = postcard::experimental::serialized_size(state).ok()?;
    let bytes = postcard::to_extend(state, Vec::with_capacity(size)).ok()?;
    Some(Saved {
        collector: collector.to_owned(),
        version,
        bytes,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_buffer_of_a_state_is_as_long_as_the_state() {
        let state: Vec<(u64, String)> = (0..1000).map(|id| (id, id.to_string())).collect();
        let bytes = save("jobs", 1, &state).unwrap().bytes;
        assert_eq!(bytes, postcard::to_allocvec(&state).unwrap());
        assert_eq!(bytes.capacity(), bytes.len());
    }
}
