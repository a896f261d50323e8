//! A circle with initials, in a colour of one's own.

use leptos::prelude::*;

use crate::{
    model::{Person, UserId},
    text::initials,
};

/// How many colours the style sheet knows.
const COLOURS: u32 = 8;

/// A person's sign. The name always stands beside it, so it is hidden from screen readers.
#[component]
pub(crate) fn Avatar(person: Person) -> impl IntoView {
    let class = format!("avatar avatar-{}", colour(&person.user_id));
    view! { <span class=class aria-hidden="true">{initials(&person.name, person.handle.as_str())}</span> }
}

/// The same person has the same colour everywhere.
fn colour(id: &UserId) -> u32 {
    let mix = |hash: u32, byte| hash.wrapping_mul(31).wrapping_add(u32::from(byte));
    id.as_str().bytes().fold(7, mix) % COLOURS
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_colour_is_one_that_the_style_sheet_knows() {
        for id in ["00000000", "9zzzzzzzzzzzzzzzzzzzzzzzzz"] {
            assert!(colour(&id.parse().unwrap()) < COLOURS);
        }
    }
}
