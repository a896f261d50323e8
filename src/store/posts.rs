//! Posts: made, read and deleted.

use std::sync::LazyLock;

use app::{
    event::ServerFrame,
    model::{PostId, UserId},
};
use redis::Cmd;

use super::{
    Store, StoreError,
    cleanup::{Deleted, UNKNOWN_FOR},
    inbox::retracting,
    keys,
    paging::Cursor,
    script::Script,
};

static CREATE: LazyLock<Script> = LazyLock::new(|| {
    Script::new(&[
        "local tag = string.sub(KEYS[1], 1, -6)",
        include_str!("create_post.lua"),
    ])
});
static DELETE: LazyLock<Script> = LazyLock::new(|| retracting(include_str!("delete_post.lua")));

/// An idempotency key of one person, and the hash of what was asked with it.
pub struct Idempotency<'a> {
    /// Hashed, so that its length is bounded.
    pub key: &'a str,
    /// Another body with the same key is an error.
    pub body: &'a str,
}

/// A post as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredPost {
    /// Its id.
    pub id: PostId,
    /// Its text.
    pub text: String,
    /// Milliseconds since 1970.
    pub created_at: u64,
    /// How many people like it.
    pub likes: u64,
    /// Whether the viewer does.
    pub liked: bool,
}

/// Which list of posts to read.
#[derive(Debug, Clone, Copy)]
pub enum PostList<'a> {
    /// All, the newest first.
    Feed,
    /// All, the highest score first.
    Trending,
    /// One author's.
    Author(&'a UserId),
}

impl Store {
    /// Creates a post and puts it into the feed; `excerpt` is how notifications quote it. `None`: the key was used for something else.
    pub async fn create_post(
        &self,
        author: &UserId,
        text: &str,
        excerpt: &str,
        now: u64,
        idempotency: Option<Idempotency<'_>>,
    ) -> Result<Option<(PostId, u64)>, StoreError> {
        let (key, body) = idempotency.map_or(("", ""), |idem| (idem.key, idem.body));
        let made: Vec<u64> = self
            .link()
            .script(&CREATE, &keys::inbox(author), |command| {
                let excerpt = serde_json::Value::from(excerpt).to_string();
                command.arg(text).arg(now).arg(key).arg(body).arg(excerpt);
            })
            .await?;
        let [n, at] = made[..] else { return Ok(None) };
        let id = PostId::new(author.clone(), n);
        // A repeat adds it again, which heals a first try that ended between the two.
        let news = ServerFrame::NewPost {
            post_id: id.clone(),
            at,
        };
        let news = serde_json::to_string(&news).unwrap_or_default();
        let mut tell = redis::cmd("SPUBLISH");
        tell.arg(keys::feed_topic().as_str())
            .arg(format!("0 {news}"));
        self.link()
            .all::<()>(vec![
                add_to(keys::FEED, at, &id),
                add_to(keys::TRENDING, at, &id),
                tell,
            ])
            .await?;
        Ok(Some((id, at)))
    }

    /// Deletes a post and what it put into the inbox; its likes and their entries, which may be many, are
    /// swept later. Nobody sees any of it from now on. False if there was none.
    pub async fn delete_post(&self, id: &PostId, now: u64) -> Result<bool, StoreError> {
        if !self.post_exists(id).await? {
            return Ok(false);
        }
        let deleted = Deleted::Post(id.clone());
        self.clean_up_after(UNKNOWN_FOR, &deleted).await?;
        let there: bool = self
            .link()
            .script(&DELETE, &keys::inbox(id.author()), |command| {
                command.arg(id.to_string()).arg(id.n()).arg(now);
                self.inbox_arguments(command, now);
            })
            .await?;
        self.unlist_post(id).await?;
        self.clean_up(&deleted).await?;
        Ok(there)
    }

    /// Whether there is such a post.
    pub(super) async fn post_exists(&self, id: &PostId) -> Result<bool, StoreError> {
        let mut command = redis::cmd("EXISTS");
        command.arg(keys::post(id));
        self.link().query(&command).await
    }

    /// Takes a post out of the lists of all posts.
    pub(super) async fn unlist_post(&self, id: &PostId) -> Result<(), StoreError> {
        let lists = [keys::FEED, keys::TRENDING].map(|list| {
            let mut command = redis::cmd("ZREM");
            command.arg(list).arg(id.to_string());
            command
        });
        self.link().all::<()>(lists.into()).await.map(drop)
    }

    /// Posts as `viewer` sees them, in the order of `ids`; `None` for one that is gone.
    pub async fn posts(
        &self,
        ids: &[PostId],
        viewer: Option<&UserId>,
    ) -> Result<Vec<Option<StoredPost>>, StoreError> {
        let mut commands = Vec::with_capacity(ids.len());
        for id in ids {
            let mut command = redis::cmd("HMGET");
            command
                .arg(keys::post(id))
                .arg("text")
                .arg("at")
                .arg("likes");
            commands.push(command);
        }
        let rows: Vec<(Option<String>, Option<u64>, Option<u64>)> =
            self.link().all(commands).await?;
        let liked = self.liked(ids, viewer).await?;
        let posts = ids.iter().zip(rows).zip(liked).map(|((id, row), liked)| {
            let (text, created_at, likes) = row;
            Some(StoredPost {
                id: id.clone(),
                text: text?,
                created_at: created_at?,
                likes: likes?,
                liked,
            })
        });
        Ok(posts.collect())
    }

    async fn liked(
        &self,
        ids: &[PostId],
        viewer: Option<&UserId>,
    ) -> Result<Vec<bool>, StoreError> {
        let Some(viewer) = viewer else {
            return Ok(vec![false; ids.len()]);
        };
        let commands = ids
            .iter()
            .map(|id| {
                let mut command = redis::cmd("ZSCORE");
                command.arg(keys::likes(id)).arg(viewer.as_str());
                command
            })
            .collect();
        let scores: Vec<Option<f64>> = self.link().all(commands).await?;
        Ok(scores.into_iter().map(|score| score.is_some()).collect())
    }

    /// A page of post ids, and where it ended if something follows.
    pub async fn post_ids(
        &self,
        list: PostList<'_>,
        before: Option<&Cursor>,
        limit: usize,
    ) -> Result<(Vec<PostId>, Option<Cursor>), StoreError> {
        let (key, author) = match list {
            PostList::Feed => (keys::FEED.to_owned(), None),
            PostList::Trending => (keys::TRENDING.to_owned(), None),
            PostList::Author(author) => (keys::posts(author), Some(author)),
        };
        let (members, next) = self.page(&key, before, limit).await?;
        let ids = members.iter().filter_map(|member| match author {
            Some(author) => Some(PostId::new(author.clone(), member.parse().ok()?)),
            None => member.parse().ok(),
        });
        Ok((ids.collect(), next))
    }
}

/// Adds a post to a derived list.
pub(super) fn add_to(list: &str, score: u64, id: &PostId) -> Cmd {
    let mut command = redis::cmd("ZADD");
    command.arg(list).arg(score).arg(id.to_string());
    command
}
