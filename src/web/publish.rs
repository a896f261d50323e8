//! What other programs call, with an API token.

use app::{
    error::QuadError,
    model::{Level, UserId},
};
use axum::{extract::State, http::HeaderMap};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{
    auth::Program,
    extract::{Json, Path, Query},
    posts::idempotency_key,
    problem::{Answer, ProblemDetails},
};
use crate::{
    server::Shared,
    service::messages::{BatchItem, Target},
};

/// A message to a person.
#[derive(Debug, Deserialize, ToSchema)]
pub struct NewMessage {
    /// 1 to 2,000 characters as people see them (grapheme clusters), in at most 64,000 bytes.
    #[schema(min_length = 1, max_length = 64000)]
    message: String,
    /// How it is meant; it colours the toast.
    #[serde(default, rename = "type")]
    level: Level,
}

/// A message that is in the person's inbox.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Notified {
    /// Whose inbox.
    #[schema(value_type = String)]
    user_id: UserId,
    /// The person's sockets, on all servers.
    subscriber_count: u64,
    /// The message's id; the first one's for a repeat.
    id: String,
    /// True if a server did not answer in time: there may be more.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    partial: bool,
}

/// Tells one person: an entry of the inbox, and a toast. The person is named by id or handle.
#[utoipa::path(post, path = "/notify/user/{user_id}", tag = "programs", security(("token" = [])), request_body = NewMessage,
    params(("user_id" = String, Path), ("Idempotency-Key" = Option<String>, Header)),
    responses((status = 200, body = Notified), (status = 401, body = ProblemDetails), (status = 403, body = ProblemDetails),
        (status = 404, body = ProblemDetails), (status = 422, body = ProblemDetails), (status = "default", body = ProblemDetails)))]
pub async fn notify_user(
    State(shared): State<Shared>,
    Program(grant): Program,
    Path(user): Path<String>,
    headers: HeaderMap,
    Json(body): Json<NewMessage>,
) -> Answer<Json<Notified>> {
    let key = idempotency_key(&headers)?;
    let (user_id, published) = shared
        .service
        .notify_user(&grant, &user, &body.message, body.level, key.as_deref())
        .await?;
    Ok(Json(Notified {
        user_id,
        subscriber_count: published.listeners,
        id: published.id,
        partial: published.partial,
    }))
}

/// A message to a channel.
#[derive(Debug, Deserialize, ToSchema)]
pub struct NewBroadcast {
    /// 1 to 2,000 characters as people see them (grapheme clusters), in at most 64,000 bytes.
    #[schema(min_length = 1, max_length = 64000)]
    message: String,
}

/// A message that was published.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Broadcast {
    /// Where.
    channel: String,
    /// Sockets that listened, on all servers.
    subscriber_count: u64,
    /// The message's id; the first one's for a repeat.
    id: String,
    /// True if a server did not answer in time: there may be more.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    partial: bool,
}

/// Publishes one event to everybody who listens to a channel.
#[utoipa::path(post, path = "/broadcast/{channel}", tag = "programs", security(("token" = [])), request_body = NewBroadcast,
    params(("channel" = String, Path), ("Idempotency-Key" = Option<String>, Header)),
    responses((status = 200, body = Broadcast), (status = 401, body = ProblemDetails), (status = 403, body = ProblemDetails),
        (status = 422, body = ProblemDetails), (status = "default", body = ProblemDetails)))]
pub async fn broadcast(
    State(shared): State<Shared>,
    Program(grant): Program,
    Path(channel): Path<String>,
    headers: HeaderMap,
    Json(body): Json<NewBroadcast>,
) -> Answer<Json<Broadcast>> {
    let key = idempotency_key(&headers)?;
    let published = shared
        .service
        .broadcast(&grant, &channel, &body.message, key.as_deref())
        .await?;
    Ok(Json(Broadcast {
        channel,
        subscriber_count: published.listeners,
        id: published.id,
        partial: published.partial,
    }))
}

/// Who shall be able to listen to a private channel.
#[derive(Debug, Deserialize, ToSchema)]
pub struct NewSubscribeToken {
    /// `private:NAME`. It belongs to the program that first used it.
    channel: String,
    /// Only this person can use the token; whoever has it where this is missing.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    user_id: Option<UserId>,
    /// Seconds, 1 to 86,400; an hour where it is missing.
    #[serde(default)]
    #[schema(minimum = 1, maximum = 86_400)]
    expires_in: Option<u64>,
}

/// What lets somebody listen to a private channel: the `token` of the frame `subscribe`.
#[derive(Debug, Serialize, ToSchema)]
pub struct NewToken {
    /// Which channel.
    channel: String,
    /// The token.
    token: String,
    /// When it ends, and with it the subscription; milliseconds since 1970, UTC.
    expires_at: u64,
}

/// Makes a token with which somebody can listen to one of the program's private channels.
#[utoipa::path(post, path = "/subscribe/token", tag = "programs", security(("token" = [])), request_body = NewSubscribeToken,
    responses((status = 200, body = NewToken), (status = 401, body = ProblemDetails), (status = 403, body = ProblemDetails),
        (status = 422, body = ProblemDetails), (status = "default", body = ProblemDetails)))]
pub async fn subscribe_token(
    State(shared): State<Shared>,
    Program(grant): Program,
    Json(new): Json<NewSubscribeToken>,
) -> Answer<Json<NewToken>> {
    let NewSubscribeToken {
        channel,
        user_id,
        expires_in,
    } = new;
    let made = shared
        .service
        .create_subscribe_token(&grant, &channel, user_id, expires_in)
        .await?;
    Ok(Json(NewToken {
        channel,
        token: made.token,
        expires_at: made.expires_at,
    }))
}

