//! The NetBackup releases that can be simulated.

use std::str::FromStr;

use crate::version::Version;

/// A NetBackup release, oldest first. It decides the newest API version that is
/// accepted and which filters and sort keys exist.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Release {
    /// 10.3, API 10.0.
    V10_3,
    /// 10.4, API 11.0. Its answers are not checked against its bundle: it has the paths of
    /// 10.5, and otherwise what 10.3 has, except for anomalies and infected files.
    V10_4,
    /// 10.5, API 12.0.
    V10_5,
    /// 11.0, API 13.0.
    V11_0,
    /// 11.2, API 14.0. Its bundle lacks the resources of storage and of the
    /// service catalog: they are carried forward from 11.0.
    #[default]
    V11_2,
}

impl Release {
    /// Every release, oldest first.
    pub const ALL: [Self; 5] = [
        Self::V10_3,
        Self::V10_4,
        Self::V10_5,
        Self::V11_0,
        Self::V11_2,
    ];

    /// The release's own number, such as `10.5`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::V10_3 => "10.3",
            Self::V10_4 => "10.4",
            Self::V10_5 => "10.5",
            Self::V11_0 => "11.0",
            Self::V11_2 => "11.2",
        }
    }

    /// The newest API version that it accepts, such as `12.0`.
    pub fn newest_api_version(self) -> String {
        self.api_version().to_string()
    }

    /// The newest API version it accepts (`info.version` of its bundle).
    pub(crate) const fn api_version(self) -> Version {
        let major = match self {
            Self::V10_3 => 10,
            Self::V10_4 => 11,
            Self::V10_5 => 12,
            Self::V11_0 => 13,
            Self::V11_2 => 14,
        };
        Version { major, minor: 0 }
    }
}

impl FromStr for Release {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let known = Self::ALL.map(Self::name).join(", ");
        Self::ALL
            .into_iter()
            .find(|release| release.name() == text)
            .ok_or_else(|| format!("`{text}` is not one of {known}"))
    }
}
