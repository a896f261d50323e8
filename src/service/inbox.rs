//! The inbox: what it says, and what a socket that comes back has missed.

use std::collections::HashMap;

use app::{
    backend::{Answer, Session},
    error::QuadError,
    event::{Notification, ServerFrame},
    model::{Epoch, Group, Inbox, InboxMark, Kind, PostId, UserId},
};

use super::Service;
use crate::{
    store::inbox::{Entry, Mark, Marked, Standing, StoredGroup, What},
    validate,
};

/// Groups on a page, where nothing else is asked for.
const PAGE: u64 = 30;
/// Characters of a post that a group shows.
const EXCERPT: usize = 100;

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
        let page = self.store.list_inbox(user, before, limit + 1).await?;
        let (seen, mut groups) = (page.seen, page.groups);
        let more = groups.len() > limit;
        groups.truncate(limit);
        let next = groups.last().filter(|_| more).map(|group| group.newest);
        let people = self
            .people(groups.iter().flat_map(|group| &group.people))
            .await?;
        let posts: Vec<PostId> = groups
            .iter()
            .filter_map(|group| post_of(user, group))
            .collect();
        let posts: HashMap<PostId, String> = self
            .store
            .posts(&posts, None)
            .await?
            .into_iter()
            .flatten()
            .map(|post| (post.id, excerpt(&post.text)))
            .collect();
        let items = groups.iter().map(|group| {
            let post_id = post_of(user, group);
            Group {
                group: group.group.clone(),
                kind: Kind::Like,
                excerpt: post_id.as_ref().and_then(|id| posts.get(id).cloned()),
                post_id,
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
            }
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
            return Err(QuadError::invalid(
                "group",
                "format",
                "This is not the id of a group.",
            ));
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

    /// Where an inbox stands, and the frames of at most `limit` entries after `after`.
    pub async fn inbox_after(
        &self,
        user: &UserId,
        after: Option<u64>,
        limit: usize,
    ) -> Answer<(Standing, Vec<ServerFrame>)> {
        let (standing, entries) = self.store.read_inbox(user, after, limit).await?;
        let actors = entries.iter().filter_map(|entry| match &entry.what {
            What::Like { person, .. } => Some(person),
            What::Retract(_) => None,
        });
        let people = self.people(actors).await?;
        let frames = entries.into_iter().map(|entry| {
            let Entry {
                seq,
                group,
                at,
                what,
            } = entry;
            let (epoch, unread) = (standing.epoch.clone(), standing.unread);
            match what {
                What::Retract(retracts) => ServerFrame::Retract {
                    epoch,
                    seq,
                    retracts,
                    group,
                    unread,
                },
                What::Like { person, live } => ServerFrame::Notification(Notification {
                    epoch,
                    seq,
                    post_id: post_of_group(user, &group),
                    group,
                    unread,
                    kind: Kind::Like,
                    actor: people.get(&person).cloned(),
                    at,
                    void: !live,
                }),
            }
        });
        let frames = frames.collect();
        Ok((standing, frames))
    }
}

fn beyond() -> QuadError {
    QuadError::invalid("through", "out_of_range", "There is no such entry yet.")
}

fn post_of(owner: &UserId, group: &StoredGroup) -> Option<PostId> {
    post_of_group(owner, &group.group)
}

/// A group of likes is called `like.<n>`.
fn post_of_group(owner: &UserId, group: &str) -> Option<PostId> {
    let n = group.strip_prefix("like.")?.parse().ok()?;
    Some(PostId::new(owner.clone(), n))
}

/// The beginning of a text, on one line, cut between words where that is possible.
fn excerpt(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let Some((end, _)) = line.char_indices().nth(EXCERPT) else {
        return line;
    };
    let cut = &line[..end];
    let cut = cut.rsplit_once(' ').map_or(cut, |(words, _)| words);
    format!("{cut}…")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_excerpt_is_one_line_and_ends_between_words() {
        assert_eq!(excerpt("two\n lines "), "two lines");
        let long = excerpt(&"wörter und ".repeat(20));
        assert!(long.ends_with("und…") || long.ends_with("wörter…"));
        assert!(long.chars().count() <= EXCERPT + 1);
        assert_eq!(excerpt(&"x".repeat(200)).chars().count(), EXCERPT + 1);
    }
}
