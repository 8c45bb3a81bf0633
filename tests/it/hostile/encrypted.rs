//! Servers with an invalid certificate, or without TLS.

use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair, date_time_ymd};
use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig, SupportedProtocolVersion};
use tests::Manner;
use tokio_rustls::TlsAcceptor;

use super::*;

pub(crate) type Authority = CertifiedIssuer<'static, KeyPair>;

pub(crate) fn authority() -> Authority {
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap()
}

/// The TLS settings of a server, for a name and valid in these years.
fn tls(
    by: &Authority,
    name: &str,
    years: [i32; 2],
    versions: &[&'static SupportedProtocolVersion],
) -> Manner {
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
    params.not_before = date_time_ymd(years[0], 1, 1);
    params.not_after = date_time_ymd(years[1], 1, 1);
    let certificate = params.signed_by(&key, by).unwrap();
    let key = PrivatePkcs8KeyDer::from(key.serialize_der());
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_protocol_versions(versions)
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], key.into())
        .unwrap();
    Manner {
        tls: Some(TlsAcceptor::from(Arc::new(config))),
        ..Manner::default()
    }
}

/// A server that supports only TLS 1.2 and requires client certificates of its own
/// authority.
pub(crate) fn asking(by: &Authority, name: &str) -> Manner {
    let mut roots = RootCertStore::empty();
    roots.add(by.der().clone()).unwrap();
    let provider = Arc::new(ring::default_provider());
    let verifier =
        WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider));
    let (certificate, key) = pair(by, name);
    let certificate = CertificateDer::from_pem_slice(certificate.as_bytes()).unwrap();
    let key = PrivateKeyDer::from_pem_slice(key.as_bytes()).unwrap();
    let config = ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(OLD)
        .unwrap()
        .with_client_cert_verifier(verifier.build().unwrap())
        .with_single_cert(vec![certificate], key)
        .unwrap();
    Manner {
        tls: Some(TlsAcceptor::from(Arc::new(config))),
        ..Manner::default()
    }
}

/// A certificate for that name and its key, as PEM.
pub(crate) fn pair(by: &Authority, name: &str) -> (String, String) {
    let key = KeyPair::generate().unwrap();
    let params = CertificateParams::new(vec![name.to_owned()]).unwrap();
    let certificate = params.signed_by(&key, by).unwrap();
    (certificate.pem(), key.serialize_pem())
}

fn says(bytes: &[u8], then: Act) -> Manner {
    Manner {
        first: vec![Act::Say(bytes.to_vec()), then],
        ..Manner::default()
    }
}

impl Case {
    /// Whether the server does not support TLS, although the site is configured for
    /// it.
    fn is_without_tls(&self) -> bool {
        ["no-tls", "no-hello", "alert", "leaves", "silent", "half"].contains(&&*self.name)
    }
}

const NOW: [i32; 2] = [2020, 2120];
const ANY: &[&SupportedProtocolVersion] = rustls::ALL_VERSIONS;
const OLD: &[&SupportedProtocolVersion] = &[&rustls::version::TLS12];
const TRUSTING: &str = "caFile: ca.pem";

#[tokio::test(flavor = "multi_thread")]
async fn an_unauthenticated_server_receives_no_request() {
    let (ours, other) = (authority(), authority());
    let here = "127.0.0.1";
    let of = async |name: &str, seen, manner| {
        let answer = vec![Act::Say(json(EMPTY))];
        Case::of(name, seen, manner, answer).await.keys(TRUSTING)
    };
    let garbage = b"\x16\x03\x03\xff\xffgarbage garbage garbage";
    let plain = b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n";
    let newest = "caFile: ca.pem, minVersion: '1.3'";
    let mut cases = vec![
        of("right", Reads, tls(&ours, here, NOW, ANY)).await,
        of("old-version", Reads, tls(&ours, here, NOW, OLD)).await,
        of("too-old", Fails("unreachable"), tls(&ours, here, NOW, OLD))
            .await
            .keys(newest),
        of(
            "wrong-name",
            Fails("unreachable"),
            tls(&ours, "nbu1.example", NOW, ANY),
        )
        .await,
        of(
            "expired",
            Fails("unreachable"),
            tls(&ours, here, [2020, 2021], ANY),
        )
        .await,
        of(
            "not-yet",
            Fails("unreachable"),
            tls(&ours, here, [2119, 2120], ANY),
        )
        .await,
        of(
            "stranger",
            Fails("unreachable"),
            tls(&other, here, NOW, ANY),
        )
        .await,
        of("no-tls", Fails("unreachable"), says(plain, Act::Close)).await,
        of("no-hello", Fails("unreachable"), says(garbage, Act::Close)).await,
        of(
            "alert",
            Fails("unreachable"),
            says(b"\x15\x03\x03\x00\x02\x02\x28", Act::Close),
        )
        .await,
        of("leaves", Fails("unreachable"), says(b"", Act::Close)).await,
        of("silent", Fails("timeout"), says(b"", Act::Hang)).await,
        of("half", Fails("timeout"), says(&garbage[..3], Act::Hang)).await,
    ];
    let stolen = Scripted::start(Arc::new(|_: &str, _| keep(json(EMPTY)))).await;
    let location = format!("http://{}/netbackup/admin/jobs", stolen.address);
    let answer = format!("HTTP/1.1 307 Go\r\ncontent-length: 0\r\nlocation: {location}\r\n\r\n");
    let manner = tls(&ours, here, NOW, ANY);
    let moved = Case::of("downgrade", Fails("redirect"), manner, keep(answer)).await;
    cases.push(moved.keys(TRUSTING));
    all(&cases, &ours.pem()).await;
    assert!(stolen.heads().is_empty());
    for case in &cases {
        let (heads, received) = (case.server.heads(), case.server.received());
        let is_told = heads.iter().any(|head| head.contains(CANARY));
        let is_trusted = ["right", "old-version", "downgrade"].contains(&&*case.name);
        assert_eq!(is_told, is_trusted, "{}: {heads:?}", case.name);
        if is_trusted {
            continue;
        }
        // A server without TLS sees only the ClientHello.
        let received = String::from_utf8_lossy(&received);
        assert!(!received.contains(CANARY), "{}: {received}", case.name);
        let is_hello = received.starts_with('\u{16}') && case.is_without_tls();
        assert!(received.is_empty() || is_hello, "{}: {received}", case.name);
    }
}
