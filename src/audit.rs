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
//! | `rate_limited` | a limit was met: 429, or its like on a socket | `limit`, `method`, `path`; whose limit it is: `user`, `handle`, `token` or `target` |
//! | `origin_refused` | a request came from another site | `origin`, `method`, `path` |
//! | `access_refused` | somebody may not do or hear this: 403, or `forbidden` on a socket | `method`, `path`, `channel`, `token` |
//! | `role_changed` | somebody got another role | `role` |
//! | `token_created` | an API token was made | `token`, `name`, `scopes` |
//! | `token_revoked` | an API token was revoked | `token`, `name` |
//! | `token_refused` | an API token was used after its end | `token`, `reason`: `ended`, `revoked` |
//! | `channel_claimed` | a private channel belongs to a program from now on | `channel`, `token` |
//! | `announced` | an administrator announced something | `id`, `level` |
//! | `member_removed` | somebody was put out of a room, or their invitation taken back | `room`, `target` |
//! | `member_changed` | somebody got other rights in a room; with `owner` it was handed over | `room`, `target`, `role` |
//! | `message_removed` | a message was removed from a room | `room`, `seq` |
//! | `room_ended` | a room was ended by its owner | `room` |
//!
//! `user` and `handle` are those who did it, `target` is the id of whom it was done to. What is done
//! by a command of the operator's has no address; every server logs it.
//!
//! Of lines that a stranger can cause at will (`rate_limited`, `origin_refused`, `access_refused`,
//! `token_refused`), the same one causes five at once and then one in ten seconds, so that nobody
//! fills a disk.
//!
//! A handle that was tried and that nobody has stands in the log too, because that is how guessing
//! is found. What is no handle at all does not: it may be a password in the wrong field.

use std::{
    fmt,
    hash::{BuildHasher, Hash, RandomState},
    net::IpAddr,
    num::NonZeroU32,
    sync::{Arc, LazyLock, OnceLock},
    time::Duration,
};

use app::{
    backend::Session,
    model::{Handle, Person, RoomName, UserId},
};
use axum::http::{Method, Uri};
use governor::{DefaultKeyedRateLimiter, Quota};

use crate::security::token::public_id;

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

