//! API keys: their sources, and that no output shows them.

use std::fs;

use super::*;
use crate::file::Contents;

/// Loads a configuration whose only site has `keys` in addition to its host, from a
/// directory with that file.
fn with_file(name: &str, content: &str, keys: &str) -> Result<Config, Problems> {
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join(name), content).unwrap();
    let path = directory.path().join("config.yaml");
    fs::write(&path, format!("nbuserver: {{ host: nbu1, {keys} }}")).unwrap();
    load(&path, &Overrides::default(), &nothing)
}

fn ca() -> String {
    ca_until(4096)
}

/// An authority that is valid until that year.
fn ca_until(year: i32) -> String {
    let mut parameters = rcgen::CertificateParams::default();
    parameters.not_after = rcgen::date_time_ymd(year, 1, 1);
    parameters.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    let key = rcgen::KeyPair::generate().unwrap();
    parameters.self_signed(&key).unwrap().pem()
}

#[test]
fn a_key_can_be_read_from_a_file() {
    let config = with_file("key", "s3cret\n", "apiKeyFile: key").unwrap();
    assert_eq!(config.swap.sites[0].egress.credential.header(), "s3cret");
    assert!(config.files.iter().any(|file| file.path.ends_with("key")));
    assert!(
        config.masked.contains("apiKeyFile: key"),
        "{}",
        config.masked
    );
    assert!(!format!("{config:?}").contains("s3cret"));
}

#[test]
fn a_key_is_masked_in_every_output_of_the_configuration() {
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
    for (content, expected) in [
        (" \n", "the key is empty"),
        ("a\nb", "contains a line break"),
    ] {
        let said = with_file("key", content, "apiKeyFile: key").unwrap_err();
        assert!(said.to_string().contains(expected), "{said}");
    }
    let said = with_file("key", "k", "apiKeyFile: missing").unwrap_err();
    assert!(
        said.to_string()
            .contains("apiKeyFile: cannot read the file"),
        "{said}"
    );
    assert!(said.files.iter().any(|file| file.path.ends_with("missing")));
}

#[test]
fn authorities_are_read_from_pem() {
    let keys = "apiKey: k, caFile: ca.pem";
    let config = with_file("ca.pem", &(ca() + &ca()), keys).unwrap();
    assert_eq!(config.swap.sites[0].egress.tls.authorities.len(), 2);
    assert!(
        config
            .files
            .iter()
            .any(|file| file.path.ends_with("ca.pem"))
    );

    let broken = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    for (content, expected) in [
        ("no certificate here", "the file contains no certificate"),
        (broken, "invalid certificate"),
    ] {
        let said = with_file("ca.pem", content, keys).unwrap_err();
        assert!(said.to_string().contains(expected), "{said}");
    }
}

#[test]
fn a_key_can_be_a_systemd_credential() {
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join("nbu1"), "s3cret\n").unwrap();
    let credentials = directory.path().display().to_string();
    let unit = |name: &str| (name == "CREDENTIALS_DIRECTORY").then(|| credentials.clone());
    let file = Path::new("config.yaml");
    let text = |name: &str| format!("nbuserver: {{ host: h, apiKeyCredential: {name} }}");
    let read = |name: &str| parse(&text(name), file, &Overrides::default(), &unit);

    let config = read("nbu1").unwrap();
    assert_eq!(config.swap.sites[0].egress.credential.header(), "s3cret");
    assert!(
        config.files.iter().any(|file| file.path.ends_with("nbu1")),
        "it is watched"
    );
    for (name, expected) in [
        ("nbu2", "cannot read the file"),
        ("../nbu1", "`../nbu1` is not a credential name"),
        ("nbu1, apiKey: k", "conflicts with `apiKey`"),
    ] {
        let said = read(name).unwrap_err().to_string();
        assert!(said.contains(expected), "{said}");
    }
    let outside = bad(&text("nbu1"));
    assert!(outside.contains("LoadCredential=nbu1:"), "{outside}");
}

#[test]
fn a_client_certificate_is_read_with_its_key() {
    let pair = || {
        let key = rcgen::KeyPair::generate().unwrap();
        let parameters = rcgen::CertificateParams::new(vec!["exporter".to_owned()]).unwrap();
        (
            parameters.self_signed(&key).unwrap().pem(),
            key.serialize_pem(),
        )
    };
    let directory = tempfile::tempdir().unwrap();
    let ((certificate, key), (_, other)) = (pair(), pair());
    for (name, content) in [("c.pem", &certificate), ("k.pem", &key), ("o.pem", &other)] {
        fs::write(directory.path().join(name), content).unwrap();
    }
    let path = directory.path().join("config.yaml");
    let read = |keys: &str| {
        fs::write(
            &path,
            format!("nbuserver: {{ host: h, apiKey: k, {keys} }}"),
        )
        .unwrap();
        load(&path, &Overrides::default(), &nothing)
    };
    let config = read("certFile: c.pem, keyFile: k.pem").unwrap();
    assert!(config.swap.sites[0].egress.tls.identity.is_some());
    for (keys, expected) in [
        ("certFile: c.pem", "keyFile: is required with `certFile`"),
        ("keyFile: k.pem", "certFile: is required with `keyFile`"),
        (
            "certFile: c.pem, keyFile: o.pem",
            "does not match the certificate",
        ),
        (
            "certFile: k.pem, keyFile: k.pem",
            "certFile: the file contains a private key and no certificate",
        ),
        (
            "certFile: c.pem, keyFile: c.pem",
            "keyFile: the file contains no private key",
        ),
        ("minVersion: 1.1", "is not a supported TLS version"),
    ] {
        let said = read(keys).unwrap_err().to_string();
        assert!(said.contains(expected), "{keys}\n{said}");
    }
}

