//! A room: what is said there, and who is in it.

mod composer;
mod follow;
mod log;
mod manage;
mod people;
mod talk;

use leptos::prelude::*;
use leptos_router::hooks::{use_params_map, use_query_map};

use super::{Loading, set_title, use_visit, with_viewer};
use crate::{
    api::{Hall, Inside, JoinRoom, read_room},
    components::{FormTrouble, ToLogin, Trouble, failure},
    error::QuadError,
    model::{Me, Room, RoomName},
    text::isolated,
};

use composer::Composer;
use log::Messages;
use people::PeopleCard;
use talk::Talk;

/// What the address asks for: which room, messages from before which one, people from which cursor on.
type Asked = (String, Option<u64>, Option<String>);

#[component]
pub(super) fn RoomPage() -> impl IntoView {
    let visit = use_visit();
    let params = use_params_map();
    let query = use_query_map();
    let asked = Memo::new(move |_| -> Asked {
        let name = params.with(|params| params.get("name")).unwrap_or_default();
        let before = query.with(|query| query.get("before")?.parse().ok());
        (name, before, query.with(|query| query.get("people")))
    });
    // Whoever joins sees the same page from within.
    let joined = RwSignal::new(0);
    let found = Resource::new(
        move || (asked.get(), joined.get()),
        |(asked, _)| read(asked),
    );
    view! {
        <Transition fallback=Loading>
            {move || Suspend::new(async move {
                match with_viewer(visit.await, found.await) {
                    Ok((Some(me), Hall { room, inside: Some(inside) })) => {
                        let (_, before, after) = asked.get_untracked();
                        let live = before.is_none();
                        view! { <Whole me room inside live after/> }.into_any()
                    }
                    Ok((Some(_), Hall { room, .. })) => view! { <Outside room joined/> }.into_any(),
                    Ok((None, _)) | Err(QuadError::NoSession) => view! { <ToLogin/> }.into_any(),
                    Err(error) => view! { <Trouble error/> }.into_any(),
                }
            })}
        </Transition>
    }
}

async fn read((name, before, after): Asked) -> Result<Hall, QuadError> {
    let name: RoomName = name.parse().map_err(|_| QuadError::NoSuchRoom)?;
    read_room(name, before, after).await
}

/// The room for somebody who is not in it.
#[component]
fn Outside(room: Room, joined: RwSignal<u32>) -> impl IntoView {
    set_title(isolated(&room.title));
    let join = ServerAction::<JoinRoom>::new();
    Effect::new(move || {
        if let Some(Ok(_)) = join.value().get() {
            joined.update(|joined| *joined += 1);
        }
    });
    let members = match room.members {
        1 => "1 person is in this room.".to_owned(),
        members => format!("{members} people are in this room."),
    };
    view! {
        <section class="trouble">
            <h1><bdi>{room.title}</bdi></h1>
            <p>{members}</p>
            {room.invited.then(|| view! { <p>"You are invited."</p> })}
            <ActionForm action=join>
                <input type="hidden" name="name" value=room.name.to_string()/>
                <p><button type="submit" class="button" disabled=join.pending()>"Join"</button></p>
                <FormTrouble error=failure(join.value()) fields=&[]/>
            </ActionForm>
        </section>
    }
    .into_any()
}

/// The room for its members. Of an older page nothing is live: what is said now is not on it.
#[component]
fn Whole(me: Me, room: Room, inside: Inside, live: bool, after: Option<String>) -> impl IntoView {
    set_title(isolated(&room.title));
    let name = room.name.to_string();
    let Inside {
        page,
        members,
        next_id,
    } = inside;
    let next = members.next;
    let first = after.is_none();
    let talk = Talk::new(&me.person, &room, page, members.members, after);
    if live {
        follow::follow(talk);
    }
    let here = move || match talk.people.with(|people| people.count_here()) {
        1 => "1 here".to_owned(),
        here => format!("{here} here"),
    };
    let foot = if live {
        view! { <Composer talk next_id/> }.into_any()
    } else {
        let newest = format!("/rooms/{name}");
        view! { <p class="pages"><a class="button" href=newest>"Newest messages"</a></p> }
            .into_any()
    };
    view! {
        <div class="room">
            <section class="room-chat" aria-labelledby="room-heading">
                <header class="room-head">
                    <h1 id="room-heading"><bdi>{room.title.clone()}</bdi></h1>
                    <p class="quiet">
                        {room.private.then_some("Private · ")}
                        <a href="#people" rel="external">"People"</a>
                        {live.then(|| view! { ", "<span data-testid="here">{here}</span> })}
                    </p>
                </header>
                <Messages talk/>
                {foot}
            </section>
            <PeopleCard talk next first/>
        </div>
    }
    .into_any()
}
