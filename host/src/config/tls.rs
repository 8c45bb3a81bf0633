//! Whom a site trusts, and as whom it is spoken to.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::RootCertStore;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use serde_yaml::Value as Yaml;

use super::credentials::content;
use super::host_name::HostName;
use super::section::Section;
use super::setting::{Complaint, Setting, complaint};
use crate::egress::{Identity, Scheme, Tls, TlsVersion};

/// The keys that mean nothing over plain HTTP.
const ENCRYPTED: [&str; 5] = ["caFile", "certFile", "keyFile", "serverName", "minVersion"];

/// Everything about the certificates of both sides.
pub(super) fn tls(section: &mut Section<'_>, scheme: Scheme, directory: &Path) -> Tls {
    let insecure_skip_verify = section.value("insecureSkipVerify", false);
    let authorities = section.optional::<PathBuf>("caFile");
    let identity = identity(section, directory);
    let server_name = section.optional::<HostName>("serverName");
    let min_version = section.value("minVersion", TlsVersion::default());
    warn(section, scheme, insecure_skip_verify);
    let authorities = authorities
        .and_then(|path| content(section, "caFile", &directory.join(path)))
        .and_then(|pem| authorities_of(section, "caFile", &pem));
    Tls {
        authorities: authorities.unwrap_or_default(),
        identity: identity.map(Arc::new),
        server_name: server_name.map(|name| name.as_written().to_owned()),
        min_version,
        insecure_skip_verify,
    }
}

/// What does not do what it seems to say, or does what nobody should want.
fn warn(section: &Section<'_>, scheme: Scheme, skip_verify: bool) {
    let plain = scheme == Scheme::Http;
    for key in ENCRYPTED {
        let reason = match key {
            _ if plain => "over plain HTTP there are no certificates",
            "caFile" | "serverName" if skip_verify => "`insecureSkipVerify` accepts any",
            _ => continue,
        };
        if section.has(key) {
            section.warning(key, "has no effect", reason);
        }
    }
    if skip_verify && !plain {
        let hint = "name the authority of the server's certificate with `caFile` instead";
        let message = "any server that answers is believed, and given the API key";
        section.warning("insecureSkipVerify", message, hint);
    }
}

/// The certificate that is shown to the server, and its key.
fn identity(section: &mut Section<'_>, directory: &Path) -> Option<Identity> {
    let certificate = section.optional::<PathBuf>("certFile");
    let key = section.optional::<PathBuf>("keyFile");
    match (section.has("certFile"), section.has("keyFile")) {
        (true, false) => {
            let hint = "name the file with the certificate's private key";
            section.problem("keyFile", "is missing, and `certFile` is given", hint);
        }
        (false, true) => {
            let hint = "name the file with the certificate of that key";
            section.problem("certFile", "is missing, and `keyFile` is given", hint);
        }
        _ => {}
    }
    let chain = content(section, "certFile", &directory.join(certificate?));
    let chain = chain.and_then(|pem| certificates(section, "certFile", &pem));
    let key = content(section, "keyFile", &directory.join(key?));
    let key = key.and_then(|pem| private_key(section, &pem));
    Identity::new(chain?, key?)
        .map_err(|error| {
            let hint = "both files must be of one pair";
            let message = format!("the key does not go with the certificate: {error}");
            section.problem("keyFile", message, hint);
        })
        .ok()
}

fn private_key(section: &Section<'_>, pem: &[u8]) -> Option<PrivateKeyDer<'static>> {
    let key = PrivateKeyDer::from_pem_slice(pem);
    // The library's words may quote the file.
    key.map_err(|_| {
        let hint = "name a PEM file with one `BEGIN PRIVATE KEY` block, without a passphrase";
        section.problem("keyFile", "the file holds no private key", hint);
    })
    .ok()
}

/// Every certificate of a PEM file, each of which can be an authority.
pub(super) fn authorities_of(
    section: &Section<'_>,
    at: &str,
    pem: &[u8],
) -> Option<Vec<CertificateDer<'static>>> {
    let all = certificates(section, at, pem)?;
    let mut store = RootCertStore::empty();
    for certificate in &all {
        if let Err(error) = store.add(certificate.clone()) {
            let message = format!("a certificate is unusable: {error}");
            section.problem(at, message, HINT);
            return None;
        }
    }
    Some(all)
}

const HINT: &str = "name a PEM file with a `BEGIN CERTIFICATE` block for each certificate";

/// Every certificate of a PEM file; at least one.
pub(super) fn certificates(
    section: &Section<'_>,
    at: &str,
    pem: &[u8],
) -> Option<Vec<CertificateDer<'static>>> {
    let all: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem).collect();
    let message = match all {
        Ok(all) if !all.is_empty() => return Some(all),
        Ok(_) => "the file holds no certificate".to_owned(),
        Err(error) => format!("the file is not PEM: {error}"),
    };
    section.problem(at, message, HINT);
    None
}

impl Setting for TlsVersion {
    fn read(text: &str) -> Result<Self, Complaint> {
        match text.trim() {
            "1.2" => Ok(Self::Tls12),
            "1.3" => Ok(Self::Tls13),
            _ => Err(complaint(
                "is not a version of TLS that is spoken here",
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
