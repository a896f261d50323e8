//! What a person wants to be told of, and what became of what they were sent.

use app::{
    backend::{Answer, Session},
    error::QuadError,
    model::{
        Epoch, FOR_GOOD, Ledger, MuteTarget, MutedPost, Mutes, Outcome, Pause, Preferences,
        Silenced, SilencedPage, UserId,
    },
};

use super::{
    Service,
    cursors::List,
    inbox::{post_of, room_of},
    zones::{self, Clocks},
};
use crate::{
    meters::METERS,
    store::{attention::StoredMute, now},
    validate,
};

/// Entries on a page of what was silenced, where nothing else is asked for.
const PAGE: u64 = 30;
/// Entries of which one frame may tell.
const MOST_TOLD: usize = 500;
/// An hour.
const HOUR_MS: u64 = 3_600_000;

impl Service {
    /// What this person wants to be told of.
    pub async fn preferences(&self, session: &Session) -> Answer<Preferences> {
        Ok(self.store.preferences(&session.person.user_id).await?)
    }

    /// Changes that.
    pub async fn set_preferences(
        &self,
        session: &Session,
        mut preferences: Preferences,
    ) -> Answer<Preferences> {
        let mut changes = Vec::new();
        if let Some(hours) = &mut preferences.quiet_hours
            && let Some(zone) = &hours.zone
        {
            let clocks = Clocks::of(zone, now())?;
            (hours.zone, hours.utc_offset) = (Some(clocks.zone), clocks.offset);
            changes = clocks.changes;
        }
        check(&preferences)?;
        let user = &session.person.user_id;
        self.store
            .set_preferences(user, &preferences, &changes)
            .await?;
        Ok(preferences)
    }

    /// Lets nothing disturb this person for a while, or takes that back. `zone` is that of the device
    /// that asks; where there is no such zone, that of quiet hours counts, and else UTC.
    pub async fn pause(
        &self,
        session: &Session,
        pause: Pause,
        zone: Option<&str>,
    ) -> Answer<Preferences> {
        let mut preferences = self.preferences(session).await?;
        let now = now();
        preferences.do_not_disturb_until = match pause {
            Pause::Hour => Some(now + HOUR_MS),
            Pause::Tomorrow => {
                let hours = preferences.quiet_hours.as_ref();
                let stored = hours.and_then(|hours| hours.zone.as_deref());
                let offset = hours.map_or(0, |hours| hours.utc_offset);
                Some(zones::tomorrow_at_eight(&[zone, stored], offset, now)?)
            }
            Pause::On => Some(FOR_GOOD),
            Pause::Off => None,
        };
        self.set_preferences(session, preferences).await
    }

    /// Everything that this person muted.
    pub async fn mutes(&self, session: &Session) -> Answer<Mutes> {
        let (mut people, mut posts) = (Vec::new(), Vec::new());
        for mute in self.store.mutes(&session.person.user_id).await? {
            match mute {
                StoredMute::Person(person) => people.push(person),
                StoredMute::Post(post) => posts.push(post),
            }
        }
        let mut known = self.people(&people).await?;
        let excerpts = self.excerpts(posts.iter().cloned()).await?;
        Ok(Mutes {
            people: people.iter().filter_map(|id| known.remove(id)).collect(),
            posts: posts
                .into_iter()
                .filter_map(|post_id| {
                    let excerpt = excerpts.get(&post_id)?.clone();
                    Some(MutedPost { post_id, excerpt })
                })
                .collect(),
        })
    }

    /// Whether this is muted.
    pub async fn muted(&self, session: &Session, target: &MuteTarget) -> Answer<bool> {
        let mute = match target {
            MuteTarget::Person(handle) => StoredMute::Person(self.find(handle).await?.user_id),
            MuteTarget::Post(post) => StoredMute::Post(post.clone()),
        };
        Ok(self.store.muted(&session.person.user_id, &mute).await?)
    }

