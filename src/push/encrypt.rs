//! What a push service carries and cannot read: one record of `aes128gcm` (RFC 8188) whose key
//! only the browser and we can make (RFC 8291).

use ring::{
    aead::{AES_128_GCM, Aad, LessSafeKey, Nonce, UnboundKey},
    agreement::{ECDH_P256, EphemeralPrivateKey, UnparsedPublicKey, agree_ephemeral},
    error::Unspecified,
    hkdf::{HKDF_SHA256, KeyType, Salt},
    rand::{SecureRandom, SystemRandom},
};

/// The length of a point, uncompressed.
const POINT: usize = 65;
/// The length of a salt.
const SALT: usize = 16;
/// What the header says about the length of records. There is never more than one.
const RECORD: u32 = 4096;
/// The longest text that fits into the one record, and so into what every push service takes.
const LONGEST: usize = RECORD as usize - (SALT + 4 + 1 + POINT) - 1 - 16;

/// What a browser tells about itself when it subscribes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receiver {
    /// Its public key, `p256dh`.
    pub public: [u8; POINT],
    /// The secret that it shares with us, `auth`.
    pub auth: [u8; 16],
}

/// The text is too long, or the receiver's key is no point of the curve.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("this cannot be encrypted")]
pub struct CannotEncrypt;

impl From<Unspecified> for CannotEncrypt {
    fn from(_: Unspecified) -> Self {
        Self
    }
}

/// The body of a push that `receiver` alone can read. Every call makes a key pair and a salt.
pub fn encrypt(receiver: &Receiver, text: &[u8]) -> Result<Vec<u8>, CannotEncrypt> {
    let random = SystemRandom::new();
    let private = EphemeralPrivateKey::generate(&ECDH_P256, &random)?;
    let public = private.compute_public_key()?;
    let sender: [u8; POINT] = public.as_ref().try_into().map_err(|_| CannotEncrypt)?;
    let mut salt = [0; SALT];
    random.fill(&mut salt)?;
    let theirs = UnparsedPublicKey::new(&ECDH_P256, &receiver.public);
    agree_ephemeral(private, &theirs, |agreed| {
        seal(receiver, &sender, agreed, salt, text)
    })?
}

/// Everything after the key agreement, which is where randomness ends.
fn seal(
    receiver: &Receiver,
    sender: &[u8; POINT],
    agreed: &[u8],
    salt: [u8; SALT],
    text: &[u8],
) -> Result<Vec<u8>, CannotEncrypt> {
    if text.len() > LONGEST {
        return Err(CannotEncrypt);
    }
    // Both keys go into what is derived, so that no third one can take either's place.
    let mut secret = [0; 32];
    Salt::new(HKDF_SHA256, &receiver.auth)
        .extract(agreed)
        .expand(&[b"WebPush: info\0", &receiver.public, sender], Bytes(32))?
        .fill(&mut secret)?;
    let derived = Salt::new(HKDF_SHA256, &salt).extract(&secret);
    let key: UnboundKey = derived
        .expand(&[b"Content-Encoding: aes128gcm\0"], &AES_128_GCM)?
        .into();
    let mut nonce = [0; 12];
    derived
        .expand(&[b"Content-Encoding: nonce\0"], Bytes(12))?
        .fill(&mut nonce)?;

    let mut record = text.to_vec();
    // The last record ends in a 2, and nothing is padded after it.
    record.push(2);
    LessSafeKey::new(key).seal_in_place_append_tag(
        Nonce::assume_unique_for_key(nonce),
        Aad::empty(),
        &mut record,
    )?;

    let mut body = Vec::with_capacity(SALT + 4 + 1 + POINT + record.len());
    body.extend(salt);
    body.extend(RECORD.to_be_bytes());
    body.push(POINT as u8);
    body.extend(sender);
    body.extend(record);
    Ok(body)
}

/// How many bytes are to be derived.
struct Bytes(usize);

impl KeyType for Bytes {
    fn len(&self) -> usize {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};

    // The example of RFC 8291, appendix A.
    const TEXT: &[u8] = b"When I grow up, I want to be a watermelon";
    const RECEIVER: &str =
        "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4";
    const AUTH: &str = "BTBZMqHH6r4Tts7J_aSIgg";
    const SENDER: &str =
        "BP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A8";
    const AGREED: &str = "kyrL1jIIOHEzg3sM2ZWRHDRB62YACZhhSlknJ672kSs";
    const SALT_USED: &str = "DGv6ra1nlYgDCS1FRnbzlw";
    const BODY: &str = "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vC\
        YLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A_yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4\
        a-fN";

    fn bytes(text: &str) -> Vec<u8> {
        BASE64_URL_SAFE_NO_PAD.decode(text).unwrap()
    }

    fn receiver() -> Receiver {
        Receiver {
            public: bytes(RECEIVER).try_into().unwrap(),
            auth: bytes(AUTH).try_into().unwrap(),
        }
    }

    #[test]
    fn the_example_of_the_standard_comes_out_byte_for_byte() {
        let sender = bytes(SENDER).try_into().unwrap();
        let salt = bytes(SALT_USED).try_into().unwrap();
        let body = seal(&receiver(), &sender, &bytes(AGREED), salt, TEXT).unwrap();
        assert_eq!(BASE64_URL_SAFE_NO_PAD.encode(body), BODY);
    }

    /// Reads as a browser does: the key and the salt are found in the body.
    fn read(private: EphemeralPrivateKey, receiver: &Receiver, body: &[u8]) -> Vec<u8> {
        let sender = &body[SALT + 5..SALT + 5 + POINT];
        let theirs = UnparsedPublicKey::new(&ECDH_P256, sender);
        agree_ephemeral(private, &theirs, |agreed| {
            // Whoever can seal the same can open it: both have agreed on the same key.
            let salt = body[..SALT].try_into().unwrap();
            let sender = sender.try_into().unwrap();
            let zeros = vec![0; body.len() - (SALT + 5 + POINT) - 17];
            let stream = seal(receiver, sender, agreed, salt, &zeros).unwrap();
            let pairs = body.iter().zip(&stream).skip(SALT + 5 + POINT);
            pairs.map(|(a, b)| a ^ b).take(zeros.len()).collect()
        })
        .unwrap()
    }

    #[test]
    fn the_receiver_reads_what_was_sent() {
        for text in [&b""[..], b"x", &[7; LONGEST]] {
            let random = SystemRandom::new();
            let private = EphemeralPrivateKey::generate(&ECDH_P256, &random).unwrap();
            let public = private.compute_public_key().unwrap();
            let receiver = Receiver {
                public: public.as_ref().try_into().unwrap(),
                auth: [3; 16],
            };
            let body = encrypt(&receiver, text).unwrap();
            assert!(body.len() <= RECORD as usize);
            assert_eq!(read(private, &receiver, &body), text);
        }
        let (one, other) = (encrypt(&receiver(), TEXT), encrypt(&receiver(), TEXT));
        assert_ne!(one, other, "a key and a salt are used once");
    }

    #[test]
    fn what_does_not_fit_or_is_no_key_is_refused() {
        assert_eq!(encrypt(&receiver(), &[7; LONGEST + 1]), Err(CannotEncrypt));
        let mut nowhere = receiver();
        nowhere.public[40] ^= 1;
        assert_eq!(encrypt(&nowhere, TEXT), Err(CannotEncrypt));
    }
}
