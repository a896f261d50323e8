//! The inbox: everything that a toast said, and what was missed.

use leptos::{prelude::*, task::spawn_local};
use leptos_router::hooks::use_query_map;

use super::{Loading, set_title, use_visit, with_viewer};
use crate::{
    api::{MarkInboxRead, mark_inbox_read, read_inbox},
    components::{Avatar, FormTrouble, ToLogin, Trouble, When, failure},
    error::QuadError,
    live::Live,
    model::{Epoch, Group, Inbox, Kind},
};

#[component]
pub(super) fn NotificationsPage() -> impl IntoView {
    set_title("Notifications");
    let visit = use_visit();
    let query = use_query_map();
    let before = Memo::new(move |_| {
        query
            .with(|query| query.get("before"))
            .and_then(|before| before.parse().ok())
    });
    let inbox = Resource::new(move || before.get(), read_inbox);
    view! {
        <Transition fallback=Loading>
            {move || Suspend::new(async move {
                match with_viewer(visit.await, inbox.await) {
                    Ok((_, inbox)) => {
                        let before = before.get_untracked();
                        view! { <List inbox before/> }.into_any()
                    }
                    Err(QuadError::NoSession) => view! { <ToLogin/> }.into_any(),
                    Err(error) => view! { <Trouble error/> }.into_any(),
                }
            })}
        </Transition>
    }
}

#[component]
fn List(inbox: Inbox, before: Option<u64>) -> impl IntoView {
    let live = Live::current();
    let inbox = RwSignal::new(inbox);
    keep(live, inbox, before);
    let action = ServerAction::<MarkInboxRead>::new();
    Effect::new(move || {
        if action.value().with(Option::is_some) {
            live.inbox_changes.update(|count| *count += 1);
        }
    });
    let epoch = move || inbox.with(|inbox| inbox.epoch.clone());
    let seq = move || inbox.with(|inbox| inbox.seq);
    let some_unread = move || inbox.with(|inbox| inbox.unread > 0);
    let older = move || {
        inbox
            .with(|inbox| inbox.next)
            .map(|next| format!("/notifications?before={next}"))
    };
    let none = move || inbox.with(|inbox| inbox.items.is_empty());
    // Whatever changes about a group makes a new row of it; all others stay as they are.
    let key = |group: &Group| (group.group.clone(), group.seq, group.count, group.read);
    view! {
        <div class="column">
            <div class="page-head">
                <h1>"Notifications"</h1>
                {move || some_unread().then(|| view! {
                    <ActionForm action>
                        <input type="hidden" name="epoch" value=move || epoch().to_string()/>
                        <input type="hidden" name="through" value=move || seq().to_string()/>
                        <button type="submit" class="quiet-button" disabled=action.pending()>"Mark all as read"</button>
                    </ActionForm>
                })}
            </div>
            <FormTrouble error=failure(action.value()) fields=&[]/>
            <ul class="groups">
                <For each=move || inbox.get().items key let(group)>
                    <Row group epoch=epoch() action/>
                </For>
            </ul>
            {move || none().then(|| view! {
                <p class="empty">"Nothing yet. When somebody likes what you wrote, you will see it here."</p>
            })}
            <p class="pages">
                {before.map(|_| view! { <a class="button quiet-button" href="/notifications">"Newest"</a> })}
                {move || older().map(|href| view! { <a class="button quiet-button" href=href>"Older"</a> })}
            </p>
        </div>
    }
    .into_any()
}

