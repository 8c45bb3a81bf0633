//! Cipher suites and curves, by their names in Go.

use rustls::crypto::{SupportedKxGroup, ring};
use rustls::{NamedGroup, SupportedCipherSuite, version};

use crate::config::section::Section;

/// Suites of TLS 1.2 that Go supports and rustls does not.
const OTHER_SUITES: &[&str] = &[
    "TLS_RSA_WITH_AES_128_CBC_SHA",
    "TLS_RSA_WITH_AES_256_CBC_SHA",
    "TLS_RSA_WITH_AES_128_GCM_SHA256",
    "TLS_RSA_WITH_AES_256_GCM_SHA384",
    "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA",
    "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA",
    "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA",
    "TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA",
];
/// Curves that Go supports and rustls does not.
const OTHER_CURVES: &[&str] = &[
    "CurveP521",
    "X25519MLKEM768",
    "SecP256r1MLKEM768",
    "SecP384r1MLKEM1024",
];

/// The suites of TLS 1.2 in the order of the list; those of TLS 1.3 cannot be
/// chosen, as in Go. `None` if no supported suite remains.
pub(super) fn suites(section: &mut Section<'_>) -> Option<Vec<SupportedCipherSuite>> {
    let all = ring::default_provider().cipher_suites;
    let is_new = |suite: &SupportedCipherSuite| suite.version() == &version::TLS13;
    let (mut suites, old): (Vec<_>, Vec<_>) = all.into_iter().partition(is_new);
    let new_names: Vec<_> = suites.iter().map(name).collect();
    let known: Vec<_> = old.iter().map(|suite| (name(suite), *suite)).collect();
    let others = OTHER_SUITES.iter().map(|name| (*name).to_owned());
    let ignored: Vec<_> = others.chain(new_names).collect();
    let doc = "Cipher suites of TLS 1.2, the preferred first. By default all that are supported.";
    match chosen(section, "cipher_suites", doc, &known, &ignored)? {
        None => suites.extend(old),
        Some(named) => suites.extend(named),
    }
    Some(suites)
}

/// The name in Go, which also begins with `TLS_` for TLS 1.3.
fn name(suite: &SupportedCipherSuite) -> String {
    let name = format!("{:?}", suite.suite());
    name.replace("TLS13_", "TLS_")
}

/// The curves in the order of the list. `None` if no supported curve remains.
pub(super) fn groups(section: &mut Section<'_>) -> Option<Vec<&'static dyn SupportedKxGroup>> {
    let all = ring::default_provider().kx_groups;
    let known: Vec<_> = all
        .iter()
        .filter_map(|group| Some((curve(group.name())?.to_owned(), *group)))
        .collect();
    let ignored: Vec<_> = OTHER_CURVES.iter().map(|name| (*name).to_owned()).collect();
    let doc = "Curves of the key exchange. By default all that are supported.";
    let named = chosen(section, "curve_preferences", doc, &known, &ignored)?;
    Some(named.unwrap_or(all))
}

fn curve(group: NamedGroup) -> Option<&'static str> {
    match group {
        NamedGroup::X25519 => Some("X25519"),
        NamedGroup::secp256r1 => Some("CurveP256"),
        NamedGroup::secp384r1 => Some("CurveP384"),
        _ => None,
    }
}

/// The items that the list names; `None` inside for an empty or missing list.
/// Ignored names are warnings, and the outer `None` is a problem.
fn chosen<T: Copy>(
    section: &mut Section<'_>,
    key: &'static str,
    doc: &'static str,
    known: &[(String, T)],
    ignored: &[String],
) -> Option<Option<Vec<T>>> {
    let names = section.texts(key, doc).unwrap_or_default();
    if names.is_empty() {
        return Some(None);
    }
    let hint = || {
        let known: Vec<_> = known.iter().map(|(name, _)| name.as_str()).collect();
        format!("supported: {}", known.join(", "))
    };
    let (mut found, mut valid) = (Vec::new(), true);
    for name in names {
        if let Some((_, item)) = known.iter().find(|(known, _)| known == name) {
            found.push(*item);
        } else if ignored.iter().any(|ignored| ignored == name) {
            section.warning(key, format!("`{name}` is not supported"), &hint());
        } else {
            section.problem(key, format!("unknown name `{name}`"), &hint());
            valid = false;
        }
    }
    if valid && found.is_empty() {
        section.problem(key, "no supported name remains", &hint());
    }
    (valid && !found.is_empty()).then_some(Some(found))
}
