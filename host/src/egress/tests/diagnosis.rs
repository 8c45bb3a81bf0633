//! What the log says about failed connections.

use rcgen::{CertificateParams, DistinguishedName, DnType, KeyPair, date_time_ymd};
use rustls::crypto::ring;
use rustls::pki_types::PrivatePkcs8KeyDer;
use tokio_rustls::TlsAcceptor;

use super::server::{NextStep, OK, Script, Server};
use super::trust::{Estate, Issuer, authority, estate, https};
use super::*;
use crate::egress::diagnosis::Diagnosis;

/// Error and hint of the failed connection, as logged.
async fn diagnose(settings: &EgressSettings) -> [String; 2] {
    let way = Way::to(settings);
    assert!(way.read("/ping").await.is_err());
    let diagnosis = way.egress.diagnosis.load_full().unwrap();
    [diagnosis.error.clone(), diagnosis.hint.to_owned()]
}

/// A server with a certificate that is valid in these years.
async fn server_valid(issuer: &Issuer, years: [i32; 2]) -> Server {
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::new(vec!["127.0.0.1".to_owned()]).unwrap();
    params.not_before = date_time_ymd(years[0], 1, 1);
    params.not_after = date_time_ymd(years[1], 1, 1);
    let leaf = params.signed_by(&key, issuer).unwrap();
    let key = PrivatePkcs8KeyDer::from(key.serialize_der());
    let config = rustls::ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![leaf.der().clone()], key.into())
        .unwrap();
    Server::https(OK, TlsAcceptor::from(Arc::new(config))).await
}

fn backup_ca(key: KeyPair) -> Issuer {
    let mut name = DistinguishedName::new();
    name.push(DnType::CommonName, "Backup CA");
    let mut params = CertificateParams::new(vec![]).unwrap();
    params.distinguished_name = name;
    params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    Issuer::self_signed(params, key).unwrap()
}

#[tokio::test]
async fn a_renewed_authority_is_named() {
    let new = backup_ca(KeyPair::generate().unwrap());
    let server = server_valid(&new, [2020, 2120]).await;
    let same_type = KeyPair::generate().unwrap();
    let other_type = KeyPair::generate_for(&rcgen::PKCS_ED25519).unwrap();
    for key in [same_type, other_type] {
        let old = backup_ca(key).der().clone();
        assert_eq!(
            diagnose(&https(server.port, vec![old])).await,
            [
                "certificate not trusted: not signed by the key of `CN=Backup CA` in the trust store",
                "the CA in `caFile` was probably renewed: put the certificate of the new one there",
            ]
        );
    }
}

#[tokio::test]
async fn an_unknown_authority_is_named() {
    let issuer = backup_ca(KeyPair::generate().unwrap());
    let server = server_valid(&issuer, [2020, 2120]).await;
    let other = authority().der().clone();
    assert_eq!(
        diagnose(&https(server.port, vec![other])).await,
        [
            "certificate not trusted: issued by `CN=Backup CA`, which is not in the trust store",
            "set `caFile` to the certificate of this authority, in PEM",
        ]
    );
}

#[tokio::test]
async fn a_certificate_for_another_name_is_reported_with_both_names() {
    let Estate {
        authority,
        acceptor,
    } = estate("nbu1.example");
    let server = Server::https(OK, acceptor).await;
    assert_eq!(
        diagnose(&https(server.port, vec![authority])).await,
        [
            "certificate not trusted: issued for `nbu1.example`, not for `127.0.0.1`",
            "set `serverName` to a name in the certificate, or correct `host`",
        ]
    );
}

#[tokio::test]
async fn the_validity_of_a_certificate_is_reported_with_its_date() {
    let issuer = authority();
    for (years, expected) in [
        (
            [2020, 2021],
            [
                "certificate not trusted: expired at `2021-01-01T00:00:00Z`",
                "renew the server's certificate, or correct the clock of this machine",
            ],
        ),
        (
            [2119, 2120],
            [
                "certificate not trusted: not valid before `2119-01-01T00:00:00Z`",
                "correct the clock of this machine or of the server",
            ],
        ),
    ] {
        let server = server_valid(&issuer, years).await;
        let settings = https(server.port, vec![issuer.der().clone()]);
        assert_eq!(diagnose(&settings).await, expected);
    }
}

#[tokio::test]
async fn the_wrong_scheme_is_named_in_both_directions() {
    let says = "HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n";
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let plain = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        tokio::io::AsyncWriteExt::write_all(&mut stream, says.as_bytes())
            .await
            .unwrap();
        drop(tokio::io::AsyncReadExt::read_to_end(&mut stream, &mut Vec::new()).await);
    });
    assert_eq!(
        diagnose(&https(port, vec![authority().der().clone()])).await,
        [
            format!("`https://127.0.0.1:{port}`: the server did not respond with TLS").as_str(),
            "correct `port`, or set `scheme: http` if the server has no TLS",
        ]
    );
    plain.await.unwrap();

    // A TLS server responds to plain HTTP with an alert.
    let says = "\u{15}\u{3}\u{3}\0\u{2}\u{2}\u{16}";
    let then = NextStep::Closes;
    let server = Server::http(Script { says, then }).await;
    let [error, hint] = diagnose(&settings(server.port)).await;
    let port = server.port;
    let expected = format!("`http://127.0.0.1:{port}`: the server did not respond with HTTP: ");
    assert!(error.starts_with(&expected), "{error}");
    assert_eq!(
        hint,
        "set `scheme: https` if the port serves TLS, or correct `port`"
    );
}

#[tokio::test]
async fn a_proxy_that_is_down_is_named() {
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = closed.local_addr().unwrap().port();
    drop(closed);
    let mut settings = https(1556, vec![authority().der().clone()]);
    settings.proxy = proxy(&format!("http://me:pw@127.0.0.1:{port}"));
    assert_eq!(
        diagnose(&settings).await,
        [
            &format!("proxy `http://********@127.0.0.1:{port}`: connection refused"),
            "check that the proxy runs; correct `proxy`, or add the server to `noProxy`",
        ]
    );
    settings.proxy = None;
    settings.origin.port = port;
    assert_eq!(
        diagnose(&settings).await,
        [
            &format!("`https://127.0.0.1:{port}`: connection refused"),
            "check `host` and `port`; NetBackup's web service listens on port 1556",
        ]
    );
}

#[tokio::test]
async fn a_diagnosis_ends_with_the_next_response() {
    let server = Server::http(OK).await;
    let way = Way::to(&settings(server.port));
    way.egress.diagnosis.store(Some(Arc::new(Diagnosis {
        error: "connection refused".into(),
        hint: "check",
    })));
    assert_eq!(way.read("/ping").await.unwrap(), "ok");
    assert!(way.egress.diagnosis.load().is_none());
}
