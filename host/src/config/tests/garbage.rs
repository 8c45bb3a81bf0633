//! Mangled files: each one results in a configuration or in problems, without delay and
//! without a panic.

use std::fs;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use fastrand::Rng;

use super::*;

/// Every construct of a file: maps, lists, quotes, comments, blocks, variables, anchors
/// and merges.
const WHOLE: &str = r#"# A comment, ü and all.
server: &server
  host: 127.0.0.1
  port: 9440
  uri: '/metrics'
  collectionInterval: 5m
  cacheTTL: 1h30m
  logLevel: "info"
nbuservers:
  - &site
    site: paris
    host: nbu1.example.com
    apiKey: "${NBU1_APIKEY}"
    timeouts: &patience { connect: 5s, total: 1m }
    noProxy: [10.0.0.0/8, '*.example.com']
  - { <<: *site, site: "l\u0079on", host: '::1', maxResponseBytes: 64MiB }
  - { site: oslo, host: h, apiKey: k3, timeouts: *patience }
collectors:
  jobs: { enabled: true, ask: [1, 2.5, null, ~, true] }
  perClient:
    enabled: true
    allowlist:
    - one
    - two
  text:
    enabled: false
    long: |
      several
      lines
guest:
  path: guest.wasm
  limits: { functions: 10, logSize: 1MiB }
  sha256: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa
...
"#;

const WEB: &str = r#"tls_server_config:
  cert_file: server.pem
  key_file: server.key
  client_auth_type: RequireAndVerifyClientCert
  client_ca_file: ca.pem
  min_version: TLS12
  cipher_suites: [TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256]
  curve_preferences: [X25519]
  client_allowed_sans: ['*.example.com']
http_server_config:
  http2: false
  headers: { X-Frame-Options: deny, Strict-Transport-Security: max-age=1 }
basic_auth_users:
  alice: $2y$04$abcdefghijklmnopqrstuuwGuLOHwxVWEJXKwFkgdp0fJC7ERLZ4W
rate_limit: { interval: 1s, burst: 20 }
"#;

const DOTENV: &str = "# keys\nexport NBU1_APIKEY='a key' # of paris\nTWO=\"$NBU1_APIKEY ${TWO}\\n\"\n\
    THREE=a\\ b\n\nFOUR=\n";

/// Values that are nearly numbers, sizes, durations, hosts or booleans.
const ODD: &[&str] = &[
    "99999999999999999999999999999999",
    "-1",
    "1e400",
    "-1e-400",
    "1e19s",
    "18446744073709551616ms",
    "999999999999999999999999d",
    "16777216TiB",
    "0x7fffffffffffffff",
    ".nan",
    ".inf",
    "''",
    "\"\\u0000\"",
    "\"\\uD800\"",
    "[[[[]]]]",
    "{ ? { a: b } : c }",
    "*server",
    "&server x",
    "!!binary x",
    "${NBU1_APIKEY}${",
    "${}",
    "<<",
    "[::]:99999",
    "\u{feff}",
    "\u{202e}",
    "|+2",
    ">-",
    "%",
    "@",
    "---",
    "...",
];

/// Tokens of YAML.
const SPECIAL: &[u8] = b"{}[]:,-#&*!|>'\"%@`? \t\n\r\0~$<";

fn key(name: &str) -> Option<String> {
    (name == "NBU1_APIKEY").then(|| "CaNaRy".to_owned())
}

/// Loads the text, and checks that no message shows a key.
fn read(text: &str) -> bool {
    let file = Path::new("config.yaml");
    match parse(text, file, &Overrides::default(), &key) {
        Ok(config) => {
            let shown = config.masked;
            assert!(!shown.contains("CaNaRy"), "{text}\n{shown}");
            true
        }
        Err(problems) => {
            let shown = problems.to_string();
            assert!(!problems.problems.is_empty(), "{text}");
            assert!(!shown.contains("CaNaRy"), "{text}\n{shown}");
            false
        }
    }
}

