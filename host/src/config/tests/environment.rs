//! Variables and `.env` files.

use std::fs;

use super::*;

const FILE: &str = "nbuservers: [{ site: a, host: '${NBU_HOST}', apiKey: '${NBU_KEY}' }]";

/// Loads `text` from a directory that holds a `.env`.
fn beside(
    dotenv: &str,
    text: &str,
    environment: impl Fn(&str) -> Option<String>,
) -> Result<Config, Problems> {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("config.yaml");
    fs::write(directory.path().join(".env"), dotenv).unwrap();
    fs::write(&path, text).unwrap();
    load(&path, &Overrides::default(), &environment)
}

#[test]
fn the_process_environment_takes_precedence_over_dotenv() {
    let process = |name: &str| (name == "NBU_HOST").then(|| "from-process".to_owned());
    let dotenv = "NBU_HOST=from-file\nexport NBU_KEY='file key'\n";
    let config = beside(dotenv, FILE, process).unwrap();
    let site = &config.swap.sites[0];
    assert_eq!(site.egress.origin.host, "from-process");
    assert_eq!(site.egress.credential.header(), "file key");
    assert!(config.files.iter().any(|file| file.path.ends_with(".env")));
}

#[test]
fn dotenv_is_read_at_each_load_and_does_not_change_the_environment() {
    let key = |dotenv: &str| {
        let config = beside(dotenv, FILE, nothing).unwrap();
        config.swap.sites[0].egress.credential.header()
    };
    assert_eq!(key("NBU_HOST=h\nNBU_KEY=one"), "one");
    assert_eq!(key("NBU_HOST=h\nNBU_KEY=two"), "two");
    assert!(std::env::var_os("NBU_KEY").is_none());
}

#[test]
fn an_unset_variable_is_named_at_every_position() {
    let said = bad("nbuservers:
- { site: a, host: '${NO_HOST}', port: '${NO_PORT}', apiKey: '${NO_KEY}', domain: '${NO_DOMAIN}' }
collectors: { perClient: { enabled: true, allowlist: [x, '${NO_CLIENT}'] } }
");
    insta::assert_snapshot!(said);
}

#[test]
fn an_invalid_dotenv_line_is_a_problem_that_shows_no_key() {
    let dotenv = "NBU_HOST=h\n\nNBU_KEY s3cret\nNBU_KEY=fine\n";
    let said = beside(dotenv, FILE, nothing).unwrap_err().to_string();
    assert!(said.contains("/.env:3: expected `NAME=value`"), "{said}");
    assert!(!said.contains("s3cret"), "{said}");
}

#[test]
fn variables_can_be_booleans_and_numbers() {
    let variables = |name: &str| match name {
        "YES" => Some("true".to_owned()),
        "PORT" => Some("1".to_owned()),
        _ => None,
    };
    let text = "nbuserver: { host: h, apiKey: k, port: '${PORT}', insecureSkipVerify: '${YES}' }
collectors:
  slo:
    enabled: ${YES}
    plain: ${PORT}
    quoted: '${PORT}'
";
    let file = Path::new("config.yaml");
    let config = parse(text, file, &Overrides::default(), &variables).unwrap();
    let site = &config.swap.sites[0];
    assert_eq!(site.egress.origin.port, 1);
    assert!(site.egress.tls.insecure_skip_verify);
    let keys = &site.guest.collectors[0];
    assert_eq!(keys.enabled, Some(true));
    let values: Vec<_> = keys
        .options
        .iter()
        .map(|key| key.value.to_string())
        .collect();
    assert_eq!(values, ["1", r#""1""#]);
}

#[test]
fn keys_are_not_expanded() {
    let said = bad(&format!("{SITE}'${{NAME}}': 1"));
    assert!(said.contains("${NAME}: unknown key"), "{said}");
}

#[test]
fn the_state_is_in_the_folder_that_systemd_made() {
    let state = |folders: &'static str, text: &str| {
        let environment = |name: &str| (name == "STATE_DIRECTORY").then(|| folders.to_owned());
        let file = Path::new("/etc/nbu/config.yaml");
        let config = parse(text, file, &Overrides::default(), &environment);
        config.unwrap().state_dir
    };
    let own = PathBuf::from("/var/lib/nbu_exporter/state");
    assert_eq!(state("/var/lib/nbu_exporter", SITE), Some(own.clone()));
    assert_eq!(
        state("/var/lib/nbu_exporter:/var/lib/other", SITE),
        Some(own)
    );
    assert_eq!(state("", SITE), None);
    let text = format!("{SITE}server: {{ stateDir: /srv/state }}");
    assert_eq!(
        state("/var/lib/nbu_exporter", &text),
        Some("/srv/state".into())
    );
}

#[test]
fn a_value_that_looks_like_a_variable_is_a_warning() {
    let warnings = |key: &str| {
        let config = good(&format!("nbuserver:\n  host: nbu1\n  apiKey: '{key}'\n"));
        let texts = config.warnings.iter().map(|it| {
            let hint = it.hint.as_deref().unwrap_or_default();
            format!("{:?} {}: {} ({hint})", it.line, it.at, it.message)
        });
        texts.collect::<Vec<_>>()
    };
    assert_eq!(
        warnings("$NBU1_APIKEY"),
        ["Some(3) nbuserver.apiKey: the value begins with `$` \
             (write `${NBU1_APIKEY}` if it is a variable)"]
    );
    // The rest of a key that happens to begin so is not shown.
    assert_eq!(warnings("$a-key"), [""; 0]);
}
