//! Mentions, `@handle`, and names of rooms, `#room-name`.
//!
//! Both begin and end as words do. A sign inside an address, a path, a word of any script or
//! another server's name is none: `josé@bob.example`, `@bob@m.example`, `@bob/pkg`, `@bobé`.

use std::ops::Range;

use super::{Part, clusters::is_mark};
use crate::model::{Handle, RoomName};

/// No name of a server is longer.
const LONGEST_SERVER: usize = 253;

/// Finds the mentions and rooms in a part of a text that is neither code nor a link, and adds
/// them and what is between them. What stands around that part is looked at too.
pub(super) fn tags<'t>(text: &'t str, part: Range<usize>, found: &mut Vec<Part<'t>>) {
    let mut done = part.start;
    let mut path = Path {
        read: part.start,
        goes_on: false,
    };
    for (at, sign) in text[part.clone()].match_indices(['@', '#']) {
        let at = part.start + at;
        path.reads(text, at);
        // Inside of a tag that was found already.
        if at < done || path.goes_on || !may_begin(&text[..at]) {
            continue;
        }
        let rest = &text[at + sign.len()..part.end];
        let Some((tag, length)) = (match sign {
            "@" => mention(text, at, rest),
            _ => room(text, at, rest),
        }) else {
            continue;
        };
        plain(&text[done..at], found);
        done = at + sign.len() + length;
        found.push(tag);
    }
    plain(&text[done..part.end], found);
}

/// Adds text that is nothing but text.
pub(super) fn plain<'t>(text: &'t str, found: &mut Vec<Part<'t>>) {
    if !text.is_empty() {
        found.push(Part::Plain(text));
    }
}

fn mention<'t>(text: &'t str, at: usize, rest: &'t str) -> Option<(Part<'t>, usize)> {
    let length = length(rest, |b| b.is_ascii_alphanumeric() || b == b'_');
    let handle: Handle = rest[..length].parse().ok()?;
    let end = at + 1 + length;
    let shown = &text[at..end];
    may_end(&text[end..]).then_some((Part::Mention { shown, handle }, length))
}

fn room<'t>(text: &'t str, at: usize, rest: &'t str) -> Option<(Part<'t>, usize)> {
    let length = length(rest, |b| {
        b.is_ascii_alphanumeric() || b == b'_' || b == b'-'
    });
    let name = &rest[..length];
    // "We are #1" names no room.
    if !name.bytes().any(|b| b.is_ascii_alphabetic()) {
        return None;
    }
    let room: RoomName = name.parse().ok()?;
    let end = at + 1 + length;
    let shown = &text[at..end];
    may_end(&text[end..]).then_some((Part::Room { shown, room }, length))
}

fn length(rest: &str, takes: impl Fn(u8) -> bool) -> usize {
    rest.bytes().position(|b| !takes(b)).unwrap_or(rest.len())
}

/// Whether a tag may begin after this.
fn may_begin(before: &str) -> bool {
    let Some(last) = before.chars().next_back() else {
        return true;
    };
    match last {
        '@' | '#' | '/' | '\\' | '&' => false,
        // These join words to an address, but may also stand before a word.
        '.' | '-' | '+' | '=' | '~' | '%' | '$' => !ends_in_word(&before[..before.len() - 1]),
        _ => !ends_in_word(before),
    }
}

/// Whether a tag may end before this.
fn may_end(after: &str) -> bool {
    let mut chars = after.chars();
    let Some(next) = chars.next() else {
        return true;
    };
    match next {
        '@' | '#' | '/' | '\\' => false,
        '.' | '-' | '+' | '=' | '~' | '%' | '$' => !chars.next().is_some_and(goes_on),
        ':' => !is_server(chars.as_str()),
        _ => !in_word(next) && !is_mark(next),
    }
}

/// What goes on with a word after a dot or a hyphen.
fn goes_on(c: char) -> bool {
    in_word(c) || matches!(c, '@' | '/')
}

/// `@bob:m.example` is somebody at another server.
fn is_server(text: &str) -> bool {
    let part = |c: char| in_word(c) || c == '-' || c == '.';
    let name: String = text
        .chars()
        .take(LONGEST_SERVER)
        .take_while(|c| part(*c))
        .collect();
    let name = name.trim_end_matches('.');
    name.contains('.') && !name.starts_with('.')
}

/// Letters and digits of any script.
fn in_word(c: char) -> bool {
    c == '_' || c.is_alphanumeric()
}

/// Whether a text ends with a letter, or with the marks on one. Those on a picture do not count.
fn ends_in_word(text: &str) -> bool {
    let mut letters = text
        .chars()
        .rev()
        .skip_while(|c| !in_word(*c) && is_mark(*c));
    letters.next().is_some_and(in_word)
}

/// Whether what is read is inside of a path: after a slash that touches something, until a space
/// or a bracket.
struct Path {
    read: usize,
    goes_on: bool,
}

impl Path {
    /// Reads on up to `at`.
    fn reads(&mut self, text: &str, at: usize) {
        let from = std::mem::replace(&mut self.read, at);
        for c in text[from..at].chars() {
            match c {
                '/' | '\\' => self.goes_on = true,
                '(' | ')' | '[' | ']' | '{' | '}' | '<' | '>' | '"' | '\'' | '`' | '|' => {
                    self.goes_on = false;
                }
                _ if c.is_ascii_graphic() || in_word(c) => {}
                _ => self.goes_on = false,
            }
        }
    }
}
