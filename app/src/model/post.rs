//! Posts, and who likes them.

use serde::{Deserialize, Serialize};

use super::{Handle, Person, PostId};

/// A post as one viewer sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct Post {
    /// `<author id>.<n>`.
    #[cfg_attr(feature = "ssr", schema(value_type = String))]
    pub post_id: PostId,
    /// Who wrote it.
    pub author: Person,
    /// 1 to 2,000 characters of plain text; line breaks are kept.
    pub text: String,
    /// Milliseconds since 1970, UTC.
    pub created_at: u64,
    /// How many people like it.
    pub likes: u64,
    /// Whether the viewer does; false for somebody without a session.
    pub liked: bool,
}

/// A new post.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct NewPost {
    /// 1 to 2,000 characters as people see them (grapheme clusters), in at most 64,000 bytes.
    #[cfg_attr(feature = "ssr", schema(min_length = 1, max_length = 64000))]
    pub text: String,
}

/// In which order a feed is read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Order {
    /// The newest first.
    #[default]
    Latest,
    /// Many likes in a short time first.
    Trending,
}

/// Which posts to read.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PostQuery {
    /// The order; latest where it is missing.
    #[serde(default)]
    pub order: Order,
    /// Only what this person wrote.
    #[serde(default)]
    pub author: Option<Handle>,
    /// `next` of the page before.
    #[serde(default)]
    pub before: Option<String>,
    /// 1 to 100.
    #[serde(default)]
    pub limit: Option<u64>,
}

/// A page of posts.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct PostPage {
    /// At most `limit`; fewer on the last page, and where many were deleted.
    pub posts: Vec<Post>,
    /// The cursor of the next page; null on the last.
    pub next: Option<String>,
}

/// A page of the people who like a post, the newest like first.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct Likers {
    /// At most `limit`.
    pub people: Vec<Person>,
    /// The cursor of the next page; null on the last.
    pub next: Option<String>,
}

/// Whether the viewer likes a post, and how many people do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct LikeState {
    /// The state that was asked for.
    pub liked: bool,
    /// How many people like it now.
    pub likes: u64,
}
