//! Which addresses lead nowhere but to a page of this site.

/// Whether this is the path of a page of this site, with its query and fragment. Browsers read
/// `//` and `/\` as the beginning of another host, and drop what cannot be seen.
pub fn is_ours(path: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_graphic() && byte != b'\\';
    path.starts_with('/') && !path.starts_with("//") && path.bytes().all(plain)
}

#[cfg(test)]
mod tests {
    use super::is_ours;

    #[test]
    fn nobody_is_led_to_another_site() {
        for page in ["/", "/notifications", "/people/ana?before=1.2", "/#main"] {
            assert!(is_ours(page), "{page}");
        }
        for other in [
            "",
            "notifications",
            "//evil.example",
            "///evil.example",
            "/\\evil.example",
            "\\\\evil.example",
            "https://evil.example",
            "https:evil.example",
            "javascript:alert(1)",
            "/\t/evil.example",
            "/\n/evil.example",
            " //evil.example",
            "/\u{200b}/evil.example",
            "/ä",
        ] {
            assert!(!is_ours(other), "{other}");
        }
    }
}