/// Whose limit it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Limited<'a> {
    /// An address's, or its network's.
    Address(IpAddr),
    /// A person's.
    User(&'a UserId),
    /// That of a handle, whether somebody has it or not.
    Handle(&'a str),
    /// An API token's, by the hash of its secret.
    Token(&'a str),
    /// That of a channel or person to whom programs publish.
    Target(&'a str),
}

/// A limit was met.
pub fn rate_limited(limit: &'static str, whose: Limited<'_>) {
    if !may_repeat((limit, whose)) {
        return;
    }
    let (mut user, mut handle, mut token, mut target) = (None, None, None, None);
    let mut address = None;
    match whose {
        Limited::Address(from) => address = Some(from),
        Limited::User(id) => user = Some(id),
        Limited::Handle(text) => handle = Some(text),
        Limited::Token(hash) => token = Some(public_id(hash)),
        Limited::Target(text) => target = Some(text),
    }
    of_asking(|asking| {
        let (method, path) = (asking.map(Asking::method), asking.map(Asking::path));
        let address = asking.map(|asking| asking.address).or(address);
        let user = user.or(asking.and_then(Asking::user));
        let token = token.or(asking.and_then(Asking::token));
        line!(
            "rate_limited",
            "too many requests",
            limit,
            address = shown(address),
            user = shown(user),
            handle,
            token,
            target,
            method,
            path
        );
    });
}

/// Somebody may not do what they asked for, or not listen to this channel.
pub fn access_refused(channel: Option<&str>) {
    of_asking(|asking| {
        let Some(asking) = asking else { return };
        if !may_repeat(("access_refused", asking.address, asking.path())) {
            return;
        }
        line!("access_refused", "that is not allowed", address = %asking.address,
            user = shown(asking.user()), token = asking.token(), method = asking.method(),
            path = asking.path(), channel = channel.map(cut));
    });
}

/// A request came from another site and was refused. `origin` is what it said of where it is from.
pub fn origin_refused(asking: &Asking, origin: &str) {
    if may_repeat(("origin_refused", asking.address)) {
        line!("origin_refused", "a request of another site was refused", address = %asking.address,
            origin = cut(origin), method = asking.method(), path = asking.path());
    }
}

/// Somebody got another role.
pub fn role_changed(user: &UserId, handle: &Handle, role: &str) {
    line!("role_changed", "a role was changed", %user, %handle, role);
}

/// An API token was made. `token` is the id that names it, never the token.
pub fn token_created(token: &str, name: &str, scopes: &str) {
    line!(
        "token_created",
        "an API token was made",
        token,
        name,
        scopes
    );
}

/// An API token was revoked. `token` is the id that names it, never the token.
pub fn token_revoked(token: &str, name: &str) {
    line!("token_revoked", "an API token was revoked", token, name);
}

/// An API token was used after its end. `token` is the id that names it, never the token.
pub fn token_refused(token: &str, reason: &'static str) {
    if may_repeat(("token_refused", token)) {
        line!(
            "token_refused",
            "an API token was used after its end",
            token,
            address = shown(address()),
            reason
        );
    }
}

/// A private channel belongs to a program from now on.
pub fn channel_claimed(channel: &str, token: &str) {
    line!(
        "channel_claimed",
        "a private channel was claimed",
        channel,
        token,
        address = shown(address())
    );
}

/// An administrator announced something.
pub fn announced(person: &Person, id: &str, level: &str) {
    line!("announced", "something was announced", user = %person.user_id, handle = %person.handle,
        address = shown(address()), id, level);
}

/// Somebody was put out of a room by another, or their invitation was taken back.
pub fn member_removed(person: &Person, room: &RoomName, target: &UserId) {
    line!("member_removed", "somebody was put out of a room", user = %person.user_id,
        handle = %person.handle, address = shown(address()), %room, %target);
}

/// Somebody was given other rights in a room.
pub fn member_changed(person: &Person, room: &RoomName, target: &UserId, role: &str) {
    line!("member_changed", "rights in a room were changed", user = %person.user_id,
        handle = %person.handle, address = shown(address()), %room, %target, role);
}

/// A message was removed from a room.
pub fn message_removed(person: &Person, room: &RoomName, seq: u64) {
    line!("message_removed", "a message was removed", user = %person.user_id,
        handle = %person.handle, address = shown(address()), %room, seq);
}

/// A room was ended by its owner.
pub fn room_ended(person: &Person, room: &RoomName) {
    line!("room_ended", "a room was ended", user = %person.user_id, handle = %person.handle,
        address = shown(address()), %room);
}

/// What is being answered: a request, or the frames of a connection.
#[derive(Debug)]
pub struct Asking {
    /// Where it comes from.
    pub address: IpAddr,
    /// With which method.
    pub method: Method,
    /// For what. Only its path is ever logged: there may be a secret in the query.
    pub uri: Uri,
    /// Who asks, once that is known.
    pub by: OnceLock<By>,
}

/// Who asks.
#[derive(Debug, Clone)]
pub enum By {
    /// A person, by a session.
    Session(Arc<Session>),
    /// A person, by a connection.
    User(UserId),
    /// A program, by the hash of its token.
    Token(Arc<str>),
}

impl Asking {
    /// The frames of a connection at `path`.
    pub fn frames(address: IpAddr, path: &'static str) -> Self {
        Self {
            address,
            method: Method::GET,
            uri: Uri::from_static(path),
            by: OnceLock::new(),
        }
    }

    fn user(&self) -> Option<&UserId> {
        match self.by.get()? {
            By::Session(session) => Some(&session.person.user_id),
            By::User(user) => Some(user),
            By::Token(_) => None,
        }
    }

    fn token(&self) -> Option<String> {
        match self.by.get()? {
            By::Token(hash) => Some(public_id(hash)),
            By::Session(_) | By::User(_) => None,
        }
    }

    fn method(&self) -> &str {
        cut(self.method.as_str())
    }

    fn path(&self) -> &str {
        cut(self.uri.path())
    }
}

tokio::task_local! {
    static ASKING: Asking;
}

/// Does `work` so that every line it logs says where it was asked for.
pub fn within<F: Future>(asking: Asking, work: F) -> impl Future<Output = F::Output> {
    ASKING.scope(asking, work)
}

/// Notes who asks, for the lines that follow.
pub fn asked_by(who: By) {
    // Whoever was noted first stays: a request has one credential.
    let _ = ASKING.try_with(|asking| asking.by.set(who));
}

fn of_asking(say: impl FnOnce(Option<&Asking>)) {
    let mut say = Some(say);
    let known = ASKING.try_with(|asking| {
        if let Some(say) = say.take() {
            say(Some(asking));
        }
    });
    if let (Err(_), Some(say)) = (known, say) {
        say(None);
    }
}

/// Where what is being done was asked for, if it was asked for by a request or a frame.
pub fn address() -> Option<IpAddr> {
    ASKING.try_with(|asking| asking.address).ok()
}

/// Whether one more line about the same is written. There is a bound on how many are told apart.
fn may_repeat(what: impl Hash) -> bool {
    const DIFFERENT: u64 = 1 << 16;
    const EVERY: Duration = Duration::from_secs(10);
    const AT_ONCE: NonZeroU32 = NonZeroU32::MIN.saturating_add(4);
    type Repeats = Option<DefaultKeyedRateLimiter<u64>>;
    static REPEATS: LazyLock<(RandomState, Repeats)> = LazyLock::new(|| {
        let quota = Quota::with_period(EVERY).map(|quota| quota.allow_burst(AT_ONCE));
        (
            RandomState::new(),
            quota.map(DefaultKeyedRateLimiter::keyed),
        )
    });
    let (hasher, repeats) = &*REPEATS;
    let key = hasher.hash_one(what) % DIFFERENT;
    repeats
        .as_ref()
        .is_none_or(|repeats| repeats.check_key(&key).is_ok())
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
    fn the_same_is_not_said_for_ever_and_others_are_still_heard() {
        let said = (0..100).filter(|_| may_repeat("the same")).count();
        assert_eq!(said, 5);
        assert!(may_repeat("something else"));
    }

    #[tokio::test]
    async fn what_is_done_knows_where_it_was_asked_for() {
        assert_eq!(address(), None);
        let here: IpAddr = "192.0.2.7".parse().unwrap();
        let asking = Asking::frames(here, "/ws?token=secret");
        assert_eq!(asking.path(), "/ws");
        assert_eq!(within(asking, async { address() }).await, Some(here));
        assert_eq!(address(), None);
    }

    #[test]
    fn what_strangers_send_is_cut_between_characters() {
        assert_eq!(cut("short"), "short");
        let long = format!("{}é{}", "a".repeat(MOST - 1), "b".repeat(MOST));
        assert_eq!(cut(&long), "a".repeat(MOST - 1));
    }
}
