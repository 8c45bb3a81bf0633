//! Redaction of generated bundles: no word of a dictionary survives, equal names stay
//! equal, and the order stays.

use std::collections::{BTreeMap, HashSet};

use fastrand::Rng;

use super::search::found;
use super::*;

/// What names look like. `W` is a word of the dictionary.
const FORMS: [&str; 14] = [
    "W",
    "W",
    "W",
    "W1",
    "W.acme-W.test",
    "o'W",
    "W\"x",
    "C:\\W\\x",
    "/mnt/W",
    "W 50%",
    "a&W=1",
    "W\n",
    "%41W+",
    "10.0.0.1 W",
];

const KEYS: [&str; 8] = [
    "clientName",
    "policyName",
    "name",
    "hostName",
    "userName",
    "errorMessage",
    "acmeKey",
    "path",
];

/// Values that stay, with their keys.
const STAYING: [(&str, &str); 7] = [
    ("state", "\"DONE\""),
    ("startTime", "\"2025-07-01T11:00:10.000Z\""),
    ("jobId", "\"1002\""),
    ("nbuVersion", "\"10.5.0.1\""),
    ("dedupRatio", "95.50"),
    ("serialNumber", "123456789012345678901234567890"),
    ("kilobytes", "-1.5e300"),
];

struct Generator {
    random: Rng,
    words: Vec<String>,
    names: Vec<String>,
}

impl Generator {
    fn new(seed: u64) -> Self {
        let mut random = Rng::with_seed(seed);
        let mut word = || {
            let letters = ["a", "b", "K", "o", "é", "ß", "Ω", "语", "r", "t", "𝔘", "-"];
            let middle = (0..random.usize(3..7)).map(|_| letters[random.usize(..letters.len())]);
            format!("zq{}x", middle.collect::<String>())
        };
        let words: Vec<String> = (0..6).map(|_| word()).collect();
        let mut names = Vec::new();
        for _ in 0..12 {
            let word = &words[random.usize(..words.len())];
            let name = FORMS[random.usize(..FORMS.len())].replace('W', word);
            names.push(match random.u8(..4) {
                0 => name.to_uppercase(),
                1 => name.to_lowercase(),
                _ => name,
            });
        }
        Self {
            random,
            words,
            names,
        }
    }

    fn name(&mut self) -> String {
        self.names[self.random.usize(..self.names.len())].clone()
    }

    /// In quotes, with some characters escaped in some way.
    fn json(&mut self, text: &str) -> String {
        let mut out = String::from("\"");
        for character in text.chars() {
            let must = matches!(character, '"' | '\\') || character.is_control();
            if !must && self.random.u8(..4) > 0 {
                out.push(character);
            } else if matches!(character, '"' | '\\' | '/') && self.random.bool() {
                out.extend(['\\', character]);
            } else {
                for unit in character.encode_utf16(&mut [0; 2]) {
                    out.push_str(&match self.random.bool() {
                        true => format!("\\u{unit:04x}"),
                        false => format!("\\u{unit:04X}"),
                    });
                }
            }
        }
        out + "\""
    }

    /// With some characters percent-encoded that need not be.
    fn percent(&mut self, text: &str) -> String {
        let mut out = String::new();
        for byte in text.bytes() {
            let is_plain = byte.is_ascii_alphanumeric() && self.random.u8(..4) > 0;
            out.push_str(&match (is_plain, self.random.bool()) {
                (true, _) => char::from(byte).to_string(),
                (false, true) => format!("%{byte:02x}"),
                (false, false) => format!("%{byte:02X}"),
            });
        }
        out
    }

    fn member(&mut self) -> String {
        let (key, name) = (KEYS[self.random.usize(..KEYS.len())], self.name());
        let value = self.json(&name);
        match self.random.u8(..8) {
            0 => {
                let (key, value) = STAYING[self.random.usize(..STAYING.len())];
                format!("\"{key}\": {value}")
            }
            1 => format!("{}:{{{value}: 5}}", self.json("extendedAttributes")),
            2 => {
                let other = self.name();
                format!(
                    "\"capabilities\":[{value},[{}],true,-0.0]",
                    self.json(&other)
                )
            }
            3 => {
                let text = self.json(&format!("The backup of {name} failed."));
                format!("\"description\" : {text}")
            }
            4 => format!("\"id\":{}", self.json(&format!("PureDisk:{name}"))),
            5 => {
                let path = format!("/storage/storage-units/{}", self.percent(&name));
                format!("\"links\":{{\"self\":{{\"href\":{}}}}}", self.json(&path))
            }
            _ => format!("\"{key}\":{value}"),
        }
    }

    fn body(&mut self) -> String {
        let members: Vec<String> = (0..self.random.usize(1..6))
            .map(|_| self.member())
            .collect();
        let name = self.name();
        let next = self.json(&name);
        let rows = format!("{{\"attributes\":{{{}}}}}", members.join(", "));
        let body =
            format!("{{\"data\":[{rows}],\"meta\":{{\"pagination\":{{\"next\":{next}}}}}}}\n");
        match self.random.u8(..10) {
            0 => format!("<html>{name}</html>"),
            1 => body[..body.len() - 3].to_owned(),
            _ => body,
        }
    }

    fn path(&mut self) -> String {
        let name = self.name();
        let value = self.percent(&name);
        match self.random.u8(..5) {
            0 => format!("/netbackup/admin/jobs?page%5Bafter%5D={value}"),
            1 => format!("/netbackup/storage/storage-units/{value}?sort=name"),
            2 => {
                let filter = format!("clientName eq '{}'", name.replace('\'', "''"));
                format!("/netbackup/admin/jobs?filter={}", self.percent(&filter))
            }
            3 => format!("/{value}/x?{value}=5&clientName={value}"),
            _ => format!("https://{}:1556/{value}", self.percent(&name)),
        }
    }

