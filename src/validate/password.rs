//! What may be a password.
//!
//! The rules are those of NIST SP 800-63B: long enough, not one that is guessed first, and nothing
//! about which characters to use. Any Unicode is taken, spaces are kept, and the form of composed
//! letters does not matter: a password is hashed and compared in NFC.

use app::error::QuadError;
use icu_normalizer::ComposingNormalizerBorrowed;
use unicode_segmentation::UnicodeSegmentation;

/// The shortest and the longest password, in characters as people see them.
pub const LENGTH: std::ops::RangeInclusive<usize> = 8..=128;
/// No password is longer than this, in bytes; also none that was taken before [`LENGTH`] was what it
/// is now.
pub const BYTES_MAX: usize = 4096;

/// A password that somebody finds with so many guesses is refused: `zxcvbn` calls it very guessable.
/// The 10,000 most common passwords of its list all need fewer than 20,000; the rest of the margin is for
/// common ones that its list does not have.
const GUESSES: u64 = 1_000_000;
/// The estimate is made of so many characters at most. No password on a list of common ones is
/// longer; what is long and simple is found by [`is_repeated`] and [`is_counted`].
const ESTIMATED: usize = 40;
/// How many digits after one's own name make no password of it.
const DIGITS: usize = 8;

/// The form in which a password is hashed.
pub fn nfc(password: &str) -> String {
    const NFC: ComposingNormalizerBorrowed<'static> = ComposingNormalizerBorrowed::new_nfc();
    NFC.normalize(password).into_owned()
}

/// Which rule of length a new password breaks: the code of the fault.
pub fn length_fault(password: &str) -> Option<&'static str> {
    if password.is_empty() {
        return Some("required");
    }
    if password.len() > BYTES_MAX {
        return Some("too_long");
    }
    let length = nfc(password).graphemes(true).count();
    if length < *LENGTH.start() {
        Some("too_short")
    } else if length > *LENGTH.end() {
        Some("too_long")
    } else {
        None
    }
}

/// The same for a password that only has to match. How short it is says nothing that one may not
/// know.
pub fn match_fault(password: &str) -> Option<&'static str> {
    match password.len() {
        0 => Some("required"),
        1..=BYTES_MAX => None,
        _ => Some("too_long"),
    }
}

/// The error for a new password that [`is_common`].
pub fn too_common() -> QuadError {
    QuadError::wrong("password", "too_common")
}

/// Whether a password is one of the first that somebody would try: a common one, one's `own` handle
/// or name, or characters that repeat or count up. It takes up to a millisecond, so it does not
/// belong on the threads that serve requests.
pub fn is_common(password: &str, own: &[&str]) -> bool {
    let folded = nfc(&nfc(password).to_lowercase());
    let characters: Vec<char> = folded.chars().collect();
    is_repeated(&characters, own)
        || is_counted(&characters)
        || own.iter().any(|own| is_own(&folded, own))
        || is_listed(&folded)
}

/// Nearly all common passwords are on a list of the crate's; the estimate also finds those that
/// consist of two short parts, such as a name and a year.
fn is_listed(folded: &str) -> bool {
    folded.chars().count() <= ESTIMATED && zxcvbn::zxcvbn(folded, &[]).guesses() <= GUESSES
}

/// Whether it is a shorter block over and over, such as `abcabcab`, where the block itself would
/// not be taken.
fn is_repeated(characters: &[char], own: &[&str]) -> bool {
    let repeats = |block: &usize| characters[*block..] == characters[..characters.len() - block];
    let block = (1..=characters.len() / 2).find(repeats);
    block.is_some_and(|block| {
        block < *LENGTH.start() || is_common(&String::from_iter(&characters[..block]), own)
    })
}

/// Whether it consists of few runs such as `aaaa`, `1234` or `dcba`: at least four characters each
/// on average.
fn is_counted(characters: &[char]) -> bool {
    const RUN: usize = 4;
    let step = |pair: &[char]| match pair {
        [a, b] => i64::from(u32::from(*b)) - i64::from(u32::from(*a)),
        _ => 0,
    };
    let (mut runs, mut running) = (1, None);
    for next in characters.windows(2).map(step) {
        match running {
            Some(before) if before == next => {}
            None if (-1..=1).contains(&next) => running = Some(next),
            _ => {
                runs += 1;
                running = None;
            }
        }
    }
    runs * RUN <= characters.len()
}

