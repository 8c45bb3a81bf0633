//! Keys: where they come from, and that nothing shows them.

use std::fs;

use super::*;

/// A configuration whose only site takes `keys` beside its host, in a directory
/// that holds `file`.
fn with_file(name: &str, content: &str, keys: &str) -> Result<Config, Problems> {
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join(name), content).unwrap();
    let path = directory.path().join("config.yaml");
    fs::write(&path, format!("nbuserver: {{ host: nbu1, {keys} }}")).unwrap();
    load(&path, &Overrides::default(), &nothing)
}

fn ca() -> String {
    let mut parameters = rcgen::CertificateParams::default();
    parameters.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    let key = rcgen::KeyPair::generate().unwrap();
    parameters.self_signed(&key).unwrap().pem()
}

#[test]
fn a_key_may_come_from_a_file() {
    let config = with_file("key", "s3cret\n", "apiKeyFile: key").unwrap();
    assert_eq!(config.swap.sites[0].egress.credential.header(), "s3cret");
    assert!(config.files.iter().any(|file| file.ends_with("key")));
    assert!(
        config.masked.contains("apiKeyFile: key"),
        "{}",
        config.masked
    );
    assert!(!format!("{config:?}").contains("s3cret"));
}

#[test]
fn a_key_is_masked_wherever_the_configuration_is_shown() {
    let variables = |_: &str| Some("s3cret".to_owned());
    for written in ["s3cret", "'${KEY}'", "5", "'********'"] {
        let text = format!("nbuserver: {{ host: h, apiKey: {written} }}");
        let file = Path::new("config.yaml");
        let config = parse(&text, file, &Overrides::default(), &variables).unwrap();
        assert!(
            config.masked.contains("apiKey: '********'"),
            "{}",
            config.masked
        );
        assert!(!format!("{config:?}").contains("s3cret"));
    }
}

#[test]
fn no_problem_shows_a_key() {
    let variables = |_: &str| Some("s3cret".to_owned());
    for text in [
        "nbuserver: { host: h, apiKey: [s3cret] }",
        "nbuserver: { host: h, apiKey: { s: s3cret } }",
        "nbuserver: { host: h, apiKey: \"s3cret\\nmore\" }",
        "nbuserver: { host: h, apiKey: 's3cret${' }",
        "nbuserver: { host: h, apiKey: s3cret, apiKeyFile: f }",
        "nbuserver: { host: h, apiKey: \"s3cret",
        "nbuserver: { host: h, apiKey: @s3cret }",
        "nbuserver: { host: h, apiKey: *s3cret }",
        "nbuserver: s3cret",
        "nbuserver: { host: 'a b${KEY}', port: '${KEY}', apiKey: k, scheme: '${KEY}' }",
    ] {
        let file = Path::new("config.yaml");
        let problems = parse(text, file, &Overrides::default(), &variables).unwrap_err();
        let said = format!("{problems} {problems:?}");
        assert!(!said.contains("s3cret"), "{text}\n{said}");
    }
}

#[test]
fn a_key_file_must_hold_one_key() {
    for (content, expected) in [(" \n", "the key is empty"), ("a\nb", "holds a line break")] {
        let said = with_file("key", content, "apiKeyFile: key").unwrap_err();
        assert!(said.to_string().contains(expected), "{said}");
    }
    let said = with_file("key", "k", "apiKeyFile: missing").unwrap_err();
    assert!(
        said.to_string()
            .contains("apiKeyFile: the file cannot be read"),
        "{said}"
    );
    assert!(said.files.iter().any(|file| file.ends_with("missing")));
}

#[test]
fn authorities_are_read_from_pem() {
    let keys = "apiKey: k, caFile: ca.pem";
    let config = with_file("ca.pem", &(ca() + &ca()), keys).unwrap();
    assert_eq!(config.swap.sites[0].egress.tls.authorities.len(), 2);
    assert!(config.files.iter().any(|file| file.ends_with("ca.pem")));

    let broken = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    for (content, expected) in [
        ("no certificate here", "the file holds no certificate"),
        (broken, "a certificate is unusable"),
    ] {
        let said = with_file("ca.pem", content, keys).unwrap_err();
        assert!(said.to_string().contains(expected), "{said}");
    }
}

#[test]
fn authorities_that_are_not_asked_are_a_warning() {
    for more in ["scheme: http", "insecureSkipVerify: true"] {
        let keys = format!("apiKey: k, caFile: ca.pem, {more}");
        let config = with_file("ca.pem", &ca(), &keys).unwrap();
        assert_eq!(config.warnings[0].at, "nbuserver.caFile", "{more}");
    }
}
