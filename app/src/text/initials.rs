//! A person's initials.

use super::clusters::{first, is_mark};

/// The first letter of the first and of the last word that has one, each with all that belongs to
/// it. Where no word has a letter, the handle's first.
pub(crate) fn initials(name: &str, handle: &str) -> String {
    let mut letters = name.split_whitespace().filter_map(letter);
    let ends = (letters.next(), letters.next_back());
    let Some(begin) = ends.0.or_else(|| letter(handle)) else {
        return String::new();
    };
    ends.1
        .into_iter()
        .fold(capital(begin), |begin, end| begin + &capital(end))
}

/// The first cluster of a word that is a letter.
fn letter(word: &str) -> Option<&str> {
    // A mark that has lost its letter is none.
    let letter = |c: char| c.is_alphabetic() && !is_mark(c);
    Some(first(&word[word.find(letter)?..]))
}

/// As a name begins. What has no capital of one letter stays as it is.
fn capital(cluster: &str) -> String {
    let mut chars = cluster.chars();
    let Some(letter) = chars.next() else {
        return String::new();
    };
    let capital = match letter {
        'ß' => 'ẞ',
        // One letter that looks like two has a form for the beginning of a word.
        'Ǆ'..='ǆ' => 'ǅ',
        'Ǉ'..='ǉ' => 'ǈ',
        'Ǌ'..='ǌ' => 'ǋ',
        'Ǳ'..='ǳ' => 'ǲ',
        // Georgian has capitals for whole words alone.
        '\u{10D0}'..='\u{10FF}' => letter,
        _ => {
            let mut upper = letter.to_uppercase();
            match (upper.next(), upper.next()) {
                (Some(one), None) => one,
                _ => letter,
            }
        }
    };
    std::iter::once(capital).chain(chars).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn initials_are_whole_letters_of_the_first_and_the_last_word() {
        for (name, shown) in [
            ("Ana", "A"),
            ("ana maria lópez", "AL"),
            ("(ana) “ben”", "AB"),
            ("e\u{301}mile zola", "E\u{301}Z"),
            ("ßeta", "ẞ"),
            ("ǆordan ǌ", "ǅǋ"),
            ("नेहा क्षितिज", "नेक्षि"),
            ("דנה לוי", "דל"),
            ("山田 太郎", "山太"),
            ("ที่รัก", "ที่"),
            ("გიორგი", "გ"),
            ("ﬁona", "ﬁ"),
            ("👩‍👩‍👧 ana 7", "A"),
            ("4 you", "Y"),
        ] {
            assert_eq!(initials(name, "zoe"), shown, "{name}");
        }
    }

    #[test]
    fn a_name_without_letters_has_the_initial_of_the_handle() {
        for name in ["", "  ", "42", "👩‍👩‍👧", "🇩🇪", "\u{301}", "\u{93E}\u{94D}", "…"]
        {
            assert_eq!(initials(name, "zoe"), "Z", "{name:?}");
        }
    }
}
