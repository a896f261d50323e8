//! What may come in: every rule about names, passwords and text, in one place.
//!
//! Each function takes what a request holds and answers it in the form in which it is stored, or
//! [`QuadError::Invalid`] with *all* the fields that are wrong, so that a form can show them at
//! once. The codes are `required`, `too_short`, `too_long`, `too_common`, `format`,
//! `control_characters`, `too_many_marks`, `reserved` and `out_of_range`. What a text may hold is
//! decided in `text`, which passwords are refused in [`password`], and which handles nobody can take
//! in [`handles`].

pub mod handles;
pub mod password;
mod text;

use app::{
    error::{FieldError, QuadError, sentence},
    model::{AccountChange, Credentials, Handle, NewAccount, NewPost},
};
use garde::Validate;

/// The longest idempotency key, in bytes.
pub const IDEMPOTENCY_KEY_MAX: usize = 200;
/// Checks the id that a client made for a message. Errors: `invalid` for `id`.
pub fn message_id(id: &str) -> Result<&str, QuadError> {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"_.:-".contains(&b);
    if (1..=64).contains(&id.len()) && id.bytes().all(plain) {
        Ok(id)
    } else {
        Err(QuadError::wrong("id", "format"))
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
    let rules = AccountRules {
        handle: &account.handle,
        name: account.name.as_deref(),
        password: &account.password,
    };
    check(&rules)?;
    let handle: Handle = account.handle.trim().parse()?;
    let name = name(account.name.as_deref())?;
    let name = name.unwrap_or_else(|| handle.to_string());
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
    let current = change.current_password.unwrap_or_default();
    check(&ChangeRules {
        name: change.name.as_deref(),
        password: change.password.as_deref(),
        current_password: change.password.as_ref().map(|_| current.as_str()),
    })?;
    Ok(CheckedChange {
        name: name(change.name.as_deref())?,
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
    text::prose(text).map_err(|code| QuadError::wrong(field, code))
}

/// Checks a name of something other than a person: an API token, a room. Errors: `invalid` for
/// `field`.
pub fn label(field: &str, label: &str) -> Result<String, QuadError> {
    text::line(label).map_err(|code| QuadError::invalid(field, code, sentence("name", code)))
}

/// A person's name as it is stored, where one is given.
fn name(typed: Option<&str>) -> Result<Option<String>, QuadError> {
    typed.map(|typed| label("name", typed)).transpose()
}

/// A place in a list, where one is named. Every reader of JSON can tell the number of a place from
/// its neighbours; others no place has. Errors: `invalid` for `field`.
pub fn place(field: &str, place: Option<u64>) -> Result<Option<u64>, QuadError> {
    if place.is_some_and(|place| place >= 1 << 53) {
        return Err(QuadError::wrong(field, "out_of_range"));
    }
    Ok(place)
}

/// How many entries of a list are asked for. Errors: `invalid` for `limit`.
pub fn limit(asked: Option<u64>, default: u64) -> Result<u64, QuadError> {
    let limit = asked.unwrap_or(default);
    if LIMIT.contains(&limit) {
        Ok(limit)
    } else {
        Err(QuadError::wrong("limit", "out_of_range"))
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
    answer(name.and_then(|name| text::line(name).err()))
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

#[cfg(test)]
mod tests;
