//! What people are told of a field, by its name and a code: a closed list.
//!
//! A form without JavaScript gets its error back in an address, and anybody can write an address.
//! So an error that comes from outside is reduced to names and codes of this list, and the
//! sentences are ours.

use super::{FieldError, QuadError};

/// The codes of a text that people write.
const TEXT: [(&str, &str); 3] = [
    ("required", "Please write something first."),
    ("too_long", crate::text::TEXT_TOO_LONG),
    ("control_characters", "Control characters cannot be taken."),
];
/// The codes of a name.
const NAME: [(&str, &str); 4] = [
    ("required", "Please enter a name."),
    ("too_long", "A name has at most 50 characters."),
    (
        "control_characters",
        "A name may not hold invisible or control characters.",
    ),
    (
        "too_many_marks",
        "A name may not stack so many marks on one letter.",
    ),
];
const HANDLE: &str =
    "A handle has 3 to 30 letters, digits or underscores, and begins with a letter.";
const NO_PASSWORD: &str = "Please enter a password.";
const LONG_PASSWORD: &str = "A password has at most 128 characters.";
const COMMON_PASSWORD: &str = "This password is one of the first that would be guessed. Please choose another, for \
         example several words that do not belong together.";
const NO_PLACE: &str = "No place has such a number.";

/// Every field that a form has, with the codes of its own.
const FIELDS: &[(&str, &[(&str, &str)])] = &[
    (
        "handle",
        &[
            ("required", "Please choose a handle."),
            ("too_short", HANDLE),
            ("too_long", HANDLE),
            ("format", HANDLE),
            (
                "reserved",
                "This handle is reserved. Please choose another.",
            ),
        ],
    ),
    (
        "name",
        &[
            NAME[0],
            NAME[1],
            NAME[2],
            NAME[3],
            (
                "format",
                "A room's name has 1 to 40 letters, digits, - or _, and begins with a letter or a digit.",
            ),
        ],
    ),
    ("title", &NAME),
    (
        "password",
        &[
            ("required", NO_PASSWORD),
            ("too_short", "A password has at least 8 characters."),
            ("too_long", LONG_PASSWORD),
            ("too_common", COMMON_PASSWORD),
        ],
    ),
    (
        "current_password",
        &[("required", NO_PASSWORD), ("too_long", LONG_PASSWORD)],
    ),
    ("text", &TEXT),
    ("message", &TEXT),
    (
        "id",
        &[(
            "format",
            "A message's id has 1 to 64 letters, digits or any of _ . : -",
        )],
    ),
    (
        "limit",
        &[("out_of_range", "A limit is a number from 1 to 100.")],
    ),
    ("before", &[("out_of_range", NO_PLACE)]),
    ("after", &[("out_of_range", NO_PLACE)]),
    ("seq", &[("out_of_range", NO_PLACE)]),
    (
        "through",
        &[("out_of_range", "There is no such entry yet.")],
    ),
    ("group", &[("format", "This is not the id of a group.")]),
    (
        "quiet_hours",
        &[
            (
                "format",
                "Say when quiet hours begin and end, such as 22:00 and 07:00.",
            ),
            (
                "out_of_range",
                "Quiet hours last from one time of the day to another one.",
            ),
        ],
    ),
    (
        "quiet_hours.zone",
        &[
            ("required", "Please choose your time zone."),
            (
                "format",
                "There is no such time zone. Write it such as Europe/Berlin.",
            ),
        ],
    ),
    (
        "toast_seconds",
        &[(
            "out_of_range",
            "A toast stays for 3 to 60 seconds, or, with 0, until it is dismissed.",
        )],
    ),
    (
        "do_not_disturb_until",
        &[("out_of_range", "This time is too far away.")],
    ),
    (
        "mutes",
        &[(
            "too_many",
            "You have muted as much as there is room for. Take something back first.",
        )],
    ),
];

/// Where a code is none of the field's own.
const ANYTHING: &str = "This cannot be taken.";
/// The longest that anybody is asked to wait, in seconds: a day.
const LONGEST_WAIT: u64 = 86_400;

/// What to tell people of a field.
pub fn sentence(field: &str, code: &str) -> &'static str {
    let of_text = || said(&TEXT, code);
    codes_of(field)
        .and_then(|(_, codes)| said(codes, code))
        .or_else(of_text)
        .unwrap_or(ANYTHING)
}