    /// Asks for a state, muted or not.
    pub async fn set_mute(
        &self,
        session: &Session,
        target: &MuteTarget,
        muted: bool,
    ) -> Answer<()> {
        let user = &session.person.user_id;
        let mute = match target {
            MuteTarget::Person(handle) => StoredMute::Person(self.find(handle).await?.user_id),
            MuteTarget::Post(post) if post.author() != user => return Err(QuadError::Forbidden),
            MuteTarget::Post(post) => {
                self.post(None, post).await?;
                StoredMute::Post(post.clone())
            }
        };
        if self.store.set_mute(user, &mute, muted).await? {
            return Ok(());
        }
        Err(QuadError::wrong("mutes", "too_many"))
    }

    /// Notes what became of entries, and for those that were painted, how long that took.
    pub async fn told(
        &self,
        user: &UserId,
        epoch: &Epoch,
        outcome: Outcome,
        seqs: &[u64],
    ) -> Answer<()> {
        let seqs = &seqs[..seqs.len().min(MOST_TOLD)];
        if seqs.is_empty() {
            return Ok(());
        }
        let made = self.store.told(user, epoch, outcome, seqs).await?;
        METERS.told(outcome, made.len() as u64);
        if outcome == Outcome::Shown {
            let now = now();
            for at in made {
                METERS
                    .painted
                    .record(now.saturating_sub(at) as f64 / 1000.0);
            }
        }
        Ok(())
    }

    /// What became of everything in this inbox.
    pub async fn ledger(&self, session: &Session) -> Answer<Ledger> {
        Ok(self.store.ledger(&session.person.user_id).await?)
    }

    /// A page of what made no toast, from below `before`.
    pub async fn silenced(
        &self,
        session: &Session,
        before: Option<String>,
        limit: Option<u64>,
    ) -> Answer<SilencedPage> {
        let user = &session.person.user_id;
        let limit = validate::limit(limit, PAGE)? as usize;
        let list = List::Silenced(user);
        let before: Option<u64> = self.open_cursor("before", list, before.as_deref()).await?;
        let mut entries = self.store.silenced(user, before, limit + 1).await?;
        let more = entries.len() > limit;
        entries.truncate(limit);
        let next = entries.last().filter(|_| more).map(|entry| entry.seq);
        let people = self
            .people(entries.iter().filter_map(|entry| entry.content.actor()))
            .await?;
        let titles = self
            .room_titles(user, entries.iter().map(|entry| &entry.group))
            .await?;
        let items = entries.into_iter().map(|entry| {
            let room = room_of(&entry.group);
            let (level, text) = entry.content.words();
            let actor = entry.content.actor();
            Silenced {
                seq: entry.seq,
                kind: entry.content.kind(),
                room_title: room.as_ref().and_then(|room| titles.get(room).cloned()),
                room,
                post_id: post_of(user, &entry.group),
                actor: actor.and_then(|actor| people.get(actor).cloned()),
                level,
                text: text.map(str::to_owned),
                at: entry.at,
                withheld: entry.withheld,
            }
        });
        Ok(SilencedPage {
            items: items.collect(),
            next: self.seal_cursor(list, next).await?,
        })
    }
}

/// Minutes of a day.
const DAY: u16 = 1_440;

/// Errors: `invalid` with the fields that cannot be.
fn check(preferences: &Preferences) -> Answer<()> {
    if let Some(hours) = &preferences.quiet_hours {
        let possible = hours.from < DAY && hours.to < DAY && hours.from != hours.to;
        if !possible || !(-720..=840).contains(&hours.utc_offset) {
            return Err(QuadError::wrong("quiet_hours", "out_of_range"));
        }
    }
    if !matches!(preferences.toast_seconds, 0 | 3..=60) {
        return Err(QuadError::wrong("toast_seconds", "out_of_range"));
    }
    // The largest whole number that every reader of JSON can tell from its neighbours.
    if preferences
        .do_not_disturb_until
        .is_some_and(|until| until >= 1 << 53)
    {
        return Err(QuadError::wrong("do_not_disturb_until", "out_of_range"));
    }
    Ok(())
}
