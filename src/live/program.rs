//! What the connection of a program, a WebSocket or a stream of events, must pass before anything
//! is done for it. A person's passes the like of it when it registers.

use std::sync::Arc;

use app::event::CloseCode;

use super::{
    catch_up::away,
    hub::{Connection, Owner},
    socket::End,
};
use crate::server::Shared;

/// Lets a program's connection in, where there are not too many and its token still lives, and
/// notes when it ends. A person's is let in.
pub(super) async fn admit(shared: &Shared, connection: &Arc<Connection>) -> Result<(), End> {
    let Owner::Token { token, until, .. } = &connection.owner else {
        return Ok(());
    };
    let service = &shared.service;
    if service.hub().of_token(token) > shared.live.max_sockets_per_token {
        return Err(Some(CloseCode::TooManySockets));
    }
    shared.live.expiries.end_at(connection, *until);
    // The hub knows the connection now, so a revocation that comes from here on closes it. One that
    // came since the token was read is found here.
    match service.grant_lives(token).await {
        Ok(true) => Ok(()),
        Ok(false) => Err(Some(CloseCode::SessionEnded)),
        Err(_) => Err(away()),
    }
}
