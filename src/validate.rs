//! What may come in: every rule about names, passwords and text, in one place.
//!
//! Each function takes what a request holds and answers it in the form in which it is stored, or
//! [`QuadError::Invalid`] with *all* the fields that are wrong, so that a form can show them at
//! once. The codes are `required`, `too_short`, `too_long`, `too_common`, `format`,
//! `control_characters` and `out_of_range`.

use app::{
    error::{FieldError, QuadError},
    model::{AccountChange, Credentials, Handle, NewAccount, NewPost},
};
use garde::Validate;

pub mod password;

/// The longest name, in characters.
pub const NAME_MAX: usize = 50;
/// The longest post or message, in characters.
pub const TEXT_MAX: usize = 2_000;
/// The longest idempotency key, in bytes.
pub const IDEMPOTENCY_KEY_MAX: usize = 200;
/// Checks the id that a client made for a message. Errors: `invalid` for `id`.
pub fn message_id(id: &str) -> Result<&str, QuadError> {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"_.:-".contains(&b);
    if (1..=64).contains(&id.len()) && id.bytes().all(plain) {
        Ok(id)
    } else {
        Err(QuadError::invalid(
            "id",
            "format",
            "A message's id has 1 to 64 letters, digits or any of _ . : -",
        ))
    }
}

/// How many entries of a list may be asked for at once.
pub const LIMIT: std::ops::RangeInclusive<u64> = 1..=100;

/// A sign-up whose fields hold what they must.
pub struct CheckedAccount {
    /// Folded to lower case.
    pub handle: Handle,
    /// Trimmed; the handle where none was given.
    pub name: String,
    /// As it was typed.
    pub password: String,
}

/// A log-in that is worth a look at the store.
pub struct CheckedCredentials {
    /// `None` where nobody can have such a handle. The password is to be hashed all the same, so
    /// that the answer takes as long as for a handle that somebody has.
    pub handle: Option<Handle>,
    /// As it was typed.
    pub password: String,
}

/// A change of one's account whose fields hold what they must.
pub struct CheckedChange {
    /// The new name, trimmed.
    pub name: Option<String>,
    /// The new password, and the one until now.
    pub password: Option<PasswordChange>,
}

/// A password that is to take the place of another.
pub struct PasswordChange {
    /// What the password is claimed to be until now.
    pub current: String,
    /// What it shall be.
    pub new: String,
}

/// Checks a sign-up. Errors: `invalid` for `handle`, `name` and `password`.
pub fn new_account(account: NewAccount) -> Result<CheckedAccount, QuadError> {
    let name = account.name.as_deref().map(str::trim);
    let rules = AccountRules {
        handle: &account.handle,
        name,
        password: &account.password,
    };
    check(&rules)?;
    let handle: Handle = account.handle.trim().parse()?;
    let name = name.unwrap_or(handle.as_str()).to_owned();
    Ok(CheckedAccount {
        handle,
        name,
        password: account.password,
    })
}

/// Checks a log-in. Errors: `invalid` for fields that are empty, or a password too long to hash.
pub fn credentials(credentials: Credentials) -> Result<CheckedCredentials, QuadError> {
    check(&CredentialRules {
        handle: &credentials.handle,
        password: &credentials.password,
    })?;
    let typed = credentials.handle.trim();
    Ok(CheckedCredentials {
        handle: typed.strip_prefix('@').unwrap_or(typed).parse().ok(),
        password: credentials.password,
    })
}

/// Checks a change of one's account. Errors: `invalid` for `name`, `password` and
/// `current_password`, which a new password needs.
pub fn account_change(change: AccountChange) -> Result<CheckedChange, QuadError> {
    let name = change.name.as_deref().map(str::trim);
    let current = change.current_password.unwrap_or_default();
    check(&ChangeRules {
        name,
        password: change.password.as_deref(),
        current_password: change.password.as_ref().map(|_| current.as_str()),
    })?;
    Ok(CheckedChange {
        name: name.map(str::to_owned),
        password: change.password.map(|new| PasswordChange { current, new }),
    })
}

