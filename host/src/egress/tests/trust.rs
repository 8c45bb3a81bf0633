//! Certificates.

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::SupportedProtocolVersion;
use rustls::crypto::ring;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::server::WebPkiClientVerifier;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use super::server::{OK, Server};
use super::*;

/// An authority and a server certificate that it issued.
pub(super) struct Estate {
    pub(super) authority: CertificateDer<'static>,
    pub(super) acceptor: TlsAcceptor,
}

pub(super) fn estate(name: &str) -> Estate {
    estate_speaking(name, rustls::ALL_VERSIONS)
}

fn estate_speaking(name: &str, versions: &[&'static SupportedProtocolVersion]) -> Estate {
    let issuer = authority();
    let (chain, key) = leaf(name, &issuer);
    let config = rustls::ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_protocol_versions(versions)
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    Estate {
        authority: issuer.der().clone(),
        acceptor,
    }
}

pub(super) type Issuer = CertifiedIssuer<'static, KeyPair>;

pub(super) fn authority() -> Issuer {
    let mut params = CertificateParams::new(vec![]).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap()
}

fn leaf(name: &str, issuer: &Issuer) -> (Vec<CertificateDer<'static>>, PrivateKeyDer<'static>) {
    let key = KeyPair::generate().unwrap();
    let leaf = CertificateParams::new(vec![name.to_owned()]).unwrap();
    let leaf = leaf.signed_by(&key, issuer).unwrap();
    let key = PrivatePkcs8KeyDer::from(key.serialize_der());
    (vec![leaf.der().clone()], key.into())
}

/// A certificate and its key.
pub(super) fn identity() -> Arc<Identity> {
    let (chain, key) = leaf("exporter", &authority());
    Arc::new(Identity::new(chain, key).unwrap())
}

pub(super) fn https(port: u16, authorities: Vec<CertificateDer<'static>>) -> EgressSettings {
    let mut settings = settings(port);
    settings.origin.scheme = Scheme::Https;
    settings.tls.authorities = authorities;
    settings
}

#[tokio::test]
async fn a_server_certificate_of_the_sites_authority_is_trusted() {
    let Estate {
        authority,
        acceptor,
    } = estate("127.0.0.1");
    let server = Server::https(OK, acceptor).await;
    let way = Way::to(&https(server.port, vec![authority]));
    for _ in 0..5 {
        assert_eq!(way.read("/ping").await.unwrap(), "ok");
    }
    assert_eq!(server.connections(), 1);
}

#[tokio::test]
async fn the_name_must_match_the_certificate() {
    let Estate {
        authority,
        acceptor,
    } = estate("localhost");
    let server = Server::https(OK, acceptor).await;
    let mut settings = https(server.port, vec![authority]);
    assert!(matches!(
        Way::to(&settings).get("/ping").await,
        Err(Error::TlsCertificateError)
    ));
    settings.origin.host = "localhost".into();
    assert_eq!(Way::to(&settings).read("/ping").await.unwrap(), "ok");
}

#[tokio::test]
async fn a_server_of_an_unknown_authority_is_not_trusted() {
    let server = Server::https(OK, estate("127.0.0.1").acceptor).await;
    let way = Way::to(&https(server.port, vec![estate("127.0.0.1").authority]));
    assert!(matches!(
        way.get("/ping").await,
        Err(Error::TlsCertificateError)
    ));
    assert_eq!(way.codes(), ["certificate"]);
    assert!(server.heads().is_empty(), "the key was shown to a stranger");
}

#[tokio::test]
async fn any_certificate_is_accepted_if_the_site_disables_verification() {
    let server = Server::https(OK, estate("elsewhere").acceptor).await;
    let mut settings = https(server.port, vec![]);
    settings.tls.insecure_skip_verify = true;
    assert_eq!(Way::to(&settings).read("/ping").await.unwrap(), "ok");
}

#[tokio::test]
async fn a_handshake_that_hangs_times_out() {
    // The kernel completes the connection, and no process reads from it.
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = silent.local_addr().unwrap().port();
    let mut settings = https(port, vec![estate("127.0.0.1").authority]);
    settings.timeouts.tls = Duration::from_millis(40);
    let way = Way::to(&settings);
    assert!(matches!(
        way.get("/ping").await,
        Err(Error::ConnectionTimeout)
    ));
    assert_eq!(way.codes(), ["timeout"]);
}

#[tokio::test]
async fn plain_http_on_a_tls_port_is_a_tls_error() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let server = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await?;
        stream
            .write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n")
            .await?;
        stream.read_to_end(&mut Vec::new()).await
    });
    let way = Way::to(&https(port, vec![estate("127.0.0.1").authority]));
    let error = way.get("/ping").await.unwrap_err();
    assert!(matches!(error, Error::TlsProtocolError), "{error:?}");
    assert_eq!(way.codes(), ["tls"]);
    drop(server.await);
}

