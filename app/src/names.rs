//! People as part of a sentence.

/// "Ana", "Ana and Ben", "Ana, Ben and Cem", "Ana, Ben and 2 others": of `count` people, those who
/// can be named. Nothing where nobody can.
pub(crate) fn names(named: &[&str], count: usize) -> Option<String> {
    Some(match (named, count) {
        ([], _) => return None,
        ([one], 0 | 1) => (*one).to_owned(),
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
