//! How much of a request is read: what is larger is refused before anything looks into it.
//!
//! All that is read later takes time in proportion to these bounds, or to the square of one that
//! is small. Some of what reads a request is not ours: pages look for each parameter of an address
//! among those before it, and files compare each range with all others.

use app::error::QuadError;
use axum::{
    extract::Request,
    http::{
        HeaderName, HeaderValue,
        header::{COOKIE, RANGE},
    },
};

/// Bytes of a path.
const LONGEST_PATH: usize = 4 << 10;
/// Parts of a path. No address of ours has as many.
const MOST_SEGMENTS: usize = 64;
/// Bytes of a query. The names of 200 channels fit, however they are written.
const LONGEST_QUERY: usize = 48 << 10;
/// Parameters of a query.
const MOST_PARAMETERS: usize = 64;
/// Bytes of a header.
const LARGEST_HEADER: usize = 8 << 10;
/// Bytes of a header of cookies: those of all programs of one host come together.
const LARGEST_COOKIE: usize = 16 << 10;
/// Bytes of the places of 200 channels: each is a name of 64 signs, an epoch and a number.
const LARGEST_EVENT_ID: usize = 32 << 10;
/// Bytes of a header that asks for parts of a file.
const LARGEST_RANGE: usize = 256;

const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");

/// Refuses what is larger than anything that is asked here. Errors: `uri_too_long`, `malformed`,
/// `headers_too_large`.
pub fn check(request: &Request) -> Result<(), QuadError> {
    let uri = request.uri();
    let query = uri.query().unwrap_or_default();
    if uri.path().len() > LONGEST_PATH || query.len() > LONGEST_QUERY {
        return Err(QuadError::UriTooLong);
    }
    let more_than = |most: usize, text: &str, sign: u8| {
        let mut signs = text.bytes().filter(|byte| *byte == sign);
        signs.nth(most).is_some()
    };
    if more_than(MOST_SEGMENTS, uri.path(), b'/') {
        return Err(QuadError::malformed("This address has too many parts."));
    }
    if more_than(MOST_PARAMETERS - 1, query, b'&') {
        let detail = "This address has too many parameters.";
        return Err(QuadError::malformed(detail));
    }
    let too_large = |(name, value): (&HeaderName, &HeaderValue)| value.len() > largest(name);
    if request.headers().iter().any(too_large) {
        return Err(QuadError::HeadersTooLarge);
    }
    Ok(())
}

fn largest(name: &HeaderName) -> usize {
    match name {
        name if *name == COOKIE => LARGEST_COOKIE,
        name if *name == RANGE => LARGEST_RANGE,
        name if *name == LAST_EVENT_ID => LARGEST_EVENT_ID,
        _ => LARGEST_HEADER,
    }
}

#[cfg(test)]
mod tests {
    use axum::body::Body;

    use super::*;

    fn checked(uri: &str, headers: &[(&str, &str)]) -> Result<(), &'static str> {
        let mut request = Request::get(uri);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        check(&request.body(Body::empty()).unwrap()).map_err(|error| error.code())
    }

    #[test]
    fn an_address_has_a_length_and_a_number_of_parts() {
        let long = |length: usize| format!("/{}", "a".repeat(length - 1));
        assert_eq!(checked(&long(LONGEST_PATH), &[]), Ok(()));
        assert_eq!(checked(&long(LONGEST_PATH + 1), &[]), Err("uri_too_long"));
        let deep = |parts: usize| "/a".repeat(parts);
        assert_eq!(checked(&deep(MOST_SEGMENTS), &[]), Ok(()));
        assert_eq!(checked(&deep(MOST_SEGMENTS + 1), &[]), Err("malformed"));
        let query = |length: usize| format!("/?{}", "a".repeat(length));
        assert_eq!(checked(&query(LONGEST_QUERY), &[]), Ok(()));
        assert_eq!(checked(&query(LONGEST_QUERY + 1), &[]), Err("uri_too_long"));
        let parameters = |count: usize| format!("/?{}", vec!["a"; count].join("&"));
        assert_eq!(checked(&parameters(MOST_PARAMETERS), &[]), Ok(()));
        let more = parameters(MOST_PARAMETERS + 1);
        assert_eq!(checked(&more, &[]), Err("malformed"));
    }

    #[test]
    fn a_header_has_a_size_each() {
        for (name, most) in [
            ("authorization", LARGEST_HEADER),
            ("x-forwarded-for", LARGEST_HEADER),
            ("accept", LARGEST_HEADER),
            ("cookie", LARGEST_COOKIE),
            ("last-event-id", LARGEST_EVENT_ID),
            ("range", LARGEST_RANGE),
        ] {
            let of = |length: usize| checked("/", &[(name, &"a".repeat(length))]);
            assert_eq!(of(most), Ok(()), "{name}");
            assert_eq!(of(most + 1), Err("headers_too_large"), "{name}");
        }
    }
}
