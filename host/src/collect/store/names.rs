//! Encodes site and collector names as file names.

use sha2::{Digest, Sha256};

/// Longer names are truncated and made unique by a digest. File systems allow 255
/// bytes.
const LONGEST: usize = 100;

/// Keeps letters, digits, `-`, `_` and inner dots; encodes all other bytes as `%XX`.
/// So no name contains a separator, starts with a dot, or equals another one.
pub(super) fn escaped(name: &str) -> String {
    let mut escaped = String::with_capacity(name.len());
    for (at, byte) in name.bytes().enumerate() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' => escaped.push(byte.into()),
            b'.' if at > 0 => escaped.push('.'),
            _ => escaped += &format!("%{byte:02X}"),
        }
    }
    if escaped.len() > LONGEST {
        escaped.truncate(LONGEST);
        // `~` does not occur in encoded names.
        escaped.push('~');
        escaped += &base16ct::lower::encode_string(&Sha256::digest(name));
    }
    escaped
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn ordinary_names_stay_readable() {
        for name in ["paris", "nbu1.example.com", "per-client", "A_1"] {
            assert_eq!(escaped(name), name);
        }
        assert_eq!(escaped("münchen 2"), "m%C3%BCnchen%202");
    }

    #[test]
    fn no_name_leaves_its_directory_or_is_hidden() {
        let long = "/".repeat(5000);
        for name in [
            "..",
            ".",
            ".lock",
            "../../etc/passwd",
            "a/b",
            "a\0b",
            "\n",
            &long,
        ] {
            let escaped = escaped(name);
            assert!(!escaped.contains(['/', '\0', '\n']), "{escaped}");
            assert!(!escaped.starts_with('.'), "{escaped}");
            assert!(escaped.len() <= LONGEST + 1 + 64, "{escaped}");
        }
    }

    #[test]
    fn different_names_are_different_files() {
        let (long, longer) = ("x".repeat(LONGEST), "x".repeat(LONGEST + 1));
        let cut = escaped(&longer);
        let (space, escape) = ("a b", "a%20b");
        let names = [
            space,
            escape,
            "a%2520b",
            "a_b",
            "a",
            "a.",
            ".a",
            "%2Ea",
            "A",
            &long,
            &longer,
            &cut,
            "paris/jobs",
            "paris%2Fjobs",
            "~",
            "",
        ];
        let files: HashSet<_> = names.iter().map(|name| escaped(name)).collect();
        assert_eq!(files.len(), names.len());
    }
}
