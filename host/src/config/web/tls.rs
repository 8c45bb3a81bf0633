//! `tls_server_config:` the server's certificate, client certificates and ciphers.
//!
//! What rustls does not support is a warning if the connection is no weaker
//! without it, and a problem otherwise.

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
use crate::http::web::{ServerTls, ServerTlsSettings};

/// `None` if there is a problem, which is then reported.
pub(super) fn read(section: &mut Section<'_>, directory: &Path) -> Option<ServerTls> {
    let docs = [
        "PEM text of the server's certificate and its chain, instead of `cert_file`.",
        "PEM file with the server's certificate and its chain.",
    ];
    let chain = pem(section, ["cert", "cert_file"], docs, directory);
    let docs = [
        "PEM text of the private key, instead of `key_file`.",
        "PEM file with the private key.",
    ];
    let key = pem(section, ["key", "key_file"], docs, directory);
    let clients = clients::read(section, directory);
    let versions = versions(section);
    let suites = algorithms::suites(section);
    let groups = algorithms::groups(section);
    let doc = "Whether the server's order of cipher suites wins over the client's.";
    let server_order = section.value("prefer_server_cipher_suites", true, doc);
    let chain = chain.and_then(|(name, pem)| certificates(section, name, &pem));
    let key = key.and_then(|(name, pem)| private_key(section, name, &pem));
    let mut provider = ring::default_provider();
    provider.cipher_suites = suites?;
    provider.kx_groups = groups?;
    let settings = ServerTlsSettings {
        chain: chain?,
        key: key?,
        clients: clients?,
        versions: versions?,
        provider,
        server_order,
    };
    ServerTls::new(settings)
        .map_err(|error| rejected(section, &error))
        .ok()
}

/// The content of the inline key or of the file, and which key it came from.
fn pem(
    section: &mut Section<'_>,
    [inline, file]: [&'static str; 2],
    docs: [&'static str; 2],
    directory: &Path,
) -> Option<(&'static str, Zeroizing<Vec<u8>>)> {
    let found = clients::pem(section, [inline, file], docs, directory);
    if !section.has(inline) && !section.has(file) {
        let hint = "add a PEM file, or remove `tls_server_config` to serve without TLS";
        section.problem(file, "is missing", hint);
    }
    found
}

fn private_key(section: &Section<'_>, name: &str, pem: &[u8]) -> Option<PrivateKeyDer<'static>> {
    let key = PrivateKeyDer::from_pem_slice(pem).ok();
    if key.is_none() {
        let hint = "use a PEM file with a `BEGIN PRIVATE KEY` block that is not encrypted";
        section.problem(name, "the file contains no private key", hint);
    }
    key
}

fn rejected(section: &Section<'_>, error: &Error) {
    let file = |file, inline| if section.has(inline) { inline } else { file };
    match error {
        Error::InconsistentKeys(InconsistentKeys::KeyMismatch) => section.problem(
            file("key_file", "key"),
            "the key does not match the certificate",
            "replace both together",
        ),
        error => section.problem("", format!("TLS cannot be configured: {error}"), ""),
    }
}

/// rustls supports TLS 1.2 and newer.
fn versions(section: &mut Section<'_>) -> Option<Vec<&'static SupportedProtocolVersion>> {
    let doc = "Oldest accepted TLS version. Versions before `TLS12` are not supported.";
    let least = section.value("min_version", Version::Tls12, doc);
    let doc = "Newest accepted TLS version.";
    let most = section.value("max_version", Version::Tls13, doc);
    if least < Version::Tls12 {
        let hint = "write `TLS12`";
        section.warning(
            "min_version",
            "TLS 1.2 is the oldest supported version",
            hint,
        );
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
        let hint = "write `TLS12` or `TLS13`, not below `min_version`";
        section.problem("max_version", "no supported TLS version remains", hint);
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
    const KIND: &'static str = "`TLS12` or `TLS13`";

    fn read(text: &str) -> Result<Self, Complaint> {
        match text.trim() {
            "TLS10" => Ok(Self::Tls10),
            "TLS11" => Ok(Self::Tls11),
            "TLS12" => Ok(Self::Tls12),
            "TLS13" => Ok(Self::Tls13),
            _ => Err(complaint(
                "is not a TLS version",
                "write `TLS12` or `TLS13`",
            )),
        }
    }

    fn show(&self) -> serde_yaml::Value {
        format!("{self:?}").to_uppercase().into()
    }
}
