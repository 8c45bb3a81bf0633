//! Which clients need a certificate, and whose counts.

use std::path::{Path, PathBuf};

use rustls::pki_types::CertificateDer;
use zeroize::Zeroizing;

use crate::config::credentials::content;
use crate::config::section::Section;
use crate::config::setting::{Complaint, Setting, complaint};
use crate::config::tls::authorities_of;
use crate::http::web::ClientTrust;

const AUTHORITIES: [&str; 2] = ["client_ca", "client_ca_file"];

/// What a server may ask of its clients, as far as the certificate that comes is
/// verified.
#[derive(Clone, Copy, PartialEq)]
enum ClientAuth {
    None,
    IfGiven,
    Required,
}

/// The outer none is a problem that has been reported; the inner one asks no
/// client for a certificate.
pub(super) fn read(section: &mut Section<'_>, directory: &Path) -> Option<Option<ClientTrust>> {
    let auth = match section.has("client_auth_type") {
        true => section.optional("client_auth_type"),
        false => Some(ClientAuth::None),
    };
    let given = AUTHORITIES.into_iter().find(|key| section.has(key));
    let authorities = pem(section, AUTHORITIES, directory)
        .and_then(|(name, pem)| authorities_of(section, name, &pem));
    let names = section.texts("client_allowed_sans");
    let auth = auth?;
    if names.is_some() && auth != ClientAuth::Required {
        let hint = "write `client_auth_type: RequireAndVerifyClientCert`";
        let message = "would not keep out clients without a certificate";
        section.problem("client_allowed_sans", message, hint);
        return None;
    }
    match (auth, given) {
        (ClientAuth::None, None) => Some(None),
        (ClientAuth::None, Some(key)) => {
            let hint = "write `client_auth_type: RequireAndVerifyClientCert`, or remove it";
            section.problem(key, "no client is asked for a certificate", hint);
            None
        }
        (_, None) => {
            let hint = "name a PEM file with the authorities of the clients";
            section.problem("client_ca_file", "is missing", hint);
            None
        }
        (_, Some(_)) => Some(Some(trust(authorities?, auth, names.unwrap_or_default()))),
    }
}

fn trust(
    authorities: Vec<CertificateDer<'static>>,
    auth: ClientAuth,
    names: Vec<&str>,
) -> ClientTrust {
    ClientTrust {
        authorities,
        required: auth == ClientAuth::Required,
        allowed_names: names.into_iter().map(str::to_owned).collect(),
    }
}

/// What `inline` holds, or the file that `file` names; and which of them.
pub(super) fn pem(
    section: &mut Section<'_>,
    [inline, file]: [&'static str; 2],
    directory: &Path,
) -> Option<(&'static str, Zeroizing<Vec<u8>>)> {
    let text = section.secret(inline);
    let path = section.optional::<PathBuf>(file);
    if section.has(inline) && section.has(file) {
        let message = format!("`{inline}` is given too");
        section.problem(file, message, "keep one of the two");
        return None;
    }
    match text {
        Some(text) => Some((inline, Zeroizing::new(text.as_bytes().to_vec()))),
        None => Some((file, content(section, file, &directory.join(path?))?)),
    }
}

impl Setting for ClientAuth {
    fn read(text: &str) -> Result<Self, Complaint> {
        let hint =
            "write `NoClientCert`, `VerifyClientCertIfGiven` or `RequireAndVerifyClientCert`";
        match text.trim() {
            "NoClientCert" => Ok(Self::None),
            "VerifyClientCertIfGiven" => Ok(Self::IfGiven),
            "RequireAndVerifyClientCert" => Ok(Self::Required),
            "RequestClientCert" | "RequireAnyClientCert" | "RequireClientCert" => {
                Err(complaint("takes certificates that nobody verifies", hint))
            }
            _ => Err(complaint("is not a way to treat clients", hint)),
        }
    }

    fn show(&self) -> serde_yaml::Value {
        match self {
            Self::None => "NoClientCert",
            Self::IfGiven => "VerifyClientCertIfGiven",
            Self::Required => "RequireAndVerifyClientCert",
        }
        .into()
    }
}