#[component]
fn Row(group: Group, epoch: Epoch, action: ServerAction<MarkInboxRead>) -> impl IntoView {
    let sentence = sentence(&group);
    let unread = !group.read;
    let (id, seq) = (group.group.clone(), group.seq);
    let row_id = id.clone();
    // Whoever opens it has read it.
    let opened = {
        let (epoch, id) = (epoch.clone(), id.clone());
        move |_| {
            let (epoch, id) = (epoch.clone(), id.clone());
            if unread {
                spawn_local(async move {
                    // Should it fail, the group stays unread, which is the truth.
                    let _ = mark_inbox_read(epoch, seq, Some(id)).await;
                });
            }
        }
    };
    let words = match group.post_id {
        Some(post) => view! {
            <a class="group-words" href=format!("/posts/{post}") on:click=opened>{sentence}</a>
        }
        .into_any(),
        None => view! { <span class="group-words">{sentence}</span> }.into_any(),
    };
    let faces = group.people.into_iter().take(3);
    view! {
        <li class="group" class:unread=unread data-testid="group" data-group=row_id>
            <span class="faces">{faces.map(|person| view! { <Avatar person/> }).collect_view()}</span>
            <div class="group-body">
                <p>
                    {unread.then(|| view! { <span class="unread-mark"><span class="visually-hidden">"Unread: "</span></span> })}
                    {words}
                </p>
                {group.excerpt.map(|excerpt| view! { <p class="excerpt">{excerpt}</p> })}
                <p class="quiet"><When at=group.at/></p>
            </div>
            {unread.then(|| view! {
                <ActionForm action>
                    <input type="hidden" name="epoch" value=epoch.to_string()/>
                    <input type="hidden" name="through" value=seq.to_string()/>
                    <input type="hidden" name="group" value=id/>
                    <button type="submit" class="quiet-button small">"Mark as read"</button>
                </ActionForm>
            })}
        </li>
    }
    .into_any()
}

/// "Ana, Ben and 3 others like your post".
fn sentence(group: &Group) -> String {
    let names: Vec<_> = group
        .people
        .iter()
        .map(|person| person.name.as_str())
        .collect();
    let count = usize::try_from(group.count).unwrap_or(usize::MAX);
    let who = match (names.as_slice(), count) {
        ([], _) => "Somebody".to_owned(),
        ([one], 0 | 1) => (*one).to_owned(),
        ([one, two], 2) => format!("{one} and {two}"),
        ([one, two, three, ..], 3) => format!("{one}, {two} and {three}"),
        (names, count) => {
            let named = &names[..names.len().min(2)];
            let others = count.saturating_sub(named.len());
            let word = if others == 1 { "other" } else { "others" };
            format!("{} and {others} {word}", named.join(", "))
        }
    };
    match group.kind {
        Kind::Like if count > 1 => format!("{who} like your post"),
        Kind::Like => format!("{who} likes your post"),
        Kind::Message => group.text.clone().unwrap_or_default(),
    }
}

/// Reads the list anew whenever it is out of date: one request at a time, and once more if
/// something happened meanwhile. Its answer also corrects the badge.
fn keep(live: Live, inbox: RwSignal<Inbox>, before: Option<u64>) {
    let busy = StoredValue::new(false);
    let again = StoredValue::new(false);
    let read = move || {
        if busy.get_value() {
            return again.set_value(true);
        }
        busy.set_value(true);
        spawn_local(async move {
            loop {
                let answer = read_inbox(before).await;
                let once_more = again.try_update_value(std::mem::take);
                if once_more == Some(false) {
                    if let Ok(read) = answer {
                        live.listed(&read);
                        let _ = inbox.try_set(read);
                    }
                    let _ = busy.try_set_value(false);
                }
                // None at all: the page is gone.
                if once_more != Some(true) {
                    return;
                }
            }
        });
    };
    Effect::new(move |known: Option<(u64, u64)>| {
        let state = (live.inbox_changes.get(), live.rereads.get());
        match known {
            None => inbox.with_untracked(|inbox| live.listed(inbox)),
            Some(known) if known != state => read(),
            Some(_) => {}
        }
        state
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Person;

    fn group(names: &[&str], count: u64) -> Group {
        let person = |name: &&str| Person {
            user_id: "0abcdefg".parse().unwrap(),
            handle: "ana".parse().unwrap(),
            name: (*name).to_owned(),
        };
        Group {
            group: "g".into(),
            kind: Kind::Like,
            post_id: None,
            excerpt: None,
            level: None,
            text: None,
            people: names.iter().map(person).collect(),
            count,
            seq: 1,
            at: 0,
            seen: false,
            read: false,
            withheld: None,
        }
    }

    #[test]
    fn a_sentence_names_people_and_counts_the_rest() {
        let say = |names: &[&str], count| sentence(&group(names, count));
        assert_eq!(say(&["Ana"], 1), "Ana likes your post");
        assert_eq!(say(&["Ana", "Ben"], 2), "Ana and Ben like your post");
        assert_eq!(
            say(&["Ana", "Ben", "Cem"], 3),
            "Ana, Ben and Cem like your post"
        );
        assert_eq!(
            say(&["Ana", "Ben", "Cem"], 5),
            "Ana, Ben and 3 others like your post"
        );
        assert_eq!(say(&["Ana"], 2), "Ana and 1 other like your post");
    }
}
