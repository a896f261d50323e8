//! People as part of a sentence.

use crate::text::isolated;

/// "Ana", "Ana and Ben", "Ana, Ben and Cem", "Ana, Ben and 2 others": of `count` people, those who
/// can be named, each isolated from what stands beside it. Nothing where nobody can.
pub(crate) fn names(named: &[&str], count: usize) -> Option<String> {
    // No more than three are named.
    let named: Vec<_> = named.iter().take(3).map(|name| isolated(name)).collect();
    Some(match (named.as_slice(), count) {
        ([], _) => return None,
        ([one], 0 | 1) => one.to_string(),
        ([one, two], 2) => format!("{one} and {two}"),
        ([one, two, three, ..], 3) => format!("{one}, {two} and {three}"),
        (named, count) => {
            let named = &named[..named.len().min(2)];
            let others = count.saturating_sub(named.len());
            let word = if others == 1 { "other" } else { "others" };
            format!("{} and {others} {word}", named.join(", "))
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_both_directions_keep_their_order() {
        assert_eq!(names(&["Ana", "Ben"], 2).as_deref(), Some("Ana and Ben"));
        assert_eq!(
            names(&["דנה", "Ben", "ليلى"], 3).as_deref(),
            Some("\u{2068}דנה\u{2069}, Ben and \u{2068}ليلى\u{2069}")
        );
        assert_eq!(
            names(&["דנה", "ليلى", "Ben", "Cem"], 9).as_deref(),
            Some("\u{2068}דנה\u{2069}, \u{2068}ليلى\u{2069} and 7 others")
        );
        assert_eq!(names(&[], 3), None);
    }
}
