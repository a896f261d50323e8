//! Names, as this server remembers them. A renamed person is forgotten at once.

use std::collections::{HashMap, HashSet};

use app::{
    backend::Answer,
    error::QuadError,
    model::{Handle, Person, UserId},
};

use super::{Service, memory::Memory};
use crate::{live::control::Control, store::accounts::Role};

/// People remembered.
pub const MOST: u64 = 100_000;

/// Who is known by name.
pub type People = Memory<UserId, Person>;

impl Service {
    /// The people behind ids; whoever is gone is missing.
    pub async fn people<'i>(
        &self,
        ids: impl IntoIterator<Item = &'i UserId>,
    ) -> Answer<HashMap<UserId, Person>> {
        let mut found = HashMap::new();
        let mut missing = HashSet::new();
        for id in ids {
            if found.contains_key(id) || missing.contains(id) {
                continue;
            }
            match self.people.get(id) {
                Some(person) => drop(found.insert(id.clone(), person)),
                None => drop(missing.insert(id.clone())),
            }
        }
        let missing: Vec<UserId> = missing.into_iter().collect();
        let before = self.people.moment();
        let read = self.store.people(&missing).await?;
        for person in read.into_iter().flatten() {
            self.people
                .remember(before, person.user_id.clone(), person.clone());
            found.insert(person.user_id.clone(), person);
        }
        Ok(found)
    }

    /// The person behind an id.
    pub async fn person_by_id(&self, id: &UserId) -> Answer<Person> {
        self.people([id])
            .await?
            .remove(id)
            .ok_or(QuadError::NoSuchUser)
    }

    /// Gives somebody another role, as the operator says.
    pub async fn set_role(&self, handle: &Handle, role: Role) -> Answer<Person> {
        let person = self.find(handle).await?;
        self.store.set_role(&person.user_id, role).await?;
        self.tell_operators_deed(&Control::RoleChanged {
            user: person.user_id.clone(),
            handle: person.handle.clone(),
            role: role.as_str().to_owned(),
        })
        .await;
        Ok(person)
    }

    /// The person behind a handle.
    pub async fn find(&self, handle: &Handle) -> Answer<Person> {
        let id = self
            .store
            .find_handle(handle)
            .await?
            .ok_or(QuadError::NoSuchUser)?;
        self.person_by_id(&id).await
    }
}
