//! How a peer is spoken to. Everything that differs between peers on the wire is behind this trait; the sockets, the
//! schedule and the clocks are the same for all.

use memchr::memmem;

/// What a text message means to the client that hears it.
#[derive(Debug, PartialEq, Eq)]
pub enum Heard {
    /// Nothing to do.
    Nothing,
    /// This must be sent back.
    Send(String),
    /// The socket is registered (and subscribed): its opening is over.
    Ready,
    /// The event that operation number `0` caused has arrived.
    Event(u64),
    /// The peer refuses.
    Refused,
}

/// One peer's way of talking. Sockets and operations are known by their numbers.
pub trait Dialect {
    /// The HTTP request that opens socket `socket`.
    fn upgrade(&self, socket: usize) -> String;

    /// What the client says first once the socket is open; `None` if the upgrade was all and the socket is ready.
    fn hello(&self, socket: usize) -> Option<String>;

    /// What a text message means.
    fn hear(&self, socket: usize, text: &[u8]) -> Heard;

    /// The HTTP request of operation `operation`.
    fn request(&self, operation: u64) -> Vec<u8>;
}

/// The mark of an operation in a text that comes back unchanged.
pub fn mark(operation: u64) -> String {
    format!("#op{operation};")
}

/// The operation whose mark is in `text`.
pub fn marked(text: &[u8]) -> Option<u64> {
    let from = memmem::find(text, b"#op")? + 3;
    let digits = &text[from..];
    let digits = &digits[..memchr::memchr(b';', digits)?];
    std::str::from_utf8(digits).ok()?.parse().ok()
}

/// The text of a broadcast: about a line that a person would write, with its mark.
pub fn announcement(operation: u64) -> String {
    format!(
        "{} The library stays open until midnight this week; bring your card and a friend.",
        mark(operation)
    )
}

/// A broadcast as a peer gets it that hands on bytes as they are: as many as Quad's frame has.
pub fn ready_made(operation: u64) -> String {
    format!(
        r#"{{"type":"message","channel":"bench","epoch":"k3Jd82hfQz","seq":{operation},"id":"Zk2m8Qd0x1s7","text":"{}","at":1760000000000}}"#,
        announcement(operation)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_is_found_again() {
        assert_eq!(marked(ready_made(12_345).as_bytes()), Some(12_345));
        assert_eq!(marked(b"nothing of ours"), None);
        assert_eq!(marked(b"#op12"), None);
    }
}
