//! Media types as they stand in headers (RFC 9110, sections 8.3.1 and 12.5.1), and whether a
//! request is a program's, which wants its errors as JSON.

use axum::http::{HeaderMap, HeaderValue, header};

/// The first segments of the paths that programs ask.
const PROGRAMS: [&str; 11] = [
    "api",
    "broadcast",
    "events",
    "healthz",
    "metrics",
    "notify",
    "publish",
    "readyz",
    "stats",
    "subscribe",
    "ws",
];

/// Whether the path is one that programs ask, and no page.
pub fn is_for_programs(path: &str) -> bool {
    let mut segments = path.strip_prefix('/').unwrap_or(path).split('/');
    segments
        .next()
        .is_some_and(|first| PROGRAMS.contains(&first))
}

/// Whether a client would rather have JSON than a page. Of two that it likes equally well, it gets
/// the one that it names more precisely, or first.
pub fn prefers_json(headers: &HeaderMap) -> bool {
    let values = headers.get_all(header::ACCEPT).iter();
    let text: Vec<_> = values.filter_map(|value| value.to_str().ok()).collect();
    let text = text.join(",");
    let ranges: Vec<Media> = parts(&text, ',').filter_map(Media::read).collect();
    let json = liking(&ranges, "application", is_json);
    let page = liking(&ranges, "text", |subtype| {
        subtype.eq_ignore_ascii_case("html")
    });
    json.quality > 0 && json > page
}

/// Whether a media type is JSON: `application/json`, or one that ends with `+json`.
pub fn says_json(value: &HeaderValue) -> bool {
    let text = String::from_utf8_lossy(value.as_bytes());
    Media::read(&text).is_some_and(|media| media.is_of("application") && is_json(media.subtype))
}

fn is_json(subtype: &str) -> bool {
    let subtype = subtype.to_ascii_lowercase();
    subtype == "json"
        || subtype
            .strip_suffix("+json")
            .is_some_and(|name| !name.is_empty())
}

/// How much a client likes something. What is named more precisely counts, whatever is said of the
/// rest.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
struct Liking {
    /// In thousandths.
    quality: u16,
    precision: u8,
    /// Places from the end.
    place: usize,
}

fn liking(ranges: &[Media], kind: &str, is: impl Fn(&str) -> bool) -> Liking {
    let named = |range: &Media| match range {
        Media {
            kind: "*",
            subtype: "*",
            ..
        } => Some(1),
        Media { subtype: "*", .. } if range.is_of(kind) => Some(2),
        Media { subtype, .. } if range.is_of(kind) && is(subtype) => Some(3),
        _ => None,
    };
    let places = ranges.iter().rev().enumerate();
    let matching = places.filter_map(|(place, range)| {
        Some(Liking {
            quality: range.quality,
            precision: named(range)?,
            place,
        })
    });
    let best = matching.max_by_key(|liking| (liking.precision, liking.quality, liking.place));
    best.unwrap_or_default()
}

/// A media type, or a range of them.
struct Media<'a> {
    kind: &'a str,
    subtype: &'a str,
    /// Its parameter `q`, in thousandths.
    quality: u16,
}

impl<'a> Media<'a> {
    /// `None` for what is not written as a media type.
    fn read(text: &'a str) -> Option<Self> {
        let mut parts = parts(text, ';');
        let (kind, subtype) = trim(parts.next()?).split_once('/')?;
        if !is_token(kind) || !is_token(subtype) {
            return None;
        }
        let mut quality = 1_000;
        for parameter in parts.map(trim).filter(|parameter| !parameter.is_empty()) {
            let (name, value) = parameter.split_once('=')?;
            if !is_token(name) || !(is_token(value) || is_quoted(value)) {
                return None;
            }
            if name.eq_ignore_ascii_case("q") {
                quality = thousandths(value)?;
            }
        }
        Some(Self {
            kind,
            subtype,
            quality,
        })
    }

    fn is_of(&self, kind: &str) -> bool {
        self.kind.eq_ignore_ascii_case(kind)
    }
}

/// The parts of a header between `separator`s that stand in no quotes.
fn parts(text: &str, separator: char) -> impl Iterator<Item = &str> {
    let (mut quoted, mut escaped) = (false, false);
    text.split(move |c| {
        let in_quotes = quoted;
        match c {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            _ => {}
        }
        !in_quotes && c == separator
    })
}

