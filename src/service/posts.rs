//! Posts, the feed and likes.

use std::time::Instant;

use app::{
    backend::{Answer, Session},
    error::QuadError,
    model::{LikeState, Likers, NewPost, Order, Post, PostId, PostPage, PostQuery},
    text::{BYTES_EACH, balanced, beginning, within},
};
use sha2::{Digest, Sha256};

use super::Service;
use crate::{
    meters::METERS,
    store::{
        now,
        posts::{Idempotency, PostList, StoredPost},
    },
    validate,
};

/// Posts on a page, where nothing else is asked for.
const PAGE: u64 = 20;
/// Characters of a post that a notification quotes.
const EXCERPT: usize = 100;

impl Service {
    /// Publishes a post. With a key, a repeat answers the first one.
    pub async fn create_post(
        &self,
        session: &Session,
        post: NewPost,
        key: Option<String>,
    ) -> Answer<Post> {
        self.limits.post(&session.person.user_id)?;
        let text = validate::new_post(&post)?;
        let key = key
            .as_deref()
            .map(validate::idempotency_key)
            .transpose()?
            .map(digest);
        let body = digest(&text);
        let idempotency = key.as_deref().map(|key| Idempotency { key, body: &body });
        let author = &session.person.user_id;
        let (post_id, created_at) = self
            .store
            .create_post(author, &text, &excerpt(&text), now(), idempotency)
            .await?
            .ok_or(QuadError::KeyReused)?;
        let author = session.person.clone();
        Ok(Post {
            post_id,
            author,
            text,
            created_at,
            likes: 0,
            liked: false,
        })
    }

    /// Deletes one's own post, its likes, and what they put into the inbox.
    pub async fn delete_post(&self, session: &Session, id: &PostId) -> Answer<()> {
        // Whose post it is stands in its id; that it exists is only said to its author.
        if *id.author() != session.person.user_id {
            self.post(None, id).await?;
            return Err(QuadError::Forbidden);
        }
        match self.store.delete_post(id, now()).await? {
            true => Ok(()),
            false => Err(QuadError::NoSuchPost),
        }
    }

    /// One post as the viewer sees it.
    pub async fn post(&self, viewer: Option<&Session>, id: &PostId) -> Answer<Post> {
        let ids = std::slice::from_ref(id);
        self.load(viewer, ids)
            .await?
            .pop()
            .ok_or(QuadError::NoSuchPost)
    }

    /// A page of the feed, or of one author. It is only empty where nothing is left: posts that
    /// were deleted meanwhile are made up for from what follows.
    pub async fn posts(&self, viewer: Option<&Session>, query: PostQuery) -> Answer<PostPage> {
        let limit = validate::limit(query.limit, PAGE)? as usize;
        let author = match &query.author {
            Some(handle) => Some(self.find(handle).await?.user_id),
            None => None,
        };
        let mut page = PostPage {
            posts: Vec::new(),
            next: query.before,
        };
        loop {
            let list = match (&author, query.order) {
                (Some(author), _) => PostList::Author(author),
                (None, Order::Latest) => PostList::Feed,
                (None, Order::Trending) => PostList::Trending,
            };
            let wanted = limit - page.posts.len();
            let (ids, next) = self
                .store
                .post_ids(list, page.next.as_deref(), wanted)
                .await?;
            page.posts.extend(self.load(viewer, &ids).await?);
            page.next = next;
            if page.posts.len() == limit || page.next.is_none() {
                return Ok(page);
            }
        }
    }

    /// Who likes a post, the newest first.
    pub async fn likers(
        &self,
        id: &PostId,
        after: Option<String>,
        limit: Option<u64>,
    ) -> Answer<Likers> {
        let limit = validate::limit(limit, PAGE)? as usize;
        let (ids, next) = self
            .store
            .likers(id, after.as_deref(), limit)
            .await?
            .ok_or(QuadError::NoSuchPost)?;
        let mut people = self.people(&ids).await?;
        let people = ids.iter().filter_map(|id| people.remove(id)).collect();
        Ok(Likers { people, next })
    }

    /// Asks for a state; a repeat changes nothing and answers the same.
    pub async fn set_like(&self, session: &Session, id: &PostId, liked: bool) -> Answer<LikeState> {
        let asked = Instant::now();
        let person = &session.person;
        self.limits.like(&person.user_id)?;
        let actor = serde_json::to_string(person).map_err(|_| QuadError::Internal)?;
        let accepted = asked.elapsed();
        let done = self
            .store
            .set_like(id, &person.user_id, &actor, liked, now())
            .await?
            .ok_or(QuadError::NoSuchPost)?;
        if done.changed {
            METERS.likes.increment(1);
            METERS.accepted.record(accepted);
            METERS.stored.record(asked.elapsed());
            METERS.withheld(done.withheld);
            self.trending.touch(id);
            if liked {
                self.push.told_later(id.author());
            }
        }
        Ok(done.state)
    }

    async fn load(&self, viewer: Option<&Session>, ids: &[PostId]) -> Answer<Vec<Post>> {
        let viewer = viewer.map(|session| &session.person.user_id);
        let stored = self.store.posts(ids, viewer).await?;
        let people = self
            .people(stored.iter().flatten().map(|post| post.id.author()))
            .await?;
        let posts = stored.into_iter().flatten().filter_map(|post| {
            let StoredPost {
                id: post_id,
                text,
                created_at,
                likes,
                liked,
            } = post;
            let author = people.get(post_id.author())?.clone();
            Some(Post {
                post_id,
                author,
                text,
                created_at,
                likes,
                liked,
            })
        });
        Ok(posts.collect())
    }
}

/// The beginning of a text, on one line, cut between words where that is possible. It turns
/// nothing that stands beside it.
pub(crate) fn excerpt(text: &str) -> String {
    // Longer words than these are no quotation.
    let begin = within(text, EXCERPT * BYTES_EACH);
    let line = begin.split_whitespace().collect::<Vec<_>>().join(" ");
    let cut = match beginning(&line, EXCERPT) {
        (whole, false) if begin.len() == text.len() => return balanced(whole).into_owned(),
        (whole, false) => whole,
        (cut, true) => cut.rsplit_once(' ').map_or(cut, |(words, _)| words),
    };
    format!("{}…", balanced(cut))
}

/// A hash of bounded length, for keys and comparisons in the store.
pub(super) fn digest(text: &str) -> String {
    let hash = Sha256::digest(text.as_bytes());
    hash.iter()
        .take(16)
        .map(|byte| format!("{byte:02x}"))
        .collect()
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
        let families = "👩‍👩‍👧".repeat(200);
        assert_eq!(excerpt(&families), "👩‍👩‍👧".repeat(EXCERPT) + "…");
        assert_eq!(excerpt("\u{2067}a\nb\u{2069}"), "\u{2067}a b\u{2069}");
        assert_eq!(
            excerpt(&format!("\u{2067}{}\u{2069}", "a ".repeat(200)))
                .matches('\u{2067}')
                .count(),
            0
        );
        assert!(excerpt(&"a\u{301}".repeat(9_000)).len() <= EXCERPT * 3 + 3);
    }
}
