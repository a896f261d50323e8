//! Likes: one script, one slot, one round trip.

use std::sync::LazyLock;

use app::model::{LikeState, PostId, UserId, Withheld};
use redis::Cmd;

use super::{
    Store, StoreError,
    inbox::{retracting, withheld},
    keys,
    paging::Cursor,
    script::Script,
};

static LIKE: LazyLock<Script> = LazyLock::new(|| {
    Script::new(&[
        include_str!("inbox.lua"),
        include_str!("notify.lua"),
        include_str!("like.lua"),
    ])
});
static UNLIKE: LazyLock<Script> = LazyLock::new(|| retracting(include_str!("unlike.lua")));

/// Tells a person's devices whether they like a post.
fn tell_liked(post: &PostId, person: &UserId, liked: bool) -> Cmd {
    let topic = keys::own_topic(person, keys::OWN_LIKES);
    let mut tell = redis::cmd("SPUBLISH");
    tell.arg(topic.as_str()).arg(format!(
        r#"0 {{"type":"liked","post_id":"{post}","liked":{liked}}}"#
    ));
    tell
}

/// What became of a like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Liked {
    /// The state afterwards.
    pub state: LikeState,
    /// Whether it was another one before.
    pub changed: bool,
    /// Why the owner gets no toast, where they would have got one.
    pub withheld: Option<Withheld>,
}

impl Store {
    /// How many people like these posts; `None` for one that is gone.
    pub async fn like_counts(&self, posts: &[PostId]) -> Result<Vec<Option<u64>>, StoreError> {
        let commands = posts.iter().map(|post| {
            let mut command = redis::cmd("HGET");
            command.arg(keys::post(post)).arg("likes");
            command
        });
        self.link().all(commands.collect()).await
    }

    /// Brings about a state. `actor` is the person as JSON, for the frame that the script
    /// publishes. `None`: there is no such post.
    ///
    /// What somebody likes is noted with them, before the like, so that a person who leaves can
    /// be taken out of every post they liked. The note may outlive the like, never the reverse. Where
    /// there is no such post, the note is taken back.
    pub async fn set_like(
        &self,
        post: &PostId,
        person: &UserId,
        actor: &str,
        liked: bool,
        now: u64,
    ) -> Result<Option<Liked>, StoreError> {
        let key = keys::inbox(post.author());
        let id = post.to_string();
        // Their other devices show it too. That is said with the like in one round trip, before it is
        // known what became of it: what did not happen is corrected afterwards.
        let tell = tell_liked(post, person, liked);
        let done: Result<(bool, u64, bool, String), StoreError> = if liked {
            let mut note = redis::cmd("SADD");
            note.arg(keys::liked(person)).arg(&id);
            self.link()
                .script_between(
                    Some(note),
                    &LIKE,
                    &key,
                    |command| {
                        command
                            .arg(&id)
                            .arg(post.n())
                            .arg(person.as_str())
                            .arg(now)
                            .arg(actor);
                        self.inbox_arguments(command, now);
                    },
                    tell,
                )
                .await
        } else {
            self.link()
                .script_between(
                    None,
                    &UNLIKE,
                    &key,
                    |command| {
                        command.arg(&id).arg(post.n()).arg(person.as_str()).arg(now);
                        self.inbox_arguments(command, now);
                    },
                    tell,
                )
                .await
                .map(|(exists, likes, changed)| (exists, likes, changed, String::new()))
        };
        let happened = done.as_ref().is_ok_and(|(exists, ..)| *exists || !liked);
        if !happened {
            self.correct_liked(post, person).await;
        }
        let (exists, likes, changed, why) = done?;
        if liked && !exists {
            self.forget_like(post, person).await?;
        }
        Ok(exists.then_some(Liked {
            state: LikeState { liked, likes },
            changed,
            withheld: withheld(&why),
        }))
    }

    /// Tells a person's devices what is so, after they were told of a change that failed.
    async fn correct_liked(&self, post: &PostId, person: &UserId) {
        let corrected = async {
            let liked = self.post_exists(post).await? && self.likes(post, person).await?;
            let tell = tell_liked(post, person, liked);
            self.link().query::<u64>(&tell).await
        };
        if let Err(error) = corrected.await {
            tracing::debug!(%error, "whether a post is liked is read anew later");
        }
    }

    async fn likes(&self, post: &PostId, person: &UserId) -> Result<bool, StoreError> {
        let mut look = redis::cmd("ZSCORE");
        look.arg(keys::likes(post)).arg(person.as_str());
        let score: Option<f64> = self.link().query(&look).await?;
        Ok(score.is_some())
    }

    /// Takes back the note of a like that was refused.
    async fn forget_like(&self, post: &PostId, person: &UserId) -> Result<(), StoreError> {
        let note = |command: &str| {
            let mut note = redis::cmd(command);
            note.arg(keys::liked(person)).arg(post.to_string());
            note
        };
        self.link().query::<u64>(&note("SREM")).await?;
        // The post may have been made in this moment, and liked by another request of this person.
        if !self.post_exists(post).await? {
            return Ok(());
        }
        if self.likes(post, person).await? {
            self.link().query::<u64>(&note("SADD")).await?;
        }
        Ok(())
    }

    /// Who likes a post, the newest first. `None`: there is no such post.
    pub async fn likers(
        &self,
        post: &PostId,
        after: Option<&Cursor>,
        limit: usize,
    ) -> Result<Option<(Vec<UserId>, Option<Cursor>)>, StoreError> {
        if !self.post_exists(post).await? {
            return Ok(None);
        }
        let (members, next) = self.page(&keys::likes(post), after, limit).await?;
        let people = members.iter().filter_map(|id| id.parse().ok()).collect();
        Ok(Some((people, next)))
    }

    /// What every script that adds to an inbox is told: generation, most entries, oldest time.
    pub(super) fn inbox_arguments(&self, command: &mut Cmd, now: u64) {
        command
            .arg(self.generation())
            .arg(self.retention.entries)
            .arg(now.saturating_sub(self.retention.age));
    }
}
