//! Who did what: one line of the log for each event that matters to security.
//!
//! Every line has the target `quad::audit`, the level INFO and a field `event` with one of the
//! names below. The names are stable: programs may look for them. `user`, `handle` and `address`
//! stand there where they are known. A secret never does: no password, no token, no cookie.
//!
//! | `event` | when | further fields |
//! |---|---|---|
//! | `sign_up` | an account was made | |
//! | `log_in` | a session began with a password | |
//! | `log_in_refused` | a log-in failed | `reason`: `wrong_credentials`, `rate_limited`, `suspended`, `busy` |
//! | `password_changed` | there is a new password | |
//! | `password_refused` | a wrong current password was sent to change it | `reason` as above |
//! | `session_ended` | one session was ended | `reason`: `log_out`, `new_log_in`, `ended_by_owner` |
//! | `sessions_ended` | several sessions were ended at once | `reason`: `log_out`, `password_changed`, `ended_by_owner`, `suspended` |
//! | `rate_limited` | a request was answered 429 | `method`, `path` |
//! | `origin_refused` | a request came from another site | `origin`, `method`, `path` |
//! | `role_changed` | somebody got another role | `role` |
//! | `token_created` | an API token was made | `token`, `name` |
//! | `token_revoked` | an API token was revoked | `token`, `name` |
//!
//! A handle that was tried and that nobody has stands in the log too, because that is how guessing
//! is found. What is no handle at all does not: it may be a password in the wrong field.

use std::{fmt, net::IpAddr};

use app::model::{Handle, Person, UserId};

/// How many bytes of what a stranger sent are logged.
const MOST: usize = 200;

/// Writes one line. Fields that are `None` are left out.
macro_rules! line {
    ($event:literal, $text:literal, $($field:tt)*) => {
        tracing::info!(target: "quad::audit", event = $event, $($field)*, $text)
    };
}

/// An account was made.
pub fn sign_up(person: &Person, address: IpAddr) {
    line!("sign_up", "an account was made", user = %person.user_id, handle = %person.handle, %address);
}

/// A session began with a password.
pub fn log_in(person: &Person, address: IpAddr) {
    line!("log_in", "logged in", user = %person.user_id, handle = %person.handle, %address);
}

/// A log-in failed.
pub fn log_in_refused(handle: Option<&Handle>, address: IpAddr, reason: &'static str) {
    line!("log_in_refused", "a log-in was refused", handle = shown(handle), %address, reason);
}

/// There is a new password.
pub fn password_changed(person: &Person, address: Option<IpAddr>) {
    line!("password_changed", "a password was changed", user = %person.user_id,
        handle = %person.handle, address = shown(address));
}

/// Somebody with a session sent a wrong current password.
pub fn password_refused(person: &Person, address: IpAddr, reason: &'static str) {
    line!("password_refused", "changing a password was refused", user = %person.user_id,
        handle = %person.handle, %address, reason);
}

/// One session was ended.
pub fn session_ended(person: &Person, address: IpAddr, reason: &'static str) {
    line!("session_ended", "a session was ended", user = %person.user_id,
        handle = %person.handle, %address, reason);
}

/// Several sessions of one person were ended at once.
pub fn sessions_ended(person: &Person, address: Option<IpAddr>, reason: &'static str) {
    line!("sessions_ended", "sessions were ended", user = %person.user_id,
        handle = %person.handle, address = shown(address), reason);
}

/// A request was answered 429.
pub fn rate_limited(address: IpAddr, user: Option<&UserId>, method: &str, path: &str) {
    line!("rate_limited", "too many requests", %address, user = shown(user), method = cut(method),
        path = cut(path));
}

/// A request came from another site and was refused.
pub fn origin_refused(address: IpAddr, origin: &str, method: &str, path: &str) {
    line!("origin_refused", "a request of another site was refused", %address,
        origin = cut(origin), method = cut(method), path = cut(path));
}

/// Somebody got another role.
pub fn role_changed(user: &UserId, handle: &Handle, role: &str) {
    line!("role_changed", "a role was changed", %user, %handle, role);
}

/// An API token was made. `token` is the id that names it, never the token.
pub fn token_created(token: &str, name: &str) {
    line!("token_created", "an API token was made", token, name);
}

/// An API token was revoked. `token` is the id that names it, never the token.
pub fn token_revoked(token: &str, name: &str) {
    line!("token_revoked", "an API token was revoked", token, name);
}

fn shown<T: fmt::Display>(value: Option<T>) -> Option<tracing::field::DisplayValue<T>> {
    value.map(tracing::field::display)
}

/// The beginning of something that a stranger sent, which may be long.
fn cut(text: &str) -> &str {
    let end = (0..=MOST.min(text.len())).rfind(|at| text.is_char_boundary(*at));
    &text[..end.unwrap_or_default()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_strangers_send_is_cut_between_characters() {
        assert_eq!(cut("short"), "short");
        let long = format!("{}é{}", "a".repeat(MOST - 1), "b".repeat(MOST));
        assert_eq!(cut(&long), "a".repeat(MOST - 1));
    }
}
