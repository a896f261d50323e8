//! What the page of a room knows: state machines without a network, a clock or a browser.
//!
//! [`Log`] is what was said and what is on its way, [`Place`] how far the history is known,
//! [`People`] who is in the room, who looks at it and how far they have read, [`Typing`] who is
//! writing.

mod log;
mod people;
mod place;
mod typing;

pub(crate) use log::{Line, Log, Sending};
pub(crate) use people::People;
pub(crate) use place::{Heard, Place};
pub(crate) use typing::{EVERY_MS, Typing};
