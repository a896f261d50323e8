//! A text, taken apart: what is a mention, a room, a link, and what is nothing but text.

use super::{
    code::code,
    links::{Link, links},
    tags::{plain, tags},
};
use crate::model::{Handle, RoomName};

/// A part of a text. All parts together are the whole text, except that a link may be shown
/// shortened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Part<'t> {
    /// Text as it is, code included.
    Plain(&'t str),
    /// An address of a page or of mail.
    Link(Link),
    /// A person: `@handle`.
    Mention {
        /// As it was written.
        shown: &'t str,
        /// Who.
        handle: Handle,
    },
    /// A room: `#room-name`.
    Room {
        /// As it was written.
        shown: &'t str,
        /// Which one.
        room: RoomName,
    },
}

/// Takes a text apart, in time that grows with its length and no faster.
pub fn parts(text: &str) -> Vec<Part<'_>> {
    let mut found = Vec::new();
    if !text.contains(['@', '#']) && !text.contains("://") {
        plain(text, &mut found);
        return found;
    }
    let code = code(text);
    // What is code and what is an address, in order: neither overlaps the other.
    let mut others: Vec<_> = links(text, &code);
    others.extend(code.into_iter().map(|range| (range, None)));
    others.sort_unstable_by_key(|(range, _)| range.start);
    let mut done = 0;
    for (range, link) in others {
        tags(text, done..range.start, &mut found);
        done = range.end;
        match link {
            Some(link) => found.push(Part::Link(link)),
            None => plain(&text[range], &mut found),
        }
    }
    tags(text, done..text.len(), &mut found);
    found
}
