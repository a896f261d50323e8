//! Who is in a room, and the ways out of it.

use leptos::prelude::*;
use leptos_router::hooks::use_navigate;

use super::{
    manage::{Invite, Manage, Managing},
    talk::Talk,
};
use crate::{
    api::{EndRoom, LeaveRoom},
    components::{Avatar, FormTrouble, failure},
    model::{Member, Role},
};

#[component]
pub(super) fn PeopleCard(talk: Talk, next: Option<String>, first: bool) -> impl IntoView {
    let managing = Managing::new(talk);
    let ways_out = WaysOut::new();
    let members = move || talk.people.with(|people| people.members().to_vec());
    let base = format!("/rooms/{}", talk.name());
    let more = next.map(|next| format!("{base}?people={next}#people"));
    let begin = (!first).then(|| format!("{base}#people"));
    let moderates = Memo::new(move |_| talk.role.get() >= Some(Role::Moderator));
    view! {
        <aside class="room-people card" id="people" aria-labelledby="people-heading" tabindex="-1">
            <h2 id="people-heading">"People"</h2>
            <ul class="people">
                <For each=members key=|member| (member.person.user_id.clone(), member.role) let(member)>
                    <Row member talk managing/>
                </For>
            </ul>
            <p class="pages">
                {begin.map(|href| view! { <a class="button quiet-button small" href=href>"First people"</a> })}
                {more.map(|href| view! { <a class="button quiet-button small" href=href>"More people"</a> })}
            </p>
            <FormTrouble error=managing.trouble() fields=&[]/>
            {move || talk.role.get().is_some().then(|| view! {
                <Show when=move || moderates.get()><Invite talk/></Show>
                <Leaving talk ways_out/>
            })}
        </aside>
    }
    .into_any()
}

#[component]
fn Row(member: Member, talk: Talk, managing: Managing) -> impl IntoView {
    let Member { person, role, .. } = member;
    let user = person.user_id.clone();
    let now = Memo::new(move |_| {
        let newest = talk
            .log
            .with(|log| log.newest().map_or(0, |newest| newest.seq));
        talk.people.with(|people| {
            let mut members = people.members().iter();
            let same = members.find(|member| member.person.user_id == user);
            same.map(|member| (member.here, member.read >= newest))
        })
    });
    let word = match role {
        Role::Owner => "Owner · ",
        Role::Moderator => "Moderator · ",
        Role::Member => "",
    };
    let state = move || match now.get() {
        Some((true, true)) => "here, has read everything",
        Some((true, false)) => "here",
        Some((false, true)) => "has read everything",
        _ => "has not read the newest",
    };
    let here = move || now.get().is_some_and(|(here, _)| here);
    let me = talk.me.with_value(|me| me.user_id == person.user_id);
    let managed = person.clone();
    let manage = (!me).then(|| view! { <Manage person=managed role talk managing/> });
    view! {
        <li class="member" class:here=here data-testid="member">
            <a class="person" href=format!("/people/{}", person.handle)>
                <Avatar person=person.clone()/>
                <span>
                    <strong><bdi>{person.name.clone()}</bdi></strong>
                    " "
                    <span class="handle" dir="ltr">"@"{person.handle.to_string()}</span>
                    <br/>
                    <span class="quiet">{word}{state}</span>
                </span>
            </a>
            {manage}
        </li>
    }
    .into_any()
}

/// They outlive their buttons: that one is out may come through the socket before the answer.
#[derive(Clone, Copy)]
struct WaysOut {
    leave: ServerAction<LeaveRoom>,
    end: ServerAction<EndRoom>,
}

impl WaysOut {
    fn new() -> Self {
        let (leave, end) = (ServerAction::new(), ServerAction::new());
        let ways_out = Self { leave, end };
        let navigate = use_navigate();
        Effect::new(move || {
            let (left, ended) = (ways_out.leave.value().get(), ways_out.end.value().get());
            if matches!((left, ended), (Some(Ok(())), _) | (_, Some(Ok(())))) {
                navigate("/rooms", Default::default());
            }
        });
        ways_out
    }
}

/// Leaving, and for the owner, ending it for everybody.
#[component]
fn Leaving(talk: Talk, ways_out: WaysOut) -> impl IntoView {
    let WaysOut { leave, end } = ways_out;
    let owns = Memo::new(move |_| talk.role.get() == Some(Role::Owner));
    let name = talk.name().to_string();
    let same = name.clone();
    view! {
        <ActionForm action=leave>
            <input type="hidden" name="name" value=name/>
            <button type="submit" class="quiet-button small">"Leave room"</button>
            <FormTrouble error=failure(leave.value()) fields=&[]/>
        </ActionForm>
        {move || {
            let name = same.clone();
            owns.get().then(|| view! {
                <details class="room-end">
                    <summary>"End this room"</summary>
                    <p class="quiet">"Everything that was said here goes, for everybody and for good."</p>
                    <ActionForm action=end>
                        <input type="hidden" name="name" value=name/>
                        <button type="submit" class="danger-button small">"End room for everybody"</button>
                        <FormTrouble error=failure(end.value()) fields=&[]/>
                    </ActionForm>
                </details>
            })
        }}
    }
    .into_any()
}
