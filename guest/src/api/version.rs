//! The API version, which every request contains as a parameter of its media type.

use std::fmt;
use std::str::FromStr;

use super::query::Query;

/// Such as `14.0`. Each release of NetBackup has one and also accepts older ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version {
    major: u16,
    minor: u16,
}

/// Every version that the guest supports, newest first: NetBackup 11.2, 11.0, 10.5,
/// 10.4, 10.3, 10.2. Before 9.0 `/admin/jobs` used offsets for paging (`admin.yaml
/// GET /admin/jobs`, "breaking change … starting with 9.0").
pub const SUPPORTED: [Version; 6] = [
    Version::new(14, 0),
    Version::new(13, 0),
    Version::new(12, 0),
    Version::new(11, 0),
    Version::new(10, 0),
    Version::new(9, 0),
];

/// The endpoint that reports the server's version without a credential
/// (`gateway.yaml GET /ping`).
pub const PING: &str = "/ping";

/// The header of that response.
pub const VERSION_HEADER: &str = "X-NetBackup-API-Version";

/// A request that is cheap for the server, needs the credential, and fails with 406 if
/// the server does not accept the version.
pub fn light_request() -> Query {
    Query::new("/admin/jobs").with("page[limit]", "1")
}

impl Version {
    /// The version `major.minor`.
    pub const fn new(major: u16, minor: u16) -> Self {
        Self { major, minor }
    }

    /// The newest common version. A server accepts every version up to its own. None
    /// if the server is too old.
    pub fn newest_common(server: Self) -> Option<Self> {
        SUPPORTED.into_iter().find(|&version| version <= server)
    }

    /// The value of the `Accept` header.
    pub fn media_type(self) -> String {
        format!("application/vnd.netbackup+json;version={self}")
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
        let number = |digits: &str| {
            let plain = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
            plain.then(|| digits.parse().ok()).flatten().ok_or(())
        };
        let (major, minor) = text.split_once('.').ok_or(())?;
        Ok(Self::new(number(major)?, number(minor)?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn version(text: &str) -> Version {
        text.parse().unwrap()
    }

    #[test]
    fn the_newest_common_version_is_found() {
        let common = |server: &str| Version::newest_common(version(server)).map(|v| v.to_string());
        assert_eq!(common("13.0").as_deref(), Some("13.0"));
        assert_eq!(common("15.0").as_deref(), Some("14.0"));
        assert_eq!(common("12.5").as_deref(), Some("12.0"));
        assert_eq!(common("7.0"), None);
    }

    #[test]
    fn versions_are_compared_as_numbers() {
        assert!(version("9.0") < version("10.0"));
    }

    #[test]
    fn a_version_is_two_numbers() {
        for text in [
            "",
            "13",
            "13.",
            ".0",
            "13.0.1",
            "+13.0",
            "13.x",
            " 13.0",
            "99999999.0",
        ] {
            assert_eq!(text.parse::<Version>(), Err(()), "`{text}`");
        }
    }
}
