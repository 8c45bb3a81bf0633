//! The keys of a site that are secret, or that say whom to trust.

use std::path::{Path, PathBuf};

use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;

use super::section::Section;
use crate::egress::{Scheme, Tls};
use crate::secret::{ApiKey, InvalidKey};

/// The API key, from the configuration or from a file of its own.
pub(super) fn key(section: &mut Section<'_>, directory: &Path) -> Option<ApiKey> {
    let inline = section.has("apiKey");
    let text = section.secret("apiKey");
    let path = section.optional::<PathBuf>("apiKeyFile");
    match (inline, section.has("apiKeyFile")) {
        (true, true) => {
            let hint = "keep one of the two";
            section.problem("apiKeyFile", "`apiKey` is given too", hint);
            None
        }
        (false, false) => {
            let hint = "write the key, as `${NAME}` of a variable, or `apiKeyFile` with a path";
            section.problem("apiKey", "is missing", hint);
            None
        }
        (true, false) => valid(section, "apiKey", text?),
        (false, true) => {
            let bytes = content(section, "apiKeyFile", &directory.join(path?))?;
            valid(section, "apiKeyFile", &String::from_utf8_lossy(&bytes))
        }
    }
}

fn valid(section: &Section<'_>, at: &str, text: &str) -> Option<ApiKey> {
    let (message, hint) = match ApiKey::new(text) {
        Ok(key) => return Some(key),
        Err(InvalidKey::Empty) => ("the key is empty", "write the key that NetBackup issued"),
        Err(InvalidKey::NotAHeader) => (
            "the key holds a line break, or another character that no HTTP header may carry",
            "write the key alone, on one line",
        ),
    };
    section.problem(at, message, hint);
    None
}

/// Which certificates are trusted.
pub(super) fn tls(section: &mut Section<'_>, scheme: Scheme, directory: &Path) -> Tls {
    let insecure_skip_verify = section.value("insecureSkipVerify", false);
    let path = section.optional::<PathBuf>("caFile");
    let reason = match scheme {
        Scheme::Http => Some("over plain HTTP there are no certificates"),
        Scheme::Https => insecure_skip_verify.then_some("`insecureSkipVerify` accepts any"),
    };
    if let (Some(reason), true) = (reason, path.is_some()) {
        section.warning("caFile", "has no effect", reason);
    }
    let authorities = path
        .and_then(|path| content(section, "caFile", &directory.join(path)))
        .and_then(|pem| certificates(section, "caFile", &pem));
    Tls {
        authorities: authorities.unwrap_or_default(),
        insecure_skip_verify,
    }
}

/// Every certificate of a PEM file.
pub(super) fn certificates(
    section: &Section<'_>,
    key: &str,
    pem: &[u8],
) -> Option<Vec<CertificateDer<'static>>> {
    let hint = "name a PEM file with a `BEGIN CERTIFICATE` block for each";
    let all: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem).collect();
    let all = match all {
        Ok(all) if !all.is_empty() => all,
        Ok(_) => {
            section.problem(key, "the file holds no certificate", hint);
            return None;
        }
        Err(error) => {
            section.problem(key, format!("the file is not PEM: {error}"), hint);
            return None;
        }
    };
    let mut store = RootCertStore::empty();
    for certificate in &all {
        if let Err(error) = store.add(certificate.clone()) {
            section.problem(key, format!("a certificate is unusable: {error}"), hint);
            return None;
        }
    }
    Some(all)
}

/// Reads a file that a key names. Its content is never part of a message.
pub(super) fn content(section: &Section<'_>, key: &str, path: &Path) -> Option<Vec<u8>> {
    section.findings().file(path);
    match std::fs::read(path) {
        Ok(bytes) => Some(bytes),
        Err(error) => {
            let hint = format!("the path is taken as `{}`", path.display());
            section.problem(key, format!("the file cannot be read: {error}"), &hint);
            None
        }
    }
}
