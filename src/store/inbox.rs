//! The inbox: read for catching up, listed as groups, and marked.

use std::sync::LazyLock;

use app::model::{Epoch, Kind, Level, UserId, Withheld};
use redis::{FromRedisValue, ParsingError, Value, from_redis_value};

use super::{BEYOND, Store, StoreError, keys, messages, script::Script};

static READ: LazyLock<Script> =
    LazyLock::new(|| Script::new(&[include_str!("inbox.lua"), include_str!("read_inbox.lua")]));
static LIST: LazyLock<Script> = LazyLock::new(|| reading(include_str!("list_inbox.lua")));
static MARK: LazyLock<Script> =
    LazyLock::new(|| Script::new(&[include_str!("inbox.lua"), include_str!("mark_inbox.lua")]));

/// Where an inbox stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// Which history.
    pub epoch: Epoch,
    /// Its newest entry.
    pub seq: u64,
    /// The oldest one that is kept.
    pub first: u64,
    /// Groups with something unread.
    pub unread: u64,
    /// Up to where the announcements were entered.
    pub announced: String,
}

/// An entry as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its place.
    pub seq: u64,
    /// Its group.
    pub group: String,
    /// When; milliseconds since 1970.
    pub at: u64,
    /// What it is.
    pub what: What,
}

/// What an entry is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum What {
    /// Somebody is told of something.
    News {
        /// Of what.
        content: Content,
        /// False: it was taken back since, or is kept from every list.
        live: bool,
        /// Why it makes no toast.
        withheld: Option<Withheld>,
    },
    /// An entry, or with `None` the whole group, was taken back.
    Retract(Option<u64>),
}

/// What somebody is told of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Content {
    /// This person likes a post; the group says which.
    Like(UserId),
    /// A program says something.
    Message(Level, String),
    /// This person mentions somebody in a room, with these words; the group says where.
    Mention(UserId, String),
    /// This person invites somebody into a room; the group says which.
    Invitation(UserId),
    /// Those who run this house say something.
    Announcement(Level, String),
}

impl Content {
    /// What kind of thing it is.
    pub fn kind(&self) -> Kind {
        match self {
            Self::Like(_) => Kind::Like,
            Self::Message(..) => Kind::Message,
            Self::Mention(..) => Kind::Mention,
            Self::Invitation(_) => Kind::Invitation,
            Self::Announcement(..) => Kind::Announcement,
        }
    }

    /// Who did it; nobody for what programs and those who run this house say.
    pub fn actor(&self) -> Option<&UserId> {
        match self {
            Self::Like(person) | Self::Mention(person, _) | Self::Invitation(person) => {
                Some(person)
            }
            Self::Message(..) | Self::Announcement(..) => None,
        }
    }

    /// How it is meant, and what is said.
    pub fn words(&self) -> (Option<Level>, Option<&str>) {
        match self {
            Self::Like(_) | Self::Invitation(_) => (None, None),
            Self::Mention(_, text) => (None, Some(text)),
            Self::Message(level, text) | Self::Announcement(level, text) => {
                (Some(*level), Some(text))
            }
        }
    }
}

/// A page of groups.
pub struct Groups {
    /// Which history.
    pub epoch: Epoch,
    /// The newest entry.
    pub seq: u64,
    /// Groups with something unread, on all pages.
    pub unread: u64,
    /// Everything up to here was on screen.
    pub seen: u64,
    /// Up to where the announcements were entered.
    pub announced: String,
    /// The newest first.
    pub groups: Vec<StoredGroup>,
}

/// One group.
pub struct StoredGroup {
    /// `like.<n>`, `mention.<room>`, `invitation.<room>`, `message.<seq>` or
    /// `announcement.<seq>`.
    pub group: String,
    /// Its newest live entry.
    pub newest: u64,
    /// When that was made.
    pub at: u64,
    /// Everything up to here was opened.
    pub read: u64,
    /// Distinct people.
    pub count: u64,
    /// Why the newest entry made no toast.
    pub withheld: Option<Withheld>,
    /// What the newest entry says; `None` for a kind that this version does not know.
    pub content: Option<Content>,
    /// The newest three people.
    pub people: Vec<UserId>,
}

/// What to do with a mark.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mark {
    /// It was on screen.
    Seen,
    /// It was opened.
    Read,
    /// Take a read mark back.
    Unread,
}

/// What became of a mark.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Marked {
    /// It is set.
    Done,
    /// Another epoch, or behind one that was set.
    Stale,
    /// An entry that is not there yet.
    Beyond,
}

impl Store {
    /// Where an inbox stands, and at most `limit` entries after `after` where that is wanted.
    pub async fn read_inbox(
        &self,
        user: &UserId,
        after: Option<u64>,
        limit: usize,
    ) -> Result<(Standing, Vec<Entry>), StoreError> {
        type Row = (
            u64,
            String,
            String,
            u64,
            String,
            u64,
            bool,
            String,
            String,
            String,
        );
        let after = after.map_or(-1, |seq| seq.min(BEYOND) as i64);
        type Answer = (String, u64, u64, u64, String, Vec<Row>);
        let (epoch, seq, first, unread, announced, rows): Answer = self
            .link()
            .script(&READ, &keys::inbox(user), |command| {
                command.arg(after).arg(limit);
            })
            .await?;
        let standing = Standing {
            epoch: self.epoch(&epoch),
            seq,
            first,
            unread,
            announced,
        };
        let entries = rows.into_iter().filter_map(
            |(seq, kind, group, at, who, entry, live, why, level, text)| {
                let what = match kind.as_str() {
                    "retract" => What::Retract((entry > 0).then_some(entry)),
                    kind => What::News {
                        content: content(kind, &who, &level, &text)?,
                        live,
                        withheld: withheld(&why),
                    },
                };
                Some(Entry {
                    seq,
                    group,
                    at,
                    what,
                })
            },
        );
        Ok((standing, entries.collect()))
    }

