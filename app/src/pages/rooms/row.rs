//! One room in a list.

use leptos::prelude::*;

use super::Acts;
use crate::model::Room;

/// What one can do about a room without going there.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Can {
    /// Join it, or decline.
    Answer,
    Join,
    MarkAsRead,
    Nothing,
}

#[component]
pub(super) fn Row(room: Signal<Room>, acts: Acts) -> impl IntoView {
    let name = room.with_untracked(|room| room.name.to_string());
    let href = format!("/rooms/{name}");
    let title = Memo::new(move |_| room.with(|room| room.title.clone()));
    let about = move || {
        room.with(|room| {
            let people = match room.members {
                1 => "1 member".to_owned(),
                many => format!("{many} members"),
            };
            let private = if room.private { " · private" } else { "" };
            format!("{} · {people}{private}", room.name)
        })
    };
    let can = Memo::new(move |_| {
        room.with(|room| match (room.invited, room.role) {
            (true, _) => Can::Answer,
            (false, None) => Can::Join,
            (false, Some(_)) if room.unread > 0 => Can::MarkAsRead,
            (false, Some(_)) => Can::Nothing,
        })
    });
    let of_it =
        move || view! { <span class="visually-hidden">" "<bdi>{move || title.get()}</bdi></span> };
    let field = move || {
        let name = room.with_untracked(|room| room.name.to_string());
        view! { <input type="hidden" name="name" value=name/> }
    };
    let actions = move || {
        match can.get() {
            Can::Answer => view! {
                <p class="quiet">"You are invited."</p>
                <ActionForm action=acts.join>
                    {field()}
                    <button type="submit" class="button small">"Join"{of_it()}</button>
                </ActionForm>
                <ActionForm action=acts.decline>
                    {field()}
                    <button type="submit" class="quiet-button small">"Decline"{of_it()}</button>
                </ActionForm>
            }
            .into_any(),
            Can::Join => view! {
                <ActionForm action=acts.join>
                    {field()}
                    <button type="submit" class="quiet-button small">"Join"{of_it()}</button>
                </ActionForm>
            }
            .into_any(),
            Can::MarkAsRead => view! {
                <span class="badge" data-testid="room-unread" translate="no">
                    {move || room.with(|room| room.unread)}
                    <span class="visually-hidden">" unread"</span>
                </span>
                <ActionForm action=acts.mark>
                    {field()}
                    <input type="hidden" name="seq" value=move || room.with(|room| room.seq.to_string())/>
                    <button type="submit" class="quiet-button small">"Mark as read"{of_it()}</button>
                </ActionForm>
            }
            .into_any(),
            Can::Nothing => ().into_any(),
        }
    };
    view! {
        <li class="room-row" data-room=name>
            <div class="room-row-words">
                <a class="room-link" href=href><bdi>{move || title.get()}</bdi></a>
                <p class="quiet">{about}</p>
            </div>
            <div class="room-row-actions">{actions}</div>
        </li>
    }
    .into_any()
}
