//! Messages of other programs to one person.

use std::sync::LazyLock;

use app::model::{Level, UserId, Withheld};

use super::{Store, StoreError, inbox::withheld, keys, posts::Idempotency, script::Script};

static MESSAGE: LazyLock<Script> = LazyLock::new(|| {
    Script::new(&[
        include_str!("inbox.lua"),
        include_str!("notify.lua"),
        include_str!("message.lua"),
    ])
});

/// A message to a person.
pub struct NewNotice<'a> {
    /// Whom it is for.
    pub to: &'a UserId,
    /// What it says.
    pub text: &'a str,
    /// How it is meant.
    pub level: Level,
    /// A fresh id.
    pub id: &'a str,
    /// Milliseconds since 1970.
    pub now: u64,
}

/// What became of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sent {
    /// It is stored under this id, the first one's for a repeat; and why it makes no toast.
    Stored(String, Option<Withheld>),
    /// The key was used for something else.
    KeyReused,
    /// There is no such person.
    NoSuchUser,
}

impl Store {
    /// Puts a message into an inbox and publishes it.
    pub async fn notify(
        &self,
        notice: &NewNotice<'_>,
        idempotency: Option<Idempotency<'_>>,
    ) -> Result<Sent, StoreError> {
        let (key, body) = idempotency.map_or(("", ""), |idem| (idem.key, idem.body));
        let (exists, id, why): (bool, String, String) = self
            .link()
            .script(&MESSAGE, &keys::inbox(notice.to), |command| {
                command
                    .arg(serde_json::Value::from(notice.text).to_string())
                    .arg(level_word(notice.level))
                    .arg(notice.id)
                    .arg(notice.now);
                self.inbox_arguments(command, notice.now);
                command.arg(key).arg(body);
            })
            .await?;
        Ok(match (exists, id.is_empty()) {
            (false, _) => Sent::NoSuchUser,
            (true, true) => Sent::KeyReused,
            (true, false) => Sent::Stored(id, withheld(&why)),
        })
    }
}

/// As it stands in JSON.
fn level_word(level: Level) -> &'static str {
    match level {
        Level::Info => "info",
        Level::Success => "success",
        Level::Warning => "warning",
        Level::Error => "error",
    }
}

/// The level that was stored.
pub(super) fn level(word: &str) -> Level {
    match word {
        "success" => Level::Success,
        "warning" => Level::Warning,
        "error" => Level::Error,
        _ => Level::Info,
    }
}
