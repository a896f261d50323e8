//! Everything that can go wrong, as one closed enum with a stable code a variant.
//!
//! What is internal is logged where it happens and arrives here as [`QuadError::Internal`], so
//! that no address, key or script ever reaches a user.

mod words;

use std::fmt;

use leptos::server_fn::{
    Bytes, Decodes,
    codec::JsonEncoding,
    error::{FromServerFnError, ServerFnErrorErr},
};
use serde::{Deserialize, Serialize};

pub use words::sentence;

/// What a call answers when it did nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "code")]
pub enum QuadError {
    /// 400: the request is not of the form that the call takes.
    Malformed {
        /// What is wrong with it.
        detail: String,
    },
    /// 401: there is no session, or it has ended.
    NoSession,
    /// 401: no such person, or not their password; which of the two stays unsaid.
    WrongCredentials,
    /// 403: the session or token may not do this.
    Forbidden,
    /// 403: the request comes from a page that is not ours.
    ForeignOrigin,
    /// 404: nothing is there.
    NotFound,
    /// 404: no such post, or it was deleted.
    NoSuchPost,
    /// 404: no such person.
    NoSuchUser,
    /// 404: no such room, or a private one that one is not invited to.
    NoSuchRoom,
    /// 404: no such message, or it was removed.
    NoSuchMessage,
    /// 405: the path is right, the method is not.
    MethodNotAllowed,
    /// 408: the body did not come in time.
    Timeout,
    /// 409: somebody has this handle.
    HandleTaken,
    /// 409: there is a room of this name.
    RoomTaken,
    /// 409: no more people fit into this room.
    RoomFull,
    /// 409: the marker belongs to another epoch or lies behind one that was set.
    Stale,
    /// 413: the body is larger than anything that is taken here.
    TooLarge,
    /// 414: the address is longer than anything that is read here.
    UriTooLong,
    /// 415: the body is not JSON, or compressed in a way that is not known here.
    UnsupportedMediaType,
    /// 422: a field does not hold what it must.
    Invalid {
        /// One entry for each field that is wrong.
        errors: Vec<FieldError>,
    },
    /// 422: the idempotency key was used for another body.
    KeyReused,
    /// 429: too many requests.
    TooManyRequests {
        /// After how many seconds it is worth trying again.
        retry_after: u64,
    },
    /// 431: a header is larger than anything that is read here.
    HeadersTooLarge,
    /// 500: a fault of ours, which the log explains.
    Internal,
    /// 503: the store does not answer; nothing was changed, or it is unknown whether it was.
    Unavailable,
    /// The browser could not reach the server at all.
    Offline,
}

/// What is wrong with one field.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct FieldError {
    /// The field's name in the request.
    pub field: String,
    /// Stable, for programs.
    pub code: String,
    /// A sentence for people.
    pub detail: String,
}

impl QuadError {
    /// One field is wrong.
    pub fn invalid(field: &str, code: &str, detail: &str) -> Self {
        Self::Invalid {
            errors: vec![FieldError {
                field: field.into(),
                code: code.into(),
                detail: detail.into(),
            }],
        }
    }

    /// One field is wrong, and what people are told of it is in our list.
    pub fn wrong(field: &str, code: &str) -> Self {
        Self::invalid(field, code, sentence(field, code))
    }

    /// The request cannot be understood, and why.
    pub fn malformed(detail: impl Into<String>) -> Self {
        Self::Malformed {
            detail: detail.into(),
        }
    }

    /// The HTTP status that goes with it.
    pub fn status(&self) -> u16 {
        match self {
            Self::Malformed { .. } => 400,
            Self::NoSession | Self::WrongCredentials => 401,
            Self::Forbidden | Self::ForeignOrigin => 403,
            Self::NotFound
            | Self::NoSuchPost
            | Self::NoSuchUser
            | Self::NoSuchRoom
            | Self::NoSuchMessage => 404,
            Self::MethodNotAllowed => 405,
            Self::Timeout => 408,
            Self::HandleTaken | Self::RoomTaken | Self::RoomFull | Self::Stale => 409,
            Self::TooLarge => 413,
            Self::UriTooLong => 414,
            Self::UnsupportedMediaType => 415,
            Self::Invalid { .. } | Self::KeyReused => 422,
            Self::TooManyRequests { .. } => 429,
            Self::HeadersTooLarge => 431,
            Self::Internal => 500,
            Self::Unavailable | Self::Offline => 503,
        }
    }

