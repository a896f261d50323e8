//! The derived lists: all posts by time and by score. They may lag, and can be made again.

use app::model::PostId;

use super::{
    Store, StoreError, keys,
    posts::{PostList, add_to},
};

/// Posts that are looked at in one go.
const PAGE: usize = 500;

/// Ten times the likes weigh as much as being this much newer: half a day, in milliseconds.
const TENFOLD: f64 = 12.0 * 60.0 * 60.0 * 1000.0;

/// A post's place among the trending. It grows with likes and never changes with time: newer
/// posts simply begin higher, so nothing needs to be recomputed as posts age.
pub fn score(created_at: u64, likes: u64) -> u64 {
    created_at + (TENFOLD * ((likes + 1) as f64).log10()) as u64
}

impl Store {
    /// Puts posts where their likes place them among the trending. One that is gone is skipped.
    pub async fn rank(&self, ids: &[PostId]) -> Result<(), StoreError> {
        let posts = self.posts(ids, None).await?;
        let commands = posts
            .into_iter()
            .flatten()
            .map(|post| add_to(keys::TRENDING, score(post.created_at, post.likes), &post.id))
            .collect();
        self.link().all::<()>(commands).await.map(drop)
    }

    /// Makes the directory of rooms again. Answers how many there are.
    pub async fn rebuild_rooms(&self) -> Result<u64, StoreError> {
        let rooms = self.link().every_room().await?;
        for page in rooms.chunks(500) {
            let commands = page.iter().map(|room| {
                let mut command = redis::cmd("ZADD");
                command.arg(keys::ROOMS).arg(0).arg(room.as_str());
                command
            });
            self.link().all::<()>(commands.collect()).await?;
        }
        Ok(rooms.len() as u64)
    }

    /// Makes feed and trending again from what is stored about people and their posts. Answers how
    /// many posts there are.
    pub async fn rebuild(&self) -> Result<u64, StoreError> {
        let mut count = 0;
        for author in self.link().everybody().await? {
            let mut after = None;
            loop {
                let list = PostList::Author(&author);
                let (page, next) = self.post_ids(list, after.as_ref(), PAGE).await?;
                let posts = self.posts(&page, None).await?;
                count += posts.iter().flatten().count() as u64;
                let commands = posts
                    .into_iter()
                    .flatten()
                    .flat_map(|post| {
                        [
                            add_to(keys::FEED, post.created_at, &post.id),
                            add_to(keys::TRENDING, score(post.created_at, post.likes), &post.id),
                        ]
                    })
                    .collect();
                self.link().all::<()>(commands).await?;
                after = next;
                if after.is_none() {
                    break;
                }
            }
        }
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn likes_lift_a_post_and_newer_ones_begin_higher() {
        let hour = 60 * 60 * 1000;
        assert!(score(0, 1) > score(0, 0));
        assert!(score(hour, 0) > score(0, 0));
        assert!(score(0, 9) == score(12 * hour, 0));
        assert!(score(13 * hour, 0) > score(0, 9));
    }
}
