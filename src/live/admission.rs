//! What a connection, a WebSocket or a stream of events, must pass before anything is done for it.

use std::sync::Arc;

use app::event::CloseCode;

use super::{
    catch_up::away,
    hub::{Connection, Owner},
    socket::End,
};
use crate::server::Shared;

/// Gives a connection a place, where its owner has one left. One that gets none is to be closed.
pub(super) fn take_place(shared: &Shared, connection: &Connection) -> Result<(), CloseCode> {
    let most = match &connection.owner {
        Owner::Session { .. } => shared.live.max_sockets_per_user,
        Owner::Token { .. } => shared.live.max_sockets_per_token,
    };
    match shared.service.hub().admit(connection, most) {
        true => Ok(()),
        false => Err(CloseCode::TooManySockets),
    }
}

/// Checks that a program's token still lives, and notes when it ends. A person's session is looked
/// up when the person registers.
pub(super) async fn check_token(shared: &Shared, connection: &Arc<Connection>) -> Result<(), End> {
    let Owner::Token { token, until, .. } = &connection.owner else {
        return Ok(());
    };
    shared.live.expiries.end_at(connection, *until);
    // The hub knows the connection now, so a revocation that comes from here on closes it. One that
    // came since the token was read is found here.
    match shared.service.grant_lives(token).await {
        Ok(true) => Ok(()),
        Ok(false) => Err(Some(CloseCode::SessionEnded)),
        Err(_) => Err(away()),
    }
}
