//! Basic authentication against bcrypt hashes.
//!
//! bcrypt is slow on purpose. So it runs away from the threads that answer
//! others, on some of the processors at most, and a password that was right once
//! is recognised by a digest from then on.

use std::fmt;
use std::str::FromStr;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::available_parallelism;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use http::header::{AUTHORIZATION, HeaderMap};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use tokio::sync::Semaphore;
use zeroize::Zeroizing;

/// Who may ask.
pub struct Users {
    users: Vec<User>,
    /// How many hashes are computed at once.
    workers: Arc<Semaphore>,
}

struct User {
    name: String,
    hash: Hash,
    /// Of the password that was right.
    verified: Mutex<Option<[u8; 32]>>,
}

/// A bcrypt hash of a password, well-formed.
#[derive(Clone)]
pub struct Hash(String);

impl Hash {
    /// Takes `$2y$10$…` as `htpasswd -nBC 10 ""` prints it, and nothing else.
    pub fn new(text: &str) -> Option<Self> {
        let text = text.trim();
        let sound = text.len() == 60 && bcrypt::HashParts::from_str(text).is_ok();
        sound.then(|| Self(text.to_owned()))
    }

    /// The binary logarithm of the rounds it takes.
    pub fn cost(&self) -> u32 {
        bcrypt::HashParts::from_str(&self.0).map_or(0, |parts| parts.get_cost())
    }
}

impl Default for Users {
    fn default() -> Self {
        Self::new([])
    }
}

impl Users {
    /// These users and no other; without any, nobody is asked who he is.
    pub fn new(users: impl IntoIterator<Item = (String, Hash)>) -> Self {
        let user = |(name, hash)| User {
            name,
            hash,
            verified: Mutex::new(None),
        };
        let processors = available_parallelism().map_or(1, usize::from);
        Self {
            users: users.into_iter().map(user).collect(),
            workers: Arc::new(Semaphore::new((processors / 2).max(1))),
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.users.is_empty()
    }

    /// Whether the request may be answered.
    pub(super) async fn admit(&self, headers: &HeaderMap) -> bool {
        if self.users.is_empty() {
            return true;
        }
        match credentials(headers) {
            Some(given) => self.check(&given).await,
            None => false,
        }
    }

    async fn check(&self, given: &Credentials) -> bool {
        let known = self.users.iter().find(|user| user.name == given.name);
        // Somebody unknown is checked against the hash of somebody known, so that
        // the time it takes does not tell who is known.
        let user = known.unwrap_or_else(|| self.stand_in(&given.name));
        let digest = user.digest(&given.password);
        if known.is_some() && user.remembers(&digest) {
            return true;
        }
        let right = self.verify(user.hash.clone(), &given.password).await;
        let admitted = right && known.is_some();
        if admitted {
            user.remember(digest);
        }
        admitted
    }

    /// The same for the same name each time, as a known one's would be.
    fn stand_in(&self, name: &str) -> &User {
        let chosen = Sha256::digest(name)[0];
        &self.users[usize::from(chosen) % self.users.len()]
    }

    async fn verify(&self, hash: Hash, password: &[u8]) -> bool {
        let Ok(worker) = Arc::clone(&self.workers).acquire_owned().await else {
            // The semaphore is never closed.
            return false;
        };
        let password = Zeroizing::new(password.to_vec());
        let verify = move || {
            // Held to the end even when the client has gone meanwhile.
            let _worker = worker;
            bcrypt::verify(&*password, &hash.0).unwrap_or(false)
        };
        tokio::task::spawn_blocking(verify).await.unwrap_or(false)
    }
}

impl User {
    /// The hash stands first as a salt that nobody outside knows.
    fn digest(&self, password: &[u8]) -> [u8; 32] {
        let digest = Sha256::new().chain_update(&self.hash.0);
        digest.chain_update(password).finalize().into()
    }

    fn remembers(&self, digest: &[u8; 32]) -> bool {
        let verified = self.verified.lock();
        let verified = verified.unwrap_or_else(PoisonError::into_inner);
        verified.is_some_and(|right| right.ct_eq(digest).into())
    }

    /// One password a user, so that this never grows.
    fn remember(&self, digest: [u8; 32]) {
        let verified = self.verified.lock();
        *verified.unwrap_or_else(PoisonError::into_inner) = Some(digest);
    }
}

/// Who says that he is who, and by what.
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

impl fmt::Debug for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Hash")
    }
}
