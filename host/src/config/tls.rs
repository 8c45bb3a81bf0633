//! The TLS settings of a site: trusted authorities and the client certificate.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::Timestamp;
use rustls::RootCertStore;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use serde_yaml::Value as Yaml;
use x509_parser::parse_x509_certificate;

use super::credentials::content;
use super::host_name::HostName;
use super::section::Section;
use super::setting::{Complaint, Setting, complaint};
use crate::egress::{Identity, Scheme, TlsVersion, UpstreamTls};

/// The keys that have no effect over plain HTTP.
const TLS_KEYS: [&str; 5] = ["caFile", "certFile", "keyFile", "serverName", "minVersion"];

/// Reads all TLS keys of a site.
pub(super) fn tls(section: &mut Section<'_>, scheme: Scheme, directory: &Path) -> UpstreamTls {
    let doc = "Accept any server certificate. Insecure: each load warns, and \
               `nbu_exporter_tls_insecure` is 1.";
    let insecure_skip_verify = section.value("insecureSkipVerify", false, doc);
    let doc = "PEM file with the authorities to trust. By default those of the system.";
    let authorities = section.optional::<PathBuf>("caFile", doc);
    let identity = identity(section, directory);
    let doc = "Name that the server's certificate must have. By default `host`.";
    let server_name = section.optional::<HostName>("serverName", doc);
    let doc = "Oldest accepted TLS version.";
    let min_version = section.value("minVersion", TlsVersion::default(), doc);
    warn(section, scheme, insecure_skip_verify);
    let authorities = authorities
        .and_then(|path| content(section, "caFile", &directory.join(path)))
        .and_then(|pem| authorities_of(section, "caFile", &pem));
    UpstreamTls {
        authorities: authorities.unwrap_or_default(),
        identity: identity.map(Arc::new),
        server_name: server_name.map(|name| name.as_written().to_owned()),
        min_version,
        insecure_skip_verify,
    }
}

/// Warns about keys without an effect, and about an insecure one.
fn warn(section: &Section<'_>, scheme: Scheme, skip_verify: bool) {
    let plain = scheme == Scheme::Http;
    for key in TLS_KEYS {
        let reason = match key {
            _ if plain => "certificates are not used over plain HTTP",
            "caFile" | "serverName" if skip_verify => {
                "`insecureSkipVerify` accepts any certificate"
            }
            _ => continue,
        };
        if section.has(key) {
            section.warning(key, "has no effect", reason);
        }
    }
    if skip_verify && !plain {
        let hint = "use `caFile` with the authority of the server's certificate instead";
        let message = "the server is not verified, and receives the API key";
        section.warning("insecureSkipVerify", message, hint);
    }
}

/// The client certificate and its key.
fn identity(section: &mut Section<'_>, directory: &Path) -> Option<Identity> {
    let doc = "PEM file with a client certificate, for a server that asks for one.";
    let certificate = section.optional::<PathBuf>("certFile", doc);
    let doc = "PEM file with the private key of `certFile`.";
    let key = section.optional::<PathBuf>("keyFile", doc);
    match (section.has("certFile"), section.has("keyFile")) {
        (true, false) => {
            let hint = "add the file with the certificate's private key";
            section.problem("keyFile", "is required with `certFile`", hint);
        }
        (false, true) => {
            let hint = "add the file with the certificate of that key";
            section.problem("certFile", "is required with `keyFile`", hint);
        }
        _ => {}
    }
    let chain = content(section, "certFile", &directory.join(certificate?));
    let chain = chain.and_then(|pem| certificates(section, "certFile", &pem));
    let key = content(section, "keyFile", &directory.join(key?));
    let key = key.and_then(|pem| private_key(section, &pem));
    Identity::new(chain?, key?)
        .map_err(|error| {
            let message = match error {
                rustls::Error::InconsistentKeys(_) => {
                    "the key does not match the certificate".to_owned()
                }
                error => format!("the key cannot be used: {error}"),
            };
            section.problem("keyFile", message, "replace both files together");
        })
        .ok()
}

fn private_key(section: &Section<'_>, pem: &[u8]) -> Option<PrivateKeyDer<'static>> {
    let key = PrivateKeyDer::from_pem_slice(pem);
    // The library's message may quote the file, so it is not shown.
    key.map_err(|_| {
        let (message, hint) = match has(pem, "ENCRYPTED") {
            true => (
                "the private key has a passphrase",
                "remove it with `openssl pkey -in FILE -out FILE`",
            ),
            false => (
                "the file contains no private key",
                "use a PEM file with one `BEGIN PRIVATE KEY` block",
            ),
        };
        section.problem("keyFile", message, hint);
    })
    .ok()
}

/// Every certificate of a PEM file, each of them usable as an authority.
pub(super) fn authorities_of(
    section: &Section<'_>,
    at: &str,
    pem: &[u8],
) -> Option<Vec<CertificateDer<'static>>> {
    let all = certificates(section, at, pem)?;
    let mut store = RootCertStore::empty();
    for certificate in &all {
        if let Err(error) = store.add(certificate.clone()) {
            let message = format!("invalid certificate: {error}");
            section.problem(at, message, HINT);
            return None;
        }
    }
    Some(all)
}

const HINT: &str = "use a PEM file with a `BEGIN CERTIFICATE` block for each certificate";

/// Every certificate of a PEM file; at least one. Warns if the first one has expired: the
/// one that is presented, or an authority.
pub(super) fn certificates(
    section: &Section<'_>,
    at: &str,
    pem: &[u8],
) -> Option<Vec<CertificateDer<'static>>> {
    let all: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem).collect();
    let (message, hint) = match all {
        Ok(all) if !all.is_empty() => {
            if let Some(date) = all.first().and_then(|it| expired(it)) {
                section.warning(
                    at,
                    format!("the certificate expired at `{date}`"),
                    "renew it",
                );
            }
            return Some(all);
        }
        Ok(_) if has(pem, "PRIVATE KEY") => ("contains a private key and no certificate", HINT),
        Ok(_) if pem.starts_with(DER) => (
            "contains a certificate in DER format",
            "convert it with `openssl x509 -inform der -in FILE -out FILE.pem`",
        ),
        Ok(_) => ("contains no certificate", HINT),
        Err(_) => ("is an incomplete or damaged PEM file", HINT),
    };
    section.problem(at, format!("the file {message}"), hint);
    None
}

/// When the certificate expired; `None` if it has not.
fn expired(certificate: &[u8]) -> Option<Timestamp> {
    let (_, certificate) = parse_x509_certificate(certificate).ok()?;
    let end = certificate.validity().not_after.timestamp();
    let end = Timestamp::from_second(end).ok()?;
    (end < Timestamp::now()).then_some(end)
}

/// How a certificate in binary form begins: a sequence with two bytes of length.
const DER: &[u8] = &[0x30, 0x82];

fn has(pem: &[u8], words: &str) -> bool {
    pem.windows(words.len())
        .any(|found| found == words.as_bytes())
}

impl Setting for TlsVersion {
    const KIND: &'static str = "`1.2` or `1.3`";

    fn read(text: &str) -> Result<Self, Complaint> {
        match text.trim() {
            "1.2" => Ok(Self::Tls12),
            "1.3" => Ok(Self::Tls13),
            _ => Err(complaint(
                "is not a supported TLS version",
                "write `1.2` or `1.3`",
            )),
        }
    }

    fn show(&self) -> Yaml {
        match self {
            Self::Tls12 => "1.2".into(),
            Self::Tls13 => "1.3".into(),
        }
    }
}
