//! Which clients need a certificate, and which certificates are accepted.

use std::path::{Path, PathBuf};

use rustls::pki_types::CertificateDer;
use zeroize::Zeroizing;

use crate::config::credentials::content;
use crate::config::section::Section;
use crate::config::setting::{Complaint, Setting, complaint};
use crate::config::tls::authorities_of;
use crate::http::web::ClientTrust;

const AUTHORITIES: [&str; 2] = ["client_ca", "client_ca_file"];

/// The ways to ask clients for a certificate in which it is verified.
#[derive(Clone, Copy, PartialEq)]
enum ClientAuth {
    NotRequested,
    IfGiven,
    Required,
}

/// The outer `None` is a reported problem; with the inner one no client is asked
/// for a certificate.
pub(super) fn read(section: &mut Section<'_>, directory: &Path) -> Option<Option<ClientTrust>> {
    let doc = "Whether clients need a certificate.";
    let auth = match section.has("client_auth_type") {
        true => section.optional("client_auth_type", doc),
        false => Some(section.value("client_auth_type", ClientAuth::NotRequested, doc)),
    };
    let given = AUTHORITIES.into_iter().find(|key| section.has(key));
    let docs = [
        "PEM text with the authorities of client certificates, instead of `client_ca_file`.",
        "PEM file with the authorities of client certificates.",
    ];
    let authorities = pem(section, AUTHORITIES, docs, directory)
        .and_then(|(name, pem)| authorities_of(section, name, &pem));
    let doc = "Subject alternative names of which a client certificate needs one. By default any.";
    let names = section.texts("client_allowed_sans", doc);
    let auth = auth?;
    if names.is_some() && auth != ClientAuth::Required {
        let hint = "write `client_auth_type: RequireAndVerifyClientCert`";
        let message = "would accept clients without a certificate";
        section.problem("client_allowed_sans", message, hint);
        return None;
    }
    match (auth, given) {
        (ClientAuth::NotRequested, None) => Some(None),
        (ClientAuth::NotRequested, Some(key)) => {
            let hint = "write `client_auth_type: RequireAndVerifyClientCert`, or remove it";
            section.problem(key, "clients are not asked for a certificate", hint);
            None
        }
        (_, None) => {
            let hint = "add a PEM file with the authorities of client certificates";
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

/// The content of `inline` or of the file at `file`, and which key it came from.
pub(super) fn pem(
    section: &mut Section<'_>,
    [inline, file]: [&'static str; 2],
    [inline_doc, file_doc]: [&'static str; 2],
    directory: &Path,
) -> Option<(&'static str, Zeroizing<Vec<u8>>)> {
    let text = section.secret(inline, inline_doc);
    let path = section.optional::<PathBuf>(file, file_doc);
    if section.has(inline) && section.has(file) {
        let message = format!("conflicts with `{inline}`");
        section.problem(file, message, "keep one of them");
        return None;
    }
    match text {
        Some(text) => Some((inline, Zeroizing::new(text.as_bytes().to_vec()))),
        None => Some((file, content(section, file, &directory.join(path?))?)),
    }
}

impl Setting for ClientAuth {
    const KIND: &'static str =
        "`NoClientCert`, `VerifyClientCertIfGiven` or `RequireAndVerifyClientCert`";

    fn read(text: &str) -> Result<Self, Complaint> {
        let hint =
            "write `NoClientCert`, `VerifyClientCertIfGiven` or `RequireAndVerifyClientCert`";
        match text.trim() {
            "NoClientCert" => Ok(Self::NotRequested),
            "VerifyClientCertIfGiven" => Ok(Self::IfGiven),
            "RequireAndVerifyClientCert" => Ok(Self::Required),
            "RequestClientCert" | "RequireAnyClientCert" | "RequireClientCert" => {
                Err(complaint("accepts certificates without verification", hint))
            }
            _ => Err(complaint("is not a client authentication type", hint)),
        }
    }

    fn show(&self) -> serde_yaml::Value {
        match self {
            Self::NotRequested => "NoClientCert",
            Self::IfGiven => "VerifyClientCertIfGiven",
            Self::Required => "RequireAndVerifyClientCert",
        }
        .into()
    }
}
