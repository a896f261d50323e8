//! Rooms: who is in them, and what is said there.

use app::{
    error::QuadError,
    model::{
        MemberChange, MemberPage, MessagePage, NewMessage, NewRoom, Role, Room, RoomChange,
        RoomName, RoomPage, Said,
    },
};
use axum::{extract::State, http::StatusCode};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use super::{
    auth::SignedIn,
    extract::{Json, Path, Paths, Query},
    paging::FurtherQuery,
    problem::{Answer, ProblemDetails},
};
use crate::{server::Shared, validate};

/// Makes a room; whoever makes it owns it.
#[utoipa::path(post, path = "/api/v1/rooms", tag = "rooms", security(("session" = [])), request_body = NewRoom,
    responses((status = 201, body = Room), (status = 401, body = ProblemDetails), (status = 409, body = ProblemDetails),
        (status = 422, body = ProblemDetails), (status = "default", body = ProblemDetails)))]
pub async fn create(
    State(shared): State<Shared>,
    SignedIn(session): SignedIn,
    Json(room): Json<NewRoom>,
) -> Answer<(StatusCode, Json<Room>)> {
    let room = shared.service.create_room(&session, room).await?;
    Ok((StatusCode::CREATED, Json(room)))
}

/// Which rooms to list.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct RoomsQuery {
    /// Only those that one is in, at most 200, and those that one is invited to, at most 100: all on one
    /// page, those that one entered last first, then the newest invitations.
    #[serde(default)]
    mine: bool,
    /// `next` of the page before: an opaque cursor of this list.
    after: Option<String>,
    /// 1 to 100.
    #[param(minimum = 1, maximum = 100)]
    limit: Option<u64>,
}

/// Lists the rooms that one may see: public ones, and private ones that one is in or invited to.
#[utoipa::path(get, path = "/api/v1/rooms", tag = "rooms", security(("session" = [])), params(RoomsQuery),
    responses((status = 200, body = RoomPage), (status = 401, body = ProblemDetails), (status = 422, body = ProblemDetails),
        (status = "default", body = ProblemDetails)))]
pub async fn list(
    State(shared): State<Shared>,
    SignedIn(session): SignedIn,
    Query(query): Query<RoomsQuery>,
) -> Answer<Json<RoomPage>> {
    let RoomsQuery { mine, after, limit } = query;
    if mine {
        let rooms = shared.service.own_rooms(&session).await?;
        return Ok(Json(RoomPage { rooms, next: None }));
    }
    Ok(Json(shared.service.rooms(&session, after, limit).await?))
}

/// Describes a room.
#[utoipa::path(get, path = "/api/v1/rooms/{name}", tag = "rooms", security(("session" = [])), params(("name" = String, Path)),
    responses((status = 200, body = Room), (status = 401, body = ProblemDetails), (status = 404, body = ProblemDetails),
        (status = "default", body = ProblemDetails)))]
pub async fn read(
    State(shared): State<Shared>,
    SignedIn(session): SignedIn,
    Path(name): Path<RoomName>,
) -> Answer<Json<Room>> {
    Ok(Json(shared.service.room(&session, &name).await?))
}

/// Changes the title of one's own room, or who can find and join it.
#[utoipa::path(patch, path = "/api/v1/rooms/{name}", tag = "rooms", security(("session" = [])), params(("name" = String, Path)),
    request_body = RoomChange,
    responses((status = 200, body = Room), (status = 401, body = ProblemDetails), (status = 403, body = ProblemDetails),
        (status = 404, body = ProblemDetails), (status = 422, body = ProblemDetails), (status = "default", body = ProblemDetails)))]
pub async fn change(
    State(shared): State<Shared>,
    SignedIn(session): SignedIn,
    Path(name): Path<RoomName>,
    Json(change): Json<RoomChange>,
) -> Answer<Json<Room>> {
    let room = shared.service.change_room(&session, &name, change).await?;
    Ok(Json(room))
}

/// Ends one's own room, with everything that was said there.
#[utoipa::path(delete, path = "/api/v1/rooms/{name}", tag = "rooms", security(("session" = [])), params(("name" = String, Path)),
    responses((status = 204), (status = 401, body = ProblemDetails), (status = 403, body = ProblemDetails),
        (status = 404, body = ProblemDetails), (status = "default", body = ProblemDetails)))]
