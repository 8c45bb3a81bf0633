//! The facts of lifecycle policies, anomalies, media servers and certificates.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use jiff::Timestamp;

use super::{Truth, tally};
use crate::estate::{ApiKey, CertificateAuthority, HostCertificate, MediaServer, SlpImage};

impl Truth {
    /// The images under a lifecycle policy, finished ones too.
    pub fn slp_images(&self) -> &[SlpImage] {
        &self.slp_images
    }

    /// The current certificates of all hosts.
    pub fn host_certificates(&self) -> &[HostCertificate] {
        &self.host_certificates
    }

    /// The certificate authorities.
    pub fn authorities(&self) -> &[CertificateAuthority] {
        &self.authorities
    }

    /// The API keys.
    pub fn api_keys(&self) -> &[ApiKey] {
        &self.api_keys
    }

    /// The media servers.
    pub fn media_servers(&self) -> &[MediaServer] {
        &self.media_servers
    }

    /// The anomalies that were found within the range, by `anomalyType`,
    /// `anomalySeverity` and `anomalyStatus` of 10.5.
    pub fn anomalies(
        &self,
        within: RangeInclusive<Timestamp>,
    ) -> BTreeMap<(String, String, String), u64> {
        let found = self
            .anomalies
            .iter()
            .filter(|it| within.contains(&it.created));
        tally(found.map(|it| (it.kind.clone(), it.severity.clone(), it.status.clone())))
    }
}
