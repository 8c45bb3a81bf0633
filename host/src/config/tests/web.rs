//! The web configuration: every key has an effect, and every mistake a line.

use std::fs;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use tempfile::TempDir;

use super::*;

/// A folder with a certificate, its key, an authority and the key of another
/// certificate.
fn folder() -> TempDir {
    let folder = TempDir::new().unwrap();
    let write = |name: &str, text: String| fs::write(folder.path().join(name), text).unwrap();
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
    let key = KeyPair::generate().unwrap();
    let params = CertificateParams::new(["localhost".to_owned()]).unwrap();
    write("ca.pem", issuer.pem());
    write("cert.pem", params.signed_by(&key, &issuer).unwrap().pem());
    write("key.pem", key.serialize_pem());
    write("other.pem", KeyPair::generate().unwrap().serialize_pem());
    write(
        "config.yaml",
        format!("{SITE}server: {{ webConfigFile: web.yaml }}"),
    );
    folder
}

fn loaded(folder: &TempDir, web: &str) -> Result<Config, Problems> {
    fs::write(folder.path().join("web.yaml"), web).unwrap();
    let file = folder.path().join("config.yaml");
    load(&file, &Overrides::default(), &nothing)
}

fn without_folder(folder: &TempDir, text: &str) -> String {
    text.replace(&folder.path().display().to_string(), "")
}

/// The problems of an invalid file, or the warnings of a valid one.
fn said(folder: &TempDir, web: &str) -> String {
    let text = match loaded(folder, web) {
        Err(problems) => problems.to_string(),
        Ok(config) => {
            let file = Path::new("config.yaml");
            let warnings = config.warnings.iter();
            let lines: Vec<_> = warnings.map(|w| w.in_file(file).to_string()).collect();
            lines.join("\n")
        }
    };
    without_folder(folder, &text)
}

const PAIR: &str = "cert_file: cert.pem, key_file: key.pem";

#[test]
fn an_empty_file_means_plain_http_without_authentication() {
    let folder = folder();
    for text in [
        "",
        "# nothing",
        "tls_server_config:",
        "basic_auth_users: {}",
    ] {
        let config = loaded(&folder, text).unwrap();
        assert!(config.http.web.tls.is_none(), "{text}");
        assert!(config.warnings.is_empty(), "{text}");
    }
}

#[test]
fn a_complete_web_configuration_is_accepted_and_its_files_are_watched() {
    let folder = folder();
    let web = "tls_server_config:
  cert_file: cert.pem
  key_file: key.pem
  client_auth_type: RequireAndVerifyClientCert
  client_ca_file: ca.pem
  client_allowed_sans: [prometheus.example.com, 10.0.0.1]
  min_version: TLS12
  max_version: TLS13
  cipher_suites: [TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256]
  prefer_server_cipher_suites: false
  curve_preferences: [CurveP256, X25519]
http_server_config:
  http2: false
  headers:
    Content-Security-Policy: default-src 'self'
    X-Frame-Options: sameorigin
    X-Content-Type-Options: nosniff
    X-XSS-Protection: 1; mode=block
    Strict-Transport-Security: max-age=31536000
basic_auth_users:
  alice: $2y$10$X0h1gDsPszWURQaxFh.zoubFi6DXncSjhoQNJgRrnGs7EsimhC7zG
rate_limit: { interval: 1s, burst: 20 }
";
    let config = loaded(&folder, web).unwrap();
    assert!(config.warnings.is_empty(), "{:?}", config.warnings);
    let web = &config.http.web;
    assert!(web.tls.is_some() && web.rate.is_some());
    assert_eq!(web.headers.len(), 5);
    assert_eq!(format!("{:?}", web.users), "{\"alice\"}");
    for name in ["web.yaml", "cert.pem", "key.pem", "ca.pem"] {
        let path = folder.path().join(name);
        assert!(
            config.files.iter().any(|file| file.path == path),
            "{name}: {:?}",
            config.files
        );
    }
    assert!(!config.masked.contains("$2y$"));
}

