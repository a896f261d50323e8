//! The inbox: what it says, and what a socket that comes back has missed.

use std::collections::{HashMap, HashSet};

use app::{
    backend::{Answer, Session},
    error::QuadError,
    event::{Notification, ServerFrame},
    model::{Epoch, Group, Inbox, InboxMark, Kind, PostId, RoomName, UserId},
};

use super::{Service, posts::excerpt, rooms::is_visible};
use crate::{
    store::inbox::{Entry, Mark, Marked, Standing, What},
    validate,
};

/// Groups on a page, where nothing else is asked for.
const PAGE: u64 = 30;

impl Service {
    /// A page of the inbox, from below `before`.
    pub async fn inbox(
        &self,
        session: &Session,
        before: Option<u64>,
        limit: Option<u64>,
    ) -> Answer<Inbox> {
        let user = &session.person.user_id;
        let limit = validate::limit(limit, PAGE)? as usize;
        let before = before.filter(|seq| *seq < u64::MAX / 2 && *seq > 0);
        let mut page = self.store.list_inbox(user, before, limit + 1).await?;
        if self.catch_up_announcements(user, &page.announced).await? {
            page = self.store.list_inbox(user, before, limit + 1).await?;
        }
        let (seen, mut groups) = (page.seen, page.groups);
        let more = groups.len() > limit;
        groups.truncate(limit);
        let next = groups.last().filter(|_| more).map(|group| group.newest);
        let people = self
            .people(groups.iter().flat_map(|group| &group.people))
            .await?;
        let posts = self
            .excerpts(
                groups
                    .iter()
                    .filter_map(|group| post_of(user, &group.group)),
            )
            .await?;
        let titles = self
            .room_titles(user, groups.iter().map(|group| &group.group))
            .await?;
        let items = groups.iter().filter_map(|group| {
            let room = room_of(&group.group);
            let post_id = post_of(user, &group.group);
            let content = group.content.as_ref()?;
            let (level, text) = content.words();
            Some(Group {
                group: group.group.clone(),
                kind: content.kind(),
                room_title: room.as_ref().and_then(|room| titles.get(room).cloned()),
                room,
                excerpt: post_id.as_ref().and_then(|id| posts.get(id).cloned()),
                post_id,
                level,
                text: text.map(str::to_owned),
                people: group
                    .people
                    .iter()
                    .filter_map(|id| people.get(id).cloned())
                    .collect(),
                count: group.count,
                seq: group.newest,
                at: group.at,
                seen: group.newest <= seen || group.newest <= group.read,
                read: group.newest <= group.read,
                withheld: group.withheld,
            })
        });
        Ok(Inbox {
            epoch: page.epoch,
            seq: page.seq,
            unread: page.unread,
            items: items.collect(),
            next,
        })
    }

    /// Marks as read or unread.
    pub async fn mark_inbox(&self, session: &Session, mark: InboxMark) -> Answer<()> {
        let what = if mark.unread == Some(true) {
            Mark::Unread
        } else {
            Mark::Read
        };
        let user = &session.person.user_id;
        self.mark(user, &mark.epoch, mark.through, what, mark.group.as_deref())
            .await
    }

    /// Everything up to `seq` was on screen.
    pub async fn seen(&self, user: &UserId, epoch: &Epoch, seq: u64) -> Answer<()> {
        self.mark(user, epoch, seq, Mark::Seen, None).await
    }

    async fn mark(
        &self,
        user: &UserId,
        epoch: &Epoch,
        through: u64,
        what: Mark,
        group: Option<&str>,
    ) -> Answer<()> {
        if group.is_some_and(|group| group.is_empty() || group.len() > 64) {
            return Err(QuadError::wrong("group", "format"));
        }
        if through > (1 << 53) {
            return Err(beyond());
        }
        match self
            .store
            .mark_inbox(user, epoch, through, what, group)
            .await?
        {
            Marked::Done => Ok(()),
            Marked::Stale => Err(QuadError::Stale),
            Marked::Beyond => Err(beyond()),
        }
    }

    /// What the rooms of these groups are called, of those that the reader may know of.
    pub async fn room_titles(
        &self,
        reader: &UserId,
        groups: impl Iterator<Item = &String>,
    ) -> Answer<HashMap<RoomName, String>> {
        let rooms: HashSet<RoomName> = groups.filter_map(|group| room_of(group)).collect();
        if rooms.is_empty() {
            return Ok(HashMap::new());
        }
        let rooms: Vec<RoomName> = rooms.into_iter().collect();
        let found = self.store.describe_rooms(&rooms, Some(reader)).await?;
        let known = found.into_iter().flatten().filter(is_visible);
        Ok(known.map(|room| (room.name, room.title)).collect())
    }