    /// The stable code, for programs.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Malformed { .. } => "malformed",
            Self::NoSession => "no_session",
            Self::WrongCredentials => "wrong_credentials",
            Self::Forbidden => "forbidden",
            Self::ForeignOrigin => "foreign_origin",
            Self::NotFound => "not_found",
            Self::NoSuchPost => "no_such_post",
            Self::NoSuchUser => "no_such_user",
            Self::NoSuchRoom => "no_such_room",
            Self::NoSuchMessage => "no_such_message",
            Self::MethodNotAllowed => "method_not_allowed",
            Self::Timeout => "timeout",
            Self::HandleTaken => "handle_taken",
            Self::RoomTaken => "room_taken",
            Self::RoomFull => "room_full",
            Self::Stale => "stale",
            Self::TooLarge => "too_large",
            Self::UriTooLong => "uri_too_long",
            Self::UnsupportedMediaType => "unsupported_media_type",
            Self::Invalid { .. } => "invalid",
            Self::KeyReused => "key_reused",
            Self::TooManyRequests { .. } => "too_many_requests",
            Self::HeadersTooLarge => "headers_too_large",
            Self::Internal => "internal",
            Self::Unavailable => "unavailable",
            Self::Offline => "offline",
        }
    }

    /// What is wrong with `field`, where it is one of the fields that are wrong.
    pub fn of_field(&self, field: &str) -> Option<&str> {
        match self {
            Self::Invalid { errors } => errors
                .iter()
                .find(|error| error.field == field)
                .map(|error| error.detail.as_str()),
            _ => None,
        }
    }
}

/// A sentence for people, which also says what to do.
impl fmt::Display for QuadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Malformed { detail } => detail,
            Self::NoSession => "Please log in first.",
            Self::WrongCredentials => "That handle and password do not belong together.",
            Self::Forbidden => "You may not do that.",
            Self::ForeignOrigin => "This request came from another site, so it was refused.",
            Self::NotFound => "There is nothing here.",
            Self::NoSuchPost => "This post does not exist, or it was deleted.",
            Self::NoSuchUser => "There is nobody by that name.",
            Self::NoSuchRoom => "There is no such room, or it is private and you are not in it.",
            Self::NoSuchMessage => "This message does not exist, or it was removed.",
            Self::MethodNotAllowed => "That method is not allowed here.",
            Self::Timeout => "The rest of the request did not come in time.",
            Self::HandleTaken => "Somebody has this handle already. Please choose another.",
            Self::RoomTaken => "There is a room of this name already. Please choose another.",
            Self::RoomFull => "This room is full.",
            Self::Stale => "This has changed meanwhile. Please reload.",
            Self::TooLarge => "That is too large to be taken.",
            Self::UriTooLong => "This address is too long.",
            Self::UnsupportedMediaType => {
                "Send JSON, with `Content-Type: application/json`, plain or compressed with gzip or br."
            }
            Self::Invalid { errors } => match errors.as_slice() {
                [only] => &only.detail,
                _ => "Some fields need another look.",
            },
            Self::KeyReused => "This idempotency key was used for something else.",
            Self::TooManyRequests { .. } => "That was too much at once. Please wait a moment.",
            Self::HeadersTooLarge => "A header of this request is too large.",
            Self::Internal => "Something went wrong on our side. Please try again.",
            Self::Unavailable => {
                "Quad cannot reach its store just now. Please try again in a moment."
            }
            Self::Offline => "The server cannot be reached. Please check your connection.",
        })
    }
}

impl std::error::Error for QuadError {}

impl FromServerFnError for QuadError {
    type Encoder = JsonEncoding;

    fn from_server_fn_error(error: ServerFnErrorErr) -> Self {
        match error {
            ServerFnErrorErr::Request(_) => Self::Offline,
            ServerFnErrorErr::Args(_)
            | ServerFnErrorErr::MissingArg(_)
            | ServerFnErrorErr::Deserialization(_) => Self::unreadable(),
            _ => Self::Internal,
        }
    }

    /// From an answer, or from the address of a page: anybody can write the latter.
    fn de(data: Bytes) -> Self {
        match JsonEncoding::decode(data) {
            Ok(error) => Self::reduced(error),
            Err(_) => Self::unreadable(),
        }
    }
}
