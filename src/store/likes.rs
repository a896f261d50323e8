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
        // Their other devices show it too. That is said with the like in one round trip, so a repeat and
        // a post that is gone are told of as well: a state, which changes nothing there.
        let mut tell = redis::cmd("SPUBLISH");
        tell.arg(keys::user_topic(person).as_str()).arg(format!(
            r#"0 {{"type":"liked","post_id":"{id}","liked":{liked}}}"#
        ));
        let (exists, likes, changed, why): (bool, u64, bool, String) = if liked {
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
                .await?
        } else {
            let (exists, likes, changed) = self
                .link()
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
                .await?;
            (exists, likes, changed, String::new())
        };
        if liked && !exists {
            self.forget_like(post, person).await?;
        }
        Ok(exists.then_some(Liked {
            state: LikeState { liked, likes },
            changed,
            withheld: withheld(&why),
        }))
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
        let mut look = redis::cmd("ZSCORE");
        look.arg(keys::likes(post)).arg(person.as_str());
        if self.link().query::<Option<f64>>(&look).await?.is_some() {
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
