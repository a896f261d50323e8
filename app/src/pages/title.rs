//! The document's title, as it is written into the document.

/// What stands between `<title>` and `</title>` for this text.
///
/// leptos_meta writes it there as it is, and a person's name is part of it. In the browser the
/// title is set as text, so there nothing is escaped.
#[cfg(feature = "ssr")]
pub(super) fn markup(text: String) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            other => escaped.push(other),
        }
    }
    escaped
}

#[cfg(not(feature = "ssr"))]
pub(super) fn markup(text: String) -> String {
    text
}

#[cfg(all(test, feature = "ssr"))]
mod tests {
    use super::markup;

    #[test]
    fn nothing_in_a_title_is_markup() {
        for (text, written) in [
            ("Ana", "Ana"),
            ("</title><b>", "&lt;/title&gt;&lt;b&gt;"),
            // What looks escaped already is to be read as it was typed.
            ("a &lt; b & c", "a &amp;lt; b &amp; c"),
            ("\"é\" '🦊'", "\"é\" '🦊'"),
        ] {
            assert_eq!(markup(text.to_owned()), written);
        }
    }
}
