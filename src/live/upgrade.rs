//! From an HTTP request to a socket: RFC 6455, section 4.
//!
//! The connection is taken over whole, so that frames which were encoded once can be written to
//! it as they are.

use app::{error::QuadError, event::CloseCode};
use axum::{
    extract::{Request, State},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use hyper::upgrade::{OnUpgrade, Upgraded};
use hyper_util::{rt::TokioIo, server::conn::auto::upgrade::downcast};
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;

use super::{admission, encoding::Encoding, hub::Owner, socket, writer::Writer};
use crate::{
    audit::{self, Asking},
    security::{
        client_addr,
        token::{Scope, Token},
    },
    server::{Shared, Tcp},
    web::{auth, problem::Problem},
};

/// `GET /ws`.
pub async fn upgrade(State(shared): State<Shared>, mut request: Request) -> Response {
    match accept(&shared, &mut request).await {
        Ok(response) => response,
        Err(error) => Problem(error).into_response(),
    }
}

async fn accept(shared: &Shared, request: &mut Request) -> Result<Response, QuadError> {
    let headers = request.headers();
    if !mentions(headers, header::CONNECTION, "upgrade")
        || !mentions(headers, header::UPGRADE, "websocket")
        || !mentions(headers, header::SEC_WEBSOCKET_VERSION, "13")
    {
        return Err(QuadError::malformed(
            "This address is for WebSocket connections, version 13.",
        ));
    }
    let key = headers
        .get(header::SEC_WEBSOCKET_KEY)
        .ok_or_else(|| QuadError::malformed("The header Sec-WebSocket-Key is missing."))?;
    let accepted = derive_accept_key(key.as_bytes());
    // The first that is known here, as the client names them in the order in which it wants them.
    let encoding = values(headers, header::SEC_WEBSOCKET_PROTOCOL).find_map(Encoding::of_protocol);
    let owner = owner(shared, headers).await?;

    let address = shared
        .proxies
        .client(client_addr::peer(request.extensions()), headers);
    shared.service.limits().connect(address)?;
    if shared.live.is_draining() {
        return Err(QuadError::Unavailable);
    }
    let upgrade = request
        .extensions_mut()
        .remove::<OnUpgrade>()
        .ok_or(QuadError::Internal)?;
    let shared = shared.clone();
    let tasks = shared.live.tasks.clone();
    let asking = Asking::frames(address, "/ws");
    let _ = asking.by.set(owner.by());
    tasks.spawn(audit::within(asking, async move {
        // A client that goes away before the upgrade is complete is nobody's fault.
        let Ok(upgraded) = upgrade.await else { return };
        let Some((tcp, read)) = take_over(upgraded) else {
            tracing::error!("an upgraded connection is not a TCP stream");
            return;
        };
        // A copy, and mostly an empty one: the original holds on to the whole buffer, 16 KiB, in which
        // the request was read.
        let early = Bytes::copy_from_slice(&read);
        drop(read);
        let (tcp, _place) = tcp.into_parts();
        let writer = Writer::socket(tcp, encoding.unwrap_or(Encoding::Json));
        let connection = shared.service.hub().connect(owner, writer);
        if shared.live.is_draining() {
            connection.writer.close(CloseCode::Drain);
        } else if let Err(full) = admission::take_place(&shared, &connection) {
            connection.writer.close(full);
        }
        socket::run(&shared, connection, early).await;
    }));

    let mut response = Response::builder()
        .status(StatusCode::SWITCHING_PROTOCOLS)
        .header(header::CONNECTION, "upgrade")
        .header(header::UPGRADE, "websocket")
        .header(header::SEC_WEBSOCKET_ACCEPT, accepted);
    if let Some(encoding) = encoding {
        response = response.header(header::SEC_WEBSOCKET_PROTOCOL, encoding.protocol());
    }
    response
        .body(axum::body::Body::empty())
        .map_err(|_| QuadError::Internal)
}

/// The connection, and what was read of it already.
fn take_over(upgraded: Upgraded) -> Option<(Tcp, Bytes)> {
    match upgraded.downcast::<TokioIo<Tcp>>() {
        Ok(parts) => Some((parts.io.into_inner(), parts.read_buf)),
        // Where HTTP/2 is spoken too, it is wrapped once more.
        Err(upgraded) => {
            let parts = downcast::<TokioIo<Tcp>>(upgraded).ok()?;
            Some((parts.io.into_inner(), parts.read_buf))
        }
    }
}

/// Whose socket, or stream of events, it will be. A browser cannot set headers on a WebSocket, so a token may also come
/// as a subprotocol `bearer.TOKEN`; never in the URL, which ends up in logs.
pub(super) async fn owner(shared: &Shared, headers: &HeaderMap) -> Result<Owner, QuadError> {
    let offered = values(headers, header::SEC_WEBSOCKET_PROTOCOL)
        .find_map(|protocol| protocol.strip_prefix("bearer."));
    let token = match offered {
        Some(token) => token.parse().map_err(|_| QuadError::NoSession)?,
        None => auth::token(&shared.cookies, headers).ok_or(QuadError::NoSession)?,
    };
    match token {
        Token::Session(token) => {
            let session = shared
                .service
                .session(&token, || None)
                .await?
                .ok_or(QuadError::NoSession)?;
            Ok(Owner::Session {
                user: session.person.user_id.clone(),
                session: session.id.clone(),
            })
        }
        Token::Api(token) => {
            let grant = shared
                .service
                .grant(&token)
                .await?
                .ok_or(QuadError::NoSession)?;
            Ok(Owner::Token {
                token: grant.id.clone(),
                observes: grant.allow(Scope::Observe).is_ok(),
                until: grant.until,
            })
        }
    }
}

fn values(headers: &HeaderMap, name: header::HeaderName) -> impl Iterator<Item = &str> {
    headers
        .get_all(name)
        .into_iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(str::trim)
}

fn mentions(headers: &HeaderMap, name: header::HeaderName, word: &str) -> bool {
    values(headers, name).any(|value| value.eq_ignore_ascii_case(word))
}
