//! Certificates and API keys of a scenario. One certificate and one key expire soon.

use jiff::{SignedDuration, Timestamp};

use super::site::Site;
use crate::estate::certificates::{ApiKey, CertificateAuthority, HostCertificate};

impl Site {
    /// A certificate for each of thirty clients. The last one is revoked.
    pub(in crate::estate) fn host_certificates(self) -> Vec<HostCertificate> {
        (1..=30)
            .map(|number| HostCertificate {
                host: format!("{}-host{number:02}", self.town),
                expires: self.in_days(12 * number),
                revoked: number == 30,
            })
            .collect()
    }

    /// The authority in use and the one before.
    pub(in crate::estate) fn authorities(self) -> Vec<CertificateAuthority> {
        let authority = |number: i64, state: &str| CertificateAuthority {
            subject: format!("CN=nbatd,OU=root@{}-primary,O=vx{number}", self.town),
            expires: self.in_days(900 * number),
            state: state.to_owned(),
        };
        vec![authority(1, "ABANDONED"), authority(2, "ACTIVE")]
    }

    /// Keys of twelve users.
    pub(in crate::estate) fn api_keys(self) -> Vec<ApiKey> {
        (1..=12)
            .map(|number| ApiKey {
                tag: format!("{}{number:04}", self.town),
                user: format!("monitor{number}"),
                expires: self.in_days(9 * number),
            })
            .collect()
    }

    fn in_days(self, days: i64) -> Timestamp {
        self.created + SignedDuration::from_hours(24 * days)
    }
}