    fn bundle(&mut self) -> Bundle {
        let mut exchanges = Vec::new();
        for _ in 0..self.random.usize(1..5) {
            let (path, body) = (self.path(), self.body());
            let mut exchange = exchange(&path, &body);
            let headers = &mut exchange.request.headers;
            headers.accept = Some(format!("application/{}", self.name()));
            if let Some(response) = &mut exchange.response {
                response.headers.retry_after = Some(self.name());
                response.headers.api_version = Some(self.name());
            }
            exchanges.push(exchange);
        }
        let (first, second, third) = (self.name(), self.name(), self.name());
        let (first, second) = (self.json(&first), self.json(&second));
        let options = format!("{{\"allowlist\":[{first}],\"overlap\":\"5m\",\"x\":{second}}}");
        let escaped = third
            .replace('\\', "\\\\")
            .replace('"', "\\\"")
            .replace('\n', "\\n");
        let report = format!(
            "# HELP a b\na{{site=\"{escaped}\",state=\"DONE\"}} 1.50\nb{{client=\"{escaped}\"}} 2e9\n"
        );
        let mut bundle = bundle(exchanges, &options, &report);
        bundle.settings.site = third;
        bundle
    }
}

/// The texts in quotes, decoded, and everything between them.
fn texts(text: &str) -> (Vec<String>, String) {
    let (mut found, mut between) = (Vec::new(), String::new());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('"') {
        let mut is_escaped = false;
        let end = after.find(|c| {
            let is_end = c == '"' && !is_escaped;
            is_escaped = c == '\\' && !is_escaped;
            is_end
        });
        let (inner, after) = after.split_at(end.unwrap_or(after.len()));
        found.push(serde_json::from_str(&format!("\"{inner}\"")).unwrap());
        between.push_str(before);
        rest = after.strip_prefix('"').unwrap_or(after);
    }
    (found, between + rest)
}

/// The decoded parts of a path with a query.
fn parts(path_and_query: &str) -> Vec<String> {
    let raw = path_and_query.split(['/', '?', '&', '=']);
    let decoded = raw.map(decode::query);
    let values = decoded.map(|part| match part.strip_prefix("clientName eq '") {
        Some(value) => value.trim_end_matches('\'').replace("''", "'"),
        None => part,
    });
    values.collect()
}

/// Pairs of a text of the bundle and its replacement, in the same place.
fn pairs(before: &Bundle, after: &Bundle) -> Vec<(String, String)> {
    let mut all = vec![(before.settings.site.clone(), after.settings.site.clone())];
    let [first, second] = [before, after].map(|it| &it.collections[0]);
    let mut documents = vec![(first.report.clone(), second.report.clone())];
    let collectors = before
        .settings
        .collectors
        .iter()
        .zip(&after.settings.collectors);
    documents.extend(collectors.map(|(a, b)| (a.options.clone(), b.options.clone())));
    for (a, b) in first.exchanges.iter().zip(&second.exchanges) {
        all.extend(
            parts(&a.request.path_and_query)
                .into_iter()
                .zip(parts(&b.request.path_and_query)),
        );
        let body = |exchange: &Exchange| {
            let response = exchange.response.as_ref().unwrap();
            String::from_utf8(response.body.0.clone()).unwrap()
        };
        if serde_json::from_str::<serde_json::Value>(&body(a)).is_ok() {
            documents.push((body(a), body(b)));
        }
    }
    for (a, b) in documents {
        let ((a, between_a), (b, between_b)) = (texts(&a), texts(&b));
        assert_eq!(between_a, between_b, "numbers and structure stay");
        assert_eq!(a.len(), b.len());
        all.extend(a.into_iter().zip(b));
    }
    all
}

fn check(seed: u64) {
    let mut generator = Generator::new(seed);
    let bundle = generator.bundle();
    let redacted = redact(&bundle, &Redaction::default());
    let text = serde_json::to_string(&redacted).unwrap();
    let survivors = found(&text, &generator.words);
    assert!(survivors.is_empty(), "seed {seed}: {survivors:?} in {text}");
    let names: HashSet<&String> = generator.names.iter().collect();
    let mut pseudonyms: BTreeMap<String, String> = BTreeMap::new();
    for (name, pseudonym) in pairs(&bundle, &redacted) {
        let stays = STAYING
            .iter()
            .any(|(_, value)| value.trim_matches('"') == name);
        assert!(!stays || name == pseudonym, "seed {seed}: {name}");
        if names.contains(&name) {
            let known = pseudonyms.entry(name.clone()).or_insert(pseudonym.clone());
            assert_eq!(*known, pseudonym, "seed {seed}: {name:?}");
        }
    }
    // An id of two parts keeps the order of each part.
    pseudonyms.retain(|_, pseudonym| !pseudonym.contains(':'));
    for (name, pseudonym) in &pseudonyms {
        for (other, its) in &pseudonyms {
            let both = format!("seed {seed}: {name:?} {pseudonym}, {other:?} {its}");
            assert_eq!(name.cmp(other), pseudonym.cmp(its), "{both}");
            let lower = name.to_lowercase().cmp(&other.to_lowercase());
            let its = pseudonym.to_lowercase().cmp(&its.to_lowercase());
            assert_eq!(lower, its, "{both}");
        }
    }
}

#[test]
fn redaction_holds_over_generated_bundles() {
    (0..500).for_each(check);
}

/// For `make verify`.
#[test]
#[ignore = "takes a minute"]
fn redaction_holds_over_100_000_generated_bundles() {
    (0..100_000).for_each(check);
}
