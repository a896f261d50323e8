//! Posts, the feed and likes.

use app::{
    error::QuadError,
    model::{Handle, LikeState, Likers, NewPost, Order, Post, PostId, PostPage, PostQuery},
};
use axum::{
    extract::State,
    http::{HeaderMap, StatusCode},
};
use serde::Deserialize;
use utoipa::IntoParams;

use super::{
    auth::{SignedIn, Viewer},
    extract::{Json, Path, Query},
    paging::FurtherQuery,
    problem::{Answer, ProblemDetails},
};
use crate::server::Shared;

/// The header under which a client names its attempt.
const IDEMPOTENCY_KEY: &str = "idempotency-key";

/// The key of a request, where it carries one. Errors: `invalid`.
pub fn idempotency_key(headers: &HeaderMap) -> Result<Option<String>, QuadError> {
    let value = headers.get(IDEMPOTENCY_KEY);
    let value = value.map(|value| value.to_str().map(str::to_owned));
    value
        .transpose()
        .map_err(|_| QuadError::invalid("Idempotency-Key", "format", "The key is not plain text."))
}

/// Publishes a post.
#[utoipa::path(post, path = "/api/v1/posts", tag = "posts", security(("session" = [])), request_body = NewPost,
    params(("Idempotency-Key" = Option<String>, Header, description = "Within a day, a repeat answers the first post.")),
    responses((status = 201, body = Post), (status = 401, body = ProblemDetails), (status = 422, body = ProblemDetails),
        (status = "default", body = ProblemDetails)))]
pub async fn create(
    State(shared): State<Shared>,
    SignedIn(session): SignedIn,
    headers: HeaderMap,
    Json(post): Json<NewPost>,
) -> Answer<(StatusCode, Json<Post>)> {
    let key = idempotency_key(&headers)?;
    let post = shared.service.create_post(&session, post, key).await?;
    Ok((StatusCode::CREATED, Json(post)))
}

/// Which posts to read.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ListQuery {
    /// `latest` or `trending`.
    #[serde(default)]
    order: Order,
    /// Only what this person wrote.
    author: Option<String>,
    /// `next` of the page before: an opaque cursor of this list.
    before: Option<String>,
    /// 1 to 100.
    #[param(minimum = 1, maximum = 100)]
    limit: Option<u64>,
}

/// A page of the feed, or of one author's posts.
#[utoipa::path(get, path = "/api/v1/posts", tag = "posts", params(ListQuery),
    responses((status = 200, body = PostPage), (status = "default", body = ProblemDetails)))]
pub async fn list(
    State(shared): State<Shared>,
    Viewer(viewer): Viewer,
    Query(query): Query<ListQuery>,
) -> Answer<Json<PostPage>> {
    let ListQuery {
        order,
        author,
        before,
        limit,
    } = query;
    let author = author
        .map(|author| author.parse::<Handle>().map_err(|_| QuadError::NoSuchUser))
        .transpose()?;
    let query = PostQuery {
        order,
        author,
        before,
        limit,
    };
    Ok(Json(shared.service.posts(viewer.as_deref(), query).await?))
}

/// One post.
#[utoipa::path(get, path = "/api/v1/posts/{post_id}", tag = "posts", params(("post_id" = String, Path)),
    responses((status = 200, body = Post), (status = 404, body = ProblemDetails), (status = "default", body = ProblemDetails)))]
pub async fn read(
    State(shared): State<Shared>,
    Viewer(viewer): Viewer,
    Path(id): Path<PostId>,
) -> Answer<Json<Post>> {
    Ok(Json(shared.service.post(viewer.as_deref(), &id).await?))
}

/// Deletes one's own post.
#[utoipa::path(delete, path = "/api/v1/posts/{post_id}", tag = "posts", security(("session" = [])),
    params(("post_id" = String, Path)),
    responses((status = 204), (status = 403, body = ProblemDetails), (status = 404, body = ProblemDetails),
        (status = "default", body = ProblemDetails)))]
pub async fn delete(
    State(shared): State<Shared>,
    SignedIn(session): SignedIn,
    Path(id): Path<PostId>,
) -> Answer<StatusCode> {
    shared.service.delete_post(&session, &id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Likes a post; a repeat changes nothing.
#[utoipa::path(put, path = "/api/v1/posts/{post_id}/like", tag = "posts", security(("session" = [])),
    params(("post_id" = String, Path)),
    responses((status = 200, body = LikeState), (status = 401, body = ProblemDetails), (status = 404, body = ProblemDetails),
        (status = "default", body = ProblemDetails)))]
pub async fn like(
    State(shared): State<Shared>,
    SignedIn(session): SignedIn,
    Path(id): Path<PostId>,
) -> Answer<Json<LikeState>> {
    Ok(Json(shared.service.set_like(&session, &id, true).await?))
}

/// Takes a like back; a repeat changes nothing.
#[utoipa::path(delete, path = "/api/v1/posts/{post_id}/like", tag = "posts", security(("session" = [])),
    params(("post_id" = String, Path)),
    responses((status = 200, body = LikeState), (status = 401, body = ProblemDetails), (status = 404, body = ProblemDetails),
        (status = "default", body = ProblemDetails)))]
pub async fn unlike(
    State(shared): State<Shared>,
    SignedIn(session): SignedIn,
    Path(id): Path<PostId>,
) -> Answer<Json<LikeState>> {
    Ok(Json(shared.service.set_like(&session, &id, false).await?))
}

/// Who likes a post, the newest first.
#[utoipa::path(get, path = "/api/v1/posts/{post_id}/likes", tag = "posts",
    params(("post_id" = String, Path), FurtherQuery),
    responses((status = 200, body = Likers), (status = 404, body = ProblemDetails), (status = "default", body = ProblemDetails)))]
pub async fn likers(
    State(shared): State<Shared>,
    Path(id): Path<PostId>,
    Query(FurtherQuery { after, limit }): Query<FurtherQuery>,
) -> Answer<Json<Likers>> {
    Ok(Json(shared.service.likers(&id, after, limit).await?))
}
