//! Links: addresses of pages and of mail, as people write them in a text.

use std::ops::Range;

use linkify::{LinkFinder, LinkKind};

use super::host;

/// What of an address follows its host is shown whole up to this many characters.
const LONGEST_TAIL: usize = 40;
/// Of a longer one, so many of the beginning and of the end.
const SHOWN: (usize, usize) = (24, 12);
/// The longest part of an address before the `@`.
const LONGEST_LOCAL: usize = 64;

/// A link, with all that is needed to show it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// Where it leads. The host is in ASCII.
    pub href: String,
    /// How it is shown: always with its whole host, and shortened in the middle of what follows.
    pub shown: String,
}

impl Link {
    /// Whether not all of it is shown.
    pub fn is_shortened(&self) -> bool {
        self.shown.contains('…')
    }
}

/// What is an address in a text, and the link where it is one of those that we make: an address of
/// another kind is left alone as a whole.
pub(super) fn links(text: &str, code: &[Range<usize>]) -> Vec<(Range<usize>, Option<Link>)> {
    if !text.contains("://") && !text.contains('@') {
        return Vec::new();
    }
    let masked = masked(text, code);
    let mut finder = LinkFinder::new();
    finder.url_can_be_iri(false);
    let mut found: Vec<(Range<usize>, Option<Link>)> = Vec::new();
    for link in finder.links(&masked) {
        let range = match link.kind() {
            LinkKind::Email => with_scheme(text, link.start()..link.end()),
            _ => link.start()..with_fragment(&masked, link.end()),
        };
        // What was added to the one before.
        if found
            .last()
            .is_some_and(|(before, _)| before.end > range.start)
        {
            continue;
        }
        let whole = whole(&masked, range.end);
        let made = match link.kind() {
            _ if whole > range.end => None,
            LinkKind::Email => mail(&text[range.clone()], &text[range.end..]),
            _ => page(&text[range.clone()]),
        };
        found.push((range.start..whole, made));
    }
    found
}

/// The text with each letter of another script as as many bytes `x`, and with spaces for what no
/// address holds and for code. So an address ends where a sentence of any script goes on, and all
/// places stay what they are.
fn masked(text: &str, code: &[Range<usize>]) -> String {
    let mut masked = String::with_capacity(text.len());
    let mut code = code.iter().peekable();
    for (at, c) in text.char_indices() {
        while code.next_if(|range| range.end <= at).is_some() {}
        let in_code = code.peek().is_some_and(|range| range.start <= at);
        let sign = match c {
            _ if in_code => ' ',
            _ if c.is_ascii() => c,
            _ if stops(c) || begins_address(&text[at + c.len_utf8()..]) => ' ',
            _ => 'x',
        };
        masked.extend(std::iter::repeat_n(sign, c.len_utf8()));
    }
    masked
}

/// In scripts without spaces, an address follows a word.
fn begins_address(rest: &str) -> bool {
    let begins = |scheme: &str| {
        rest.get(..scheme.len())
            .is_some_and(|begin| begin.eq_ignore_ascii_case(scheme))
    };
    begins("http://") || begins("https://") || begins("mailto:")
}

/// Punctuation, spaces, pictures and invisible characters beyond ASCII. People write addresses
/// that hold letters of their script, but none of these.
fn stops(c: char) -> bool {
    matches!(c,
        '\u{80}'..='\u{A9}' | '\u{AB}'..='\u{B4}' | '\u{B6}'..='\u{B9}' | '\u{BB}'..='\u{BF}'
        | '\u{589}' | '\u{5BE}' | '\u{5C3}' | '\u{5F3}' | '\u{5F4}'
        | '\u{600}'..='\u{60F}' | '\u{61B}'..='\u{61F}' | '\u{66A}'..='\u{66D}' | '\u{6D4}' | '\u{6DD}'
        | '\u{700}'..='\u{70D}' | '\u{964}' | '\u{965}' | '\u{970}' | '\u{DF4}'
        | '\u{E4F}' | '\u{E5A}' | '\u{E5B}' | '\u{104A}'..='\u{104F}' | '\u{1360}'..='\u{1368}'
        | '\u{1400}' | '\u{166E}' | '\u{1680}' | '\u{16EB}'..='\u{16ED}' | '\u{17D4}'..='\u{17DA}'
        | '\u{1800}'..='\u{180A}' | '\u{180E}'
        | '\u{2000}'..='\u{200B}' | '\u{200E}'..='\u{206F}' | '\u{20A0}'..='\u{20CF}'
        | '\u{2190}'..='\u{2BFF}' | '\u{2E00}'..='\u{2E7F}'
        | '\u{3000}'..='\u{3004}' | '\u{3008}'..='\u{3020}' | '\u{3030}' | '\u{303D}'..='\u{303F}'
        | '\u{30A0}' | '\u{30FB}' | '\u{A4FE}' | '\u{A4FF}' | '\u{E000}'..='\u{F8FF}'
        | '\u{FE10}'..='\u{FE1F}' | '\u{FE30}'..='\u{FE6F}' | '\u{FEFF}'
        | '\u{FF01}'..='\u{FF0F}' | '\u{FF1A}'..='\u{FF20}' | '\u{FF3B}'..='\u{FF40}'
        | '\u{FF5B}'..='\u{FF65}' | '\u{FFE0}'..='\u{FFFF}'
        | '\u{1F000}'..='\u{1FAFF}' | '\u{E0000}'..='\u{10FFFF}')
}

