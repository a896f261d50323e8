//! A button that mutes a person or a post, and takes it back.

use leptos::prelude::*;

use crate::{
    api::SetMute,
    components::{FormTrouble, failure},
    model::{Handle, PostId},
};

/// What can be muted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Muteable {
    /// Somebody else.
    Person(Handle),
    /// One's own post.
    Post(PostId),
}

impl Muteable {
    /// The field that the server function knows it by.
    fn field(&self) -> (&'static str, String) {
        match self {
            Self::Person(handle) => ("person", handle.to_string()),
            Self::Post(post) => ("post", post.to_string()),
        }
    }

    fn name(&self) -> String {
        match self {
            Self::Person(handle) => format!("@{handle}"),
            Self::Post(_) => "this post".to_owned(),
        }
    }
}

/// The button. `muted` is how it was when the page was read, and is kept true.
#[component]
pub(crate) fn MuteButton(target: Muteable, muted: RwSignal<bool>) -> impl IntoView {
    let action = ServerAction::<SetMute>::new();
    Effect::new(move || {
        if let Some(Ok(is)) = action.value().get() {
            muted.set(is);
        }
    });
    let (field, value) = target.field();
    let name = target.name();
    let label = move || match muted.get() {
        true => format!("Unmute {name}"),
        false => format!("Mute {name}"),
    };
    view! {
        <ActionForm action attr:class="mute">
            <input type="hidden" name=field value=value/>
            <input type="hidden" name="muted" value=move || (!muted.get()).to_string()/>
            // A button that is disabled loses the focus; pressed twice, this one asks for the same.
            <button type="submit" class="quiet-button small">{label}</button>
            <FormTrouble error=failure(action.value()) fields=&[]/>
        </ActionForm>
    }
    .into_any()
}
