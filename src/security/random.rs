//! Randomness from the operating system, in the shapes that ids and secrets have.

use app::{
    error::QuadError,
    model::{Epoch, UserId},
};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};

const DIGITS: &[u8; 36] = b"0123456789abcdefghijklmnopqrstuvwxyz";

/// `N` random bytes. Errors: `internal` where the operating system has none, which the log says.
pub fn bytes<const N: usize>() -> Result<[u8; N], QuadError> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|error| {
        tracing::error!(%error, "the operating system gives no random bytes");
        QuadError::Internal
    })?;
    Ok(bytes)
}

/// An id that nobody can guess and that is never made twice: 128 random bits, base64url.
pub fn id() -> Result<String, QuadError> {
    Ok(BASE64_URL_SAFE_NO_PAD.encode(bytes::<16>()?))
}

/// The name of a new history.
pub fn epoch() -> Result<Epoch, QuadError> {
    Ok(Epoch::from(BASE64_URL_SAFE_NO_PAD.encode(bytes::<9>()?)))
}

/// The id of a new person: a digit and fifteen characters of base 36, 80 random bits.
pub fn user_id() -> Result<UserId, QuadError> {
    // 128 bits are folded into 80, so no id is likelier than another by more than 2^-47.
    let mut rest = u128::from_le_bytes(bytes()?);
    let mut draw = |base: u128| {
        let digit = DIGITS[(rest % base) as usize];
        rest /= base;
        char::from(digit)
    };
    let id: String = std::iter::once(draw(10))
        .chain((0..15).map(|_| draw(36)))
        .collect();
    id.parse().map_err(|_| QuadError::Internal)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn user_ids_are_ids_and_differ() {
        let ids: std::collections::HashSet<_> = (0..1000).map(|_| user_id().unwrap()).collect();
        assert_eq!(ids.len(), 1000);
        assert!(ids.iter().all(|id| id.as_str().len() == 16));
    }

    #[test]
    fn ids_and_epochs_are_base64url() {
        let (id, epoch) = (id().unwrap(), epoch().unwrap());
        assert_eq!((id.len(), epoch.as_str().len()), (22, 12));
        let safe = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
        assert!(id.chars().chain(epoch.as_str().chars()).all(safe));
    }
}