/// Whether it is one's own name, forwards or backwards, with or without digits after it. What stands
/// between its letters does not matter.
fn is_own(folded: &str, own: &str) -> bool {
    let bare = |text: &str| -> String { text.chars().filter(|c| c.is_alphanumeric()).collect() };
    let (password, own) = (bare(folded), bare(&nfc(&own.to_lowercase())));
    let backwards: String = own.chars().rev().collect();
    let few_digits = |rest: &str| rest.len() <= DIGITS && rest.bytes().all(|b| b.is_ascii_digit());
    !own.is_empty()
        && [own, backwards].iter().any(|own| {
            let after = password.strip_prefix(own.as_str());
            let before = password.strip_suffix(own.as_str());
            after.is_some_and(few_digits) || before.is_some_and(few_digits)
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn common_passwords_are_refused_in_any_case() {
        for common in [
            "password1",
            "iloveyou1",
            "sunshine1",
            "football1",
            "qwertyuiop",
            "1qaz2wsx",
            "trustno1",
            "letmein1",
            "baseball",
            "superman",
            "princess1",
            "passw0rd",
            "p@ssw0rd",
            "welcome1",
            "qwerty123",
            "abcd1234",
            "1q2w3e4r",
            "asdfghjkl",
            "starwars",
            "whatever",
            "computer",
            "chocolate",
            "butterfly",
            "liverpool",
            "something",
            "christopher",
            "elizabeth",
            "zaq12wsx",
            "01021985",
            "blink182",
            "metallica",
            "drowssap",
            "1234qwer",
            "rush2112",
            "target123",
            "myspace123",
            "spongebob1",
            "homelesspa",
            "gwerty123",
            "1qaz2wsx3edc",
            "q1w2e3r4t5y6",
            "147258369",
        ] {
            assert!(is_common(common, &[]), "{common}");
            assert!(is_common(&common.to_uppercase(), &[]), "{common}");
            let mixed: String = (0..)
                .zip(common.chars())
                .map(|(n, c)| {
                    if n % 2 == 0 {
                        c.to_ascii_uppercase()
                    } else {
                        c
                    }
                })
                .collect();
            assert!(is_common(&mixed, &[]), "{mixed}");
        }
    }

    #[test]
    fn repeated_and_counted_characters_are_refused() {
        for simple in [
            "aaaaaaaa",
            "ÄäÄäÄäÄä",
            "abcabcabc",
            "abcabcab",
            "12345678",
            "87654321",
            "abcdefgh",
            "hgfedcba",
            "1234567890",
            "11112222",
            "abcd1234",
            "абвгдежз",
            "🦊🦊🦊🦊🦊🦊🦊🦊",
            "        ",
            "x1x1x1x1x1",
            "aaaaaaaab",
            "password1password1",
            "98769876",
            &"a".repeat(128),
            &"abc".repeat(42),
            "qrstuvwxyz{|}~",
        ] {
            assert!(is_common(simple, &[]), "{simple}");
        }
    }

    #[test]
    fn passphrases_and_simple_passwords_that_are_not_common_are_taken() {
        for good in [
            "correct horse",
            "correct horse battery",
            "a-password-of-mine",
            "pw-12-blue-fish",
            "another horse",
            "a whole new password",
            "not the password",
            "long enough",
            "secret-pass",
            "blue fish",
            "hello world",
            "вчера было тепло",
            "今日はとても良い天気",
            "contraseña larga",
            "mot de passe à moi",
            "tr0ub4dor&3xyz",
            "x7#kQ!9zx7#kQ!9z",
            "correct horse correct horse",
        ] {
            assert!(!is_common(good, &["ana", "Ana Duarte"]), "{good}");
        }
    }

    #[test]
    fn ones_own_handle_and_name_are_refused() {
        let own = ["ana_duarte", "Ana María Ñúñez"];
        for mine in [
            "ana_duarte",
            "ANA_DUARTE",
            "anaduarte",
            "ana-duarte",
            "etraud_ana",
            "ana_duarte1",
            "ana_duarte2026",
            "1990ana_duarte",
            "etraudana12",
            "ana maría ñúñez",
            "AnaMaríaÑúñez7",
            "ana mari\u{301}a n\u{303}u\u{301}n\u{303}ez",
            "zeñúñ aíram ana",
            "ana_duarte!",
            "ana_duarteana_duarte",
        ] {
            assert!(is_common(mine, &own), "{mine}");
        }
        for other in [
            "pw-ana_duarte",
            "ana_duarte-and-the-heron",
            "duarte of the sea",
        ] {
            assert!(!is_common(other, &own), "{other}");
        }
        assert!(
            !is_common("blue fish", &["b", ""]),
            "a short name is in many passwords"
        );
    }

    #[test]
    fn length_is_what_people_see() {
        for (password, fault) in [
            ("", Some("required")),
            ("1234567", Some("too_short")),
            ("ääääääää", None),
            ("a\u{308}b\u{308}c\u{308}d\u{308}", Some("too_short")),
            (&*"🦊".repeat(128), None),
            (&*"🦊".repeat(129), Some("too_long")),
            (&*"👩‍👩‍👧‍👦".repeat(128), None),
            (&*format!("a{}", "\u{308}".repeat(2_100)), Some("too_long")),
        ] {
            assert_eq!(length_fault(password), fault, "{password}");
        }
        assert_eq!(match_fault("x"), None);
        assert_eq!(match_fault(""), Some("required"));
        assert_eq!(match_fault(&"x".repeat(BYTES_MAX + 1)), Some("too_long"));
    }

    #[test]
    fn nfc_is_one_form() {
        assert_eq!(nfc("e\u{301}"), "\u{e9}");
        assert_eq!(nfc("  a b "), "  a b ", "spaces are kept");
    }
}
