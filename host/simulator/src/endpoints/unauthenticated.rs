//! The endpoints without authorization.

use http::{HeaderName, StatusCode};
use jiff::Timestamp;
use serde_json::json;

use crate::answer::Answer;
use crate::estate::SecurityStatus;
use crate::release::Release;
use crate::tls::AUTHORITY;

/// `gateway.yaml GET /ping`: the time in milliseconds as plain text, and the
/// server's own version in a header.
pub(crate) fn ping(release: Release, now: Timestamp) -> Answer {
    let version = release.api_version();
    let media_type = format!("text/vnd.netbackup+plain;version={version}");
    let body = now.as_millisecond().to_string().into_bytes();
    Answer::raw(StatusCode::OK, &media_type, body).with_header(
        HeaderName::from_static("x-netbackup-api-version"),
        &version.to_string(),
    )
}

/// `gateway.yaml GET /tokenkey`: the public key to verify tokens with.
pub(crate) fn tokenkey(release: Release, pem: &str) -> Answer {
    let version = release.api_version();
    let media_type = format!("text/vnd.netbackup+html;version={version}");
    Answer::raw(StatusCode::OK, &media_type, pem.into())
}

/// `security.yaml GET /security/servertime`: epoch milliseconds.
pub(crate) fn servertime(now: Timestamp) -> Answer {
    Answer::json(json!({
        "serverTime": now.as_millisecond(),
        "timeZoneName": "Coordinated Universal Time",
        "timeZoneId": "UTC",
    }))
}

/// `security.yaml GET /security/serverinfo`.
pub(crate) fn serverinfo(release: Release, status: SecurityStatus) -> Answer {
    let mut info = json!({
        "serverName": "primary.simulated.example",
        "nbuVersion": release.name(),
        "nbuKeySize": 2048,
        "masterHostId": "00000000-0000-4000-8000-000000000001",
        "externalCaUsage": 0,
        "cacpivEnabled": 0,
        "ssoEnabled": false,
        "domainType": "vx",
    });
    if release >= Release::V11_2
        && let Some(info) = info.as_object_mut()
    {
        info.insert("freezeModeEnabled".to_owned(), status.frozen.into());
    }
    Answer::json(info)
}

/// `security.yaml GET /security/cacert`: the authority that signed the server's
/// certificate, nothing over plain HTTP.
pub(crate) fn cacert(pem: Option<&str>) -> Answer {
    // Both lists have the same certificates; the second has an action.
    let told = |action: Option<&str>| -> Vec<_> {
        let details = json!({ "subjectCN": AUTHORITY, "subjectName": format!("CN={AUTHORITY}") });
        let told = pem.iter().map(|pem| {
            let mut entry = json!({ "caCert": pem, "caCertDetails": details });
            if let (Some(action), Some(entry)) = (action, entry.as_object_mut()) {
                entry.insert("caCertAction".to_owned(), action.into());
            }
            entry
        });
        told.collect()
    };
    let (web, host) = (told(None), told(Some("ADD")));
    Answer::json(json!({ "webRootCertificateData": web, "caCertificateData": host }))
}
