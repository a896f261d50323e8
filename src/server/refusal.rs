//! What is answered where HTTP itself refuses a request: a head that is too large, or that is no
//! head. The library answers with a bare status, so the whole answer goes out in its place.

use app::error::QuadError;
use bytes::Bytes;

use crate::web::problem::ProblemDetails;

/// The answer in place of a bare one of HTTP's own; `None` for everything else.
pub(super) fn instead_of(bytes: &[u8]) -> Option<Bytes> {
    let rest = bytes.strip_prefix(b"HTTP/1.1 4")?;
    // Answers of our own say what they hold.
    let head = std::str::from_utf8(bytes.get(..rest.len().min(256))?).ok()?;
    let bare = head.contains("\r\ncontent-length: 0\r\n") && !head.contains("\r\ncontent-type:");
    let error = match rest.get(..2)? {
        b"00" => QuadError::malformed("This is not a request that can be read."),
        b"14" => QuadError::UriTooLong,
        b"31" => QuadError::HeadersTooLarge,
        _ => return None,
    };
    if !bare {
        return None;
    }
    let problem = ProblemDetails::from(error);
    let body = serde_json::to_string(&problem).ok()?;
    let (status, title, length) = (problem.status, problem.title, body.len());
    let answer = format!(
        "HTTP/1.1 {status} {title}\r\ncontent-type: application/problem+json\r\n\
         content-length: {length}\r\ncache-control: no-store\r\nx-content-type-options: nosniff\r\n\
         connection: close\r\n\r\n{body}"
    );
    Some(answer.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_bare_refusal_is_replaced() {
        for (status, code) in [
            ("400 Bad Request", "malformed"),
            ("414 URI Too Long", "uri_too_long"),
            ("431 Request Header Fields Too Large", "headers_too_large"),
        ] {
            let bare = format!(
                "HTTP/1.1 {status}\r\nconnection: close\r\ncontent-length: 0\r\ndate: x\r\n\r\n"
            );
            let answer = instead_of(bare.as_bytes()).expect(status);
            let text = std::str::from_utf8(&answer).unwrap();
            assert!(
                text.starts_with(&format!("HTTP/1.1 {status}\r\n")),
                "{text}"
            );
            let (head, body) = text.split_once("\r\n\r\n").unwrap();
            assert!(head.contains(&format!("content-length: {}\r\n", body.len())));
            let body: serde_json::Value = serde_json::from_str(body).unwrap();
            assert_eq!(body["code"], code);
        }
        for other in [
            "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n",
            "HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n",
            "HTTP/1.1 400 Bad Request\r\ncontent-type: application/problem+json\r\ncontent-length: 0\r\n\r\n",
            "HTTP/1.1 400 Bad Request\r\ncontent-length: 10\r\n\r\n",
            "HTTP/1.1 4",
            "",
        ] {
            assert_eq!(instead_of(other.as_bytes()), None, "{other}");
        }
    }
}
