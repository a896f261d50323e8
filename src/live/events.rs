//! `GET /events`: the live path over Server-Sent Events, and `POST /events/{stream}` for what the
//! client of such a stream says. For places where no WebSocket gets through.
//!
//! A stream is a connection as any other: the hub knows it, the same checks reach it, and its
//! frames are answered by the same [`Socket`]. Only its way out is the body of an answer, and its
//! way in are requests, which may arrive at another server and are passed on.

use std::{collections::HashSet, convert::Infallible, sync::Arc};

use app::{
    error::QuadError,
    event::{ClientFrame, CloseCode},
    model::{Epoch, Position},
};
use axum::{
    body::Body,
    extract::{Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use futures_util::stream;
use serde::Deserialize;
use tokio::sync::mpsc;
use utoipa::{IntoParams, ToSchema};

use super::{
    admission,
    allowance::Allowance,
    catch_up::{self, MOST_CHANNELS},
    event_stream::EventStream,
    hub::Connection,
    input::{Input, NoInput, inputs},
    places::{LONGEST_NAME, Places},
    socket::{End, Socket, WRONG_FIELD, leave, refuse, say_goodbye},
    upgrade::owner,
    writer::{Drained, Writer},
};
use crate::{
    audit::{self, Asking},
    meters::METERS,
    security::client_addr,
    server::Shared,
    validate,
    web::{
        body,
        extract::{Path, Query, no_json},
        problem::{Answer, ProblemDetails},
    },
};

/// What is said of what is no frame.
const NO_FRAME: &str = "A frame is an object with one of the known types.";
/// Frames that may wait to be answered: more than a client may send in a burst.
const MOST_SAID: usize = 512;
/// Frames in one request.
const MOST_AT_ONCE: usize = 1_000;
const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");

/// Where a stream begins.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Beginning {
    /// Channels to listen to from the start, with commas between them; at most 200.
    channels: Option<String>,
    /// Catch up from this history of one's inbox. Goes with `seq`.
    #[param(value_type = Option<String>)]
    epoch: Option<Epoch>,
    /// Catch up from this entry.
    #[param(maximum = 9_007_199_254_740_991_f64)]
    seq: Option<u64>,
}

/// What a client says: one frame, or several in their order.
#[derive(Debug, ToSchema)]
#[serde(untagged)]
#[schema(as = ClientFrames)]
pub enum Said {
    /// One.
    #[schema(value_type = Object)]
    One(ClientFrame),
    /// Several.
    #[schema(value_type = Vec<Object>)]
    Many(Vec<ClientFrame>),
}

/// What happens to you, as it happens: the frames of the WebSocket as Server-Sent Events.
///
/// The first event, `stream`, tells the stream's name; the last, `close`, why it ended. Each event's `id` says where it
/// stands, so that `Last-Event-ID` resumes the inbox and all channels. Also for API tokens, which have no inbox.
#[utoipa::path(get, path = "/events", tag = "live", security(("session" = []), ("token" = [])),
    params(Beginning, ("Last-Event-ID" = Option<String>, Header, description = "The id of the last event that was seen.")),
    responses((status = 200, content_type = "text/event-stream", body = Object, description = "Each event: `event`, `data`, and where it moves a place `id`."), (status = 401, body = ProblemDetails),
        (status = "default", body = ProblemDetails)))]
pub async fn open(
    State(shared): State<Shared>,
    Query(beginning): Query<Beginning>,
    request: Request,
) -> Answer<Response> {
    let headers = request.headers();
    // An `Origin` does not come with a page's own GET; this does, in browsers of today.
    let foreign =
        |site: &HeaderValue| !["same-origin", "none"].contains(&site.to_str().unwrap_or_default());
    let peer = client_addr::peer(request.extensions());
    let asking = Asking::frames(shared.proxies.client(peer, headers), "/events");
    if let Some(site) = headers.get("sec-fetch-site").filter(|site| foreign(site)) {
        audit::origin_refused(&asking, &String::from_utf8_lossy(site.as_bytes()));
        return Err(QuadError::ForeignOrigin.into());
    }
    let owner = owner(&shared, headers).await?;
    let _ = asking.by.set(owner.by());
    shared.service.limits().connect(asking.address)?;
    if shared.live.is_draining() {
        return Err(QuadError::Unavailable.into());
    }
    let (places, channels) = beginning.places(headers)?;

    let (inlet, said) = mpsc::channel(MOST_SAID);
    let writer = Writer::events(EventStream::new(places.clone()));
    let connection = shared.service.hub().connect_stream(owner, writer, inlet);
    if shared.live.is_draining() {
        connection.writer.close(CloseCode::Drain);
    }
    let number = connection.id.number();
    let hello = EventStream::hello(&shared.service.name_stream(number), number);
    connection.writer.send_bytes(&hello);
    let body = body(connection.clone());
    let tasks = shared.live.tasks.clone();
    tasks.spawn(audit::within(asking, async move {
        run(&shared, connection, places, channels, said).await;
    }));
    let headers = [
        (header::CONTENT_TYPE, "text/event-stream"),
        // Proxies that gather an answer before they pass it on shall not do so here.
        (HeaderName::from_static("x-accel-buffering"), "no"),
    ];
    Ok((headers, body).into_response())
}

/// Says something on a stream of one's own, wherever it is open: what the frame would do on a WebSocket. The answer
/// comes on the stream.
#[utoipa::path(post, path = "/events/{stream}", tag = "live", security(("session" = []), ("token" = [])), request_body = Said,
    params(("stream" = String, Path, description = "From the stream's first event.")),
    responses((status = 202), (status = 401, body = ProblemDetails), (status = 404, body = ProblemDetails),
        (status = "default", body = ProblemDetails)))]
