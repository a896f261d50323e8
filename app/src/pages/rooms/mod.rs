//! The rooms: one's own, all that one may see, and a form to make another.

mod form;

use leptos::prelude::*;
use leptos_router::hooks::{use_navigate, use_query_map};

use super::{Loading, set_title, use_visit, with_viewer};
use crate::{
    api::{JoinRoom, LeaveRoom, MarkRoom, Rooms, read_rooms},
    components::{FormTrouble, ToLogin, Trouble, failure},
    error::QuadError,
    model::Room,
};

use form::NewRoomForm;

#[component]
pub(super) fn RoomsPage() -> impl IntoView {
    set_title("Rooms");
    let visit = use_visit();
    let query = use_query_map();
    let after = Memo::new(move |_| query.with(|query| query.get("after")));
    let found = Resource::new(move || after.get(), read_rooms);
    let acts = Acts::new();
    acts.follow(found);
    view! {
        <Transition fallback=Loading>
            {move || Suspend::new(async move {
                match with_viewer(visit.await, found.await) {
                    Ok((_, rooms)) => {
                        let first = after.get_untracked().is_none();
                        view! { <List rooms first acts/> }.into_any()
                    }
                    Err(QuadError::NoSession) => view! { <ToLogin/> }.into_any(),
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
    fn follow(self, found: Resource<Result<Rooms, QuadError>>) {
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
                    found.refetch();
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
fn List(rooms: Rooms, first: bool, acts: Acts) -> impl IntoView {
    let Rooms { own, mut all } = rooms;
    let none = own.is_empty();
    // Those are above already.
    all.rooms
        .retain(|room| room.role.is_none() && !room.invited);
    let nothing = all.rooms.is_empty().then_some(match all.next {
        // Private rooms of others were passed over, or one is in all of these.
        Some(_) => "None on this page.",
        None => "There is none.",
    });
    let (invitations, own) = own
        .into_iter()
        .partition::<Vec<_>, _>(|room| room.role.is_none());
    let next = all.next.map(|next| format!("/rooms?after={next}"));
    let rows = move |rooms: Vec<Room>| {
        let row = |room| view! { <Row room acts/> };
        view! { <ul class="rooms">{rooms.into_iter().map(row).collect_view()}</ul> }
    };
    let mine = first.then(|| {
        view! {
            <section aria-labelledby="own-heading">
                <h2 class="list-heading" id="own-heading">"Yours"</h2>
                {rows(invitations)}
                {rows(own)}
                {none.then(|| view! { <p class="empty">"You are in no room yet. Join one, or make one."</p> })}
            </section>
        }
    });
    view! {
        <div class="column rooms-page">
            <h1>"Rooms"</h1>
            <FormTrouble error=acts.trouble() fields=&[]/>
            {mine}
            <section aria-labelledby="others-heading">
                <h2 class="list-heading" id="others-heading">"Other rooms"</h2>
                {rows(all.rooms)}
                {nothing.map(|nothing| view! { <p class="empty">{nothing}</p> })}
                <p class="pages">
                    {(!first).then(|| view! { <a class="button quiet-button" href="/rooms">"First rooms"</a> })}
                    {next.map(|href| view! { <a class="button quiet-button" href=href>"More rooms"</a> })}
                </p>
            </section>
            {first.then(|| view! { <NewRoomForm/> })}
        </div>
    }
    .into_any()
}

#[component]
fn Row(room: Room, acts: Acts) -> impl IntoView {
    let name = room.name.to_string();
    let (href, id) = (format!("/rooms/{name}"), name.clone());
    let unread = room.unread;
    let people = if room.members == 1 {
        "1 member".to_owned()
    } else {
        format!("{} members", room.members)
    };
    let field = || {
        let name = name.clone();
        view! { <input type="hidden" name="name" value=name/> }
    };
    let (field, field_too) = (field(), field());
    let of_it = || {
        let title = room.title.clone();
        view! { <span class="visually-hidden">" "<bdi>{title}</bdi></span> }
    };
    let (of_it, of_it_too) = (of_it(), of_it());
    let actions = match (room.invited, room.role) {
        (true, _) => view! {
            <p class="quiet">"You are invited."</p>
            <ActionForm action=acts.join>
                {field}
                <button type="submit" class="button small">"Join"{of_it}</button>
            </ActionForm>
            <ActionForm action=acts.decline>
                {field_too}
                <button type="submit" class="quiet-button small">"Decline"{of_it_too}</button>
            </ActionForm>
        }
        .into_any(),
        (false, None) => view! {
            <ActionForm action=acts.join>
                {field}
                <button type="submit" class="quiet-button small">"Join"{of_it}</button>
            </ActionForm>
        }
        .into_any(),
        (false, Some(_)) if unread > 0 => view! {
            <span class="badge" data-testid="room-unread" translate="no">
                {unread}<span class="visually-hidden">" unread"</span>
            </span>
            <ActionForm action=acts.mark>
                {field}
                <input type="hidden" name="seq" value=room.seq.to_string()/>
                <button type="submit" class="quiet-button small">"Mark as read"{of_it}</button>
            </ActionForm>
        }
        .into_any(),
        (false, Some(_)) => ().into_any(),
    };
    view! {
        <li class="room-row" data-room=id>
            <div class="room-row-words">
                <a class="room-link" href=href><bdi>{room.title}</bdi></a>
                <p class="quiet">
                    {name}" · "{people}
                    {room.private.then_some(" · private")}
                </p>
            </div>
            <div class="room-row-actions">{actions}</div>
        </li>
    }
    .into_any()
}
