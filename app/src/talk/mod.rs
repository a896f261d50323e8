//! What the pages of rooms know: state machines without a network, a clock or a browser.
//!
//! [`Log`] is what was said and what is on its way, [`Place`] how far the history is known,
//! [`People`] who is in the room, who looks at it and how far they have read, [`Typing`] who is
//! writing. [`Tally`] is how much of a room is unread, for the list of rooms.

mod log;
mod people;
mod place;
mod tally;
mod typing;

pub(crate) use log::{Line, Log, Sending};
pub(crate) use people::People;
pub(crate) use place::{Heard, Place};
pub(crate) use tally::{Entry, Tally};
pub(crate) use typing::{EVERY_MS, Typing};