pub async fn say(
    State(shared): State<Shared>,
    Path(stream): Path<String>,
    request: Request,
) -> Answer<StatusCode> {
    let owner = owner(&shared, request.headers()).await?;
    let frames = frames(&body::json(request, &shared).await?)?;
    if frames.len() > MOST_AT_ONCE {
        let detail = "One request takes at most 1,000 frames.";
        return Err(QuadError::invalid("frames", "too_many", detail).into());
    }
    shared.service.pass_on(&stream, &owner, frames).await?;
    Ok(StatusCode::ACCEPTED)
}

/// What is said, frame by frame. Errors: 400 `malformed`, where something is no frame at all.
fn frames(said: &[u8]) -> Result<Vec<Input>, QuadError> {
    let said = std::str::from_utf8(said).map_err(|_| no_json())?;
    inputs(said).map_err(|error| match error {
        NoInput::NoJson => no_json(),
        NoInput::Alien => QuadError::malformed(NO_FRAME),
    })
}

impl Beginning {
    /// Where the client stands, and what it wants to listen to. The id of the last event knows
    /// better than the URL, which is the same whenever a browser comes back.
    fn places(self, headers: &HeaderMap) -> Result<(Places, Vec<String>), QuadError> {
        let id = headers.get(LAST_EVENT_ID).map(HeaderValue::as_bytes);
        let mut places = id
            .map_or(Some(Places::default()), |id| {
                Places::read(std::str::from_utf8(id).ok()?)
            })
            .ok_or_else(|| QuadError::malformed("The header Last-Event-ID is none of ours."))?;
        match (self.epoch, validate::place("seq", self.seq)?) {
            (Some(epoch), Some(seq)) => {
                places.inbox.get_or_insert(Position { epoch, seq });
            }
            (None, None) => {}
            _ => return Err(QuadError::malformed("epoch and seq go together.")),
        }
        let named = self.channels.unwrap_or_default();
        let channels = subscribed(&named, &places)?;
        Ok((places, channels))
    }
}

/// The channels to listen to, each once: those that are named, and then those that have a place.
fn subscribed(named: &str, places: &Places) -> Result<Vec<String>, QuadError> {
    let (mut channels, mut known) = (Vec::new(), HashSet::new());
    for channel in named.split(',').filter(|name| !name.is_empty()) {
        // It becomes the `ref` of the answer, too.
        if channel.len() > LONGEST_NAME {
            return Err(QuadError::malformed("No channel has such a long name."));
        }
        if known.insert(channel) {
            if channels.len() == MOST_CHANNELS {
                let detail = "One stream listens to at most 200 channels.";
                return Err(QuadError::invalid("channels", "too_many", detail));
            }
            channels.push(channel.to_owned());
        }
    }
    for channel in places.names() {
        if known.insert(channel) {
            channels.push(channel.to_owned());
        }
    }
    Ok(channels)
}

/// Serves a stream until it ends.
async fn run(
    shared: &Shared,
    connection: Arc<Connection>,
    places: Places,
    channels: Vec<String>,
    said: mpsc::Receiver<Input>,
) {
    METERS.streams.increment(1.0);
    let end = serve(shared, &connection, places, channels, said).await;
    say_goodbye(&connection, end).await;
    leave(shared, &connection).await;
    METERS.streams.decrement(1.0);
}

async fn serve(
    shared: &Shared,
    connection: &Arc<Connection>,
    places: Places,
    channels: Vec<String>,
    mut said: mpsc::Receiver<Input>,
) -> End {
    if let Err(full) = admission::take_place(shared, connection) {
        // The first event says whose stream it is that ends.
        connection.writer.settle().await;
        return Some(full);
    }
    if let Err(end) = admission::check_token(shared, connection).await {
        return end;
    }
    let user = connection.owner.user();
    // A person's stream needs not say who they are: the session has.
    if let Some(user) = user
        && let Err(end) = catch_up::inbox(shared, connection, user, places.inbox.clone()).await
    {
        return end;
    }
    let mut socket = Socket {
        shared,
        connection,
        user,
        typed: None,
    };
    for channel in channels {
        let frame = ClientFrame::Subscribe {
            r#ref: channel.as_str().into(),
            resume: places.of(&channel).cloned(),
            last: None,
            token: None,
            presence: places.is_quiet(&channel).then_some(false),
            channel,
        };
        if let Err(end) = socket.answer(frame).await {
            return end;
        }
    }
    let mut allowance = Allowance::new();
    loop {
        let frame = tokio::select! {
            frame = said.recv() => frame?,
            drained = connection.writer.drain() => {
                // Whoever closed it has said why.
                let (Drained::Closed | Drained::Broken) = drained;
                return None;
            }
        };
        if !allowance.take() {
            return Some(CloseCode::TooFast);
        }
        let frame = match frame {
            Input::Frame(frame) => frame,
            Input::Wrong { malformed } => {
                refuse(connection, malformed, "malformed", WRONG_FIELD);
                continue;
            }
        };
        connection.writer.asked(&frame);
        // Boxed, so that a stream that only listens does not keep room for its answers.
        if let Err(end) = Box::pin(socket.answer(frame)).await {
            return end;
        }
    }
}

/// What the stream's client reads, event by event, no faster than it does.
fn body(connection: Arc<Connection>) -> Body {
    let reader = Taker(connection);
    Body::from_stream(stream::unfold(reader, |reader| async move {
        let event = reader.0.writer.next_event().await?;
        reader
            .0
            .heard
            .store(true, std::sync::atomic::Ordering::Relaxed);
        Some((Ok::<_, Infallible>(event), reader))
    }))
}

/// Whoever takes events; when they are gone, so is the stream.
struct Taker(Arc<Connection>);

impl Drop for Taker {
    fn drop(&mut self) {
        self.0.writer.abandon();
    }
}
