//! The API version that a request has in its `Accept` header.

use std::fmt;
use std::str::FromStr;

use http::{HeaderMap, header};

/// The media type of everything but the plain text of `/ping`.
const JSON: &str = "application/vnd.netbackup+json";

/// An API version, such as `12.0`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Version {
    pub(crate) major: u32,
    pub(crate) minor: u32,
}

impl Version {
    /// The `Content-Type` of a JSON answer in this version.
    pub(crate) fn media_type(self) -> String {
        format!("{JSON};version={self}")
    }

    /// The requested version: that of the first JSON media type with
    /// a version. The guide requires a version in every request, so one
    /// without it (`*/*`, `application/json`) is invalid.
    pub(crate) fn asked(headers: &HeaderMap) -> Option<Self> {
        headers
            .get_all(header::ACCEPT)
            .iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(','))
            .find_map(Self::of_media_type)
    }

    /// The version in one media type, `None` when it is not NetBackup's JSON.
    pub(crate) fn of_media_type(text: &str) -> Option<Self> {
        let mut parts = text.split(';').map(str::trim);
        if !parts.next()?.eq_ignore_ascii_case(JSON) {
            return None;
        }
        parts
            .filter_map(|part| part.split_once('='))
            .find(|(name, _)| name.trim().eq_ignore_ascii_case("version"))
            .and_then(|(_, version)| version.trim().trim_matches('"').parse().ok())
    }

    /// Whether a server whose own version is `newest` accepts this one. Versions
    /// begin at 1.0 and have never had a minor part but 0.
    pub(crate) fn accepted_by(self, newest: Self) -> bool {
        self.major >= 1 && self.minor == 0 && self <= newest
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.major, self.minor)
    }
}

impl FromStr for Version {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let (major, minor) = text.split_once('.').ok_or(())?;
        Ok(Self {
            major: major.parse().map_err(drop)?,
            minor: minor.parse().map_err(drop)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::release::Release;

    fn asked(accept: &str) -> Option<String> {
        let mut headers = HeaderMap::new();
        headers.insert(header::ACCEPT, accept.parse().unwrap());
        Version::asked(&headers).map(|version| version.to_string())
    }

    #[test]
    fn the_version_is_read_from_the_media_type() {
        let found = Some("12.0".to_owned());
        assert_eq!(asked("application/vnd.netbackup+json;version=12.0"), found);
        assert_eq!(
            asked("text/html, Application/Vnd.NetBackup+JSON ; Version=\"12.0\""),
            found
        );
        assert_eq!(asked("application/vnd.netbackup+json"), None);
        assert_eq!(asked("application/vnd.netbackup+json;version=12"), None);
        assert_eq!(asked("application/json;version=12.0"), None);
        assert_eq!(asked("*/*"), None);
    }

    #[test]
    fn a_release_accepts_its_own_version_and_every_older_one() {
        let own = Release::V10_5.api_version();
        let accepts = |text: &str| text.parse::<Version>().unwrap().accepted_by(own);
        assert!(accepts("12.0") && accepts("11.0") && accepts("9.0"));
        assert!(!accepts("13.0") && !accepts("12.1") && !accepts("9.5") && !accepts("0.0"));
    }
}
