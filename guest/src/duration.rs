//! Durations in options, in the configuration's notation: `36h`, `1h30m`.

use jiff::SignedDuration;
use serde::de::Error;
use serde::{Deserialize, Deserializer};

/// Reads a duration of at least one second, in seconds. The error names the
/// option and gives an `example`.
pub(crate) fn deserialize<'de, D: Deserializer<'de>>(
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
                "expected a duration such as `{example}` for {option}, found `{text}`"
            ))
        })
}
