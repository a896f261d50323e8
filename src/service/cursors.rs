//! The cursors of the lists that are read in pages.

use std::{
    fmt::{self, Display},
    str::FromStr,
};

use app::{
    backend::Answer,
    error::QuadError,
    model::{PostId, RoomName, UserId},
};
use tokio::sync::OnceCell;

use super::Service;
use crate::{security::cursor::Cursors, store::keys};

/// This instance's cursors. Their key is read when it is first needed.
#[derive(Default)]
pub struct Sealing(OnceCell<Cursors>);

/// A list that is read in pages. A cursor belongs to one of them.
#[derive(Debug, Clone, Copy)]
pub enum List<'a> {
    /// The rooms that this person may see.
    Rooms(&'a UserId),
    /// Who is in this room.
    Members(&'a RoomName),
    /// All posts, by time.
    Latest,
    /// All posts, by score.
    Trending,
    /// What this person wrote.
    Author(&'a UserId),
    /// Who likes this post.
    Likes(&'a PostId),
    /// What was announced.
    Announcements,
    /// What made no toast to this person.
    Silenced(&'a UserId),
}

impl Display for List<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rooms(person) => write!(f, "rooms {person}"),
            Self::Members(room) => write!(f, "members {room}"),
            Self::Latest => f.write_str("latest"),
            Self::Trending => f.write_str("trending"),
            Self::Author(person) => write!(f, "author {person}"),
            Self::Likes(post) => write!(f, "likes {post}"),
            Self::Announcements => f.write_str("announcements"),
            Self::Silenced(person) => write!(f, "silenced {person}"),
        }
    }
}

impl Service {
    /// The place where a page begins, if a cursor is given. Errors: `invalid` for `field` where the
    /// cursor is not one of this list's.
    pub(super) async fn open_cursor<T: FromStr>(
        &self,
        field: &str,
        list: List<'_>,
        cursor: Option<&str>,
    ) -> Answer<Option<T>> {
        let Some(cursor) = cursor else {
            return Ok(None);
        };
        let place = self.cursors().await?.open(&list.to_string(), cursor);
        match place.and_then(|place| place.parse().ok()) {
            Some(place) => Ok(Some(place)),
            None => Err(QuadError::invalid(
                field,
                "format",
                "This is not a cursor of this list.",
            )),
        }
    }

    /// The cursor of the place where a page ended.
    pub(super) async fn seal_cursor(
        &self,
        list: List<'_>,
        place: Option<impl Display>,
    ) -> Answer<Option<String>> {
        let Some(place) = place else {
            return Ok(None);
        };
        let cursors = self.cursors().await?;
        let cursor = cursors.seal(&list.to_string(), &place.to_string());
        cursor.map(Some).ok_or(QuadError::Internal)
    }

    pub(super) async fn cursors(&self) -> Answer<&Cursors> {
        self.sealing
            .0
            .get_or_try_init(|| async {
                let secret = self.secret(keys::CURSORS).await?;
                Cursors::new(&secret).ok_or(QuadError::Internal)
            })
            .await
    }
}
