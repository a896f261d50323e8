//! What those who run this house tell everybody, and, for them, how they do.

use leptos::{html, prelude::*};

use super::{
    Loading,
    cursor::{Pager, use_before},
    set_title, use_visit, with_viewer,
};
use crate::{
    api::{Announce, Announcements, read_announcements},
    components::{
        FormTrouble, LevelWord, RichText, Saved, TextField, ToLogin, Trouble, When, failure,
        focus_trouble, of_field,
    },
    error::QuadError,
    model::Announcement,
};

#[component]
pub(super) fn AnnouncementsPage() -> impl IntoView {
    set_title("Announcements");
    let visit = use_visit();
    let before = use_before::<String>();
    let action = ServerAction::<Announce>::new();
    let page = Resource::new(
        move || (before.get(), action.version().get()),
        |(before, _)| read_announcements(before),
    );
    view! {
        <Transition fallback=Loading>
            {move || Suspend::new(async move {
                match with_viewer(visit.await, page.await) {
                    Ok((me, page)) => {
                        let first = before.with_untracked(Option::is_none);
                        let admin = first && me.is_some_and(|me| me.admin);
                        view! { <List page first admin action/> }.into_any()
                    }
                    Err(QuadError::NoSession) => view! { <ToLogin/> }.into_any(),
                    Err(error) => view! { <Trouble error/> }.into_any(),
                }
            })}
        </Transition>
    }
}

#[component]
fn List(
    page: Announcements,
    first: bool,
    admin: bool,
    action: ServerAction<Announce>,
) -> impl IntoView {
    let Announcements { page, next_key } = page;
    let none = page.announcements.is_empty();
    view! {
        <div class="column">
            <div class="page-head">
                <h1>"Announcements"</h1>
                <p class="quiet">"What those who run this place tell everybody."</p>
            </div>
            {admin.then(|| view! { <Form key=next_key action/> })}
            <ul class="groups">
                {page.announcements.into_iter().map(|item| view! { <Item item/> }).collect_view()}
            </ul>
            {none.then(|| view! { <p class="empty">"Nothing has been announced yet."</p> })}
            <Pager path="/announcements" first next=Signal::stored(page.next)/>
        </div>
    }
    .into_any()
}

/// The list is read anew after each announcement, and with it the key of the next one.
#[component]
fn Form(key: String, action: ServerAction<Announce>) -> impl IntoView {
    let form = NodeRef::<html::Form>::new();
    let error = failure(action.value());
    Effect::new(move || match action.value().get() {
        Some(Ok(_)) => {
            if let Some(form) = form.get_untracked() {
                form.reset();
            }
        }
        Some(Err(_)) => focus_trouble(form),
        None => {}
    });
    view! {
        <ActionForm action node_ref=form attr:class="card form">
            <input type="hidden" name="key" value=key/>
            <div class="field">
                <TextField id="announce" name="text" label="Tell everybody" error=of_field(error, "text")/>
            </div>
            <div class="field">
                <label for="announce-level">"How it is meant"</label>
                <select id="announce-level" name="level">
                    <option value="info">"Info"</option>
                    <option value="success">"Success"</option>
                    <option value="warning">"Warning"</option>
                    <option value="error">"Error"</option>
                </select>
            </div>
            <FormTrouble error fields=&["text"]/>
            <p><button type="submit" class="button">"Announce"</button></p>
            <Saved value=action.value() before=false text="Announced."/>
        </ActionForm>
    }
    .into_any()
}

#[component]
fn Item(item: Announcement) -> impl IntoView {
    view! {
        <li class="group plain" data-testid="announcement">
            <div class="group-body">
                <LevelWord level=item.level/>
                <p class="post-text" dir="auto"><RichText text=item.text/></p>
                <p class="quiet"><When at=item.at/></p>
            </div>
        </li>
    }
    .into_any()
}
