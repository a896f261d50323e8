//! How much of a field is used, as soon as that matters.

use std::time::Duration;

use leptos::{
    prelude::*,
    wasm_bindgen::JsCast,
    web_sys::{HtmlInputElement, HtmlTextAreaElement},
};

use crate::text::{BYTES_EACH, TEXT_MAX, count, prose};

/// What is in a field, against what the server takes. The field itself cuts nothing: browsers
/// count in other units.
#[derive(Clone, Copy)]
pub(crate) struct Counting {
    most: usize,
    used: RwSignal<Used>,
}

/// How much is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Used {
    /// Far from the limit.
    Little,
    /// So many characters.
    Characters(usize),
    /// Not too many characters, but too large ones.
    TooLarge,
}

impl Counting {
    /// Up to `most` characters.
    pub(crate) fn up_to(most: usize) -> Self {
        Self {
            most,
            used: RwSignal::new(Used::Little),
        }
    }

    /// Takes what is in the field now.
    pub(crate) fn read(self, value: &str) {
        let used = measure(value, self.most);
        if self.used.get_untracked() != used {
            self.used.set(used);
        }
    }

    /// From the last tenth on.
    fn words(self) -> Option<String> {
        Some(match self.used.get() {
            Used::Little => return None,
            Used::TooLarge => "This is too large".to_owned(),
            Used::Characters(count) => {
                match (self.most.checked_sub(count), count - self.most.min(count)) {
                    (Some(1), _) => "1 character left".to_owned(),
                    (Some(left), _) => format!("{left} characters left"),
                    (None, 1) => "1 character too many".to_owned(),
                    (None, over) => format!("{over} characters too many"),
                }
            }
        })
    }

    fn is_over(self) -> bool {
        match self.used.get() {
            Used::Little => false,
            Used::TooLarge => true,
            Used::Characters(count) => count > self.most,
        }
    }

    /// What changes seldom enough to be read aloud.
    fn aloud(self) -> Option<&'static str> {
        match (self.used.get(), self.is_over()) {
            (_, true) => Some("This is too long."),
            (Used::Little, _) => None,
            _ => Some("Close to the limit."),
        }
    }
}

/// Counted as the server counts: after line breaks are folded and what surrounds the text is gone.
fn measure(value: &str, most: usize) -> Used {
    let near = most - most / 10;
    let value = match most {
        TEXT_MAX => prose(value),
        _ => value.trim().to_owned(),
    };
    // No character has less than one code point, and nobody waits for a book to be counted.
    let points = value.chars().count();
    let characters = match points {
        few if few < near && value.len() <= most * BYTES_EACH => return Used::Little,
        book if book > TEXT_MAX * BYTES_EACH => book,
        _ => count(&value),
    };
    match characters {
        fits if fits <= most && value.len() > most * BYTES_EACH => Used::TooLarge,
        few if few < near => Used::Little,
        characters => Used::Characters(characters),
    }
}

/// The counter of the field of that id, which has to be described by `<field>-left`.
#[component]
pub(crate) fn Counter(field: String, counting: Counting) -> impl IntoView {
    let id = format!("{field}-left");
    // What was typed before the page was awake counts too, and a form may be emptied.
    Effect::new(move || {
        let read = move |field: &str| counting.read(&value_of(field));
        read(&field);
        let field = StoredValue::new(field.clone());
        let emptied = window_event_listener_untyped("reset", move |_| {
            let after = move || {
                if let Some(field) = field.try_get_value() {
                    read(&field);
                }
            };
            set_timeout(after, Duration::ZERO);
        });
        on_cleanup(move || emptied.remove());
    });
    view! {
        <p class="counter" class:over=move || counting.is_over() id=id data-testid="counter">
            {move || counting.words()}
        </p>
        <span class="visually-hidden" aria-live="polite">{move || counting.aloud()}</span>
    }
    .into_any()
}

fn value_of(field: &str) -> String {
    let Some(element) = document().get_element_by_id(field) else {
        return String::new();
    };
    let area = element
        .dyn_ref::<HtmlTextAreaElement>()
        .map(HtmlTextAreaElement::value);
    let input = || {
        element
            .dyn_ref::<HtmlInputElement>()
            .map(HtmlInputElement::value)
    };
    area.or_else(input).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::NAME_MAX;

    #[test]
    fn what_is_used_is_told_from_the_last_tenth_on() {
        let name = |text: &str| measure(text, NAME_MAX);
        assert_eq!(name(&"a".repeat(44)), Used::Little);
        assert_eq!(name(&"a".repeat(45)), Used::Characters(45));
        assert_eq!(
            name(&format!(" {} ", "👩‍👩‍👧".repeat(50))),
            Used::Characters(50)
        );
        assert_eq!(name(&"👩‍👩‍👧".repeat(20)), Used::Little);
        assert_eq!(
            name(&format!("a{}", "\u{301}".repeat(2_000))),
            Used::TooLarge
        );
        let post = |text: &str| measure(text, TEXT_MAX);
        assert_eq!(post(&"ä".repeat(1_799)), Used::Little);
        assert_eq!(
            post(&format!("\n{}\r\n\r\n", "ä".repeat(2_000))),
            Used::Characters(2_000)
        );
        assert_eq!(post(&"ä".repeat(2_012)), Used::Characters(2_012));
        assert_eq!(post(&"a".repeat(1_000_000)), Used::Characters(1_000_000));
    }
}