pub async fn end(
    State(shared): State<Shared>,
    SignedIn(session): SignedIn,
    Path(name): Path<RoomName>,
) -> Answer<StatusCode> {
    shared.service.end_room(&session, &name).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Lists who is in a room, in the order in which they came, and who is looking at it just now.
#[utoipa::path(get, path = "/api/v1/rooms/{name}/members", tag = "rooms", security(("session" = [])),
    params(("name" = String, Path), FurtherQuery),
    responses((status = 200, body = MemberPage), (status = 401, body = ProblemDetails), (status = 404, body = ProblemDetails),
        (status = 422, body = ProblemDetails), (status = "default", body = ProblemDetails)))]
pub async fn members(
    State(shared): State<Shared>,
    SignedIn(session): SignedIn,
    Path(name): Path<RoomName>,
    Query(FurtherQuery { after, limit }): Query<FurtherQuery>,
) -> Answer<Json<MemberPage>> {
    let members = shared
        .service
        .members(&session, &name, after, limit)
        .await?;
    Ok(Json(members))
}

/// Joins a room; a repeat changes nothing.
#[utoipa::path(post, path = "/api/v1/rooms/{name}/members", tag = "rooms", security(("session" = [])), params(("name" = String, Path)),
    responses((status = 200, body = Room), (status = 401, body = ProblemDetails), (status = 403, body = ProblemDetails),
        (status = 404, body = ProblemDetails), (status = 409, body = ProblemDetails), (status = "default", body = ProblemDetails)))]
pub async fn join(
    State(shared): State<Shared>,
    SignedIn(session): SignedIn,
    Path(name): Path<RoomName>,
) -> Answer<Json<Room>> {
    Ok(Json(shared.service.join_room(&session, &name).await?))
}

/// What somebody shall be.
#[derive(Debug, Deserialize, ToSchema)]
pub struct Membership {
    /// What they may do; missing to invite them.
    #[serde(default)]
    role: Option<Role>,
}

/// Invites somebody (their id or handle) into a room, or says what a member may do. With one's own
/// id, handle or `me` and no role, one joins. A repeat changes nothing.
#[utoipa::path(put, path = "/api/v1/rooms/{name}/members/{person}", tag = "rooms", security(("session" = [])),
    params(("name" = String, Path), ("person" = String, Path)), request_body = Membership,
    responses((status = 204), (status = 401, body = ProblemDetails), (status = 403, body = ProblemDetails),
        (status = 404, body = ProblemDetails), (status = 409, body = ProblemDetails), (status = 422, body = ProblemDetails),
        (status = "default", body = ProblemDetails)))]
pub async fn set_member(
    State(shared): State<Shared>,
    SignedIn(session): SignedIn,
    Paths(name, person): Paths<RoomName, String>,
    Json(Membership { role }): Json<Membership>,
) -> Answer<StatusCode> {
    let service = &shared.service;
    let target = service.named(&session, &person).await?;
    match role {
        None if target == session.person.user_id => drop(service.join_room(&session, &name).await?),
        role => {
            let change = role.map_or(MemberChange::Invite, MemberChange::Role);
            service
                .change_member(&session, &name, &target, change)
                .await?;
        }
    }
    Ok(StatusCode::NO_CONTENT)
}

/// Removes somebody (their id or handle) from a room, or leaves it oneself: `me`. Whoever is removed
/// hears nothing more, on every server, and may not come back without an invitation.
#[utoipa::path(delete, path = "/api/v1/rooms/{name}/members/{person}", tag = "rooms", security(("session" = [])),
    params(("name" = String, Path), ("person" = String, Path)),
    responses((status = 204), (status = 401, body = ProblemDetails), (status = 403, body = ProblemDetails),
        (status = 404, body = ProblemDetails), (status = "default", body = ProblemDetails)))]
pub async fn remove_member(
    State(shared): State<Shared>,
    SignedIn(session): SignedIn,
    Paths(name, person): Paths<RoomName, String>,
) -> Answer<StatusCode> {
    let service = &shared.service;
    let target = service.named(&session, &person).await?;
    if target == session.person.user_id {
        service.leave_room(&session, &name).await?;
    } else {
        let change = MemberChange::Remove;
        service
            .change_member(&session, &name, &target, change)
            .await?;
    }
    Ok(StatusCode::NO_CONTENT)
}