#[test]
fn certificates_and_keys_can_be_inline() {
    let folder = folder();
    let read = |name: &str| fs::read_to_string(folder.path().join(name)).unwrap();
    let block = |name: &str| read(name).replace('\n', "\n    ");
    let (cert, key, ca) = (block("cert.pem"), block("key.pem"), block("ca.pem"));
    let web = format!(
        "tls_server_config:\n  cert: |\n    {cert}\n  key: |\n    {key}\n  client_ca: |\n    {ca}\n  \
         client_auth_type: VerifyClientCertIfGiven\n"
    );
    assert!(loaded(&folder, &web).unwrap().http.web.tls.is_some());
}

#[test]
fn the_flag_takes_precedence_over_the_key() {
    let folder = folder();
    let file = folder.path().join("config.yaml");
    let flags = |name: &str| Overrides {
        web_config: Some(folder.path().join(name)),
        ..Overrides::default()
    };
    fs::write(folder.path().join("web.yaml"), "nonsense: 1").unwrap();
    fs::write(folder.path().join("good.yaml"), "").unwrap();
    let config = load(&file, &flags("good.yaml"), &nothing).unwrap();
    assert!(
        config
            .masked
            .contains("# on the command line: --web.config.file=")
    );
    let problems = load(&file, &flags("none.yaml"), &nothing).unwrap_err();
    insta::assert_snapshot!(without_folder(&folder, &problems.to_string()));
}

#[test]
fn all_problems_are_reported_with_file_and_line() {
    let folder = folder();
    let config = folder.path().join("config.yaml");
    fs::write(
        config,
        format!("{SITE}server: {{ webConfigFile: web.yaml, port: x }}\n"),
    )
    .unwrap();
    insta::assert_snapshot!(said(
        &folder,
        "tls_server_config:
  cert_file: none.pem
  key_file: cert.pem
  client_auth_type: RequireAnyClientCert
  client_ca_file: web.yaml
  min_version: TLS14
  max_version: TLS11
  cipher_suites: [TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA257]
  curve_preferences: [CurveP521]
  cert_fil: x
http_server_config:
  http2: perhaps
  headers:
    X-Frame-Options: allow
    Server: mine
basic_auth_users:
  alice: secret
  bob: [secret]
rate_limit: { interval: 1s }
basic_auth: {}
"
    ));
}

#[test]
fn conflicting_settings_are_a_problem() {
    let folder = folder();
    let tls = |keys: &str| format!("tls_server_config: {{ {keys} }}");
    let cases = [
        tls("cert_file: cert.pem"),
        tls("cert_file: cert.pem, key_file: other.pem"),
        tls(&format!("{PAIR}, key: x")),
        tls(&format!("{PAIR}, client_ca_file: ca.pem")),
        tls(&format!(
            "{PAIR}, client_auth_type: RequireAndVerifyClientCert"
        )),
        tls(&format!("{PAIR}, client_allowed_sans: [a]")),
        tls(&format!("{PAIR}, min_version: TLS13, max_version: TLS12")),
        tls(&format!(
            "{PAIR}, cipher_suites: [TLS_RSA_WITH_AES_128_CBC_SHA]"
        )),
        "- a list".to_owned(),
        "a: [1".to_owned(),
    ];
    insta::assert_snapshot!(cases.map(|case| said(&folder, &case)).join("\n---\n"));
}

#[test]
fn unsupported_settings_are_a_warning() {
    let folder = folder();
    insta::assert_snapshot!(said(
        &folder,
        &format!(
            "tls_server_config:
  min_version: TLS10
  cipher_suites: [TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA, TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256]
  curve_preferences: [CurveP521, CurveP256]
  {}
http_server_config: {{ http2: true }}
",
            PAIR.replace(", ", "\n  ")
        )
    ));
    let user = "$2y$17$X0h1gDsPszWURQaxFh.zoubFi6DXncSjhoQNJgRrnGs7EsimhC7zG";
    insta::assert_snapshot!(said(
        &folder,
        &format!("basic_auth_users: {{ alice: {user} }}")
    ));
}