fn trim(text: &str) -> &str {
    text.trim_matches([' ', '\t'])
}

fn is_token(text: &str) -> bool {
    let allowed = |b: u8| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b);
    !text.is_empty() && text.bytes().all(allowed)
}

fn is_quoted(text: &str) -> bool {
    let Some(inner) = text
        .strip_prefix('"')
        .and_then(|rest| rest.strip_suffix('"'))
    else {
        return false;
    };
    let mut escaped = false;
    for c in inner.chars() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return false,
            c if c.is_control() && c != '\t' => return false,
            _ => {}
        }
    }
    !escaped
}

/// `0.5` as 500. At most three digits follow the point.
fn thousandths(text: &str) -> Option<u16> {
    let (whole, rest) = text.split_once('.').unwrap_or((text, ""));
    if rest.len() > 3 || !rest.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let rest: u16 = format!("{rest:0<3}").parse().ok()?;
    match whole {
        "0" => Some(rest),
        "1" if rest == 0 => Some(1_000),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_is_known_however_it_is_written() {
        for json in [
            "application/json",
            "Application/JSON",
            "application/json; charset=utf-8",
            "application/json ; charset=utf-8",
            "application/json\t;\tcharset=\"utf-8\"",
            "application/json;",
            "application/json;;a=b;",
            "application/json; a=\"b;c, \\\" d/e\"",
            "application/problem+json",
            "application/vnd.api+json;v=1",
            "application/x+y+json",
        ] {
            assert!(says_json(&HeaderValue::from_static(json)), "{json}");
        }
        for other in [
            "",
            "json",
            "application",
            "application/",
            "application/+json",
            "text/json",
            "text/plain",
            "application/jsonp",
            "application/json2",
            "application/json charset=utf-8",
            "application/json, text/plain",
            "application/json; charset",
            "application/json; charset=",
            "application/json; =utf-8",
            "application/json; a=\"b",
            "application/json; a=\"b\"c\"",
            "application / json",
            "application/*",
            "*/*",
        ] {
            assert!(!says_json(&HeaderValue::from_static(other)), "{other}");
        }
        let odd = HeaderValue::from_bytes(b"application/json; a=\"\xe9\"").unwrap();
        assert!(says_json(&odd));
    }

    #[test]
    fn a_client_gets_what_it_would_rather_have() {
        let prefers = |accept: &[&'static str]| {
            let mut headers = HeaderMap::new();
            for value in accept {
                headers.append(header::ACCEPT, HeaderValue::from_static(value));
            }
            prefers_json(&headers)
        };
        for json in [
            "application/json",
            "application/problem+json",
            "APPLICATION/JSON",
            "application/json;q=0.001",
            "application/json, text/plain, */*",
            "application/json, text/html",
            "application/json, text/html;q=0.9",
            "text/html;q=0.8, application/problem+json;q=0.9",
            "text/html;q=0, application/json;q=0.1",
            "text/html;q=0, */*",
            "application/*",
            "application/vnd.api+json",
            "text/html;q=0.5, text/*;q=0.9, application/json;q=0.6",
        ] {
            assert!(prefers(&[json]), "{json}");
        }
        for page in [
            "",
            "*/*",
            "text/html",
            "text/html, application/json",
            "text/html, application/json;q=0.9",
            "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
            "application/json;q=0",
            "application/json;q=0, */*",
            "application/json;q=0.5, text/html",
            "application/json;q=2",
            "application/json;q=x, text/html;q=0.1",
            "image/avif,image/webp,*/*;q=0.8",
            "text/event-stream",
            "application/xml",
        ] {
            assert!(!prefers(&[page]), "{page}");
        }
        assert!(!prefers(&[]));
        assert!(prefers(&["text/html;q=0.5", "application/json"]));
    }

    #[test]
    fn programs_ask_other_paths_than_people() {
        for path in [
            "/api/v1/x",
            "/ws",
            "/events/x",
            "/notify",
            "/stats/",
            "/api",
        ] {
            assert!(is_for_programs(path), "{path}");
        }
        for path in [
            "/",
            "",
            "*",
            "/apis",
            "/rooms/api",
            "//api",
            "/wss",
            "/fn/x",
        ] {
            assert!(!is_for_programs(path), "{path}");
        }
    }
}
