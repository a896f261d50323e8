//! Who is in a room, who looks at it, and how far they have read.

use crate::{
    model::{Member, Person, Role, UserId},
    names::names,
};

/// A room with more members tells nobody how far others have read.
const SMALL: usize = 100;

/// The members that are known, and who looks at the room, which may be others.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct People {
    /// In the order in which they came.
    members: Vec<Member>,
    /// Everybody who looks at the room, once a socket has said so.
    here: Option<Vec<Person>>,
}

impl People {
    /// As they were read.
    pub(crate) fn new(members: Vec<Member>) -> Self {
        Self {
            members,
            here: None,
        }
    }

    /// Those who are known, in the order in which they came.
    pub(crate) fn members(&self) -> &[Member] {
        &self.members
    }

    /// They were read again. Marks never go back.
    pub(crate) fn read_again(&mut self, members: Vec<Member>) {
        let before = std::mem::replace(&mut self.members, members);
        for member in &mut self.members {
            let same = |old: &&Member| old.person.user_id == member.person.user_id;
            let read = before.iter().find(same).map_or(0, |old| old.read);
            member.read = member.read.max(read);
        }
        self.mark_here();
    }

    /// Who came and who went; with `all`, nobody else is there.
    pub(crate) fn presence(&mut self, came: Vec<Person>, gone: &[UserId], all: bool) {
        let here = self.here.get_or_insert_default();
        if all {
            here.clear();
        }
        for person in came {
            if !here.iter().any(|known| known.user_id == person.user_id) {
                here.push(person);
            }
        }
        here.retain(|person| !gone.contains(&person.user_id));
        self.mark_here();
    }

    /// How many look at the room.
    pub(crate) fn count_here(&self) -> usize {
        match &self.here {
            Some(here) => here.len(),
            None => self.members.iter().filter(|member| member.here).count(),
        }
    }

    /// Somebody has read up to here. Tells whether that is news.
    pub(crate) fn has_read(&mut self, user: &UserId, seq: u64) -> bool {
        let mut members = self.members.iter_mut();
        match members.find(|member| member.person.user_id == *user) {
            Some(member) if member.read < seq => {
                member.read = seq;
                true
            }
            _ => false,
        }
    }

    /// Who, beside whoever said it and oneself, has read a message.
    pub(crate) fn readers(&self, seq: u64, besides: [&UserId; 2]) -> Option<String> {
        if self.members.len() >= SMALL {
            return None;
        }
        let others = self
            .members
            .iter()
            .filter(|member| member.read >= seq && !besides.contains(&&member.person.user_id));
        let all: Vec<_> = others.map(|member| member.person.name.as_str()).collect();
        names(&all, all.len())
    }

    /// What somebody may do; somebody who is not known here is a plain member.
    pub(crate) fn role(&self, user: &UserId) -> Role {
        let mut members = self.members.iter();
        let known = members.find(|member| member.person.user_id == *user);
        known.map_or(Role::Member, |member| member.role)
    }

    fn mark_here(&mut self) {
        let Some(here) = &self.here else { return };
        for member in &mut self.members {
            let mut all = here.iter();
            member.here = all.any(|person| person.user_id == member.person.user_id);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn person(n: usize) -> Person {
        Person {
            user_id: format!("0abcdef{n}").parse().unwrap(),
            handle: "someone".parse().unwrap(),
            name: ["Ana", "Ben", "Cem"][n].into(),
        }
    }

    fn member(n: usize, read: u64) -> Member {
        Member {
            person: person(n),
            role: if n == 0 { Role::Owner } else { Role::Member },
            since: n as u64,
            read,
            here: n == 1,
        }
    }

    fn here(people: &People) -> Vec<bool> {
        people.members().iter().map(|member| member.here).collect()
    }

    #[test]
    fn what_the_socket_says_replaces_what_was_rendered() {
        let mut people = People::new(vec![member(0, 0), member(1, 0)]);
        assert_eq!(people.count_here(), 1);
        people.presence(vec![person(0)], &[], true);
        assert_eq!((here(&people), people.count_here()), (vec![true, false], 1));
        people.presence(vec![person(1), person(2)], &[], false);
        people.presence(vec![person(2)], &[person(0).user_id], false);
        assert_eq!((here(&people), people.count_here()), (vec![false, true], 2));
        people.read_again(vec![member(1, 0), member(2, 0)]);
        assert_eq!(here(&people), [true, true]);
    }

    #[test]
    fn marks_go_forward_only_and_name_those_who_have_read() {
        let mut people = People::new(vec![member(0, 5), member(1, 5), member(2, 2)]);
        let (ana, ben, cem) = (person(0).user_id, person(1).user_id, person(2).user_id);
        assert_eq!(people.readers(5, [&ana, &ana]).as_deref(), Some("Ben"));
        assert!(people.has_read(&cem, 5));
        assert!(!people.has_read(&cem, 4));
        people.read_again(vec![member(0, 5), member(1, 5), member(2, 2)]);
        assert_eq!(
            people.readers(5, [&ana, &ana]).as_deref(),
            Some("Ben and Cem")
        );
        assert_eq!(people.readers(5, [&ben, &cem]).as_deref(), Some("Ana"));
        assert_eq!(people.readers(6, [&ana, &ana]), None);
        assert_eq!(people.role(&ana), Role::Owner);
    }
}
