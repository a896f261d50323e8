//! One group of the inbox.

use leptos::{prelude::*, task::spawn_local};

use super::{
    Shared,
    words::{reason, sentence},
};
use crate::{
    api::{mark_inbox_read, read_likers},
    browser,
    components::{Avatar, LevelWord, MuteButton, Muteable, RichText, When, level_class},
    model::{Epoch, Group, Kind, Person, PostId},
};

#[component]
pub(super) fn Row(group: Group, epoch: Epoch, shared: Shared) -> impl IntoView {
    let sentence = sentence(&group);
    let unread = !group.read;
    let new = unread && !group.seen;
    let (id, seq) = (group.group.clone(), group.seq);
    keep_focus(&id, shared);
    let place = match (&group.post_id, &group.room) {
        (Some(post), _) => Some(format!("/posts/{post}")),
        (None, Some(room)) => Some(format!("/rooms/{room}")),
        (None, None) => None,
    };
    let words = match place {
        Some(href) => {
            let opened = open(&group, &epoch);
            view! { <a class="group-words" href=href on:click=opened>{sentence}</a> }.into_any()
        }
        None => view! { <span class="group-words message-words" dir="auto"><RichText text=sentence/></span> }.into_any(),
    };
    let class = match group.level {
        Some(level) => format!("group plain {}", level_class(level)),
        None => "group".to_owned(),
    };
    let everybody = group.post_id.clone().filter(|_| group.count > 1);
    let everybody = everybody.map(|post| {
        let people = group.people.clone();
        view! { <Everybody post people/> }
    });
    let faces = group.level.is_none().then(|| {
        let faces = group.people.into_iter().take(3);
        let faces = faces
            .map(|person| view! { <Avatar person/> })
            .collect_view();
        view! { <span class="faces">{faces}</span> }
    });
    // What a program says is the sentence itself; what somebody said in a room is quoted.
    let quote = group.excerpt.or(group
        .text
        .filter(|_| group.room.is_some())
        .map(|text| format!("“{text}”")));
    let announced = group.kind == Kind::Announcement;
    let row_id = id.clone();
    view! {
        <li class=class class:unread=unread class:unseen=new data-testid="group" data-group=row_id>
            {faces}
            <div class="group-body">
                {group.level.map(|level| view! { <LevelWord level announced/> })}
                <p>
                    {new.then(|| view! { <span class="new-mark">"New"</span>" " })}
                    {unread.then(|| view! { <span class="unread-mark"><span class="visually-hidden">"Unread: "</span></span> })}
                    {words}
                </p>
                {quote.map(|quote| view! { <p class="excerpt" dir="auto">{quote}</p> })}
                <p class="quiet">
                    <When at=group.at/>
                    {group.withheld.map(|withheld| view! { " · "<span data-testid="withheld">{reason(withheld)}</span> })}
                </p>
                {everybody}
            </div>
            <div class="group-actions">
                <MarkButton id epoch seq unread shared/>
                {group.post_id.map(|post| view! { <MutePost post shared/> })}
            </div>
        </li>
    }
    .into_any()
}

/// Whoever opens a group has read it.
fn open<E>(group: &Group, epoch: &Epoch) -> impl Fn(E) + 'static {
    let (id, seq, read, epoch) = (group.group.clone(), group.seq, group.read, epoch.clone());
    move |_| {
        let (epoch, id) = (epoch.clone(), id.clone());
        if !read {
            spawn_local(async move {
                // Should it fail, the group stays unread, which is the truth.
                let _ = mark_inbox_read(epoch, seq, Some(id)).await;
            });
        }
    }
}

#[component]
fn MarkButton(id: String, epoch: Epoch, seq: u64, unread: bool, shared: Shared) -> impl IntoView {
    let fields = view! {
        <input type="hidden" name="epoch" value=epoch.to_string()/>
        <input type="hidden" name="through" value=seq.to_string()/>
        <input type="hidden" name="group" value=id.clone()/>
    };
    let press = move |_| shared.pressed.set_value(Some(id.clone()));
    if unread {
        view! {
            <ActionForm action=shared.read>
                {fields}
                <button type="submit" class="quiet-button small" on:click=press>"Mark as read"</button>
            </ActionForm>
        }
        .into_any()
    } else {
        view! {
            <ActionForm action=shared.unread>
                {fields}
                <button type="submit" class="quiet-button small" on:click=press>"Mark as unread"</button>
            </ActionForm>
        }
        .into_any()
    }
}

/// The new row of a group whose button was pressed takes the focus over.
fn keep_focus(id: &str, shared: Shared) {
    let id = id.to_owned();
    Effect::new(move || {
        let mine = shared
            .pressed
            .try_update_value(|pressed| pressed.take_if(|pressed| *pressed == id))
            .flatten();
        if mine.is_some() {
            browser::focus_first(
                None,
                &format!("[data-group=\"{id}\"] .group-actions button"),
            );
        }
    });
}

#[component]
fn MutePost(post: PostId, shared: Shared) -> impl IntoView {
    let muted = RwSignal::new(shared.muted.with_value(|posts| posts.contains(&post)));
    let target = Muteable::Post(post.clone());
    // For the rows that take this one's place.
    Effect::new(move || {
        let muted = muted.get();
        shared.muted.update_value(|posts| {
            if muted {
                posts.insert(post.clone());
            } else {
                posts.remove(&post);
            }
        });
    });
    view! { <MuteButton target muted/> }
}

/// Opens to show who likes the post: the newest of them at once, all of them when they are read.
#[component]
fn Everybody(post: PostId, people: Vec<Person>) -> impl IntoView {
    let people = RwSignal::new(people);
    let asked = StoredValue::new(false);
    let href = format!("/posts/{post}#likes");
    let opened = move |_| {
        if asked.get_value() {
            return;
        }
        asked.set_value(true);
        let post = post.clone();
        spawn_local(async move {
            match read_likers(post, None).await {
                Ok(likers) => drop(people.try_set(likers.people)),
                // The link below leads to them all the same.
                Err(_) => drop(asked.try_set_value(false)),
            }
        });
    };
    view! {
        <details class="everybody" on:toggle=opened>
            <summary>"Who likes it"</summary>
            <ul class="people">
                <For each=move || people.get() key=|person| person.user_id.clone() let(person)>
                    <li>
                        <a class="person" href=format!("/people/{}", person.handle)>
                            <Avatar person=person.clone()/>
                            <bdi>{person.name.clone()}</bdi>
                        </a>
                    </li>
                </For>
            </ul>
            <p><a href=href>"All of them, with the post"</a></p>
        </details>
    }
    .into_any()
}