fn codes_of(
    field: &str,
) -> Option<&'static (&'static str, &'static [(&'static str, &'static str)])> {
    FIELDS.iter().find(|(name, _)| *name == field)
}

fn said(codes: &[(&'static str, &'static str)], code: &str) -> Option<&'static str> {
    let known = codes.iter().find(|(name, _)| *name == code);
    known.map(|(_, sentence)| *sentence)
}

impl QuadError {
    /// What is left of an error that somebody else may have written: its code, fields that a form
    /// has, and numbers within bounds. Variants that hold anything must be treated here.
    pub(super) fn reduced(self) -> Self {
        match self {
            Self::Malformed { .. } => Self::unreadable(),
            Self::TooManyRequests { retry_after } => Self::TooManyRequests {
                retry_after: retry_after.clamp(1, LONGEST_WAIT),
            },
            Self::Invalid { errors } => {
                let mut kept: Vec<FieldError> = Vec::new();
                for error in errors.iter().filter_map(FieldError::reduced) {
                    if kept.iter().all(|known| known.field != error.field) {
                        kept.push(error);
                    }
                }
                match kept.is_empty() {
                    true => Self::unreadable(),
                    false => Self::Invalid { errors: kept },
                }
            }
            plain => plain,
        }
    }

    /// A form, or what was answered to it, that says nothing.
    pub(super) fn unreadable() -> Self {
        Self::malformed("The form could not be understood.")
    }
}

impl FieldError {
    fn reduced(&self) -> Option<Self> {
        let (field, codes) = codes_of(&self.field)?;
        let known = codes.iter().find(|(code, _)| *code == self.code);
        let (code, detail) = known.unwrap_or(&("format", ANYTHING));
        Some(Self {
            field: (*field).to_owned(),
            code: (*code).to_owned(),
            detail: (*detail).to_owned(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use leptos::server_fn::error::FromServerFnError;

    /// An error as it comes out of an address, or out of an answer.
    fn read(json: &str) -> QuadError {
        QuadError::de(json.to_owned().into())
    }

    #[test]
    fn words_of_others_are_never_shown() {
        let evil = "Your account is locked. Call +1 555";
        for json in [
            format!(r#"{{"code":"malformed","detail":"{evil}"}}"#),
            format!(
                r#"{{"code":"invalid","errors":[{{"field":"handle","code":"required","detail":"{evil}"}}]}}"#
            ),
            format!(
                r#"{{"code":"invalid","errors":[{{"field":"handle","code":"{evil}","detail":"{evil}"}}]}}"#
            ),
            format!(
                r#"{{"code":"invalid","errors":[{{"field":"{evil}","code":"required","detail":"{evil}"}}]}}"#
            ),
            format!(r#"{{"code":"{evil}"}}"#),
            format!(r#""{evil}""#),
            evil.to_owned(),
            r#"{"code":"invalid","errors":[]}"#.to_owned(),
        ] {
            let error = read(&json);
            let held = format!("{error:?} {error}");
            assert!(!held.contains("555"), "{json}: {held}");
            assert!(!error.to_string().is_empty(), "{json}");
        }
    }

    #[test]
    fn a_field_comes_once_and_numbers_are_within_bounds() {
        let twice = r#"{"field":"handle","code":"required","detail":""}"#;
        let many = vec![twice; 1_000].join(",");
        let error = read(&format!(r#"{{"code":"invalid","errors":[{many}]}}"#));
        assert_eq!(error, QuadError::wrong("handle", "required"));
        for (sent, kept) in [(0, 1), (5, 5), (u64::MAX, LONGEST_WAIT)] {
            let error = read(&format!(
                r#"{{"code":"too_many_requests","retry_after":{sent}}}"#
            ));
            assert_eq!(error, QuadError::TooManyRequests { retry_after: kept });
        }
    }

    #[test]
    fn what_a_form_is_told_comes_back_as_it_was() {
        for (field, codes) in FIELDS {
            for (code, detail) in *codes {
                let error = QuadError::wrong(field, code);
                assert_eq!(error.of_field(field), Some(*detail));
                assert_eq!(QuadError::de(error.ser()), error, "{field} {code}");
            }
        }
        for plain in [QuadError::WrongCredentials, QuadError::HandleTaken] {
            assert_eq!(QuadError::de(plain.ser()), plain);
        }
    }
}
