//! Passwords: slow to guess at, and never on the threads that serve everybody else.
//!
//! The parameters are the ones that OWASP recommends for Argon2id: 19 MiB, two passes, one lane
//! (<https://cheatsheetseries.owasp.org/cheatsheets/Password_Storage_Cheat_Sheet.html>).

use std::{num::NonZero, sync::Arc, thread};

use app::error::QuadError;
use argon2::{
    Algorithm, Argon2, Params, PasswordHash, PasswordHasher, PasswordVerifier, Version,
    password_hash,
};
use tokio::sync::Semaphore;

use crate::{
    meters::METERS,
    validate::password::{is_common, nfc},
};

const MEMORY_KIB: u32 = 19_456;
const PASSES: u32 = 2;
const LANES: u32 = 1;

/// How many may wait for each one that runs. A hash takes some 20 ms, so the last of them waits
/// about a second.
const WAITING_FOR_EACH: usize = 32;

/// What the password of a person who does not exist is compared with: no password hashes to it,
/// and it has the parameters of every other hash, so that it takes as long.
const NOBODYS_HASH: &str = "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$\
                            AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/// Hashes and compares passwords, a bounded number at a time: each takes a core and 19 MiB.
#[derive(Debug, Clone)]
pub struct Passwords {
    /// Everybody who runs or waits. Whoever finds no place is turned away at once.
    places: Arc<Semaphore>,
    /// Those who run.
    running: Arc<Semaphore>,
}

/// Whether a password belongs to a hash.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It does not.
    Wrong,
    /// It does.
    Right,
    /// It does, but the hash was made of the password as it was typed, and not of its NFC. It is to
    /// be hashed again.
    RightAsTyped,
}

impl Verdict {
    /// Whether it belongs to the hash in one way or the other.
    pub fn is_right(self) -> bool {
        self != Self::Wrong
    }
}

impl Default for Passwords {
    /// As many at once as there are cores.
    fn default() -> Self {
        let cores = thread::available_parallelism().map_or(1, NonZero::get);
        Self::new(cores, cores * WAITING_FOR_EACH)
    }
}

impl Passwords {
    /// Runs at most `running` at once, and lets at most `waiting` more wait for their turn.
    pub fn new(running: usize, waiting: usize) -> Self {
        Self {
            places: Arc::new(Semaphore::new(running + waiting)),
            running: Arc::new(Semaphore::new(running)),
        }
    }

    /// The hash to store, a PHC string with a salt of its own. Errors: 429 where too many wait.
    pub async fn hash(&self, password: String) -> Result<String, QuadError> {
        self.run(move || {
            let hash: PasswordHash = argon2()?.hash_password(nfc(&password).as_bytes())?;
            Ok(hash.to_string())
        })
        .await
    }

    /// Whether the password belongs to the hash. Without a hash, because there is no such person,
    /// it says no after just as long. Errors: 429 where too many wait.
    pub async fn verify(
        &self,
        password: String,
        hash: Option<String>,
    ) -> Result<Verdict, QuadError> {
        self.run(move || {
            let known = hash.is_some();
            let hash = PasswordHash::new(hash.as_deref().unwrap_or(NOBODYS_HASH))?;
            let composed = nfc(&password);
            Ok(if belongs(&composed, &hash)? && known {
                Verdict::Right
            } else if composed != password && belongs(&password, &hash)? && known {
                Verdict::RightAsTyped
            } else {
                Verdict::Wrong
            })
        })
        .await
    }

    /// Whether a new password is one of the first that somebody would guess, being so called.
    /// Errors: 429 where too many wait.
    pub async fn is_common(&self, password: String, own: Vec<String>) -> Result<bool, QuadError> {
        self.run(move || {
            let own: Vec<&str> = own.iter().map(String::as_str).collect();
            Ok(is_common(&password, &own))
        })
        .await
    }

    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> password_hash::Result<T> + Send + 'static,
    ) -> Result<T, QuadError> {
        let place = Arc::clone(&self.places)
            .try_acquire_owned()
            .map_err(|_| QuadError::TooManyRequests { retry_after: 1 })?;
        let turn = Arc::clone(&self.running)
            .acquire_owned()
            .await
            .map_err(|_| QuadError::Internal)?;
        let done = tokio::task::spawn_blocking(move || {
            // The work cannot be interrupted, so the permits live as long as it does, not as long
            // as whoever asked for it.
            let _held = (place, turn);
            work()
        });
        match done.await {
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(error)) => {
                tracing::error!(%error, "a password could not be hashed");
                Err(QuadError::Internal)
            }
            Err(error) => {
                tracing::error!(%error, "hashing a password was cut short");
                Err(QuadError::Internal)
            }
        }
    }
}

