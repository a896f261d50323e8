//! The keys that lead to the toasts and back, and where the focus goes when one disappears.

use leptos::{
    ev, html,
    prelude::*,
    web_sys::{Element, HtmlElement, Node},
};

use super::{Toaster, queue::Hold};
use crate::browser;

pub(super) type CameFrom = StoredValue<Option<HtmlElement>, LocalStorage>;

/// Dismisses a toast. Focus that was on it goes to the next one, or back to where it came from.
pub(super) fn dismiss(
    toasts: Toaster,
    id: u32,
    region: NodeRef<html::Section>,
    came_from: CameFrom,
) {
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
pub(super) fn let_go(toasts: Toaster, region: NodeRef<html::Section>) {
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

/// F8 leads to the toasts and back, Escape dismisses the focused or else the newest one.
pub(super) fn listen_to_keys(toasts: Toaster, region: NodeRef<html::Section>, came_from: CameFrom) {
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
