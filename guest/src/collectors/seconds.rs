//! A duration as the rest of the configuration has it: `36h`, `1h30m`.

use jiff::SignedDuration;
use serde::de::Error;
use serde::{Deserialize, Deserializer};

/// Reads one of at least a second, as seconds. A message names the option and
/// shows an `example`.
pub(super) fn deserialize<'de, D: Deserializer<'de>>(
    deserializer: D,
    option: &str,
    example: &str,
) -> Result<u64, D::Error> {
    let text = String::deserialize(deserializer)?;
    let duration: Option<SignedDuration> = text.parse().ok();
    duration
        .and_then(|duration| u64::try_from(duration.as_secs()).ok())
        .filter(|&seconds| seconds > 0)
        .ok_or_else(|| {
            D::Error::custom(format!(
                "the {option} `{text}` is no duration such as `{example}`"
            ))
        })
}