/// The site's proxy, and how the masked copy shows it.
fn proxied(keys: &str, environment: &dyn Fn(&str) -> Option<String>) -> (String, String) {
    let text = format!("nbuserver: {{ host: nbu1, apiKey: k, {keys} }}");
    let file = Path::new("config.yaml");
    let environment = |name: &str| environment(name);
    let config = parse(&text, file, &Overrides::default(), &environment).unwrap();
    let proxy = config.swap.sites[0].egress.proxy.clone();
    let shown = config.masked.lines().find(|line| line.contains("proxy:"));
    let shown = shown.unwrap_or_default().trim().to_owned();
    assert!(!format!("{config:?}").contains("s3cret"));
    assert!(!config.masked.contains("s3cret"), "{}", config.masked);
    (
        proxy.map_or_else(String::new, |proxy| proxy.to_string()),
        shown,
    )
}

#[test]
fn a_proxy_is_used_and_its_password_masked() {
    let with_password = "proxy: 'http://me:s3cret@proxy:3128'";
    let masked = "http://********@proxy:3128";
    let (proxy, shown) = proxied(with_password, &nothing);
    assert_eq!(
        (proxy.as_str(), shown),
        (masked, format!("proxy: {masked}"))
    );
    for (no, used) in [("nbu1", false), ("[x, nbu1]", false), ("'x, nbu2'", true)] {
        let keys = format!("{with_password}, noProxy: {no}");
        assert_eq!(!proxied(&keys, &nothing).0.is_empty(), used, "{no}");
    }
}

#[test]
fn the_proxy_of_the_environment_is_used_only_if_configured() {
    let variables = |name: &str| match name {
        "HTTPS_PROXY" => Some("http://me:s3cret@proxy:3128".to_owned()),
        "no_proxy" => Some("nbu2".to_owned()),
        _ => None,
    };
    assert_eq!(proxied("port: 1", &variables).0, "");
    let (proxy, shown) = proxied("proxy: environment", &variables);
    assert_eq!(proxy, "http://********@proxy:3128");
    assert_eq!(shown, "proxy: environment");
    assert_eq!(
        proxied("proxy: environment, noProxy: nbu1", &variables).0,
        ""
    );
    assert_eq!(
        proxied("proxy: environment, scheme: http", &variables).0,
        ""
    );
    assert_eq!(proxied("proxy: environment", &nothing).0, "");
}

#[test]
fn an_invalid_proxy_is_a_problem_that_does_not_show_it() {
    for proxy in [
        "socks5://u:s3cret@p",
        "s3cret@p:1",
        "http://u:s3cret@p/x",
        "http://u:s3cret@",
        "http://u:s3cret@p:99999",
        "http://u:s3cret@p:",
    ] {
        let said = bad(&format!(
            "nbuserver: {{ host: h, apiKey: k, proxy: '{proxy}' }}"
        ));
        assert!(said.contains("proxy: is not a proxy URL"), "{said}");
        assert!(!said.contains("s3cret"), "{said}");
    }
}

#[test]
fn any_certificate_is_a_warning_at_every_load() {
    let config = good("nbuserver: { host: h, apiKey: k, insecureSkipVerify: true }");
    assert_eq!(config.warnings[0].at, "nbuserver.insecureSkipVerify");
}

#[test]
fn unused_authorities_are_a_warning() {
    for more in ["scheme: http", "insecureSkipVerify: true"] {
        let keys = format!("apiKey: k, caFile: ca.pem, {more}");
        let config = with_file("ca.pem", &ca(), &keys).unwrap();
        let mut warned = config.warnings.iter().map(|it| it.at.as_str());
        assert!(warned.any(|at| at == "nbuserver.caFile"), "{more}");
    }
}

#[test]
fn an_expired_certificate_is_a_warning() {
    let keys = "apiKey: k, caFile: ca.pem";
    let config = with_file("ca.pem", &ca_until(2020), keys).unwrap();
    let [warning] = &config.warnings[..] else {
        panic!("{:?}", config.warnings);
    };
    assert_eq!(warning.at, "nbuserver.caFile");
    let message = "the certificate expired at `2020-01-01T00:00:00Z`";
    assert_eq!(warning.message, message);
    assert!(
        with_file("ca.pem", &ca(), keys)
            .unwrap()
            .warnings
            .is_empty()
    );
}

#[test]
fn the_contents_of_each_file_read_are_kept() {
    let directory = tempfile::tempdir().unwrap();
    let at = |name: &str| directory.path().join(name);
    let text = "nbuserver: { host: \"${HOST}\", apiKeyFile: key }\n";
    fs::write(at("config.yaml"), text).unwrap();
    fs::write(at(".env"), "HOST=nbu1\n").unwrap();
    fs::write(at("key"), "s3cret").unwrap();
    let read = || load(&at("config.yaml"), &Overrides::default(), &nothing);
    let held = |files: &[Snapshot], name: &str| {
        let file = files.iter().find(|file| file.path == at(name));
        file.unwrap().contents.unwrap()
    };

    let config = read().unwrap();
    for (name, text) in [
        ("config.yaml", text),
        (".env", "HOST=nbu1\n"),
        ("key", "s3cret"),
    ] {
        let expected = Contents::of(text.as_bytes());
        assert_eq!(held(&config.files, name), expected, "{name}");
    }

    fs::remove_file(at("key")).unwrap();
    let problems = read().unwrap_err();
    assert_eq!(held(&problems.files, "key"), Contents::Absent);
}
