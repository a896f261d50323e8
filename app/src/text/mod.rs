//! Text of people: the rules that the server and the page must share.
//!
//! What is a mention, a link or the name of a room is decided here once ([`parts`]), so that
//! nobody is told of a mention that the page does not show, or the other way round. What counts as
//! one character ([`count`]) and what text is before it is counted ([`prose`]) is here too, so that
//! the counter beside a field says what the server will say. `docs/text.md` has the rules.

mod bidi;
mod clusters;
mod code;
mod host;
mod initials;
mod links;
mod parts;
mod tags;

pub use bidi::{balanced, isolated};
pub use clusters::{beginning, count, within};
pub use links::Link;
pub use parts::{Part, parts};

pub(crate) use initials::initials;

use crate::model::Handle;

/// The longest name or title, in characters as people see them.
pub const NAME_MAX: usize = 50;
/// The longest post or message, in characters as people see them.
pub const TEXT_MAX: usize = 2_000;
/// How many bytes a text may have for each character that it may have. A family of four, with
/// all that joins them, has 25. Two thousand characters still fit into a frame of 64 KiB.
pub const BYTES_EACH: usize = 32;

/// What a text is that is too long.
pub const TEXT_TOO_LONG: &str = "At most 2,000 characters, please.";

/// The people whom a text mentions, each once, `most` at most.
pub fn mentions(text: &str, most: usize) -> Vec<Handle> {
    let mut found = Vec::new();
    for part in parts(text) {
        if let Part::Mention { handle, .. } = part
            && !found.contains(&handle)
        {
            found.push(handle);
            if found.len() == most {
                break;
            }
        }
    }
    found
}

/// A text of several lines as it is stored: line breaks are `\n`, and blank lines around it are
/// gone. The indentation of the first line stays: it may be part of a poem.
pub fn prose(text: &str) -> String {
    let folded = text.replace("\r\n", "\n");
    let kept = folded.trim_end_matches([' ', '\t', '\n']);
    let mut begins = 0;
    while let Some(end) = kept[begins..].find('\n') {
        let line = &kept[begins..begins + end];
        if !line.chars().all(|c| matches!(c, ' ' | '\t')) {
            break;
        }
        begins += end + 1;
    }
    kept[begins..].to_owned()
}

#[cfg(test)]
mod tests;