/// An address of mail may be written with `mailto:` before it.
fn with_scheme(text: &str, address: Range<usize>) -> Range<usize> {
    const SCHEME: &str = "mailto:";
    let start = address.start.checked_sub(SCHEME.len());
    let scheme = start.and_then(|start| text.get(start..address.start));
    match start {
        Some(start) if scheme.is_some_and(|s| s.eq_ignore_ascii_case(SCHEME)) => start..address.end,
        _ => address,
    }
}

/// The finder ends an address before a fragment that follows the host.
fn with_fragment(masked: &str, end: usize) -> usize {
    let rest = &masked[end..];
    if !rest.starts_with('#') {
        return end;
    }
    let part = |b: u8| b.is_ascii_alphanumeric() || b"#-_.~!$&*+,;=:/?%".contains(&b);
    let length = rest.bytes().position(|b| !part(b)).unwrap_or(rest.len());
    end + rest[..length]
        .trim_end_matches(['.', ',', ':', ';', '!', '?', '*', '#'])
        .len()
}

/// Where an address ends that goes on with what no host holds, as in `https://v.example%2ex@y.example`.
/// Then it is not known where it leads.
fn whole(masked: &str, end: usize) -> usize {
    let rest = &masked[end..];
    if !rest.starts_with(['%', '@', '\\', '^', '_', '~', '$', '&', '+', '=']) {
        return end;
    }
    let length = rest.find(|c: char| c.is_ascii_whitespace() || "<>\"".contains(c));
    end + length.unwrap_or(rest.len())
}

/// The link to a page. There is none to what has a name or a password before its host, because
/// people take that for the host.
fn page(address: &str) -> Option<Link> {
    let (scheme, rest) = address.split_once("://")?;
    let scheme = scheme.to_ascii_lowercase();
    if scheme != "https" && scheme != "http" {
        return None;
    }
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, tail) = rest.split_at(end);
    let (host, port) = match authority.rsplit_once(':') {
        Some((host, port)) => (host, Some(port.parse::<u16>().ok()?)),
        None => (authority, None),
    };
    let host = host::in_ascii(host)?;
    let port = port.map(|port| format!(":{port}")).unwrap_or_default();
    let site = format!("{scheme}://{host}{port}");
    Some(Link {
        shown: site.clone() + &shortened(tail),
        href: site + tail,
    })
}

/// The link to an address of mail. `git@code.example:team/project` is none.
fn mail(address: &str, after: &str) -> Option<Link> {
    let mut next = after.chars();
    if next.next() == Some(':') && next.next().is_some_and(|c| c == '/' || c.is_alphanumeric()) {
        return None;
    }
    let begins = address.find(':').map_or(0, |colon| colon + 1);
    let (local, host) = address[begins..].rsplit_once('@')?;
    let host = host::in_ascii(host)?;
    if local.is_empty() || local.chars().count() > LONGEST_LOCAL {
        return None;
    }
    Some(Link {
        shown: format!("{}{local}@{host}", &address[..begins]),
        href: format!("mailto:{}@{host}", escaped(local)),
    })
}

/// What would begin another part of a `mailto:` address.
fn escaped(local: &str) -> String {
    let plain = |c: char| !c.is_ascii() || c.is_ascii_alphanumeric() || "!$'*+-._~".contains(c);
    local.chars().fold(String::new(), |mut escaped, c| {
        match plain(c) {
            true => escaped.push(c),
            false => escaped += &format!("%{:02X}", u32::from(c)),
        }
        escaped
    })
}

fn shortened(tail: &str) -> String {
    let length = tail.chars().count();
    if length <= LONGEST_TAIL {
        return tail.to_owned();
    }
    let (begin, end) = SHOWN;
    let begins = tail.chars().take(begin);
    // No mark loses its letter.
    let ends = tail
        .chars()
        .skip(length - end)
        .skip_while(|c| !c.is_ascii() && !c.is_alphanumeric());
    begins.chain(std::iter::once('…')).chain(ends).collect()
}
