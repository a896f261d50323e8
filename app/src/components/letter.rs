//! What a form has that posts what somebody wrote: an id until it is posted, so that it is posted
//! once, and a draft, so that nothing that was written is lost.

use leptos::{html, prelude::*, wasm_bindgen::JsCast, web_sys::HtmlTextAreaElement};

use super::focus_trouble;
use crate::{browser, drafts::Desk, error::QuadError};

/// A text on its way, in a form with one text area.
#[derive(Clone, Copy)]
pub(crate) struct Letter {
    form: NodeRef<html::Form>,
    key: RwSignal<String>,
    desk: StoredValue<Desk>,
}

impl Letter {
    /// `key` names what is posted next. What was written before the page was left is put back, with
    /// the key that it may have been sent with.
    pub(crate) fn new(desk: Desk, key: String) -> Self {
        let letter = Self {
            form: NodeRef::new(),
            key: RwSignal::new(key),
            desk: StoredValue::new(desk),
        };
        Effect::new(move || letter.restore());
        letter
    }

    /// The form has to be known.
    pub(crate) fn form(self) -> NodeRef<html::Form> {
        self.form
    }

    /// Under which id it is sent.
    pub(crate) fn key(self) -> String {
        self.key.get()
    }

    /// Keeps what is written now.
    pub(crate) fn keep(self) {
        if let Some(field) = self.field() {
            let key = self.key.get_untracked();
            self.desk.with_value(|desk| desk.keep(&field.value(), &key));
        }
    }

    /// It is posted; the next one is another one.
    pub(crate) fn posted(self) {
        self.key.set(browser::random_id());
        self.desk.with_value(Desk::clear);
        if let Some(form) = self.form.get_untracked() {
            form.reset();
            browser::focus_first(Some(&form), "textarea");
        }
    }

    /// It was refused. What was posted already and is written differently now is another one.
    pub(crate) fn refused(self, error: &QuadError) {
        if *error == QuadError::KeyReused {
            self.key.set(browser::random_id());
            self.keep();
        }
        focus_trouble(self.form);
    }

    fn restore(self) {
        let (Some(draft), Some(field)) = (self.desk.with_value(Desk::draft), self.field()) else {
            return;
        };
        if field.value().is_empty() || field.value() == draft.text {
            if !draft.is_stale() && !draft.id.is_empty() {
                self.key.set(draft.id);
            }
            browser::fill(&field, &draft.text);
        }
    }

    fn field(self) -> Option<HtmlTextAreaElement> {
        let found = self.form.get_untracked()?.query_selector("textarea");
        found.ok()??.dyn_into().ok()
    }
}

/// Says that the text was posted already, before it was changed.
#[component]
pub(crate) fn PostedAlready(
    #[prop(into)] error: Signal<Option<QuadError>>,
    words: &'static str,
) -> impl IntoView {
    let known = move || error.with(|error| *error == Some(QuadError::KeyReused));
    move || known().then(|| view! { <p class="form-error" role="alert" tabindex="-1">{words}</p> })
}

/// What else went wrong.
pub(crate) fn but_posted(error: Signal<Option<QuadError>>) -> Signal<Option<QuadError>> {
    Signal::derive(move || error.get().filter(|error| *error != QuadError::KeyReused))
}
