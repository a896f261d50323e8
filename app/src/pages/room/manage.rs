//! What moderators and the owner do about members.

use leptos::{html, prelude::*};
use leptos_router::hooks::use_query_map;

use super::talk::Talk;
use crate::{
    api::{InviteMember, RemoveMember, SetRole},
    components::{Field, FormTrouble, failure, focus_trouble, of_field},
    error::QuadError,
    model::{Handle, Person, Role},
};

/// What all rows share.
#[derive(Clone, Copy)]
pub(super) struct Managing {
    remove: ServerAction<RemoveMember>,
    role: ServerAction<SetRole>,
}

impl Managing {
    /// The list is read anew after each change; without a connection nobody else would say so.
    pub(super) fn new(talk: Talk) -> Self {
        let (remove, role) = (ServerAction::new(), ServerAction::new());
        let managing = Self { remove, role };
        Effect::new(move || {
            let done = (managing.remove.value().get(), managing.role.value().get());
            if matches!(done, (Some(Ok(())), _) | (_, Some(Ok(())))) {
                talk.read_people();
            }
        });
        managing
    }

    pub(super) fn trouble(self) -> Signal<Option<QuadError>> {
        let (remove, role) = (failure(self.remove.value()), failure(self.role.value()));
        Signal::derive(move || remove.get().or_else(|| role.get()))
    }
}

/// What one may do about somebody else.
#[component]
pub(super) fn Manage(person: Person, role: Role, talk: Talk, managing: Managing) -> impl IntoView {
    let mine = talk.role;
    move || {
        let rights = mine.get()?;
        if rights < Role::Moderator || rights <= role {
            return None;
        }
        let fields = || {
            let (name, who) = (talk.name().to_string(), person.user_id.to_string());
            view! {
                <input type="hidden" name="name" value=name/>
                <input type="hidden" name="who" value=who/>
            }
        };
        let to = |value: &'static str, label: &'static str| {
            let fields = fields();
            view! {
                <ActionForm action=managing.role>
                    {fields}
                    <input type="hidden" name="role" value=value/>
                    <button type="submit" class="quiet-button small">{label}</button>
                </ActionForm>
            }
            .into_any()
        };
        let roles = (rights == Role::Owner).then(|| {
            let other = match role {
                Role::Member => to("moderator", "Make moderator"),
                _ => to("member", "Make plain member"),
            };
            [other, to("owner", "Hand the room over")]
        });
        let (fields, name) = (fields(), person.name.clone());
        Some(view! {
            <details class="member-actions">
                <summary>"Change"<span class="visually-hidden">" "<bdi>{name}</bdi></span></summary>
                {roles}
                <ActionForm action=managing.remove>
                    {fields}
                    <button type="submit" class="danger-button small">"Remove from room"</button>
                </ActionForm>
            </details>
        })
    }
}

/// The form that invites somebody.
#[component]
pub(super) fn Invite(talk: Talk) -> impl IntoView {
    let action = ServerAction::<InviteMember>::new();
    let form = NodeRef::<html::Form>::new();
    let error = failure(action.value());
    // Without JavaScript the address says who was invited. Anybody can write an address.
    let before = use_query_map().with_untracked(|query| {
        let handle = query.get("invited")?.parse::<Handle>().ok()?;
        Some(handle.to_string())
    });
    Effect::new(move || match action.value().get() {
        Some(Ok(_)) => {
            if let Some(form) = form.get_untracked() {
                form.reset();
            }
        }
        Some(Err(_)) => focus_trouble(form),
        None => {}
    });
    let invited = move || match action.value().get() {
        None => before.clone(),
        Some(answer) => answer.ok(),
    };
    view! {
        <ActionForm action node_ref=form attr:class="form room-invite">
            <input type="hidden" name="name" value=talk.name().to_string()/>
            <FormTrouble error fields=&["handle"]/>
            <Field
                id="invite-handle"
                name="handle"
                label="Invite somebody"
                autocomplete="off"
                hint="Their handle, such as ana."
                error=of_field(error, "handle")
            />
            <button type="submit" class="quiet-button small" disabled=action.pending()>"Invite"</button>
            <p class="saved" role="status">
                {move || invited().map(|handle| format!("@{handle} is invited."))}
            </p>
        </ActionForm>
    }
    .into_any()
}
