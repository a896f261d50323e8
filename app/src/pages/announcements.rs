//! What those who run this house tell everybody, and, for them, how they do.

use leptos::prelude::*;

use super::{
    Loading,
    cursor::{Pager, use_before},
    set_title, use_visit, with_viewer,
};
use crate::{
    api::{Announce, Announcements, read_announcements},
    components::{
        FormTrouble, Letter, LevelWord, PostedAlready, RichText, Saved, TextField, ToLogin,
        Trouble, When, but_posted, failure, of_field,
    },
    drafts::Desk,
    error::QuadError,
    model::{Announcement, Me},
};

#[component]
pub(super) fn AnnouncementsPage() -> impl IntoView {
    set_title("Announcements");
    let visit = use_visit();
    let before = use_before::<String>();
    let page = Resource::new(move || before.get(), read_announcements);
    view! {
        <Transition fallback=Loading>
            {move || Suspend::new(async move {
                match with_viewer(visit.await, page.await) {
                    Ok((me, page)) => {
                        let first = before.with_untracked(Option::is_none);
                        let admin = me.filter(|me| first && me.admin);
                        view! { <List page first admin/> }.into_any()
                    }
                    Err(QuadError::NoSession) => view! { <ToLogin/> }.into_any(),
                    Err(error) => view! { <Trouble error/> }.into_any(),
                }
            })}
        </Transition>
    }
}

#[component]
fn List(page: Announcements, first: bool, admin: Option<Me>) -> impl IntoView {
    let Announcements { page, next_key } = page;
    let items = RwSignal::new(page.announcements);
    let none = move || items.with(Vec::is_empty);
    view! {
        <div class="column">
            <div class="page-head">
                <h1>"Announcements"</h1>
                <p class="quiet">"What those who run this place tell everybody."</p>
            </div>
            {admin.map(|me| view! { <Form me key=next_key items/> })}
            <ul class="groups">
                <For each=move || items.get() key=|item| item.id.clone() let(item)>
                    <Item item/>
                </For>
            </ul>
            {move || none().then(|| view! { <p class="empty">"Nothing has been announced yet."</p> })}
            <Pager path="/announcements" first next=Signal::stored(page.next)/>
        </div>
    }
    .into_any()
}

#[component]
fn Form(me: Me, key: String, items: RwSignal<Vec<Announcement>>) -> impl IntoView {
    let action = ServerAction::<Announce>::new();
    let error = failure(action.value());
    let letter = Letter::new(Desk::new(&me.person.user_id, "announcements"), key);
    Effect::new(move || match action.value().get() {
        Some(Ok(new)) => {
            if !items.with_untracked(|items| items.iter().any(|item| item.id == new.id)) {
                items.update(|items| items.insert(0, new));
            }
            letter.posted();
        }
        Some(Err(error)) => letter.refused(&error),
        None => {}
    });
    view! {
        <ActionForm action node_ref=letter.form() attr:class="card form">
            // A browser that fills in what was there before would bring a key that was used.
            <input type="hidden" name="key" value=move || letter.key() autocomplete="off"/>
            <div class="field" on:input=move |_| letter.keep()>
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
            <FormTrouble error=but_posted(error) fields=&["text"]/>
            <PostedAlready
                error
                words="This was announced already, as it was before you changed it. To announce it as it is now as well, announce it again."
            />
            <p><button type="submit" class="button" disabled=action.pending()>"Announce"</button></p>
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
