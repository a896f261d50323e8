//! What one wants to be told of.

use leptos::prelude::*;
use serde::{Deserialize, Serialize};

#[cfg(feature = "ssr")]
use super::{answer, land, land_back};
#[cfg(feature = "ssr")]
use crate::{
    backend::RequestContext,
    model::{MuteTarget, QuietHours},
};
use crate::{
    error::QuadError,
    model::{Attention, Handle, Mutes, Pause, PostId, Preferences},
};

/// What one wants to be told of.
#[server(prefix = "/fn", endpoint = "read_preferences")]
pub async fn read_preferences() -> Result<Preferences, QuadError> {
    answer(|context| async move { context.backend.preferences(context.session()?).await }).await
}

/// What the form of the preferences holds: boxes that are not ticked are missing, and times are
/// written as clocks show them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wishes {
    pub like: Attention,
    pub message: Attention,
    pub mention: Attention,
    #[serde(default)]
    pub quiet: Option<String>,
    #[serde(default)]
    pub quiet_from: String,
    #[serde(default)]
    pub quiet_to: String,
    #[serde(default)]
    pub zone: String,
    pub toast_seconds: u16,
    #[serde(default)]
    pub sound: Option<String>,
}

/// Changes what one wants to be told of. Whether anything is to disturb stays as it is.
#[server(prefix = "/fn", endpoint = "save_preferences")]
pub async fn save_preferences(wishes: Wishes) -> Result<Preferences, QuadError> {
    answer(|context| async move {
        let session = context.session()?;
        let before = context.backend.preferences(session).await?;
        let quiet_hours = match wishes.quiet {
            None => None,
            Some(_) => {
                let (from, to) = (minutes(&wishes.quiet_from)?, minutes(&wishes.quiet_to)?);
                let zone = Some(wishes.zone.trim().to_owned()).filter(|zone| !zone.is_empty());
                // Without a new choice the old one holds, also one of before zones had names.
                let (zone, utc_offset) = match (zone, before.quiet_hours.clone()) {
                    (Some(zone), _) => (Some(zone), 0),
                    (None, Some(old)) => (old.zone, old.utc_offset),
                    // What is wrong with the hours is told first, as it is where a zone is chosen.
                    (None, None) if from == to => {
                        return Err(QuadError::wrong("quiet_hours", "out_of_range"));
                    }
                    (None, None) => return Err(QuadError::wrong("quiet_hours.zone", "required")),
                };
                Some(QuietHours {
                    from,
                    to,
                    utc_offset,
                    zone,
                })
            }
        };
        let preferences = Preferences {
            like: wishes.like,
            message: wishes.message,
            mention: wishes.mention,
            quiet_hours,
            toast_seconds: wishes.toast_seconds,
            sound: wishes.sound.is_some(),
            ..before
        };
        let stored = context
            .backend
            .set_preferences(session, preferences)
            .await?;
        land("/settings/notifications?saved=preferences");
        Ok(stored)
    })
    .await
}

/// Lets nothing disturb for a while, or takes that back. `zone` is that of the device.
#[server(prefix = "/fn", endpoint = "set_do_not_disturb")]
pub async fn set_do_not_disturb(
    pause: Pause,
    zone: Option<String>,
) -> Result<Preferences, QuadError> {
    answer(|context| async move {
        let session = context.session()?;
        let stored = context
            .backend
            .pause(session, pause, zone.as_deref())
            .await?;
        land("/settings/notifications");
        Ok(stored)
    })
    .await
}

/// The options of the field in which one chooses a time zone, as HTML. The list of all zones stays
/// out of the page's program so.
#[server(prefix = "/fn", endpoint = "read_zones")]
pub async fn read_zones(stored: Option<String>) -> Result<String, QuadError> {
    answer(|context| async move { Ok(zone_options(&context, stored.as_deref())) }).await
}

/// The same for a page that is being rendered. `stored` is chosen already.
#[cfg(feature = "ssr")]
pub(crate) fn zone_options(context: &RequestContext, stored: Option<&str>) -> String {
    let mut zones = context.backend.zones();
    // A program may have stored the name of a zone that is no place.
    let plain = |c: char| c.is_ascii_alphanumeric() || "/_+-".contains(c);
    if let Some(other) = stored
        && other.chars().all(plain)
        && !zones.iter().any(|zone| zone == other)
    {
        zones.insert(0, other.to_owned());
    }
    let option = |zone: &String| {
        let selected = if stored == Some(zone) {
            " selected"
        } else {
            ""
        };
        format!("<option{selected}>{zone}</option>")
    };
    zones.iter().map(option).collect()
}

/// Everything that one muted.
#[server(prefix = "/fn", endpoint = "read_mutes")]
pub async fn read_mutes() -> Result<Mutes, QuadError> {
    answer(|context| async move { context.backend.mutes(context.session()?).await }).await
}

/// Whether one muted a person or a post; `None` for whom or what one cannot mute.
#[server(prefix = "/fn", endpoint = "read_muted")]
pub async fn read_muted(
    person: Option<Handle>,
    post: Option<PostId>,
) -> Result<Option<bool>, QuadError> {
    answer(|context| async move {
        let Some(session) = context.viewer()? else {
            return Ok(None);
        };
        let target = mute_target(person, post)?;
        let own = &session.person;
        let possible = match &target {
            MuteTarget::Person(handle) => *handle != own.handle,
            MuteTarget::Post(post) => *post.author() == own.user_id,
        };
        if !possible {
            return Ok(None);
        }
        context.backend.muted(session, &target).await.map(Some)
    })
    .await
}

/// Asks for a state, muted or not, of a person or of one's own post.
#[server(prefix = "/fn", endpoint = "set_mute")]
pub async fn set_mute(
    person: Option<Handle>,
    post: Option<PostId>,
    muted: bool,
) -> Result<bool, QuadError> {
    answer(|context| async move {
        let target = mute_target(person, post)?;
        let session = context.session()?;
        context.backend.set_mute(session, &target, muted).await?;
        land_back("");
        Ok(muted)
    })
    .await
}

#[cfg(feature = "ssr")]
fn mute_target(person: Option<Handle>, post: Option<PostId>) -> Result<MuteTarget, QuadError> {
    match (person, post) {
        (Some(person), None) => Ok(MuteTarget::Person(person)),
        (None, Some(post)) => Ok(MuteTarget::Post(post)),
        _ => Err(QuadError::malformed("Name either a person or a post.")),
    }
}

/// Minutes after midnight of `22:30`; browsers may add seconds.
#[cfg(feature = "ssr")]
fn minutes(time: &str) -> Result<u16, QuadError> {
    let mut parts = time.trim().split(':').map(str::parse::<u16>);
    match (parts.next(), parts.next()) {
        (Some(Ok(hours @ 0..=23)), Some(Ok(minutes @ 0..=59))) => Ok(hours * 60 + minutes),
        _ => Err(QuadError::wrong("quiet_hours", "format")),
    }
}
