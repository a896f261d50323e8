//! What people take for one character: an extended grapheme cluster of Unicode.
//!
//! The tables for that are large. The server has them in a crate; in the browser they are the
//! browser's own, in `Intl.Segmenter`.

/// How many characters people see in a text.
pub fn count(text: &str) -> usize {
    if text.is_ascii() {
        // A line break of two characters is one.
        return text.len() - text.matches("\r\n").count();
    }
    provider::count(text)
}

/// The first `most` characters of a text, and whether that is not all of it.
pub fn beginning(text: &str, most: usize) -> (&str, bool) {
    // No character is shorter than one code point.
    if text.chars().nth(most).is_none() {
        return (text, false);
    }
    let end = provider::end(text, most);
    (&text[..end], end < text.len())
}

/// As much of a text as fits into so many bytes.
pub fn within(text: &str, bytes: usize) -> &str {
    let mut end = bytes.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

/// The first character of a text.
pub(super) fn first(text: &str) -> &str {
    let mut bytes = text.bytes();
    if bytes.next().is_some_and(|b| b.is_ascii_graphic()) && bytes.next().is_none_or(|b| b < 0x80) {
        return &text[..1];
    }
    &text[..provider::end(text, 1)]
}

/// Whether a character stands on the one before it and is none of its own.
pub(super) fn is_mark(c: char) -> bool {
    !c.is_ascii() && provider::count(&format!("a{c}")) == 1
}

#[cfg(not(target_arch = "wasm32"))]
mod provider {
    use unicode_segmentation::UnicodeSegmentation;

    pub(super) fn count(text: &str) -> usize {
        text.graphemes(true).count()
    }

    /// Where the first `most` characters end.
    pub(super) fn end(text: &str, most: usize) -> usize {
        let mut clusters = text.grapheme_indices(true);
        clusters.nth(most).map_or(text.len(), |(end, _)| end)
    }
}

#[cfg(target_arch = "wasm32")]
mod provider {
    use leptos::wasm_bindgen::JsValue;

    use crate::browser::{call, get, segmenter};

    /// A browser without a segmenter counts code points, which are more, and the server decides.
    pub(super) fn count(text: &str) -> usize {
        counted(text).unwrap_or_else(|| text.chars().count())
    }

    fn counted(text: &str) -> Option<usize> {
        let segments = call(&segmenter()?, "segment", &[text.into()])?;
        Some(js_sys::Array::from(&segments).length() as usize)
    }

    /// Where the first `most` characters end.
    pub(super) fn end(text: &str, most: usize) -> usize {
        units(text, most).map_or_else(
            || code_points(text, most),
            |units| {
                let mut seen = 0;
                let past = |(_, c): &(usize, char)| {
                    seen += c.len_utf16();
                    seen > units
                };
                let end = text.char_indices().find(past);
                end.map_or(text.len(), |(end, _)| end)
            },
        )
    }

    /// The same in the units of the browser.
    fn units(text: &str, most: usize) -> Option<usize> {
        let segments = call(&segmenter()?, "segment", &[text.into()])?;
        let segment = js_sys::Array::from(&segments).get(most as u32);
        let start: JsValue = match segment.is_undefined() {
            true => return Some(usize::MAX),
            false => get(&segment, "index")?,
        };
        Some(start.as_f64()? as usize)
    }

    fn code_points(text: &str, most: usize) -> usize {
        let mut chars = text.char_indices();
        chars.nth(most).map_or(text.len(), |(end, _)| end)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_people_see_is_counted() {
        for (text, characters) in [
            ("", 0),
            ("abc", 3),
            ("a\r\nb", 3),
            ("e\u{301}\u{323}", 1),
            ("👩‍👩‍👧‍👦", 1),
            ("👍🏽❤️", 2),
            ("🇩🇪🇫🇷", 2),
            ("🏴󠁧󠁢󠁳󠁣󠁴󠁿", 1),
            ("क्षि", 1),
            ("각", 1),
            ("ที่", 1),
            ("தமிழ்", 3),
        ] {
            assert_eq!(count(text), characters, "{text}");
        }
    }

    #[test]
    fn a_beginning_is_cut_between_characters() {
        assert_eq!(beginning("abc", 3), ("abc", false));
        assert_eq!(beginning("abcd", 3), ("abc", true));
        assert_eq!(beginning("👩‍👩‍👧👍🏽x", 2), ("👩‍👩‍👧👍🏽", true));
        assert_eq!(beginning("👩‍👩‍👧", 1), ("👩‍👩‍👧", false));
        assert_eq!(beginning("e\u{301}x", 0), ("", true));
        assert_eq!(within("aä🦊", 6), "aä");
        assert_eq!(within("aä", 9), "aä");
    }

    #[test]
    fn marks_stand_on_what_is_before_them() {
        for mark in [
            '\u{301}', '\u{94D}', '\u{E48}', '\u{103A}', '\u{200D}', '\u{FE0F}', '\u{20DD}',
        ] {
            assert!(is_mark(mark), "{mark:?}");
        }
        for other in ['a', 'é', '।', '、', '👍', '\u{A0}', 'い'] {
            assert!(!is_mark(other), "{other:?}");
        }
        assert_eq!(first("e\u{301}a"), "e\u{301}");
        assert_eq!(first("ab"), "a");
        assert_eq!(first("👩‍👩‍👧x"), "👩‍👩‍👧");
        assert_eq!(first(""), "");
    }
}