/// A few random changes of a text: bytes, words and lines.
fn mangled(whole: &str, rng: &mut Rng) -> String {
    let mut text = whole.to_owned();
    for _ in 0..rng.usize(1..4) {
        text = if rng.bool() {
            lines(&text, rng)
        } else {
            bytes(&text, rng)
        };
    }
    text
}

fn lines(text: &str, rng: &mut Rng) -> String {
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    if lines.is_empty() {
        return text.to_owned();
    }
    let (one, other) = (rng.usize(..lines.len()), rng.usize(..lines.len()));
    match rng.u8(..5) {
        0 => lines.swap(one, other),
        1 => drop(lines.remove(one)),
        2 => lines.insert(other, lines[one].clone()),
        3 => lines[one].insert_str(0, &" ".repeat(rng.usize(1..9))),
        _ => {
            let odd = ODD[rng.usize(..ODD.len())];
            let name = lines[one].split(": ").next().unwrap_or_default();
            lines[one] = format!("{name}: {odd}");
        }
    }
    lines.join("\n") + "\n"
}

fn bytes(text: &str, rng: &mut Rng) -> String {
    let mut bytes = text.as_bytes().to_vec();
    if bytes.is_empty() {
        return text.to_owned();
    }
    let at = rng.usize(..bytes.len());
    match rng.u8(..4) {
        0 => bytes[at] = rng.u8(..),
        1 => bytes[at] = SPECIAL[rng.usize(..SPECIAL.len())],
        2 => drop(bytes.remove(at)),
        _ => bytes
            .splice(at..at, rng.u32(..).to_le_bytes())
            .for_each(drop),
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[test]
fn every_truncated_configuration_is_valid_or_has_problems() {
    assert!(read(WHOLE), "{}", said(WHOLE));
    for (end, _) in WHOLE.char_indices() {
        read(&WHOLE[..end]);
    }
}

#[test]
fn a_mangled_configuration_is_valid_or_has_problems() {
    let mut rng = Rng::with_seed(1);
    let taken = (0..4000).filter(|_| read(&mangled(WHOLE, &mut rng)));
    // Otherwise only the YAML parser would have been tested.
    assert!(taken.count() > 100);
}

fn said(text: &str) -> String {
    let file = Path::new("config.yaml");
    let read = parse(text, file, &Overrides::default(), &key);
    read.err().map_or_else(String::new, |all| all.to_string())
}

/// The files that a configuration names, intact and then mangled.
fn beside(name: &str, whole: &str, config: &str, seed: u64) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("config.yaml");
    fs::write(&file, config).unwrap();
    let mut rng = Rng::with_seed(seed);
    let beginnings = whole.char_indices().map(|(end, _)| whole[..end].to_owned());
    let mangled = (0..500).map(|_| mangled(whole, &mut rng));
    for text in beginnings.chain(mangled) {
        fs::write(folder.path().join(name), &text).unwrap();
        if let Err(problems) = load(&file, &Overrides::default(), &nothing) {
            assert!(!problems.to_string().is_empty(), "{text}");
        }
    }
}

#[test]
fn a_mangled_web_configuration_is_valid_or_has_problems() {
    let config = format!("{SITE}server: {{ webConfigFile: web.yaml }}");
    beside("web.yaml", WEB, &config, 2);
}

#[test]
fn a_mangled_dotenv_is_valid_or_has_problems() {
    let config = "nbuserver: { host: nbu1, apiKey: '${NBU1_APIKEY}', domain: '${TWO}' }";
    beside(".env", DOTENV, config, 3);
}

/// Each one expands to far more than it contains.
fn bombs() -> Vec<(&'static str, String)> {
    let mut laughs = String::from("a0: &a0 [lol, lol, lol, lol, lol, lol, lol, lol, lol]\n");
    for n in 1..30 {
        let aliases = format!("*a{}, ", n - 1).repeat(9);
        laughs += &format!("a{n}: &a{n} [{aliases}]\n");
    }
    let mut merges = String::from("a0: &a0 { x0: 1, y0: 2 }\n");
    for n in 1..40 {
        let before = n - 1;
        merges += &format!("a{n}: &a{n} {{ <<: [*a{before}, *a{before}], x{n}: *a{before} }}\n");
    }
    let long = "x".repeat(100_000);
    let wide = format!("a: &a {long}\nb: [{}]\n", "*a, ".repeat(100_000));
    let anchors: String = (0..50_000).map(|n| format!("&a{n} [")).collect();
    vec![
        ("aliases of aliases", laughs),
        ("merges of merges", merges),
        ("aliases of a long text", wide),
        ("lists in lists", "[".repeat(1_000_000)),
        ("maps in maps", "{a: ".repeat(300_000)),
        ("blocks in blocks", "- ".repeat(1_000_000)),
        ("keys of keys", "? ".repeat(1_000_000)),
        ("anchors in anchors", anchors),
        (
            "aliases of themselves",
            "a: &a [*a, *a]\nb: *a\n".to_owned(),
        ),
    ]
}

#[test]
fn a_file_that_expands_beyond_memory_is_rejected_at_once() {
    for (what, text) in bombs() {
        let said = bad(&text);
        assert!(said.len() < 10_000, "{what}: {} bytes", said.len());
    }
    let laughs = bad(&bombs()[0].1);
    assert!(laughs.contains("file is larger than 8 MiB"), "{laughs}");
    let deep = bad(&"- ".repeat(1000));
    assert!(deep.contains("nested deeper than 64 levels"), "{deep}");
}

#[test]
fn very_many_keys_sites_and_problems_are_processed_in_time() {
    let keys: String = (0..30_000).map(|n| format!("key{n}: {n}\n")).collect();
    let twice: String = "key: 1\n".repeat(30_000);
    let sites: String = (0..3000)
        .map(|n| format!("- {{ site: s{n}, host: h, apiKey: k }}\n"))
        .collect();
    let (done, ended) = mpsc::channel();
    thread::spawn(move || {
        assert!(!read(&keys));
        assert!(!read(&twice));
        assert!(read(&format!("nbuservers:\n{sites}")));
        assert!(!read(&format!("{}: 1", "long".repeat(1_000_000))));
        done.send(()).unwrap();
    });
    // Quadratic work would take hours.
    ended.recv_timeout(Duration::from_secs(120)).unwrap();
}

#[test]
fn expanded_variables_are_limited_in_size() {
    let long = |_: &str| Some("x".repeat(100_000));
    let file = Path::new("config.yaml");
    let text = |times: usize| {
        format!(
            "nbuserver: {{ host: h, apiKey: k, domain: '{}' }}",
            "${LONG}".repeat(times)
        )
    };
    assert!(parse(&text(10), file, &Overrides::default(), &long).is_ok());
    let said = parse(&text(100_000), file, &Overrides::default(), &long).unwrap_err();
    assert!(
        said.to_string().contains("variable `LONG` is too long"),
        "{said}"
    );
}

#[test]
fn a_dotenv_with_exponential_expansion_is_rejected() {
    let mut dotenv = String::from("A0=0123456789\n");
    for n in 1..60 {
        dotenv += &format!("A{n}=\"$A{0} $A{0} \"\n", n - 1);
    }
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("config.yaml");
    fs::write(&file, SITE).unwrap();
    for text in [dotenv, "A=$B\n".repeat(1001), "A=b\n".repeat(20_000)] {
        fs::write(folder.path().join(".env"), text).unwrap();
        let said = load(&file, &Overrides::default(), &nothing).unwrap_err();
        assert!(said.to_string().contains("too long"), "{said}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn an_endless_file_is_rejected() {
    let folder = tempfile::tempdir().unwrap();
    let sparse = folder.path().join("sparse");
    fs::File::create(&sparse).unwrap().set_len(1 << 40).unwrap();
    for (endless, refused) in [
        (Path::new("/dev/zero"), "found a character device"),
        (&sparse, "larger than the limit of 8388608 bytes"),
    ] {
        let said = load(endless, &Overrides::default(), &nothing).unwrap_err();
        assert!(said.to_string().contains(refused), "{said}");
        let file = endless.display();
        let said = bad(&format!(
            "nbuserver: {{ host: h, apiKeyFile: {file}, caFile: {file} }}"
        ));
        assert_eq!(said.matches(refused).count(), 2, "{said}");
    }
}
