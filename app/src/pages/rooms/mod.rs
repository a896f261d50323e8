//! The rooms: one's own, all that one may see, and a form to make another.

mod form;
mod listing;
mod row;

use leptos::prelude::*;
use leptos_router::hooks::{use_navigate, use_query_map};

use super::{Loading, set_title, use_visit, with_viewer};
use crate::{
    api::{JoinRoom, LeaveRoom, MarkRoom, read_rooms},
    components::{FormTrouble, ToLogin, Trouble, failure},
    error::QuadError,
    model::{Room, RoomName},
};

use form::NewRoomForm;
use listing::Listing;
use row::Row;

#[component]
pub(super) fn RoomsPage() -> impl IntoView {
    set_title("Rooms");
    let visit = use_visit();
    let query = use_query_map();
    let after = Memo::new(move |_| query.with(|query| query.get("after")));
    let found = Resource::new(move || after.get(), read_rooms);
    view! {
        <Transition fallback=Loading>
            {move || Suspend::new(async move {
                match with_viewer(visit.await, found.await) {
                    Ok((Some(me), rooms)) => {
                        let listing = Listing::new(me.person.user_id, rooms, after.get_untracked());
                        view! { <List listing first=after.get_untracked().is_none()/> }.into_any()
                    }
                    Ok((None, _)) | Err(QuadError::NoSession) => view! { <ToLogin/> }.into_any(),
                    Err(error) => view! { <Trouble error/> }.into_any(),
                }
            })}
        </Transition>
    }
}

/// What all rows share.
#[derive(Clone, Copy)]
struct Acts {
    join: ServerAction<JoinRoom>,
    decline: ServerAction<LeaveRoom>,
    mark: ServerAction<MarkRoom>,
}

impl Acts {
    fn new() -> Self {
        Self {
            join: ServerAction::new(),
            decline: ServerAction::new(),
            mark: ServerAction::new(),
        }
    }

    /// Goes into a room that was joined, and reads the list anew after anything else.
    fn follow(self, listing: Listing) {
        let navigate = use_navigate();
        Effect::new(move || {
            if let Some(Ok(room)) = self.join.value().get() {
                navigate(&format!("/rooms/{}", room.name), Default::default());
            }
        });
        let (decline, mark) = (self.decline.value(), self.mark.value());
        let done = [decline, mark].map(|value| {
            move || {
                if let Some(Ok(())) = value.get() {
                    listing.read_again();
                }
            }
        });
        for done in done {
            Effect::new(done);
        }
    }

    fn trouble(self) -> Signal<Option<QuadError>> {
        let join = failure(self.join.value());
        let (decline, mark) = (failure(self.decline.value()), failure(self.mark.value()));
        Signal::derive(move || join.get().or_else(|| decline.get()).or_else(|| mark.get()))
    }
}

#[component]
fn List(listing: Listing, first: bool) -> impl IntoView {
    let acts = Acts::new();
    acts.follow(listing);
    let others = listing.others();
    let nothing = move || {
        others.with(|(rooms, next)| match (rooms.is_empty(), next) {
            (false, _) => None,
            // Private rooms of others were passed over, or one is in all of these.
            (true, Some(_)) => Some("None on this page."),
            (true, None) => Some("There is none."),
        })
    };
    let nothing = move || nothing().map(|nothing| view! { <p class="empty">{nothing}</p> });
    let more = move || {
        let next = others.with(|(_, next)| next.clone());
        let href = next.map(|next| format!("/rooms?after={next}"));
        href.map(|href| view! { <a class="button quiet-button" href=href>"More rooms"</a> })
    };
    let mine = first.then(|| view! { <Mine listing acts/> });
    view! {
        <div class="column rooms-page">
            <h1>"Rooms"</h1>
            <FormTrouble error=acts.trouble() fields=&[]/>
            {mine}
            <section aria-labelledby="others-heading">
                <h2 class="list-heading" id="others-heading">"Other rooms"</h2>
                <ul class="rooms">
                    <For each=move || others.get().0 key=|room| room.name.clone() let(room)>
                        <Row room=Signal::stored(room) acts/>
                    </For>
                </ul>
                {nothing}
                <p class="pages">
                    {(!first).then(|| view! { <a class="button quiet-button" href="/rooms">"First rooms"</a> })}
                    {more}
                </p>
            </section>
            {first.then(|| view! { <NewRoomForm/> })}
        </div>
    }
    .into_any()
}

/// One's own rooms, and those that one is invited to. They are live.
#[component]
fn Mine(listing: Listing, acts: Acts) -> impl IntoView {
    let (invitations, own) = (listing.own(true), listing.own(false));
    let followed = listing.start();
    let none = move || {
        (invitations.with(Vec::is_empty) && own.with(Vec::is_empty)).then(
            || view! { <p class="empty">"You are in no room yet. Join one, or make one."</p> },
        )
    };
    let rows = move |names: Memo<Vec<RoomName>>| {
        view! {
            <ul class="rooms">
                <For each=move || names.get() key=RoomName::clone let(name)>
                    <OwnRow listing name acts/>
                </For>
            </ul>
        }
    };
    view! {
        <section aria-labelledby="own-heading">
            <h2 class="list-heading" id="own-heading">"Yours"</h2>
            {rows(invitations)}
            {rows(own)}
            {none}
            <For each=move || followed.get() key=RoomName::clone let(name)>
                {listing.follow(name)}
            </For>
        </section>
    }
    .into_any()
}

/// The row of a room of one's own.
#[component]
fn OwnRow(listing: Listing, name: RoomName, acts: Acts) -> impl IntoView {
    let room = listing.room(name);
    room.get_untracked().map(|first: Room| {
        let room = Signal::derive(move || room.get().unwrap_or_else(|| first.clone()));
        view! { <Row room acts/> }
    })
}
