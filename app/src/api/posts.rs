//! Posts, and who likes them.

use leptos::prelude::*;
use serde::{Deserialize, Serialize};

#[cfg(feature = "ssr")]
use super::{answer, land, land_back};
#[cfg(feature = "ssr")]
use crate::model::{NewPost, PostQuery};
use crate::{
    error::QuadError,
    model::{Handle, LikeState, Likers, Order, Post, PostId, PostPage},
};

/// A page of the feed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Feed {
    /// The newest first.
    pub page: PostPage,
    /// Names the next post, so that a form that is sent twice makes one.
    pub next_key: String,
}

/// The feed, from below `before`.
#[server(prefix = "/fn", endpoint = "read_feed")]
pub async fn read_feed(before: Option<String>) -> Result<Feed, QuadError> {
    Ok(Feed {
        page: read_posts(Order::Latest, None, before).await?,
        next_key: answer(|context| async move { context.backend.fresh_id() }).await?,
    })
}

/// Publishes a post; the same key again makes no second one.
#[server(prefix = "/fn", endpoint = "create_post")]
pub async fn create_post(text: String, key: Option<String>) -> Result<Post, QuadError> {
    answer(|context| async move {
        let key = key.filter(|key| !key.is_empty());
        let post = context
            .backend
            .create_post(context.session()?, NewPost { text }, key)
            .await?;
        land_back("");
        Ok(post)
    })
    .await
}

/// Deletes one's own post.
#[server(prefix = "/fn", endpoint = "delete_post")]
pub async fn delete_post(post_id: PostId) -> Result<(), QuadError> {
    answer(|context| async move {
        context
            .backend
            .delete_post(context.session()?, &post_id)
            .await?;
        land("/");
        Ok(())
    })
    .await
}

/// One post as the viewer sees it.
#[server(prefix = "/fn", endpoint = "read_post")]
pub async fn read_post(post_id: PostId) -> Result<Post, QuadError> {
    answer(|context| async move { context.backend.post(context.viewer()?, &post_id).await }).await
}

/// A page of the feed, or of one author's posts.
#[server(prefix = "/fn", endpoint = "read_posts")]
pub async fn read_posts(
    order: Order,
    author: Option<Handle>,
    before: Option<String>,
) -> Result<PostPage, QuadError> {
    answer(|context| async move {
        let query = PostQuery {
            order,
            author,
            before,
            limit: Some(20),
        };
        context.backend.posts(context.viewer()?, query).await
    })
    .await
}

/// Who likes a post.
#[server(prefix = "/fn", endpoint = "read_likers")]
pub async fn read_likers(post_id: PostId, after: Option<String>) -> Result<Likers, QuadError> {
    answer(|context| async move { context.backend.likers(&post_id, after, Some(50)).await }).await
}

/// Asks for a state, liked or not.
#[server(prefix = "/fn", endpoint = "set_like")]
pub async fn set_like(post_id: PostId, liked: bool) -> Result<LikeState, QuadError> {
    answer(|context| async move {
        let state = context
            .backend
            .set_like(context.session()?, &post_id, liked)
            .await?;
        land_back(&format!("#post-{post_id}"));
        Ok(state)
    })
    .await
}
