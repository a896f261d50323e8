//! A circle with initials, in a colour of one's own.

use leptos::prelude::*;

use crate::model::{Person, UserId};

/// How many colours the style sheet knows.
const COLOURS: u32 = 8;

/// A person's sign. The name always stands beside it, so it is hidden from screen readers.
#[component]
pub(crate) fn Avatar(person: Person) -> impl IntoView {
    let class = format!("avatar avatar-{}", colour(&person.user_id));
    view! { <span class=class aria-hidden="true">{initials(&person.name)}</span> }
}

/// The same person has the same colour everywhere.
fn colour(id: &UserId) -> u32 {
    let mix = |hash: u32, byte| hash.wrapping_mul(31).wrapping_add(u32::from(byte));
    id.as_str().bytes().fold(7, mix) % COLOURS
}

fn initials(name: &str) -> String {
    let mut words = name.split_whitespace();
    let first = words.next().and_then(|word| word.chars().next());
    let last = words.next_back().and_then(|word| word.chars().next());
    let letters = first.into_iter().chain(last);
    letters.flat_map(char::to_uppercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn initials_are_of_the_first_and_the_last_word() {
        assert_eq!(initials("Ana"), "A");
        assert_eq!(initials("ana maria lópez"), "AL");
        assert_eq!(initials("  "), "");
    }

    #[test]
    fn a_colour_is_one_that_the_style_sheet_knows() {
        for id in ["00000000", "9zzzzzzzzzzzzzzzzzzzzzzzzz"] {
            assert!(colour(&id.parse().unwrap()) < COLOURS);
        }
    }
}
