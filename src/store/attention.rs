//! What a person wants to be told of: one hash, so that the script that tells reads all of it in
//! one command.

use std::collections::HashMap;

use app::model::{Attention, PostId, Preferences, QuietHours, UserId};

use super::{Store, StoreError, keys, now};

/// Mutes a person may have.
pub const MOST_MUTES: usize = 1_000;

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

    /// Stores what a person wants.
    pub async fn set_preferences(
        &self,
        user: &UserId,
        preferences: &Preferences,
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
        let quiet = quiet_hours.map(|hours| {
            let QuietHours {
                from,
                to,
                utc_offset,
            } = hours;
            format!("{from} {to} {utc_offset}")
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

    /// Mutes, or takes it back.
    pub async fn set_mute(
        &self,
        user: &UserId,
        mute: &StoredMute,
        muted: bool,
    ) -> Result<(), StoreError> {
        // A repeat changes nothing: it was muted when it was muted first.
        let mut command = redis::cmd(if muted { "HSETNX" } else { "HDEL" });
        command.arg(keys::attention(user)).arg(field(mute));
        if muted {
            command.arg(now());
        }
        self.link().query(&command).await
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

fn quiet_hours(stored: &str) -> Option<QuietHours> {
    let mut parts = stored.split(' ');
    Some(QuietHours {
        from: parts.next()?.parse().ok()?,
        to: parts.next()?.parse().ok()?,
        utc_offset: parts.next()?.parse().ok()?,
    })
}
