//! The form that makes a room.

use leptos::{html, prelude::*};
use leptos_router::hooks::use_navigate;

use crate::{
    api::CreateRoom,
    components::{Field, FormTrouble, failure, focus_trouble, of_field},
    text::NAME_MAX,
};

#[component]
pub(super) fn NewRoomForm() -> impl IntoView {
    let action = ServerAction::<CreateRoom>::new();
    let form = NodeRef::<html::Form>::new();
    let error = failure(action.value());
    let navigate = use_navigate();
    Effect::new(move || match action.value().get() {
        Some(Ok(room)) => navigate(&format!("/rooms/{}", room.name), Default::default()),
        Some(Err(_)) => focus_trouble(form),
        None => {}
    });
    view! {
        <section class="card" aria-labelledby="make-heading">
            <h2 id="make-heading">"Make a room"</h2>
            <ActionForm action node_ref=form attr:class="form">
                <FormTrouble error fields=&["name", "title"]/>
                <Field
                    id="room-name"
                    name="name"
                    label="Name"
                    autocomplete="off"
                    hint="Letters, digits, - and _. It stands in the room’s address."
                    error=of_field(error, "name")
                />
                <Field
                    id="room-title"
                    name="title"
                    label="Title"
                    autocomplete="off"
                    optional=true
                    most=NAME_MAX
                    error=of_field(error, "title")
                />
                <div class="tick">
                    <input type="checkbox" id="room-private" name="private" value="on"/>
                    <label for="room-private">"Private: only those who are invited find it"</label>
                </div>
                <div class="form-foot">
                    <button type="submit" class="button" disabled=action.pending()>"Make room"</button>
                </div>
            </ActionForm>
        </section>
    }
    .into_any()
}
