//! The corner where toasts appear.

use std::time::Duration;

use leptos::{ev, html, prelude::*, wasm_bindgen::JsCast, web_sys::Node};

use super::{
    Message, Toaster,
    keys::{CameFrom, dismiss, let_go, listen_to_keys},
    queue::Hold,
    upkeep,
};
use crate::{api::mark_inbox_read, browser, live::Live};

/// The visible stack, and beside it the live region from which everything new is read once.
///
/// The region is in the server's HTML and empty there: a region that comes with its text is not
/// announced.
#[component]
pub(crate) fn ToastRegion() -> impl IntoView {
    let live = Live::current();
    let toasts = live.toasts;
    let region = NodeRef::<html::Section>::new();
    let came_from = CameFrom::new_local(None);
    upkeep::keep(live);
    listen_to_keys(toasts, region, came_from);
    let shown = move || {
        toasts.queue.with(|queue| {
            let shown = queue.shown().iter();
            shown.map(|toast| toast.id).collect::<Vec<_>>()
        })
    };
    let hold = move |why, on| toasts.change(|queue, now| queue.hold(now, why, on));
    let leaves = move |event: &ev::FocusEvent| {
        let to = event
            .related_target()
            .and_then(|to| to.dyn_into::<Node>().ok());
        !region
            .get_untracked()
            .is_some_and(|region| region.contains(to.as_ref()))
    };
    view! {
        <div class="visually-hidden" role="status" aria-live="polite" data-testid="announcer">
            // A new element each time, so that the same words are read again.
            <For each=move || toasts.announced.get() key=|(id, _)| *id let((_, text))>
                <p>{text}</p>
            </For>
        </div>
        <section
            class="toasts"
            aria-label="Notifications"
            tabindex="-1"
            node_ref=region
            on:mouseenter=move |_| hold(Hold::Pointer, true)
            on:mouseleave=move |_| hold(Hold::Pointer, false)
            // A click leaves the focus here too, and nobody reads on for that.
            on:focusin=move |event| if browser::focus_shows(&event) { hold(Hold::Focus, true) }
            on:focusout=move |event| if leaves(&event) { hold(Hold::Focus, false) }
        >
            <ol>
                <For each=shown key=|id| *id let(id)>
                    <ToastItem id toasts region came_from/>
                </For>
            </ol>
        </section>
    }
    .into_any()
}

/// How a toast looks at the moment: it changes while it is on screen, and its element stays.
#[derive(Clone, Default, PartialEq)]
struct Face {
    label: Option<&'static str>,
    text: String,
    quoted: bool,
    detail: Option<String>,
}

#[component]
fn ToastItem(
    id: u32,
    toasts: Toaster,
    region: NodeRef<html::Section>,
    came_from: CameFrom,
) -> impl IntoView {
    on_cleanup(move || set_timeout(move || let_go(toasts, region), Duration::ZERO));
    let first = toasts.queue.with_untracked(|queue| queue.find(id).cloned());
    let class = first.as_ref().map(Message::class);
    let href = first.and_then(|message| message.href);
    // A toast that goes keeps its last words until its element is gone too.
    let face = Memo::new(move |last: Option<&Face>| {
        let face = |message: &Message| Face {
            label: message.label(),
            text: message.text(),
            quoted: message.is_quoted(),
            detail: message.detail.clone(),
        };
        let now = toasts.queue.with(|queue| queue.find(id).map(face));
        now.or_else(|| last.cloned()).unwrap_or_default()
    });
    let words = move || {
        let face = face.get();
        let label = face
            .label
            .map(|label| view! { <strong class="toast-level">{label}</strong> });
        let detail = face
            .detail
            .map(|detail| view! { <span class="toast-detail" dir="auto">{detail}</span> });
        view! { <span class="toast-text" dir=face.quoted.then_some("auto")>{label}{face.text}</span>{detail} }
    };
    let follow = move |_| {
        mark_as_read(toasts, id);
        toasts.change(|queue, now| queue.dismiss(now, id));
    };
    view! {
        <li class=class data-testid="toast" data-toast=id>
            {match href {
                Some(href) => view! { <a class="toast-words" href=href on:click=follow>{words}</a> }.into_any(),
                None => view! { <p class="toast-words">{words}</p> }.into_any(),
            }}
            <button
                type="button"
                class="icon-button"
                aria-label="Dismiss"
                on:click=move |_| dismiss(toasts, id, region, came_from)
            >
                <svg viewBox="0 0 16 16" width="16" height="16" aria-hidden="true">
                    <path d="M4 4l8 8M12 4l-8 8" stroke="currentColor" stroke-width="2" stroke-linecap="round"/>
                </svg>
            </button>
        </li>
    }
    .into_any()
}

/// Whoever follows a toast about one group has read that group.
fn mark_as_read(toasts: Toaster, id: u32) {
    let newest = toasts.queue.with_untracked(|queue| {
        let group = queue.find(id).filter(|message| message.is_of_one_group());
        group.and_then(|message| message.entries.last().cloned())
    });
    if let Some(entry) = newest {
        leptos::task::spawn_local(async move {
            // Should it fail, the entry stays unread, which is the truth.
            let _ = mark_inbox_read(entry.epoch, entry.seq, Some(entry.group)).await;
        });
    }
}
