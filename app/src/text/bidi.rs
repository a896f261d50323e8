//! Directions of writing: what keeps a text from turning the text around it.

use std::borrow::Cow;

/// Begins a part with a direction of its own, which its first letter decides.
const FIRST_STRONG_ISOLATE: char = '\u{2068}';
/// Ends it.
const POP_ISOLATE: char = '\u{2069}';

/// A name or a quotation as part of a sentence that is a plain string: a title, a label, a push.
/// Where elements can be used, `<bdi>` does the same.
///
/// Only a text that is written from right to left needs it, because our sentences are English.
/// Its own controls are taken out, so that it cannot end the isolation.
pub fn isolated(text: &str) -> Cow<'_, str> {
    if !text.chars().any(|c| is_right_to_left(c) || is_control(c)) {
        return Cow::Borrowed(text);
    }
    let plain = text.chars().filter(|c| !is_control(*c));
    let whole = std::iter::once(FIRST_STRONG_ISOLATE)
        .chain(plain)
        .chain(std::iter::once(POP_ISOLATE));
    Cow::Owned(whole.collect())
}

/// The text without those controls of direction that have no partner on their line: the end of
/// each line ends all that it began, and nothing ends what others began.
pub fn balanced(text: &str) -> Cow<'_, str> {
    if !text.chars().any(is_control) {
        return Cow::Borrowed(text);
    }
    let mut kept = String::with_capacity(text.len());
    for line in text.split_inclusive(['\n', '\u{2029}']) {
        let lonely = lonely(line);
        let chars = line.char_indices();
        kept.extend(
            chars
                .filter(|(at, _)| lonely.binary_search(at).is_err())
                .map(|(_, c)| c),
        );
    }
    Cow::Owned(kept)
}

/// Where the controls without a partner stand, in order. Pairs are matched as the Unicode
/// bidirectional algorithm does: the end of an isolate also ends what was begun inside.
fn lonely(line: &str) -> Vec<usize> {
    let mut lonely = Vec::new();
    // What was begun: where, and whether it is an isolate.
    let mut open: Vec<(usize, bool)> = Vec::new();
    let mut isolates = 0_usize;
    for (at, c) in line.char_indices() {
        match c {
            '\u{202A}' | '\u{202B}' | '\u{202D}' | '\u{202E}' => open.push((at, false)),
            '\u{2066}'..='\u{2068}' => {
                isolates += 1;
                open.push((at, true));
            }
            '\u{202C}' => match open.last() {
                Some((_, false)) => drop(open.pop()),
                _ => lonely.push(at),
            },
            POP_ISOLATE if isolates == 0 => lonely.push(at),
            POP_ISOLATE => {
                isolates -= 1;
                while let Some((begun, false)) = open.pop() {
                    lonely.push(begun);
                }
            }
            _ => {}
        }
    }
    lonely.extend(open.into_iter().map(|(begun, _)| begun));
    lonely.sort_unstable();
    lonely
}

/// What begins or ends an embedding, an override or an isolate.
fn is_control(c: char) -> bool {
    matches!(c, '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
}

/// The blocks that Unicode keeps for scripts from right to left.
fn is_right_to_left(c: char) -> bool {
    matches!(c,
        '\u{590}'..='\u{8FF}'
        | '\u{200F}'
        | '\u{FB1D}'..='\u{FDFF}'
        | '\u{FE70}'..='\u{FEFE}'
        | '\u{10800}'..='\u{10FFF}'
        | '\u{1E800}'..='\u{1EFFF}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_from_right_to_left_is_isolated_and_cannot_end_that() {
        for name in ["Ana", "Łukasz 🦊", "名前", "Ana (2)", ""] {
            assert_eq!(isolated(name), name);
        }
        assert_eq!(isolated("דנה"), "\u{2068}דנה\u{2069}");
        assert_eq!(isolated("Ana ليلى"), "\u{2068}Ana ليلى\u{2069}");
        assert_eq!(isolated("𞤀𞤣"), "\u{2068}𞤀𞤣\u{2069}");
        assert_eq!(isolated("x\u{2069}\u{202E}y"), "\u{2068}xy\u{2069}");
    }

    #[test]
    fn controls_with_a_partner_stay_and_others_go() {
        for whole in [
            "",
            "plain\ntext",
            "bidi \u{202E}overrides\u{202C} stay",
            "\u{2067}a \u{202A}b\u{202C} c\u{2069}",
            "\u{2068}\u{2068}a\u{2069}\u{2069}",
            "a\u{200F}b",
        ] {
            assert_eq!(balanced(whole), whole, "{whole:?}");
        }
        for (typed, kept) in [
            ("\u{202E}open", "open"),
            ("a\u{202C}b\u{2069}c", "abc"),
            ("\u{202E}first\nsecond\u{202C}", "first\nsecond"),
            ("\u{202E}first\u{2029}second\u{202C}", "first\u{2029}second"),
            // The end of the isolate ends what was begun inside.
            ("\u{2066}a\u{202E}b\u{2069}c", "\u{2066}ab\u{2069}c"),
            // An embedding cannot end outside of the isolate that it began in.
            (
                "\u{202B}a\u{2067}b\u{202C}c\u{2069}d\u{202C}",
                "\u{202B}a\u{2067}bc\u{2069}d\u{202C}",
            ),
            ("\u{2068}\u{2068}a\u{2069}", "\u{2068}a\u{2069}"),
        ] {
            assert_eq!(balanced(typed), kept, "{typed:?}");
        }
        let many = "\u{202E}\u{2067}".repeat(20_000);
        assert_eq!(balanced(&many), "");
    }
}