#[test]
fn an_invalid_certificate_is_reported_by_its_number() {
    let settings = https(1556, vec![estate("a").authority, vec![1, 2, 3].into()]);
    let site = SiteName::new("prod").unwrap();
    let error = Egress::new(
        site,
        &settings,
        Arc::new(RecordingObserver::default()),
        Sockets::shared(),
    )
    .unwrap_err();
    assert!(
        matches!(error, super::super::EgressError::Authority(2, _)),
        "{error}"
    );
    assert!(error.hint().is_some());
}

#[tokio::test]
async fn a_site_can_configure_the_name_in_the_certificate() {
    let Estate {
        authority,
        acceptor,
    } = estate("nbu1.example");
    let server = Server::https(OK, acceptor).await;
    let mut settings = https(server.port, vec![authority]);
    settings.tls.server_name = Some("nbu1.example".into());
    assert_eq!(Way::to(&settings).read("/ping").await.unwrap(), "ok");
    settings.tls.server_name = Some("nbu2.example".into());
    let way = Way::to(&settings);
    assert!(way.read("/ping").await.is_err());
    assert_eq!(way.codes(), ["certificate"]);
}

#[tokio::test]
async fn a_tls_version_below_the_sites_minimum_is_rejected() {
    let old = estate_speaking("127.0.0.1", &[&rustls::version::TLS12]);
    let server = Server::https(OK, old.acceptor).await;
    let mut settings = https(server.port, vec![old.authority]);
    assert_eq!(Way::to(&settings).read("/ping").await.unwrap(), "ok");
    settings.tls.min_version = TlsVersion::Tls13;
    let way = Way::to(&settings);
    assert!(way.read("/ping").await.is_err());
    assert_eq!(way.codes(), ["tls"]);
    assert_eq!(server.heads().len(), 1, "the key was sent the old way");
}

#[tokio::test]
async fn the_client_certificate_of_the_site_is_sent_on_request() {
    let issuer = authority();
    let (server_chain, server_key) = leaf("127.0.0.1", &issuer);
    let (chain, key) = leaf("exporter", &issuer);
    let mut roots = rustls::RootCertStore::empty();
    roots.add(issuer.der().clone()).unwrap();
    let provider = Arc::new(ring::default_provider());
    let roots = Arc::new(roots);
    let verifier =
        WebPkiClientVerifier::builder_with_provider(roots, Arc::clone(&provider)).build();
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_client_cert_verifier(verifier.unwrap())
        .with_single_cert(server_chain, server_key)
        .unwrap();
    let server = Server::https(OK, TlsAcceptor::from(Arc::new(config))).await;

    let mut settings = https(server.port, vec![issuer.der().clone()]);
    assert!(Way::to(&settings).read("/ping").await.is_err());
    settings.tls.identity = Some(identity());
    assert!(
        Way::to(&settings).read("/ping").await.is_err(),
        "a stranger's"
    );
    settings.tls.identity = Some(Arc::new(Identity::new(chain, key).unwrap()));
    assert_eq!(Way::to(&settings).read("/ping").await.unwrap(), "ok");
    assert_eq!(server.heads().len(), 1);
}

#[test]
fn a_certificate_with_another_key_is_rejected() {
    let issuer = authority();
    let (chain, _) = leaf("one", &issuer);
    let (_, key) = leaf("two", &issuer);
    assert!(Identity::new(chain, key).is_err());
    assert!(!format!("{:?}", identity()).contains("PrivateKeyDer"));
}
