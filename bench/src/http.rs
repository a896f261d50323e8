//! The little of HTTP/1.1 that a load generator needs: one request at a time on a connection that is kept.

use std::net::Ipv4Addr;

use anyhow::{Context, Result, bail};
use memchr::memmem;

/// A whole answer's status, and how many bytes it took.
#[derive(Debug, PartialEq, Eq)]
pub struct Answer {
    /// The status code.
    pub status: u16,
    /// Bytes of head and body together.
    pub used: usize,
}

/// Takes one answer from the front of `bytes`, or `None` if it is not whole yet.
pub fn parse(bytes: &[u8]) -> Result<Option<Answer>> {
    let Some(head_end) = memmem::find(bytes, b"\r\n\r\n") else {
        return Ok(None);
    };
    let head = std::str::from_utf8(&bytes[..head_end]).context("an answer's head is not text")?;
    let mut lines = head.split("\r\n");
    let status: u16 = lines
        .next()
        .and_then(|line| line.split(' ').nth(1))
        .and_then(|code| code.parse().ok())
        .with_context(|| format!("no status in {head:?}"))?;
    let mut length = None;
    for (name, value) in lines.filter_map(|line| line.split_once(':')) {
        if name.eq_ignore_ascii_case("content-length") {
            length = Some(value.trim().parse::<usize>().context("content-length")?);
        }
        if name.eq_ignore_ascii_case("connection") && value.trim().eq_ignore_ascii_case("close") {
            bail!(
                "the server closes a connection that was to be kept: {}",
                String::from_utf8_lossy(bytes)
            );
        }
    }
    let length = match length {
        Some(length) => length,
        None if status == 204 => 0,
        None => bail!("an answer without a length: {head:?}"),
    };
    let used = head_end + 4 + length;
    Ok((bytes.len() >= used).then_some(Answer { status, used }))
}

/// A request with a body, as bytes.
pub fn request(method: &str, path: &str, host: &str, extra: &str, body: &str) -> Vec<u8> {
    let length = body.len();
    format!(
        "{method} {path} HTTP/1.1\r\nHost: {host}\r\n{extra}Content-Length: {length}\r\n\r\n{body}"
    )
    .into_bytes()
}

/// The loopback address of client `index`: one of its own for each, so that ports in TIME_WAIT never run out.
pub fn loopback(index: usize) -> Ipv4Addr {
    let [_, a, b, c] = (index as u32 + 0x0001_0001).to_be_bytes();
    Ipv4Addr::new(127, a, b, c)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_taken_once_it_is_whole() {
        let bytes = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
        assert_eq!(parse(&bytes[..bytes.len() - 1]).unwrap(), None);
        assert_eq!(parse(&bytes[..20]).unwrap(), None);
        let mut followed = bytes.to_vec();
        followed.extend_from_slice(b"HTTP/1.1");
        assert_eq!(
            parse(&followed).unwrap(),
            Some(Answer {
                status: 200,
                used: bytes.len()
            })
        );
        assert_eq!(
            parse(b"HTTP/1.1 204 No Content\r\n\r\n")
                .unwrap()
                .unwrap()
                .status,
            204
        );
    }

    #[test]
    fn every_client_has_an_address_of_its_own() {
        assert_eq!(loopback(0), Ipv4Addr::new(127, 1, 0, 1));
        assert_eq!(loopback(255), Ipv4Addr::new(127, 1, 1, 0));
        assert!(loopback(20_000).is_loopback());
    }
}
