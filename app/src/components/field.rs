//! A labelled field of a form, with what is wrong with it beside it.

use leptos::{html, prelude::*};

use super::{Counter, Counting};
use crate::{browser, error::QuadError, text::TEXT_MAX};

/// One line of text. What is wrong with it is tied to it for screen readers.
#[component]
pub(crate) fn Field(
    /// Unique on the page.
    id: &'static str,
    /// As the server function calls it.
    name: &'static str,
    /// What people call it.
    label: &'static str,
    /// The input's type.
    #[prop(default = "text")]
    kind: &'static str,
    /// What the browser may fill in.
    autocomplete: &'static str,
    /// What to begin with.
    #[prop(optional, into)]
    value: String,
    /// How many characters the server takes, where that is to be counted.
    #[prop(optional)]
    most: Option<usize>,
    /// What is expected.
    #[prop(optional)]
    hint: &'static str,
    /// Whether it may be left empty.
    #[prop(optional)]
    optional: bool,
    /// What is wrong with it.
    #[prop(into)]
    error: Signal<Option<String>>,
) -> impl IntoView {
    let hint_id = format!("{id}-hint");
    let error_id = format!("{id}-error");
    let left_id = format!("{id}-left");
    let described_by = {
        let (hint_id, error_id) = (hint_id.clone(), error_id.clone());
        move || {
            let left = most.map(|_| left_id.as_str());
            let hint = (!hint.is_empty()).then_some(hint_id.as_str());
            let error = error.with(Option::is_some).then_some(error_id.as_str());
            let ids: Vec<_> = hint.into_iter().chain(left).chain(error).collect();
            (!ids.is_empty()).then(|| ids.join(" "))
        }
    };
    let counting = most.map(Counting::up_to);
    let counter = counting.map(|counting| view! { <Counter field=id.to_owned() counting/> });
    let plain_name = matches!(name, "handle").then_some("none");
    // A password has no direction, and what is a word of the address has that of the address.
    let direction = match (kind, plain_name) {
        ("text", None) => Some("auto"),
        ("text", _) => Some("ltr"),
        _ => None,
    };
    view! {
        <div class="field">
            <label for=id>
                {label}
                {optional.then(|| view! { <span class="quiet">" (optional)"</span> })}
            </label>
            <input
                id=id
                name=name
                type=kind
                autocomplete=autocomplete
                autocapitalize=plain_name
                spellcheck=plain_name.map(|_| "false")
                required=!optional
                value=value
                dir=direction
                on:input=move |event| if let Some(counting) = counting { counting.read(&event_target_value(&event)) }
                aria-describedby=described_by
                aria-invalid=move || error.with(Option::is_some).then_some("true")
            />
            {(!hint.is_empty()).then(|| view! { <p class="hint" id=hint_id>{hint}</p> })}
            {counter}
            {move || error.get().map(|text| view! { <p class="field-error" id=error_id.clone()>{text}</p> })}
        </div>
    }
    .into_any()
}

/// Several lines of text, as [`Field`] is one.
#[component]
pub(crate) fn TextField(
    /// Unique on the page: what the ids of its parts begin with.
    id: &'static str,
    /// As the server function calls it.
    name: &'static str,
    /// What people call it.
    label: &'static str,
    /// What is wrong with it.
    #[prop(into)]
    error: Signal<Option<String>>,
) -> impl IntoView {
    let (field_id, error_id) = (format!("{id}-text"), format!("{id}-error"));
    let described_by = {
        let error_id = error_id.clone();
        let left = format!("{field_id}-left");
        move || match error.with(Option::is_some) {
            true => format!("{left} {error_id}"),
            false => left.clone(),
        }
    };
    let counting = Counting::up_to(TEXT_MAX);
    view! {
        <label for=field_id.clone()>{label}</label>
        <textarea
            id=field_id.clone()
            name=name
            rows="3"
            dir="auto"
            required
            on:input=move |event| counting.read(&event_target_value(&event))
            aria-describedby=described_by
            aria-invalid=move || error.with(Option::is_some).then_some("true")
        ></textarea>
        <Counter field=field_id counting/>
        {move || error.get().map(|text| view! { <p class="field-error" id=error_id.clone()>{text}</p> })}
    }
    .into_any()
}

/// What is wrong with a form as a whole: whatever none of its `fields` says.
#[component]
pub(crate) fn FormTrouble(
    #[prop(into)] error: Signal<Option<QuadError>>,
    fields: &'static [&'static str],
) -> impl IntoView {
    let text = move || {
        let error = error.get()?;
        let said = fields.iter().any(|field| about(&error, field).is_some());
        (!said).then(|| error.to_string())
    };
    view! {
        {move || text().map(|text| view! { <p class="form-error" role="alert" tabindex="-1">{text}</p> })}
    }
}

/// Why the last answer of a form was a failure.
pub(crate) fn failure<T: Clone + Send + Sync + 'static>(
    value: impl With<Value = Option<Result<T, QuadError>>> + Copy + Send + Sync + 'static,
) -> Signal<Option<QuadError>> {
    Signal::derive(move || value.with(|value| value.as_ref()?.as_ref().err().cloned()))
}

/// What is wrong with one field.
pub(crate) fn of_field(
    error: Signal<Option<QuadError>>,
    field: &'static str,
) -> Signal<Option<String>> {
    Signal::derive(move || error.with(|error| about(error.as_ref()?, field)))
}

fn about(error: &QuadError, field: &str) -> Option<String> {
    match (error, field) {
        (QuadError::HandleTaken, "handle")
        | (QuadError::RoomTaken, "name")
        | (QuadError::NoSuchUser, "handle") => Some(error.to_string()),
        (QuadError::WrongCredentials, "current_password") => {
            Some("This is not your current password.".to_owned())
        }
        _ => error.of_field(field).map(ToOwned::to_owned),
    }
}

/// After a failed answer, moves the focus to the first field that is wrong, or to what is wrong
/// with the form. The answer has to be on screen first.
pub(crate) fn focus_trouble(form: NodeRef<html::Form>) {
    request_animation_frame(move || {
        if let Some(form) = form.try_get_untracked().flatten() {
            let _ = browser::focus_first(Some(&form), "[aria-invalid=true], .form-error");
        }
    });
}