    /// How posts begin; those that are gone are missing.
    pub(super) async fn excerpts(
        &self,
        posts: impl Iterator<Item = PostId>,
    ) -> Answer<HashMap<PostId, String>> {
        let posts: HashSet<PostId> = posts.collect();
        let posts: Vec<PostId> = posts.into_iter().collect();
        let posts = self.store.posts(&posts, None).await?;
        let excerpts = posts.into_iter().flatten();
        Ok(excerpts
            .map(|post| (post.id, excerpt(&post.text)))
            .collect())
    }

    /// Where an inbox stands, and the frames of at most `limit` entries after `after`.
    pub async fn inbox_after(
        &self,
        user: &UserId,
        after: Option<u64>,
        limit: usize,
    ) -> Answer<(Standing, Vec<ServerFrame>)> {
        let (mut standing, mut entries) = self.store.read_inbox(user, after, limit).await?;
        if self
            .catch_up_announcements(user, &standing.announced)
            .await?
        {
            (standing, entries) = self.store.read_inbox(user, after, limit).await?;
        }
        let actors = entries.iter().filter_map(|entry| match &entry.what {
            What::News { content, .. } => content.actor(),
            What::Retract(_) => None,
        });
        let people = self.people(actors).await?;
        let posts = self
            .excerpts(
                entries
                    .iter()
                    .filter_map(|entry| post_of(user, &entry.group)),
            )
            .await?;
        let titles = self
            .room_titles(user, entries.iter().map(|entry| &entry.group))
            .await?;
        let frames = entries.into_iter().map(|entry| {
            let Entry {
                seq,
                group,
                at,
                what,
            } = entry;
            let (epoch, unread) = (standing.epoch.clone(), standing.unread);
            let (content, live, withheld) = match what {
                What::Retract(retracts) => {
                    return ServerFrame::Retract {
                        epoch,
                        seq,
                        retracts,
                        group,
                        unread,
                    };
                }
                What::News {
                    content,
                    live,
                    withheld,
                } => (content, live, withheld),
            };
            let post_id = post_of(user, &group);
            let (level, text) = content.words();
            let room = room_of(&group);
            ServerFrame::Notification(Notification {
                epoch,
                seq,
                group,
                unread,
                kind: content.kind(),
                level,
                text: text.map(str::to_owned),
                room_title: room.as_ref().and_then(|room| titles.get(room).cloned()),
                room,
                excerpt: post_id.as_ref().and_then(|post| posts.get(post).cloned()),
                post_id,
                actor: content.actor().and_then(|actor| people.get(actor).cloned()),
                at,
                void: !live,
                withheld,
            })
        });
        let frames = without_gaps(frames.collect(), after, standing.unread);
        Ok((standing, frames))
    }
}

/// Entries that died may have left the stream: each keeps its place as one that is void, so that
/// numbers have no hole. Whoever is further behind than this reloads anyway.
fn without_gaps(frames: Vec<ServerFrame>, after: Option<u64>, unread: u64) -> Vec<ServerFrame> {
    const WIDEST: u64 = 1_000;
    let mut whole = Vec::with_capacity(frames.len());
    let mut expected = after.map_or(0, |after| after.saturating_add(1));
    for frame in frames {
        let (epoch, seq, at) = match &frame {
            ServerFrame::Notification(n) => (&n.epoch, n.seq, n.at),
            ServerFrame::Retract { epoch, seq, .. } => (epoch, *seq, 0),
            _ => continue,
        };
        if seq.saturating_sub(expected) < WIDEST {
            whole.extend((expected..seq).map(|seq| {
                ServerFrame::Notification(Notification {
                    epoch: epoch.clone(),
                    seq,
                    group: format!("message.{seq}"),
                    unread,
                    kind: Kind::Message,
                    level: None,
                    text: None,
                    room: None,
                    room_title: None,
                    post_id: None,
                    excerpt: None,
                    actor: None,
                    at,
                    void: true,
                    withheld: None,
                })
            }));
        }
        expected = seq + 1;
        whole.push(frame);
    }
    whole
}

fn beyond() -> QuadError {
    QuadError::wrong("through", "out_of_range")
}

/// A group of what happened in a room is called `<kind>.<room>`.
pub(crate) fn room_of(group: &str) -> Option<RoomName> {
    let (kind, room) = group.split_once('.')?;
    let in_room = kind == "mention" || kind == "invitation";
    in_room.then(|| room.parse().ok()).flatten()
}

/// A group of likes is called `like.<n>`.
pub(super) fn post_of(owner: &UserId, group: &str) -> Option<PostId> {
    let n = group.strip_prefix("like.")?.parse().ok()?;
    Some(PostId::new(owner.clone(), n))
}
