//! What a person wants to be told of: one hash, so that the script that tells reads all of it in
//! one command.

use std::{collections::HashMap, sync::LazyLock};

use app::model::{Attention, PostId, Preferences, QuietHours, UserId};

use super::{Store, StoreError, keys, now, script::Script};

static MUTE: LazyLock<Script> = LazyLock::new(|| Script::new(&[include_str!("mute.lua")]));

/// Mutes a person may have.
const MOST_MUTES: usize = 1_000;

/// What is muted, with the time since when.
pub enum StoredMute {
    /// A person.
    Person(UserId),
    /// One's own post.
    Post(PostId),
}

impl Store {
    /// What a person wants; what was never set is as it is for a newcomer.
    pub async fn preferences(&self, user: &UserId) -> Result<Preferences, StoreError> {
        let mut command = redis::cmd("HMGET");
        command.arg(keys::attention(user));
        for field in [
            "like", "message", "mention", "quiet", "dnd", "stay", "sound",
        ] {
            command.arg(field);
        }
        type Row = (
            Option<String>,
            Option<String>,
            Option<String>,
            Option<String>,
            Option<u64>,
            Option<u16>,
            Option<bool>,
        );
        let (like, message, mention, quiet, until, stay, sound): Row =
            self.link().query(&command).await?;
        let attention = |stored: Option<String>| stored.as_deref().map(parse).unwrap_or_default();
        let usual = Preferences::default();
        Ok(Preferences {
            like: attention(like),
            message: attention(message),
            mention: attention(mention),
            quiet_hours: quiet.as_deref().and_then(quiet_hours),
            do_not_disturb_until: until.filter(|until| *until > now()),
            toast_seconds: stay.unwrap_or(usual.toast_seconds),
            sound: sound.unwrap_or(usual.sound),
        })
    }

    /// Stores what a person wants. `changes` says from when on, in seconds since 1970, the clocks of
    /// the zone of quiet hours are how many minutes ahead of UTC.
    pub async fn set_preferences(
        &self,
        user: &UserId,
        preferences: &Preferences,
        changes: &[(i64, i16)],
    ) -> Result<(), StoreError> {
        let Preferences {
            like,
            message,
            mention,
            quiet_hours,
            do_not_disturb_until,
            toast_seconds,
            sound,
        } = preferences;
        let quiet = quiet_hours.as_ref().map(|hours| {
            let QuietHours {
                from,
                to,
                utc_offset,
                zone,
            } = hours;
            let mut written = format!("{from} {to} {utc_offset}");
            if let Some(zone) = zone {
                written.push_str(&format!(" {zone}"));
                let changes = changes.iter();
                changes.for_each(|(since, offset)| {
                    written.push_str(&format!(" {since}:{offset}"));
                });
            }
            written
        });
        let key = keys::attention(user);
        let mut pipeline = redis::pipe();
        pipeline.atomic();
        pipeline
            .cmd("HSET")
            .arg(&key)
            .arg(&[
                ("like", word(*like)),
                ("message", word(*message)),
                ("mention", word(*mention)),
            ])
            .arg("stay")
            .arg(*toast_seconds)
            .arg("sound")
            .arg(u8::from(*sound))
            .ignore();
        match quiet {
            Some(quiet) => pipeline.cmd("HSET").arg(&key).arg("quiet").arg(quiet),
            None => pipeline.cmd("HDEL").arg(&key).arg("quiet"),
        }
        .ignore();
        match do_not_disturb_until {
            Some(until) => pipeline.cmd("HSET").arg(&key).arg("dnd").arg(*until),
            None => pipeline.cmd("HDEL").arg(&key).arg("dnd"),
        }
        .ignore();
        self.link().pipeline(&pipeline).await
    }

    /// Everything that a person muted, the newest first.
    pub async fn mutes(&self, user: &UserId) -> Result<Vec<StoredMute>, StoreError> {
        let all: HashMap<String, String> = self
            .link()
            .query(redis::cmd("HGETALL").arg(keys::attention(user)))
            .await?;
        let mut mutes: Vec<(u64, StoredMute)> = all
            .iter()
            .filter_map(|(field, since)| {
                let target = field.strip_prefix("mute:")?;
                let mute = match target.strip_prefix("post.") {
                    Some(n) => StoredMute::Post(PostId::new(user.clone(), n.parse().ok()?)),
                    None => StoredMute::Person(target.parse().ok()?),
                };
                Some((since.parse().ok()?, mute))
            })
            .collect();
        mutes.sort_by_key(|(since, _)| std::cmp::Reverse(*since));
        Ok(mutes.into_iter().map(|(_, mute)| mute).collect())
    }

    /// Whether this is muted.
    pub async fn muted(&self, user: &UserId, mute: &StoredMute) -> Result<bool, StoreError> {
        let mut command = redis::cmd("HEXISTS");
        command.arg(keys::attention(user)).arg(field(mute));
        self.link().query(&command).await
    }

    /// Mutes, or takes it back; a repeat changes nothing. False: as much is muted as may be.
    pub async fn set_mute(
        &self,
        user: &UserId,
        mute: &StoredMute,
        muted: bool,
    ) -> Result<bool, StoreError> {
        let key = keys::attention(user);
        if !muted {
            let mut command = redis::cmd("HDEL");
            command.arg(key).arg(field(mute));
            self.link().query::<u64>(&command).await?;
            return Ok(true);
        }
        self.link()
            .script(&MUTE, &key, |command| {
                command.arg(field(mute)).arg(now()).arg(MOST_MUTES);
            })
            .await
    }
}

/// Where a mute stands in the hash.
fn field(mute: &StoredMute) -> String {
    match mute {
        StoredMute::Person(person) => format!("mute:{person}"),
        StoredMute::Post(post) => format!("mute:post.{}", post.n()),
    }
}

fn word(attention: Attention) -> &'static str {
    match attention {
        Attention::Toast => "toast",
        Attention::Inbox => "inbox",
        Attention::Off => "off",
    }
}

fn parse(word: &str) -> Attention {
    match word {
        "inbox" => Attention::Inbox,
        "off" => Attention::Off,
        _ => Attention::Toast,
    }
}

/// Reads `<from> <to> <offset>`, and where the person named a zone, its name and when its clocks change.
fn quiet_hours(stored: &str) -> Option<QuietHours> {
    let mut parts = stored.split(' ');
    let (from, to) = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
    let mut utc_offset = parts.next()?.parse().ok()?;
    let zone = parts.next().map(str::to_owned);
    for change in parts {
        let (since, offset) = change.split_once(':')?;
        if since.parse::<u64>().ok()? * 1_000 <= now() {
            utc_offset = offset.parse().ok()?;
        }
    }
    Some(QuietHours {
        from,
        to,
        utc_offset,
        zone,
    })
}
