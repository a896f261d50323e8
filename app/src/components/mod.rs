//! What pages are made of.

mod avatar;
mod connection;
mod counter;
mod field;
mod header;
mod letter;
mod level;
mod like;
mod like_state;
mod mute;
mod post;
mod rich;
mod saved;
mod trouble;
mod when;

pub(crate) use avatar::Avatar;
pub(crate) use connection::ConnectionNote;
pub(crate) use counter::{Counter, Counting};
pub(crate) use field::{Field, FormTrouble, TextField, failure, focus_trouble, of_field};
pub(crate) use header::{DemoBanner, Header};
pub(crate) use letter::{Letter, PostedAlready, but_posted};
pub(crate) use level::{LevelWord, level_class};
pub(crate) use mute::{MuteButton, Muteable};
pub(crate) use post::{Gone, PostCard};
pub(crate) use rich::RichText;
pub(crate) use saved::Saved;
pub(crate) use trouble::{ToLogin, Trouble};
pub(crate) use when::{Until, When};