fn belongs(password: &str, hash: &PasswordHash) -> password_hash::Result<bool> {
    let answer = argon2()?.verify_password(password.as_bytes(), hash);
    // Counted once it was done, so that nobody can count without doing it.
    METERS.password_checks.increment(1);
    match answer {
        Ok(()) => Ok(true),
        Err(password_hash::Error::PasswordInvalid) => Ok(false),
        Err(error) => Err(error),
    }
}

fn argon2() -> password_hash::Result<Argon2<'static>> {
    let params = Params::new(MEMORY_KIB, PASSES, LANES, None)?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_password_belongs_to_its_own_hash_only() {
        let passwords = Passwords::default();
        let hash = passwords.hash("correct horse".into()).await.unwrap();
        assert!(
            hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"),
            "{hash}"
        );
        for (password, verdict) in [
            ("correct horse", Verdict::Right),
            ("wrong horse", Verdict::Wrong),
        ] {
            let found = passwords.verify(password.into(), Some(hash.clone())).await;
            assert_eq!(found, Ok(verdict));
        }
        assert_ne!(
            passwords.hash("correct horse".into()).await.unwrap(),
            hash,
            "salted"
        );
    }

    /// That it is really computed for nobody too, the server's own count of comparisons shows:
    /// a test of logging in looks at it.
    #[tokio::test]
    async fn nobody_has_no_password_and_a_hash_that_takes_as_long() {
        let passwords = Passwords::default();
        let verdict = passwords.verify(String::new(), None).await;
        assert_eq!(verdict, Ok(Verdict::Wrong));
        let somebodys = passwords.hash("x".into()).await.unwrap();
        let (nobodys, somebodys) = (
            PasswordHash::new(NOBODYS_HASH).unwrap(),
            PasswordHash::new(&somebodys).unwrap(),
        );
        assert_eq!(nobodys.algorithm, somebodys.algorithm);
        assert_eq!(nobodys.version, somebodys.version);
        assert_eq!(nobodys.params, somebodys.params);
    }

    /// What was stored before passwords were hashed in NFC.
    fn hash_as_typed(password: &str) -> String {
        let hash: PasswordHash = argon2()
            .unwrap()
            .hash_password(password.as_bytes())
            .unwrap();
        hash.to_string()
    }

    #[tokio::test]
    async fn composed_and_decomposed_letters_are_the_same_password() {
        let passwords = Passwords::default();
        let (composed, decomposed) = ("caf\u{e9} solo", "cafe\u{301} solo");
        let hash = passwords.hash(decomposed.into()).await.unwrap();
        for typed in [composed, decomposed] {
            let found = passwords.verify(typed.into(), Some(hash.clone())).await;
            assert_eq!(found, Ok(Verdict::Right));
        }
        let old = hash_as_typed(decomposed);
        let found = passwords.verify(decomposed.into(), Some(old.clone())).await;
        assert_eq!(found, Ok(Verdict::RightAsTyped));
        let found = passwords.verify("cafe solo".into(), Some(old)).await;
        assert_eq!(found, Ok(Verdict::Wrong));
    }

    #[tokio::test]
    async fn a_broken_hash_is_our_fault_and_says_no_more() {
        let broken = Passwords::default()
            .verify("x".into(), Some("plain".into()))
            .await;
        assert_eq!(broken, Err(QuadError::Internal));
    }

    #[tokio::test]
    async fn who_finds_no_place_is_turned_away_at_once() {
        let passwords = Passwords::new(1, 1);
        let calls = (0..5).map(|_| passwords.verify("x".into(), None));
        let answers = futures_util::future::join_all(calls).await;
        let served = answers.iter().filter(|answer| answer.is_ok()).count();
        assert_eq!(served, 2);
        assert!(answers.contains(&Err(QuadError::TooManyRequests { retry_after: 1 })));
        assert!(
            passwords.verify("x".into(), None).await.is_ok(),
            "places are given back"
        );
    }
}
