//! The inbox: everything that a toast said, and what was missed.

mod keep;
mod row;
mod words;

use std::collections::HashSet;

use futures_util::future::join;
use leptos::prelude::*;

use super::{
    Loading,
    cursor::{Pager, use_before},
    set_title, use_visit, with_viewer,
};
use crate::{
    api::{MarkGroupUnread, MarkInboxRead, read_inbox, read_mutes},
    browser,
    components::{ToLogin, Trouble, failure},
    error::QuadError,
    live::Live,
    model::{Epoch, Group, Inbox, PostId},
};

use row::Row;

#[component]
pub(super) fn NotificationsPage() -> impl IntoView {
    set_title("Notifications");
    let visit = use_visit();
    let before = use_before();
    let found = Resource::new(move || before.get(), read);
    view! {
        <Transition fallback=Loading>
            {move || Suspend::new(async move {
                match with_viewer(visit.await, found.await) {
                    Ok((_, (inbox, muted))) => {
                        let before = before.get_untracked();
                        view! { <List inbox muted before/> }.into_any()
                    }
                    Err(QuadError::NoSession) => view! { <ToLogin/> }.into_any(),
                    Err(error) => view! { <Trouble error/> }.into_any(),
                }
            })}
        </Transition>
    }
}

/// The list, and which posts are muted. The list is worth showing without that.
async fn read(before: Option<u64>) -> Result<(Inbox, HashSet<PostId>), QuadError> {
    let (inbox, mutes) = join(read_inbox(before), read_mutes()).await;
    let posts = mutes.unwrap_or_default().posts.into_iter();
    Ok((inbox?, posts.map(|post| post.post_id).collect()))
}

/// What all rows share.
#[derive(Clone, Copy)]
struct Shared {
    read: ServerAction<MarkInboxRead>,
    unread: ServerAction<MarkGroupUnread>,
    /// Which posts are muted.
    muted: StoredValue<HashSet<PostId>>,
    /// The group whose button was pressed: its new row gets the focus that the old one had.
    pressed: StoredValue<Option<String>>,
    /// Whether the button for all of them was pressed, which is gone after that.
    pressed_all: StoredValue<bool>,
}

impl Shared {
    fn new(muted: HashSet<PostId>) -> Self {
        Self {
            read: ServerAction::new(),
            unread: ServerAction::new(),
            muted: StoredValue::new(muted),
            pressed: StoredValue::new(None),
            pressed_all: StoredValue::new(false),
        }
    }

    /// Why the last mark was not set.
    fn trouble(self) -> impl Fn() -> Option<String> {
        let (read, unread) = (failure(self.read.value()), failure(self.unread.value()));
        move || {
            read.get()
                .or_else(|| unread.get())
                .map(|error| {
                    match error {
                QuadError::Stale => {
                    "The list has changed meanwhile, so nothing was marked. This is how it is now."
                        .to_owned()
                }
                error => error.to_string(),
            }
                })
        }
    }

    /// Reads the list anew after each mark, also one that was refused because the list is old.
    fn follow(self, live: Live) {
        Effect::new(move || {
            if let Some(answer) = self.read.value().get() {
                self.unread.clear();
                self.marked(live, answer);
            }
        });
        Effect::new(move || {
            if let Some(answer) = self.unread.value().get() {
                self.read.clear();
                self.marked(live, answer);
            }
        });
    }

    fn marked(self, live: Live, answer: Result<(), QuadError>) {
        let all = self.pressed_all.try_update_value(std::mem::take);
        if answer.is_err() {
            self.pressed.set_value(None);
        } else if all == Some(true) {
            browser::focus_first(None, "#main");
        }
        live.inbox_changes.update(|count| *count += 1);
    }
}

#[component]
fn List(inbox: Inbox, muted: HashSet<PostId>, before: Option<u64>) -> impl IntoView {
    let live = Live::current();
    let inbox = RwSignal::new(inbox);
    let shared = Shared::new(muted);
    keep::keep(live, inbox, before);
    if before.is_none() {
        keep::tell_seen(live, inbox);
    }
    shared.follow(live);
    let action = shared.read;
    let trouble = shared.trouble();
    let epoch = move || inbox.with(|inbox| inbox.epoch.clone());
    let seq = move || inbox.with(|inbox| inbox.seq);
    let some_unread = move || inbox.with(|inbox| inbox.unread > 0);
    let next = Signal::derive(move || inbox.with(|inbox| inbox.next.map(|next| next.to_string())));
    let none = move || inbox.with(|inbox| inbox.items.is_empty());
    let rows = move || inbox.with(rows);
    view! {
        <div class="column">
            <div class="page-head">
                <h1>"Notifications"</h1>
                {move || some_unread().then(|| view! {
                    <ActionForm action>
                        <input type="hidden" name="epoch" value=move || epoch().to_string()/>
                        <input type="hidden" name="through" value=move || seq().to_string()/>
                        <button
                            type="submit"
                            class="quiet-button"
                            disabled=action.pending()
                            on:click=move |_| shared.pressed_all.set_value(true)
                        >
                            "Mark all as read"
                        </button>
                    </ActionForm>
                })}
                <p class="page-links">
                    <a href="/settings/notifications">"Notification settings"</a>" · "
                    <a href="/announcements">"Announcements"</a>" · "
                    <a href="/notifications/silenced">"What made no toast"</a>
                </p>
            </div>
            {move || trouble().map(|text| view! { <p class="form-error" role="alert">{text}</p> })}
            <ul class="groups">
                <For each=rows key=|(key, ..)| key.clone() let((_, epoch, group))>
                    <Row group epoch shared/>
                </For>
            </ul>
            {move || none().then(|| view! {
                <p class="empty">"Nothing yet. When somebody likes what you wrote, you will see it here."</p>
            })}
            <Pager path="/notifications" first=before.is_none() next/>
        </div>
    }
    .into_any()
}

/// Whatever changes about a group makes a new row of it; all others stay as they are. That it was
/// seen does not count: what is new says so until the page is left.
type Key = (Epoch, String, u64, u64, bool);

fn rows(inbox: &Inbox) -> Vec<(Key, Epoch, Group)> {
    let row = |group: &Group| {
        let id = group.group.clone();
        let key = (inbox.epoch.clone(), id, group.seq, group.count, group.read);
        (key, inbox.epoch.clone(), group.clone())
    };
    inbox.items.iter().map(row).collect()
}
