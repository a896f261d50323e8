//! The corner where toasts appear, and the keys that lead there and back.

use std::time::Duration;

use leptos::{
    ev, html,
    prelude::*,
    wasm_bindgen::JsCast,
    web_sys::{Element, HtmlElement, Node},
};

use super::{Hold, Toast, Toaster};
use crate::{api::mark_inbox_read, browser, live::Live};

/// The visible stack, and beside it the live region from which each toast is read once.
///
/// The region is in the server's HTML and empty there: a region that comes with its text is not
/// announced.
#[component]
pub(crate) fn ToastRegion() -> impl IntoView {
    let toasts = Live::current().toasts;
    let region = NodeRef::<html::Section>::new();
    let came_from = StoredValue::new_local(None::<HtmlElement>);
    keep_time(toasts);
    listen_to_keys(toasts, region, came_from);
    let shown = move || toasts.queue.with(|queue| queue.shown().to_vec());
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
                <For each=shown key=|toast| toast.id let(toast)>
                    <ToastItem toast toasts region came_from/>
                </For>
            </ol>
        </section>
    }
    .into_any()
}

type CameFrom = StoredValue<Option<HtmlElement>, LocalStorage>;

#[component]
fn ToastItem(
    toast: Toast,
    toasts: Toaster,
    region: NodeRef<html::Section>,
    came_from: CameFrom,
) -> impl IntoView {
    let Toast { id, message, .. } = toast;
    on_cleanup(move || set_timeout(move || let_go(toasts, region), Duration::ZERO));
    let seq = message.event.as_ref().map(|event| event.seq.to_string());
    let event = message.event;
    // Whoever follows a toast has read it.
    let follow = move |_| {
        if let Some(event) = event.clone() {
            leptos::task::spawn_local(async move {
                // Should it fail, the entry stays unread, which is the truth.
                let _ = mark_inbox_read(event.epoch, event.seq, Some(event.group)).await;
            });
        }
        toasts.change(|queue, now| queue.dismiss(now, id));
    };
    let words = view! {
        <span class="toast-text">{message.text}</span>
        {message.detail.map(|detail| view! { <span class="toast-detail">{detail}</span> })}
    };
    view! {
        <li class="toast" data-testid="toast" data-seq=seq data-toast=id>
            {match message.href {
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

/// Dismisses a toast. Focus that was on it goes to the next one, or back to where it came from.
fn dismiss(toasts: Toaster, id: u32, region: NodeRef<html::Section>, came_from: CameFrom) {
    let inside = focus_inside(region);
    toasts.change(|queue, now| queue.dismiss(now, id));
    if !inside {
        return;
    }
    let empty = toasts
        .queue
        .with_untracked(|queue| queue.shown().is_empty());
    if empty {
        go_back(toasts, came_from);
    } else if let Some(region) = region.get_untracked() {
        let _ = region.focus();
    }
}

fn focus_inside(region: NodeRef<html::Section>) -> bool {
    let focused = browser::focused();
    region.get_untracked().is_some_and(|region| {
        let node = focused.as_ref().map(AsRef::<Node>::as_ref);
        node.is_some() && region.contains(node)
    })
}

/// A toast that goes takes focus and pointer along without a word, and time must not stand still
/// for them.
fn let_go(toasts: Toaster, region: NodeRef<html::Section>) {
    if !focus_inside(region) {
        toasts.change(|queue, now| queue.hold(now, Hold::Focus, false));
    }
    if toasts
        .queue
        .with_untracked(|queue| queue.shown().is_empty())
    {
        toasts.change(|queue, now| queue.hold(now, Hold::Pointer, false));
    }
}

fn go_back(toasts: Toaster, came_from: CameFrom) {
    let back = came_from.try_update_value(Option::take).flatten();
    let returned = back.is_some_and(|element| element.is_connected() && element.focus().is_ok());
    if !returned {
        browser::focus_first(None, "#main");
    }
    toasts.change(|queue, now| queue.hold(now, Hold::Focus, false));
}

/// Wakes up whenever the next toast has to go, and stops while nobody can see the tab.
fn keep_time(toasts: Toaster) {
    let timer = StoredValue::new(None::<TimeoutHandle>);
    Effect::new(move || {
        let due = toasts.queue.with(|queue| queue.due_in());
        if let Some(old) = timer.try_update_value(Option::take).flatten() {
            old.clear();
        }
        if let Some(due) = due {
            let elapse = move || toasts.change(|queue, now| queue.elapse(now));
            timer.set_value(set_timeout_with_handle(elapse, Duration::from_millis(due)).ok());
        }
    });
    Effect::new(move || {
        window_event_listener_untyped("visibilitychange", move |_| {
            toasts.change(|queue, now| queue.hold(now, Hold::Hidden, browser::hidden()));
        });
        if browser::hidden() {
            toasts.change(|queue, now| queue.hold(now, Hold::Hidden, true));
        }
    });
}

/// F8 leads to the toasts and back, Escape dismisses the focused or else the newest one.
fn listen_to_keys(toasts: Toaster, region: NodeRef<html::Section>, came_from: CameFrom) {
    let on_key = move |event: ev::KeyboardEvent| match event.key().as_str() {
        "F8" => {
            event.prevent_default();
            if focus_inside(region) {
                go_back(toasts, came_from);
            } else if toasts
                .queue
                .with_untracked(|queue| queue.shown().is_empty())
            {
                toasts.announce("There is no notification on screen.");
            } else if let Some(region) = region.get_untracked() {
                came_from.set_value(browser::focused());
                let _ = region.focus();
            }
        }
        "Escape" if !event.default_prevented() => {
            let newest = toasts
                .queue
                .with_untracked(|queue| queue.shown().last().map(|toast| toast.id));
            if let Some(id) = focused_toast().or(newest) {
                dismiss(toasts, id, region, came_from);
            }
        }
        _ => {}
    };
    Effect::new(move || {
        window_event_listener(ev::keydown, on_key);
    });
}

fn focused_toast() -> Option<u32> {
    let element: Element = browser::focused()?.into();
    let toast = element.closest("[data-toast]").ok().flatten()?;
    toast.get_attribute("data-toast")?.parse().ok()
}
