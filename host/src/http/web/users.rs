//! Basic authentication against bcrypt hashes.
//!
//! bcrypt is slow on purpose, and checks wait in a queue. A password that was right
//! once is recognised by a digest, without waiting.

use std::fmt;
use std::sync::{Mutex, PoisonError};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use http::header::{AUTHORIZATION, HeaderMap};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use super::checks::{Checks, PasswordCheck};
use super::hash::Hash;
use crate::http::peer::Peer;

/// The users of the web server.
pub struct Users {
    users: Vec<User>,
    checks: Checks,
}

struct User {
    name: String,
    hash: Hash,
    /// The digest of the right password, once it was given.
    verified: Mutex<Option<[u8; 32]>>,
}

impl Default for Users {
    fn default() -> Self {
        Self::new([])
    }
}

impl Users {
    /// Without users, no password is required.
    pub fn new(users: impl IntoIterator<Item = (String, Hash)>) -> Self {
        let user = |(name, hash)| User {
            name,
            hash,
            verified: Mutex::new(None),
        };
        Self {
            users: users.into_iter().map(user).collect(),
            checks: Checks::default(),
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.users.is_empty()
    }

    /// Keeps the verified passwords of `earlier` for the users with the same hash.
    pub fn remember_those_of(&self, earlier: &Self) {
        for user in &self.users {
            let same = |known: &&User| known.name == user.name && known.hash.0 == user.hash.0;
            let digest = earlier.users.iter().find(same).and_then(User::verified);
            if let Some(digest) = digest {
                user.remember(digest);
            }
        }
    }

    /// Whether the request may be answered.
    pub(super) async fn admit(&self, peer: Peer, headers: &HeaderMap) -> PasswordCheck {
        if self.users.is_empty() {
            return PasswordCheck::Accepted;
        }
        match credentials(headers) {
            Some(given) => self.check(peer, &given).await,
            None => PasswordCheck::Rejected,
        }
    }

    async fn check(&self, peer: Peer, given: &Credentials) -> PasswordCheck {
        let known = self.users.iter().find(|user| user.name == given.name);
        // An unknown user is checked against the hash of a known one, so that the time
        // does not show whether the user exists.
        let user = known.unwrap_or_else(|| self.decoy(&given.name));
        let digest = user.digest(&given.password);
        if known.is_some() && user.remembers(&digest) {
            return PasswordCheck::Accepted;
        }
        let hash = user.hash.clone();
        let verdict = self.checks.verify(peer, hash, &given.password).await;
        if verdict == PasswordCheck::Accepted && known.is_none() {
            return PasswordCheck::Rejected;
        }
        if verdict == PasswordCheck::Accepted {
            user.remember(digest);
        }
        verdict
    }

    /// Rejects a wrong password without delay.
    #[cfg(test)]
    pub(super) fn without_delay(mut self) -> Self {
        self.checks = Checks::without_delay();
        self
    }

    /// Takes all slots of an address until they are dropped.
    #[cfg(test)]
    pub(super) fn fill(&self, address: std::net::IpAddr) -> Vec<impl Sized + use<>> {
        self.checks.fill(address.into())
    }

    /// Number of users whose password was verified.
    #[cfg(test)]
    pub(super) fn remembered(&self) -> usize {
        self.users.iter().filter_map(User::verified).count()
    }

    /// Always the same user for the same name.
    fn decoy(&self, name: &str) -> &User {
        let chosen = Sha256::digest(name)[0];
        &self.users[usize::from(chosen) % self.users.len()]
    }
}

impl User {
    /// The hash is a secret salt of the digest.
    fn digest(&self, password: &[u8]) -> [u8; 32] {
        let digest = Sha256::new().chain_update(&self.hash.0);
        digest.chain_update(password).finalize().into()
    }

    fn remembers(&self, digest: &[u8; 32]) -> bool {
        self.verified()
            .is_some_and(|right| right.ct_eq(digest).into())
    }

    fn verified(&self) -> Option<[u8; 32]> {
        let verified = self.verified.lock();
        *verified.unwrap_or_else(PoisonError::into_inner)
    }

    /// One password for each user, so this does not grow.
    fn remember(&self, digest: [u8; 32]) {
        let verified = self.verified.lock();
        *verified.unwrap_or_else(PoisonError::into_inner) = Some(digest);
    }
}

/// User name and password of a request.
struct Credentials {
    name: String,
    password: Zeroizing<Vec<u8>>,
}

fn credentials(headers: &HeaderMap) -> Option<Credentials> {
    let (scheme, encoded) = headers.get(AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let text = Zeroizing::new(BASE64_STANDARD.decode(encoded.trim()).ok()?);
    let colon = text.iter().position(|&byte| byte == b':')?;
    Some(Credentials {
        name: String::from_utf8(text[..colon].to_vec()).ok()?,
        password: Zeroizing::new(text[colon + 1..].to_vec()),
    })
}

impl fmt::Debug for Users {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = self.users.iter().map(|user| &user.name);
        f.debug_set().entries(names).finish()
    }
}
