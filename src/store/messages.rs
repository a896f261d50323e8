//! What somebody is told by other programs, and of what happens in rooms.

use std::sync::LazyLock;

use app::model::{Level, RoomName, UserId, Withheld};

use super::{Store, StoreError, inbox::withheld, keys, posts::Idempotency, script::Script};

static MESSAGE: LazyLock<Script> = LazyLock::new(|| {
    Script::new(&[
        include_str!("inbox.lua"),
        include_str!("notify.lua"),
        include_str!("message.lua"),
    ])
});

static TELL: LazyLock<Script> = LazyLock::new(|| {
    Script::new(&[
        include_str!("inbox.lua"),
        include_str!("entry.lua"),
        include_str!("notify.lua"),
        include_str!("tell.lua"),
    ])
});

/// What happened to somebody in a room.
pub struct RoomNews<'a> {
    /// Whom to tell.
    pub to: &'a UserId,
    /// `mention` or `invitation`.
    pub kind: &'a str,
    /// Where.
    pub room: &'a RoomName,
    /// What that room is called.
    pub title: &'a str,
    /// Who did it.
    pub actor: &'a UserId,
    /// The same as JSON, for the frame that the script publishes.
    pub person: &'a str,
    /// What they said, where they said something.
    pub text: Option<&'a str>,
    /// Which message of the room mentions them, or when they were invited.
    pub which: u64,
    /// Names the occasion: nobody is told of it twice.
    pub key: &'a str,
    /// Milliseconds since 1970.
    pub now: u64,
}

/// A message to a person.
pub struct NewNotice<'a> {
    /// Whom it is for.
    pub to: &'a UserId,
    /// The id of the token that sends it.
    pub from: &'a str,
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
    /// Tells somebody what happened to them in a room, once. Answers why it makes no toast;
    /// whoever is gone is not told.
    pub async fn tell(&self, news: &RoomNews<'_>) -> Result<Option<Withheld>, StoreError> {
        let text = news
            .text
            .map(|text| serde_json::Value::from(text).to_string());
        let (_, why): (bool, String) = self
            .link()
            .script(&TELL, &keys::inbox(news.to), |command| {
                command
                    .arg(news.kind)
                    .arg(news.room.as_str())
                    .arg(news.actor.as_str())
                    .arg(news.person)
                    .arg(text.unwrap_or_default())
                    .arg(news.now)
                    .arg(news.key);
                self.inbox_arguments(command, news.now);
                command
                    .arg(news.which)
                    .arg(serde_json::Value::from(news.title).to_string());
            })
            .await?;
        Ok(withheld(&why))
    }

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
                command.arg(key).arg(body).arg(notice.from);
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
pub fn level_word(level: Level) -> &'static str {
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
