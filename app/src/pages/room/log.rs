//! What was said, and what is on its way.

use leptos::{prelude::*, server_fn::ServerFn};

use super::{composer::hand_back, talk::Talk};
use crate::{
    api::RemoveMessage,
    components::{Avatar, FormTrouble, RichText, When, failure},
    model::{Message, Role},
    talk::{Line, Sending},
};

/// From this close to its end, the pane is taken to show it.
const NEAR: i32 = 48;

/// The pane with the messages. Its style sheet turns it around, so that it begins at its end and
/// stays there, also without JavaScript.
#[component]
pub(super) fn Messages(talk: Talk) -> impl IntoView {
    let remove = ServerAction::<RemoveMessage>::new();
    Effect::new(move || {
        if let Some(Ok(seq)) = remove.value().get() {
            talk.log.update(|log| log.removed(seq));
        }
    });
    let scrolled = move |_| {
        let offset = talk
            .pane
            .get_untracked()
            .map_or(0, |pane| pane.scroll_top());
        let at_end = offset.abs() < NEAR;
        if talk.at_end.get_untracked() != at_end {
            talk.at_end.set(at_end);
        }
    };
    let older = move || {
        let before = talk.log.with(|log| log.older())?;
        let href = format!("/rooms/{}?before={before}", talk.name());
        Some(view! {
            <p class="room-older"><a class="button quiet-button small" href=href>"Older messages"</a></p>
        })
    };
    let none = move || {
        let none = talk.log.with(|log| log.is_empty());
        none.then(|| view! { <p class="empty">"Nothing was said here yet."</p> })
    };
    let unseen = move || {
        (talk.unseen.get() > 0).then(|| {
            view! {
                <p class="room-unseen">
                    <button type="button" class="button small" on:click=move |_| talk.to_end()>
                        "New messages"
                    </button>
                </p>
            }
        })
    };
    let lines = move || talk.log.with(|log| log.lines());
    view! {
        <div class="room-pane" node_ref=talk.pane tabindex="0" role="group" aria-label="Messages" on:scroll=scrolled>
            <div class="room-said">
                {older}
                // Only what is added is read aloud, never the time that passes.
                <div role="log" aria-live="polite" aria-relevant="additions" aria-labelledby="room-heading">
                    <ol class="room-lines">
                        <For each=lines key=|line| line.message.id.clone() let(line)>
                            <Said line talk remove/>
                        </For>
                    </ol>
                </div>
                {none}
                <ReadBy talk/>
            </div>
        </div>
        {unseen}
        <FormTrouble error=failure(remove.value()) fields=&[]/>
    }
    .into_any()
}

#[component]
fn Said(line: Line, talk: Talk, remove: ServerAction<RemoveMessage>) -> impl IntoView {
    let Line { message, sending } = line;
    let on_its_way = sending.is_some();
    let Message {
        seq,
        id,
        from,
        text,
        at,
    } = message;
    let mine = from
        .as_ref()
        .is_some_and(|from| talk.me.with_value(|me| me.user_id == from.user_id));
    let author = from.as_ref().map(|from| from.user_id.clone());
    let who = match from.clone() {
        Some(from) => view! {
            <a class="said-who" href=format!("/people/{}", from.handle)><bdi>{from.name}</bdi></a>
        }
        .into_any(),
        None => view! { <span class="said-who">"Somebody who is gone"</span> }.into_any(),
    };
    let face = from.map(|person| view! { <Avatar person/> });
    let state = on_its_way.then(|| view! { <State id=id.clone() talk/> });
    // What this client said gets its place while it is on screen.
    let place = Memo::new(move |known: Option<&Option<u64>>| match known {
        Some(Some(seq)) => Some(*seq),
        _ if !on_its_way => Some(seq),
        _ => talk.log.with(|log| log.place(&id)),
    });
    let may_remove = move || {
        let rights = talk.role.get()?;
        let seq = place.get()?;
        let of_author = || {
            author
                .as_ref()
                .map(|author| talk.people.with(|all| all.role(author)))
        };
        (mine || rights > of_author().unwrap_or(Role::Member)).then_some(seq)
    };
    let removal = move || may_remove().map(|seq| view! { <Remove seq talk remove/> });
    view! {
        <li class="said" class:mine=mine data-testid="said">
            {face}
            <div class="said-body">
                <p class="said-head">{who}" "<When at/>{state}</p>
                <p class="said-text" dir="auto"><RichText text/></p>
            </div>
            {removal}
        </li>
    }
    .into_any()
}

/// How a message is doing that this client sends.
#[component]
fn State(id: String, talk: Talk) -> impl IntoView {
    let same = id.clone();
    let state = Memo::new(move |_| talk.log.with(|log| log.sending(&same)));
    move || {
        let id = StoredValue::new(id.clone());
        let state = state.get()?;
        Some(match state {
            Sending::UnderWay => view! { <span class="said-state">"Sending…"</span> }.into_any(),
            Sending::Stored(_) => ().into_any(),
            Sending::Refused(why) => view! {
                <span class="said-state refused">
                    "Not sent. "{why}" "
                    <button
                        type="button"
                        class="quiet-button small"
                        on:click=move |_| talk.again(&id.get_value())
                    >
                        "Try again"
                    </button>
                    <button
                        type="button"
                        class="quiet-button small"
                        on:click=move |_| {
                            let text = talk.log.try_update(|log| log.take_back(&id.get_value()));
                            hand_back(text.flatten());
                        }
                    >
                        "Edit"
                    </button>
                </span>
            }
            .into_any(),
        })
    }
}

#[component]
fn Remove(seq: u64, talk: Talk, remove: ServerAction<RemoveMessage>) -> impl IntoView {
    let form = view! {
        <form
            class="said-remove"
            method="post"
            action=RemoveMessage::url()
            on:submit=move |event| {
                event.prevent_default();
                let name = talk.name();
                remove.dispatch(RemoveMessage { name, seq });
            }
        >
            <input type="hidden" name="name" value=talk.name().to_string()/>
            <input type="hidden" name="seq" value=seq.to_string()/>
            <button type="submit" class="icon-button" aria-label="Remove message" title="Remove message">
                <svg viewBox="0 0 16 16" width="14" height="14" aria-hidden="true">
                    <path d="M4 4l8 8M12 4l-8 8" stroke="currentColor" stroke-width="2" stroke-linecap="round"/>
                </svg>
            </button>
        </form>
    };
    form.into_any()
}

/// Who has read the newest message.
#[component]
fn ReadBy(talk: Talk) -> impl IntoView {
    let names = Memo::new(move |_| {
        talk.log.with(|log| {
            let newest = log.newest()?;
            let author = newest.from.as_ref().map(|from| from.user_id.clone());
            let me = talk.me.with_value(|me| me.user_id.clone());
            let author = author.unwrap_or_else(|| me.clone());
            talk.people
                .with(|people| people.readers(newest.seq, [&author, &me]))
        })
    });
    move || {
        names
            .get()
            .map(|names| view! { <p class="room-read" data-testid="read-by">"Read by "{names}</p> })
    }
}