/// Which messages to read.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct MessagesQuery {
    /// `next` of the page before: only what was said before this message.
    #[param(maximum = 9_007_199_254_740_991_f64)]
    before: Option<u64>,
    /// 1 to 100.
    #[param(minimum = 1, maximum = 100)]
    limit: Option<u64>,
}

/// A page of what was said in a room that one is in, the newest page first, each in order.
#[utoipa::path(get, path = "/api/v1/rooms/{name}/messages", tag = "rooms", security(("session" = [])),
    params(("name" = String, Path), MessagesQuery),
    responses((status = 200, body = MessagePage), (status = 401, body = ProblemDetails), (status = 404, body = ProblemDetails),
        (status = 422, body = ProblemDetails), (status = "default", body = ProblemDetails)))]
pub async fn messages(
    State(shared): State<Shared>,
    SignedIn(session): SignedIn,
    Path(name): Path<RoomName>,
    Query(query): Query<MessagesQuery>,
) -> Answer<Json<MessagePage>> {
    let MessagesQuery { before, limit } = query;
    let before = validate::place("before", before)?;
    let page = shared
        .service
        .messages(&session, &name, before, limit)
        .await?;
    Ok(Json(page))
}

/// Says something in a room that one is in. A repeat with the same `id` is answered alike.
#[utoipa::path(post, path = "/api/v1/rooms/{name}/messages", tag = "rooms", security(("session" = [])),
    params(("name" = String, Path)), request_body = NewMessage,
    responses((status = 201, body = Said), (status = 401, body = ProblemDetails), (status = 404, body = ProblemDetails),
        (status = 422, body = ProblemDetails), (status = "default", body = ProblemDetails)))]
pub async fn say(
    State(shared): State<Shared>,
    SignedIn(session): SignedIn,
    Path(name): Path<RoomName>,
    Json(message): Json<NewMessage>,
) -> Answer<(StatusCode, Json<Said>)> {
    let said = shared
        .service
        .say_and_tell(&session, &name, message)
        .await?;
    Ok((StatusCode::CREATED, Json(said)))
}

/// Removes one's own message, or as a moderator that of a member.
#[utoipa::path(delete, path = "/api/v1/rooms/{name}/messages/{seq}", tag = "rooms", security(("session" = [])),
    params(("name" = String, Path), ("seq" = u64, Path)),
    responses((status = 204), (status = 401, body = ProblemDetails), (status = 403, body = ProblemDetails),
        (status = 404, body = ProblemDetails), (status = "default", body = ProblemDetails)))]
pub async fn remove_message(
    State(shared): State<Shared>,
    SignedIn(session): SignedIn,
    Paths(name, seq): Paths<RoomName, String>,
) -> Answer<StatusCode> {
    let seq = seq.parse().map_err(|_| QuadError::NoSuchMessage)?;
    shared.service.remove_message(&session, &name, seq).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// How far one has read.
#[derive(Debug, Deserialize, ToSchema)]
pub struct ReadMark {
    /// The newest message that was read.
    #[schema(maximum = 9_007_199_254_740_991_f64)]
    seq: u64,
}

/// Marks a room as read up to a message. A mark that is behind or too high changes nothing.
#[utoipa::path(post, path = "/api/v1/rooms/{name}/read", tag = "rooms", security(("session" = [])),
    params(("name" = String, Path)), request_body = ReadMark,
    responses((status = 204), (status = 401, body = ProblemDetails), (status = 422, body = ProblemDetails),
        (status = "default", body = ProblemDetails)))]
pub async fn mark(
    State(shared): State<Shared>,
    SignedIn(session): SignedIn,
    Path(name): Path<RoomName>,
    Json(ReadMark { seq }): Json<ReadMark>,
) -> Answer<StatusCode> {
    validate::place("seq", Some(seq))?;
    let reader = &session.person.user_id;
    shared.service.read_room(&name, reader, seq).await?;
    Ok(StatusCode::NO_CONTENT)
}
