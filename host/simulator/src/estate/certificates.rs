//! Certificates and API keys.

use jiff::Timestamp;

/// The current certificate of a host (`security.yaml GET
/// /security/certificates/current`).
#[derive(Clone, Debug)]
pub struct HostCertificate {
    /// `hostName`; `hostId` follows from it.
    pub host: String,
    /// `notAfter`.
    pub expires: Timestamp,
    /// `state` is 2 if it is revoked, else 1.
    pub revoked: bool,
}

/// A certificate authority of NetBackup (`security.yaml GET
/// /security/certificate-authorities`).
#[derive(Clone, Debug)]
pub struct CertificateAuthority {
    /// `nbcaCertDetails.subjectName`.
    pub subject: String,
    /// `nbcaCertDetails.notAfter`.
    pub expires: Timestamp,
    /// `nbcaCertDetails.state`: `ACTIVE`, `ABANDONED`, `DECOMMISSIONED`.
    pub state: String,
}

/// An API key (`security.yaml GET /security/api-keys`).
#[derive(Clone, Debug)]
pub struct ApiKey {
    /// `data[].id`: the key's tag.
    pub tag: String,
    /// `userName`.
    pub user: String,
    /// `expiryDateTime`.
    pub expires: Timestamp,
}
