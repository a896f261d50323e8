//! What made no toast, and why.

use leptos::prelude::*;

use super::{
    Loading,
    cursor::{Pager, use_before},
    set_title, use_visit, with_viewer,
};
use crate::{
    api::read_silenced,
    components::{LevelWord, RichText, ToLogin, Trouble, When},
    error::QuadError,
    model::{Kind, Silenced, SilencedPage as Page, Withheld},
    text::isolated,
};

#[component]
pub(super) fn SilencedPage() -> impl IntoView {
    set_title("What made no toast");
    let visit = use_visit();
    let before = use_before::<String>();
    let page = Resource::new(move || before.get(), read_silenced);
    view! {
        <Transition fallback=Loading>
            {move || Suspend::new(async move {
                match with_viewer(visit.await, page.await) {
                    Ok((_, page)) => {
                        let first = before.with_untracked(Option::is_none);
                        view! { <List page first/> }.into_any()
                    }
                    Err(QuadError::NoSession) => view! { <ToLogin/> }.into_any(),
                    Err(error) => view! { <Trouble error/> }.into_any(),
                }
            })}
        </Transition>
    }
}

#[component]
fn List(page: Page, first: bool) -> impl IntoView {
    let none = page.items.is_empty();
    view! {
        <div class="column">
            <div class="page-head">
                <h1>"What made no toast"</h1>
                <p class="quiet">
                    <a href="/notifications">"Notifications"</a>" · "
                    <a href="/settings/notifications">"Settings"</a>
                </p>
            </div>
            <ul class="groups">
                {page.items.into_iter().map(|item| view! { <Item item/> }).collect_view()}
            </ul>
            {none.then(|| view! { <p class="empty">"Nothing: whatever came was to be shown."</p> })}
            <Pager path="/notifications/silenced" first next=Signal::stored(page.next)/>
        </div>
    }
    .into_any()
}

#[component]
fn Item(item: Silenced) -> impl IntoView {
    let who = item.actor.map_or_else(
        || "Somebody".to_owned(),
        |actor| isolated(&actor.name).into_owned(),
    );
    let name = item.room.as_ref().map(|room| room.as_str());
    let room = item.room_title.as_deref().map(isolated);
    let (room, text) = (room.as_deref().or(name), item.text.as_deref());
    let words = item.kind.sentence(&who, false, room, text);
    let place = match (item.post_id, item.room) {
        (Some(post), _) => Some(format!("/posts/{post}")),
        (None, Some(room)) => Some(format!("/rooms/{room}")),
        (None, None) => None,
    };
    let words = match place {
        Some(href) => view! { <a class="group-words" href=href>{words}</a> }.into_any(),
        None => {
            view! { <span class="group-words" dir="auto"><RichText text=words/></span> }.into_any()
        }
    };
    let announced = item.kind == Kind::Announcement;
    view! {
        <li class="group plain" data-testid="silenced">
            <div class="group-body">
                {item.level.map(|level| view! { <LevelWord level announced/> })}
                <p>{words}</p>
                <p class="quiet">{reason(item.kind, item.withheld)}" · "<When at=item.at/></p>
            </div>
        </li>
    }
    .into_any()
}

fn reason(kind: Kind, withheld: Withheld) -> &'static str {
    match (withheld, kind) {
        (Withheld::Muted, Kind::Like) => "You muted this person or this post.",
        (Withheld::Muted, _) => "You muted this.",
        (Withheld::Quiet, _) => "It came in quiet hours, or while nothing was to disturb you.",
        (Withheld::Preference, Kind::Like) => "You want no toast for likes.",
        (Withheld::Preference, _) => "You want no toast for messages.",
    }
}