/// Checks a new post and answers the text to store. Errors: `invalid` for `text`.
pub fn new_post(post: &NewPost) -> Result<String, QuadError> {
    text("text", &post.text)
}

/// Checks text of any kind that is one `field` of a request, and answers it as it is stored: line
/// breaks are `\n`, and blank lines around it are gone. Errors: `invalid` for `field`.
pub fn text(field: &str, text: &str) -> Result<String, QuadError> {
    let text = normalized(text);
    match text_fault(&text) {
        None => Ok(text),
        Some(code) => Err(QuadError::invalid(field, code, sentence(field, code))),
    }
}

/// Checks a name of something other than a person: an API token, a room. Errors: `invalid` for
/// `field`.
pub fn label(field: &str, label: &str) -> Result<String, QuadError> {
    let label = label.trim();
    match name_fault(label) {
        None => Ok(label.to_owned()),
        Some(code) => Err(QuadError::invalid(field, code, sentence("name", code))),
    }
}

/// A place in a list, where one is named. Every reader of JSON can tell the number of a place from
/// its neighbours; others no place has. Errors: `invalid` for `field`.
pub fn place(field: &str, place: Option<u64>) -> Result<Option<u64>, QuadError> {
    if place.is_some_and(|place| place >= 1 << 53) {
        return Err(QuadError::invalid(
            field,
            "out_of_range",
            "No place has such a number.",
        ));
    }
    Ok(place)
}

/// How many entries of a list are asked for. Errors: `invalid` for `limit`.
pub fn limit(asked: Option<u64>, default: u64) -> Result<u64, QuadError> {
    let limit = asked.unwrap_or(default);
    if LIMIT.contains(&limit) {
        Ok(limit)
    } else {
        Err(QuadError::invalid(
            "limit",
            "out_of_range",
            sentence("limit", "out_of_range"),
        ))
    }
}

/// Checks an `Idempotency-Key`. Errors: `invalid` for `Idempotency-Key`.
pub fn idempotency_key(key: &str) -> Result<&str, QuadError> {
    let code = if key.is_empty() {
        "required"
    } else if key.len() > IDEMPOTENCY_KEY_MAX {
        "too_long"
    } else if !key.bytes().all(|byte| byte.is_ascii_graphic()) {
        "format"
    } else {
        return Ok(key);
    };
    Err(QuadError::invalid(
        "Idempotency-Key",
        code,
        "An idempotency key has 1 to 200 visible ASCII characters.",
    ))
}

// The rules themselves. Garde walks the fields and gathers what is wrong; its messages are our
// codes, and the sentence for people is found by field and code.

#[derive(Validate)]
struct AccountRules<'a> {
    #[garde(custom(handle_rule))]
    handle: &'a str,
    #[garde(custom(name_rule))]
    name: Option<&'a str>,
    #[garde(custom(password_rule))]
    password: &'a str,
}

#[derive(Validate)]
struct CredentialRules<'a> {
    #[garde(custom(some_text_rule))]
    handle: &'a str,
    #[garde(custom(any_password_rule))]
    password: &'a str,
}

#[derive(Validate)]
struct ChangeRules<'a> {
    #[garde(custom(name_rule))]
    name: Option<&'a str>,
    #[garde(inner(custom(password_rule)))]
    password: Option<&'a str>,
    #[garde(inner(custom(any_password_rule)))]
    current_password: Option<&'a str>,
}

fn check<T: Validate<Context = ()>>(rules: &T) -> Result<(), QuadError> {
    let Err(report) = rules.validate() else {
        return Ok(());
    };
    let errors = report.iter().map(|(path, error)| {
        let (field, code) = (path.to_string(), error.message());
        FieldError {
            detail: sentence(&field, code).to_owned(),
            code: code.to_owned(),
            field,
        }
    });
    Err(QuadError::Invalid {
        errors: errors.collect(),
    })
}

