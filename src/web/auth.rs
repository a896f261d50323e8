//! Who a request comes from: a token in the `Authorization` header, or in the session cookie.

use std::{convert::Infallible, net::IpAddr, sync::Arc};

use app::{
    backend::{Caller, Session},
    cookie::CookiePolicy,
    device::Device,
    error::QuadError,
};
use axum::{
    extract::FromRequestParts,
    http::{
        HeaderMap,
        header::{AUTHORIZATION, USER_AGENT},
        request::Parts,
    },
};

use super::problem::Problem;
use crate::{
    audit::{self, By},
    security::{
        client_addr,
        token::{SessionToken, Token},
    },
    server::Shared,
    service::tokens::Grant,
};

/// The token that a request carries. The header counts before the cookie: a program that sends
/// one means it.
pub fn token(cookies: &CookiePolicy, headers: &HeaderMap) -> Option<Token> {
    match headers.get(AUTHORIZATION) {
        Some(value) => {
            let (scheme, token) = value.to_str().ok()?.split_once(' ')?;
            if scheme.eq_ignore_ascii_case("bearer") {
                token.trim().parse().ok()
            } else {
                None
            }
        }
        None => cookies.read(headers)?.parse().ok(),
    }
}

/// A session, where somebody must have one. Errors: 401 `no_session`; 403 `forbidden` for the
/// token of a program.
pub struct SignedIn(pub Arc<Session>);

/// A session, where anybody may ask.
pub struct Viewer(pub Option<Arc<Session>>);

/// The session that a browser had until now, where somebody logs in: that of the cookie alone. What
/// is wrong with it does not matter any more.
pub struct Before(pub Option<Arc<Session>>);

/// What a program may do. Errors: 401 `no_session`; 403 `forbidden` for a person's session.
pub struct Program(pub Arc<Grant>);

impl FromRequestParts<Shared> for SignedIn {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, shared: &Shared) -> Result<Self, Problem> {
        match token(&shared.cookies, &parts.headers) {
            Some(Token::Session(token)) => {
                let from = || Some(address(parts, shared));
                let session = shared.service.session(&token, from).await?;
                let session = session.ok_or(QuadError::NoSession)?;
                audit::asked_by(By::Session(session.clone()));
                Ok(Self(session))
            }
            Some(Token::Api(token)) => match shared.service.grant(&token).await? {
                Some(grant) => {
                    audit::asked_by(By::Token(grant.id.clone()));
                    Err(QuadError::Forbidden.into())
                }
                None => Err(QuadError::NoSession.into()),
            },
            None => Err(QuadError::NoSession.into()),
        }
    }
}

impl FromRequestParts<Shared> for Viewer {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, shared: &Shared) -> Result<Self, Problem> {
        Ok(Self(session_of(parts, shared).await?))
    }
}

impl FromRequestParts<Shared> for Before {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, shared: &Shared) -> Result<Self, Infallible> {
        let cookie = shared.cookies.read(&parts.headers);
        Ok(Self(match cookie.map(str::parse::<SessionToken>) {
            Some(Ok(token)) => shared.service.session(&token, || None).await.ok().flatten(),
            _ => None,
        }))
    }
}

impl FromRequestParts<Shared> for Program {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, shared: &Shared) -> Result<Self, Problem> {
        match token(&shared.cookies, &parts.headers) {
            Some(Token::Api(token)) => {
                let grant = shared.service.grant(&token).await?;
                let grant = grant.ok_or(QuadError::NoSession)?;
                audit::asked_by(By::Token(grant.id.clone()));
                Ok(Self(grant))
            }
            Some(Token::Session(token)) => match shared.service.session(&token, || None).await? {
                Some(session) => {
                    audit::asked_by(By::Session(session));
                    Err(QuadError::Forbidden.into())
                }
                None => Err(QuadError::NoSession.into()),
            },
            None => Err(QuadError::NoSession.into()),
        }
    }
}

/// The session of a request, where it has one that lives.
pub async fn session_of(parts: &Parts, shared: &Shared) -> Result<Option<Arc<Session>>, QuadError> {
    match token(&shared.cookies, &parts.headers) {
        Some(Token::Session(token)) => {
            let from = || Some(address(parts, shared));
            let session = shared.service.session(&token, from).await?;
            if let Some(session) = &session {
                audit::asked_by(By::Session(session.clone()));
            }
            Ok(session)
        }
        _ => Ok(None),
    }
}

/// Where a request comes from.
pub fn caller(parts: &Parts, shared: &Shared) -> Caller {
    let agent = parts.headers.get(USER_AGENT);
    Caller {
        address: address(parts, shared),
        device: Device::of(agent.and_then(|agent| agent.to_str().ok())),
    }
}

fn address(parts: &Parts, shared: &Shared) -> IpAddr {
    let peer = client_addr::peer(&parts.extensions);
    shared.proxies.client(peer, &parts.headers)
}

/// Where a request comes from, as an argument.
pub struct From(pub Caller);

impl FromRequestParts<Shared> for From {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, shared: &Shared) -> Result<Self, Problem> {
        Ok(Self(caller(parts, shared)))
    }
}