/// How many listen to a channel.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ChannelStats {
    /// Which one.
    channel: String,
    /// Sockets, on all servers.
    subscriber_count: u64,
    /// True if a server did not answer in time: there may be more.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    partial: bool,
}

/// How many sockets listen to a channel.
#[utoipa::path(get, path = "/stats/channel/{channel}", tag = "programs", security(("token" = [])),
    params(("channel" = String, Path)),
    responses((status = 200, body = ChannelStats), (status = 401, body = ProblemDetails), (status = 403, body = ProblemDetails),
        (status = "default", body = ProblemDetails)))]
pub async fn channel_stats(
    State(shared): State<Shared>,
    Program(grant): Program,
    Path(channel): Path<String>,
) -> Answer<Json<ChannelStats>> {
    let (subscriber_count, partial) = shared.service.listeners_of(&grant, &channel).await?;
    Ok(Json(ChannelStats {
        channel,
        subscriber_count,
        partial,
    }))
}

/// Messages to publish together.
#[derive(Debug, Deserialize, ToSchema)]
pub struct NewBatch {
    /// 1 to 100.
    #[schema(min_items = 1, max_items = 100)]
    items: Vec<NewBatchItem>,
}

/// A message of a batch: to a `user` or on a `channel`.
#[derive(Debug, Deserialize, ToSchema)]
pub struct NewBatchItem {
    /// A person's id or handle.
    #[serde(default)]
    user: Option<String>,
    /// A channel.
    #[serde(default)]
    channel: Option<String>,
    /// 1 to 2,000 characters as people see them (grapheme clusters), in at most 64,000 bytes.
    #[schema(min_length = 1, max_length = 64000)]
    message: String,
    /// How it is meant, where it is for a person.
    #[serde(default, rename = "type")]
    level: Level,
}

/// What became of a batch.
#[derive(Debug, Serialize, ToSchema)]
pub struct BatchAnswer {
    /// One for each message, in their order.
    results: Vec<BatchResult>,
}

/// What became of one message: its id, or why it was refused.
#[derive(Debug, Serialize, ToSchema)]
#[serde(untagged)]
pub enum BatchResult {
    /// It was published.
    Published {
        /// The message's id; the first one's for a repeat.
        id: String,
    },
    /// It was not.
    Refused(ProblemDetails),
}

/// Publishes up to 100 messages, to people and on channels. Each is taken or refused by itself.
#[utoipa::path(post, path = "/publish/batch", tag = "programs", security(("token" = [])), request_body = NewBatch,
    params(("Idempotency-Key" = Option<String>, Header, description = "A repeat publishes only what the first try did not.")),
    responses((status = 200, body = BatchAnswer), (status = 401, body = ProblemDetails), (status = 403, body = ProblemDetails),
        (status = 422, body = ProblemDetails), (status = "default", body = ProblemDetails)))]
pub async fn batch(
    State(shared): State<Shared>,
    Program(grant): Program,
    headers: HeaderMap,
    Json(batch): Json<NewBatch>,
) -> Answer<Json<BatchAnswer>> {
    let key = idempotency_key(&headers)?;
    let items = batch.items.into_iter().enumerate();
    let items: Vec<BatchItem> = items
        .map(|(at, item)| batch_item(at, item))
        .collect::<Result<_, QuadError>>()?;
    let results = shared
        .service
        .publish_batch(&grant, &items, key.as_deref())
        .await?;
    let results = results.into_iter().map(|result| match result {
        Ok(id) => BatchResult::Published { id },
        Err(error) => BatchResult::Refused(error.into()),
    });
    Ok(Json(BatchAnswer {
        results: results.collect(),
    }))
}

fn batch_item(at: usize, item: NewBatchItem) -> Result<BatchItem, QuadError> {
    let NewBatchItem {
        user,
        channel,
        message,
        level,
    } = item;
    let to = match (user, channel) {
        (Some(user), None) => Target::Person(user, level),
        (None, Some(channel)) => Target::Channel(channel),
        _ => {
            return Err(QuadError::invalid(
                &format!("items[{at}]"),
                "format",
                "A message is for a user or for a channel.",
            ));
        }
    };
    Ok(BatchItem { to, message })
}

/// Which channels to list.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ChannelsQuery {
    /// How their names begin.
    #[param(max_length = 64, pattern = "^[A-Za-z0-9_:.-]*$")]
    #[serde(default)]
    prefix: String,
    /// Only those after this name.
    #[serde(default)]
    after: String,
    /// 1 to 100.
    #[param(minimum = 1, maximum = 100)]
    limit: Option<u64>,
}

/// The channels that somebody listens to.
#[derive(Debug, Serialize, ToSchema)]
pub struct ActiveChannels {
    /// All that begin so, on this page or not.
    count: u64,
    /// Their names, sorted.
    channels: Vec<String>,
}

/// Lists the channels that somebody listens to, on all servers.
#[utoipa::path(get, path = "/stats/channels", tag = "programs", security(("token" = [])), params(ChannelsQuery),
    responses((status = 200, body = ActiveChannels), (status = 401, body = ProblemDetails), (status = 403, body = ProblemDetails),
        (status = 422, body = ProblemDetails), (status = "default", body = ProblemDetails)))]
pub async fn channels(
    State(shared): State<Shared>,
    Program(grant): Program,
    Query(query): Query<ChannelsQuery>,
) -> Answer<Json<ActiveChannels>> {
    let ChannelsQuery {
        prefix,
        after,
        limit,
    } = query;
    let (count, channels) = shared
        .service
        .active_channels(&grant, &prefix, &after, limit)
        .await?;
    Ok(Json(ActiveChannels { count, channels }))
}