fn answer(fault: Option<&'static str>) -> garde::Result {
    fault.map_or(Ok(()), |code| Err(garde::Error::new(code)))
}

fn handle_rule(handle: &str, _: &()) -> garde::Result {
    let handle = handle.trim();
    answer(match handle.chars().count() {
        0 => Some("required"),
        1 | 2 => Some("too_short"),
        3..=30 => handle.parse::<Handle>().err().map(|_| "format"),
        _ => Some("too_long"),
    })
}

fn name_rule(name: &Option<&str>, _: &()) -> garde::Result {
    answer(name.and_then(name_fault))
}

fn password_rule(password: &str, _: &()) -> garde::Result {
    answer(password::length_fault(password))
}

fn any_password_rule(password: &str, _: &()) -> garde::Result {
    answer(password::match_fault(password))
}

fn some_text_rule(text: &str, _: &()) -> garde::Result {
    answer(text.trim().is_empty().then_some("required"))
}

fn name_fault(name: &str) -> Option<&'static str> {
    if name.chars().all(is_invisible) {
        Some("required")
    } else if name.chars().count() > NAME_MAX {
        Some("too_long")
    } else if name.chars().any(|c| c.is_control() || disturbs_a_line(c)) {
        Some("control_characters")
    } else {
        None
    }
}

fn text_fault(text: &str) -> Option<&'static str> {
    if text
        .chars()
        .any(|c| c.is_control() && !matches!(c, '\n' | '\t'))
    {
        Some("control_characters")
    } else if text.chars().all(is_invisible) {
        Some("required")
    } else if text.chars().count() > TEXT_MAX {
        Some("too_long")
    } else {
        None
    }
}

/// Folds the line breaks of forms, and drops the blank lines before and after the text. The
/// indentation of the first line stays: it may be part of a poem.
fn normalized(text: &str) -> String {
    let folded = text.replace("\r\n", "\n");
    let kept = folded.trim_end_matches([' ', '\t', '\n']);
    let mut begins = 0;
    while let Some(end) = kept[begins..].find('\n') {
        if !kept[begins..begins + end]
            .chars()
            .all(|c| matches!(c, ' ' | '\t'))
        {
            break;
        }
        begins += end + 1;
    }
    kept[begins..].to_owned()
}

/// In a name, these would reorder or break the line in which the name stands among other words.
fn disturbs_a_line(c: char) -> bool {
    matches!(c, '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}' | '\u{2028}' | '\u{2029}')
}

/// Characters that show nothing: a name or post of these alone would look empty.
fn is_invisible(c: char) -> bool {
    c.is_whitespace()
        || matches!(
            c,
            '\u{AD}'
                | '\u{34F}'
                | '\u{115F}'
                | '\u{1160}'
                | '\u{180E}'
                | '\u{200B}'..='\u{200F}'
                | '\u{202A}'..='\u{202E}'
                | '\u{2060}'..='\u{206F}'
                | '\u{2800}'
                | '\u{3164}'
                | '\u{FE00}'..='\u{FE0F}'
                | '\u{FEFF}'
                | '\u{FFA0}'
        )
}

/// What to tell people.
fn sentence(field: &str, code: &str) -> &'static str {
    match (field, code) {
        ("handle", "required") => "Please choose a handle.",
        ("handle", _) => {
            "A handle has 3 to 30 letters, digits or underscores, and begins with a letter."
        }
        ("name", "required") => "Please enter a name.",
        ("name", "too_long") => "A name has at most 50 characters.",
        ("name", _) => "A name may not hold control characters.",
        ("password" | "current_password", "required") => "Please enter a password.",
        ("password", "too_short") => "A password has at least 8 characters.",
        ("password" | "current_password", _) => "A password has at most 128 characters.",
        ("limit", _) => "A limit is a number from 1 to 100.",
        (_, "required") => "Please write something first.",
        (_, "too_long") => "At most 2,000 characters, please.",
        (_, "control_characters") => "Control characters cannot be taken.",
        _ => "This cannot be taken.",
    }
}

#[cfg(test)]
mod tests;
