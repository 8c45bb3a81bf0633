//! bcrypt hashes of passwords.

use std::fmt;
use std::str::FromStr;

/// A well-formed bcrypt hash of a password.
#[derive(Clone)]
pub struct Hash(pub(super) String);

impl Hash {
    /// Accepts only a hash such as `$2y$10$…`, as `htpasswd -nBC 10 ""` prints it.
    pub fn new(text: &str) -> Option<Self> {
        let text = text.trim();
        let sound = text.len() == 60 && bcrypt::HashParts::from_str(text).is_ok();
        sound.then(|| Self(text.to_owned()))
    }

    /// The binary logarithm of the number of rounds.
    pub fn cost(&self) -> u32 {
        bcrypt::HashParts::from_str(&self.0).map_or(0, |parts| parts.get_cost())
    }

    /// Takes the time that the cost determines.
    pub(super) fn is_of(&self, password: &[u8]) -> bool {
        bcrypt::verify(password, &self.0).unwrap_or(false)
    }
}

impl fmt::Debug for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Hash")
    }
}