    /// Where many inboxes stand, in the order of `users`: (epoch, seq).
    pub async fn inbox_positions(&self, users: &[UserId]) -> Result<Vec<(Epoch, u64)>, StoreError> {
        let commands = users
            .iter()
            .map(|user| {
                let mut command = redis::cmd("HMGET");
                command.arg(keys::inbox_meta(user)).arg("epoch").arg("seq");
                command
            })
            .collect();
        let rows: Vec<(Option<String>, Option<u64>)> = self.link().all(commands).await?;
        let positions = rows.into_iter().map(|(epoch, seq)| {
            (
                self.epoch(epoch.as_deref().unwrap_or_default()),
                seq.unwrap_or(0),
            )
        });
        Ok(positions.collect())
    }

    /// A page of groups whose newest entry is below `before`.
    pub async fn list_inbox(
        &self,
        user: &UserId,
        before: Option<u64>,
        limit: usize,
    ) -> Result<Groups, StoreError> {
        type Answer = (String, u64, u64, u64, String, Vec<StoredGroup>);
        let (epoch, seq, unread, seen, announced, groups): Answer = self
            .link()
            .script(&LIST, &keys::inbox(user), |command| {
                command.arg(before.unwrap_or(0)).arg(limit);
            })
            .await?;
        Ok(Groups {
            epoch: self.epoch(&epoch),
            seq,
            unread,
            seen,
            announced,
            groups,
        })
    }

    /// Moves a mark and tells the person's other sockets.
    pub async fn mark_inbox(
        &self,
        user: &UserId,
        epoch: &Epoch,
        through: u64,
        mark: Mark,
        group: Option<&str>,
    ) -> Result<Marked, StoreError> {
        let what = match mark {
            Mark::Seen => "seen",
            Mark::Read => "read",
            Mark::Unread => "unread",
        };
        let answer: String = self
            .link()
            .script(&MARK, &keys::inbox(user), |command| {
                command
                    .arg(self.generation())
                    .arg(epoch.as_str())
                    .arg(through)
                    .arg(what)
                    .arg(group.unwrap_or_default());
            })
            .await?;
        Ok(match answer.as_str() {
            "ok" => Marked::Done,
            "beyond" => Marked::Beyond,
            _ => Marked::Stale,
        })
    }

    /// The epoch as clients know it.
    pub(super) fn epoch(&self, stored: &str) -> Epoch {
        Epoch::from(format!("{}.{stored}", self.generation()))
    }
}

impl FromRedisValue for StoredGroup {
    fn from_redis_value(value: Value) -> Result<Self, ParsingError> {
        let mut row = Vec::<Value>::from_redis_value(value)?.into_iter();
        let mut next = || row.next().unwrap_or(Value::Nil);
        let group = from_redis_value(next())?;
        let newest = from_redis_value(next())?;
        let at = from_redis_value(next())?;
        let read = from_redis_value(next())?;
        let count = from_redis_value(next())?;
        let why: String = from_redis_value(next())?;
        let kind: String = from_redis_value(next())?;
        let who: String = from_redis_value(next())?;
        let level: String = from_redis_value(next())?;
        let text: String = from_redis_value(next())?;
        let people = row
            .filter_map(|value| from_redis_value::<String>(value).ok()?.parse().ok())
            .collect();
        Ok(Self {
            group,
            newest,
            at,
            read,
            count,
            withheld: withheld(&why),
            content: content(&kind, &who, &level, &text),
            people,
        })
    }
}

/// What an entry of `kind` says; `None` for a kind that this version does not know.
pub(super) fn content(kind: &str, who: &str, level: &str, text: &str) -> Option<Content> {
    match kind {
        "like" => Some(Content::Like(who.parse().ok()?)),
        "message" => Some(Content::Message(messages::level(level), plain(text)?)),
        "mention" => Some(Content::Mention(who.parse().ok()?, plain(text)?)),
        "invitation" => Some(Content::Invitation(who.parse().ok()?)),
        "announcement" => Some(Content::Announcement(messages::level(level), plain(text)?)),
        _ => None,
    }
}

/// Texts are stored as JSON, because that is how they are sent.
fn plain(text: &str) -> Option<String> {
    serde_json::from_str(text).ok()
}

/// A script that takes something back.
pub(super) fn retracting(body: &str) -> Script {
    Script::new(&[
        include_str!("inbox.lua"),
        include_str!("entry.lua"),
        include_str!("retract.lua"),
        body,
    ])
}

/// A script that reads entries of an inbox.
pub(super) fn reading(body: &str) -> Script {
    Script::new(&[include_str!("inbox.lua"), include_str!("entry.lua"), body])
}

pub(super) fn withheld(word: &str) -> Option<Withheld> {
    match word {
        "muted" => Some(Withheld::Muted),
        "quiet" => Some(Withheld::Quiet),
        "preference" => Some(Withheld::Preference),
        _ => None,
    }
}
