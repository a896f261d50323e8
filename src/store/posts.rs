//! Posts: made, read and deleted.

use std::sync::LazyLock;

use app::{
    error::QuadError,
    event::ServerFrame,
    model::{PostId, UserId},
};
use redis::Cmd;

use super::{Store, StoreError, inbox::retracting, keys, paging::Cursor, script::Script};

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

    /// Deletes a post, its likes and what it put into the inbox. False if there was none.
    pub async fn delete_post(&self, id: &PostId, now: u64) -> Result<bool, StoreError> {
        let there: bool = self
            .link()
            .script(&DELETE, &keys::inbox(id.author()), |command| {
                command.arg(id.to_string()).arg(id.n()).arg(now);
                self.inbox_arguments(command, now);
            })
            .await?;
        let post = id.to_string();
        let mut feed = redis::cmd("ZREM");
        feed.arg(keys::FEED).arg(&post);
        let mut trending = redis::cmd("ZREM");
        trending.arg(keys::TRENDING).arg(&post);
        self.link().all::<()>(vec![feed, trending]).await?;
        Ok(there)
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

    /// A page of post ids, and the cursor of what follows.
    pub async fn post_ids(
        &self,
        list: PostList<'_>,
        before: Option<&str>,
        limit: usize,
    ) -> Result<(Vec<PostId>, Option<String>), QuadError> {
        let cursor = before.map(Cursor::parse).transpose()?;
        let (key, author) = match list {
            PostList::Feed => (keys::FEED.to_owned(), None),
            PostList::Trending => (keys::TRENDING.to_owned(), None),
            PostList::Author(author) => (keys::posts(author), Some(author)),
        };
        let (members, next) = self.page(&key, cursor.as_ref(), limit).await?;
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
