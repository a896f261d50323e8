//! Cursors of lists that are read in pages. A cursor holds the place where a page ended. It is
//! encrypted, because that place may be something that its reader is not to know, such as the name
//! of a private room; and it is bound to one list, so that a cursor of another list is refused.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use ring::{
    aead::{Aad, CHACHA20_POLY1305, LessSafeKey, NONCE_LEN, Nonce, UnboundKey},
    hmac,
};

/// Places are padded to a multiple of this many bytes, so that the length of a cursor does not tell
/// how long a name is.
const BLOCK: usize = 64;
/// Longer cursors, in characters, are not looked at.
const LONGEST: usize = 512;

/// Seals and opens the cursors of this instance.
pub struct Cursors {
    seal: LessSafeKey,
    nonces: hmac::Key,
}

impl Cursors {
    /// With the instance's secret.
    pub fn new(secret: &[u8]) -> Option<Self> {
        let root = hmac::Key::new(hmac::HMAC_SHA256, secret);
        let seal = hmac::sign(&root, b"seal");
        let nonces = hmac::sign(&root, b"nonces");
        Some(Self {
            seal: LessSafeKey::new(UnboundKey::new(&CHACHA20_POLY1305, seal.as_ref()).ok()?),
            nonces: hmac::Key::new(hmac::HMAC_SHA256, nonces.as_ref()),
        })
    }

    /// The cursor of a place in a list. The same place always has the same cursor, so that a link
    /// stays the same.
    pub fn seal(&self, list: &str, place: &str) -> Option<String> {
        // Made from what is sealed, a nonce only comes twice for the same place.
        let made = hmac::sign(&self.nonces, format!("{list}\0{place}").as_bytes());
        let nonce: [u8; NONCE_LEN] = made.as_ref().get(..NONCE_LEN)?.try_into().ok()?;
        let mut sealed = place.as_bytes().to_vec();
        sealed.resize(place.len().div_ceil(BLOCK).max(1) * BLOCK, 0);
        self.seal
            .seal_in_place_append_tag(
                Nonce::assume_unique_for_key(nonce),
                Aad::from(list.as_bytes()),
                &mut sealed,
            )
            .ok()?;
        Some(BASE64_URL_SAFE_NO_PAD.encode([&nonce[..], &sealed].concat()))
    }

    /// The place that a cursor holds, if it was sealed here and for this list.
    pub fn open(&self, list: &str, cursor: &str) -> Option<String> {
        if cursor.len() > LONGEST {
            return None;
        }
        let mut bytes = BASE64_URL_SAFE_NO_PAD.decode(cursor).ok()?;
        let (nonce, sealed) = bytes.split_at_mut_checked(NONCE_LEN)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
        let place = self
            .seal
            .open_in_place(nonce, Aad::from(list.as_bytes()), sealed)
            .ok()?;
        let place = std::str::from_utf8(place).ok()?;
        Some(place.trim_end_matches('\0').to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cursors() -> Cursors {
        Cursors::new(&[7; 32]).unwrap()
    }

    #[test]
    fn a_cursor_is_opened_by_the_list_that_it_belongs_to_and_by_no_other() {
        let cursors = cursors();
        let cursor = cursors.seal("rooms of ana", "secret-plans").unwrap();
        let opened = cursors.open("rooms of ana", &cursor);
        assert_eq!(opened.as_deref(), Some("secret-plans"));
        assert_eq!(
            cursors.seal("rooms of ana", "secret-plans"),
            Some(cursor.clone())
        );
        assert_eq!(cursors.open("rooms of bob", &cursor), None);
        let others = Cursors::new(&[8; 32]).unwrap();
        assert_eq!(others.open("rooms of ana", &cursor), None);
    }

    #[test]
    fn nothing_can_be_read_from_a_cursor() {
        let cursors = cursors();
        let [short, long] = ["a", &"b".repeat(40)].map(|place| cursors.seal("l", place).unwrap());
        assert_eq!(short.len(), long.len(), "nor how long the place is");
        let bytes = BASE64_URL_SAFE_NO_PAD.decode(&long).unwrap();
        assert!(!bytes.windows(4).any(|part| part == b"bbbb"));
        let beyond = "c".repeat(100);
        let cursor = cursors.seal("l", &beyond).unwrap();
        assert_eq!(cursors.open("l", &cursor), Some(beyond));
    }

    #[test]
    fn what_was_changed_cut_off_or_made_up_is_refused() {
        let cursors = cursors();
        let cursor = cursors.seal("l", "place").unwrap();
        for at in 0..cursor.len() {
            let mut changed = cursor.clone().into_bytes();
            changed[at] = if changed[at] == b'A' { b'B' } else { b'A' };
            let changed = String::from_utf8(changed).unwrap();
            assert_eq!(cursors.open("l", &changed), None, "{changed}");
            assert_eq!(cursors.open("l", &cursor[..at]), None);
        }
        let long = "A".repeat(100_000);
        for wrong in [
            "",
            "7",
            "place",
            "1790000000000_0abcdefg.1",
            "ä",
            "=",
            &long,
        ] {
            assert_eq!(cursors.open("l", wrong), None, "{wrong}");
        }
    }
}
