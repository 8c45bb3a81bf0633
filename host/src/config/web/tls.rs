//! `tls_server_config:` the server's certificate, its clients', and ciphers.
//!
//! Where rustls cannot do what a key asks for, that is a warning if it leaves
//! the connection no weaker, and a problem otherwise.

mod algorithms;
mod clients;

use std::path::Path;

use rustls::crypto::ring;
use rustls::pki_types::PrivateKeyDer;
use rustls::pki_types::pem::PemObject;
use rustls::{Error, InconsistentKeys, SupportedProtocolVersion, version};
use zeroize::Zeroizing;

use crate::config::section::Section;
use crate::config::setting::{Complaint, Setting, complaint};
use crate::config::tls::certificates;
use crate::http::web::{Tls, TlsSettings};

/// None when something is wrong, which has then been reported.
pub(super) fn read(section: &mut Section<'_>, directory: &Path) -> Option<Tls> {
    let chain = pem(section, ["cert", "cert_file"], directory);
    let key = pem(section, ["key", "key_file"], directory);
    let clients = clients::read(section, directory);
    let versions = versions(section);
    let suites = algorithms::suites(section);
    let groups = algorithms::groups(section);
    let server_order = section.value("prefer_server_cipher_suites", true);
    let chain = chain.and_then(|(name, pem)| certificates(section, name, &pem));
    let key = key.and_then(|(name, pem)| private_key(section, name, &pem));
    let mut provider = ring::default_provider();
    provider.cipher_suites = suites?;
    provider.kx_groups = groups?;
    let settings = TlsSettings {
        chain: chain?,
        key: key?,
        clients: clients?,
        versions: versions?,
        provider,
        server_order,
    };
    Tls::new(settings)
        .map_err(|error| unfit(section, &error))
        .ok()
}

/// What one of two keys holds, or the file that the other names; and which.
fn pem(
    section: &mut Section<'_>,
    [inline, file]: [&'static str; 2],
    directory: &Path,
) -> Option<(&'static str, Zeroizing<Vec<u8>>)> {
    let found = clients::pem(section, [inline, file], directory);
    if !section.has(inline) && !section.has(file) {
        let hint = "name a PEM file; without `tls_server_config` there is no TLS";
        section.problem(file, "is missing", hint);
    }
    found
}

fn private_key(section: &Section<'_>, name: &str, pem: &[u8]) -> Option<PrivateKeyDer<'static>> {
    let key = PrivateKeyDer::from_pem_slice(pem).ok();
    if key.is_none() {
        let hint = "name a PEM file with a `BEGIN PRIVATE KEY` block, not encrypted";
        section.problem(name, "the file holds no private key", hint);
    }
    key
}

fn unfit(section: &Section<'_>, error: &Error) {
    let file = |file, inline| if section.has(inline) { inline } else { file };
    match error {
        Error::InconsistentKeys(InconsistentKeys::KeyMismatch) => section.problem(
            file("key_file", "key"),
            "the key is not that of the certificate",
            "renew both together",
        ),
        error => section.problem("", format!("TLS cannot be spoken so: {error}"), ""),
    }
}

/// TLS 1.2 and newer is all there is.
fn versions(section: &mut Section<'_>) -> Option<Vec<&'static SupportedProtocolVersion>> {
    let least = section.value("min_version", Version::Tls12);
    let most = section.value("max_version", Version::Tls13);
    if least < Version::Tls12 {
        let hint = "write `TLS12`";
        section.warning("min_version", "TLS 1.2 is the oldest that is spoken", hint);
    }
    let mut versions = Vec::new();
    for (version, supported) in [
        (Version::Tls13, &version::TLS13),
        (Version::Tls12, &version::TLS12),
    ] {
        if (least..=most).contains(&version) {
            versions.push(supported);
        }
    }
    if versions.is_empty() {
        let hint = "write `TLS12` or `TLS13`, and no less than `min_version`";
        section.problem("max_version", "no version is left to speak", hint);
        return None;
    }
    Some(versions)
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Version {
    Tls10,
    Tls11,
    Tls12,
    Tls13,
}

impl Setting for Version {
    fn read(text: &str) -> Result<Self, Complaint> {
        match text.trim() {
            "TLS10" => Ok(Self::Tls10),
            "TLS11" => Ok(Self::Tls11),
            "TLS12" => Ok(Self::Tls12),
            "TLS13" => Ok(Self::Tls13),
            _ => Err(complaint(
                "is not a version of TLS",
                "write `TLS12` or `TLS13`",
            )),
        }
    }

    fn show(&self) -> serde_yaml::Value {
        format!("{self:?}").to_uppercase().into()
    }
}
