//! Who is writing just now.

use crate::{
    model::{Person, UserId},
    names::names,
};

/// Others are told this often at most that one is writing.
pub(crate) const EVERY_MS: u64 = 2_000;
/// For this long somebody is taken to be writing.
const STAYS_MS: u64 = 4_000;
/// More than this many are only counted, and the rest is not even remembered.
const MOST: usize = 20;

/// Those who are writing, each with the moment until which that is believed.
#[derive(Debug, Clone, Default)]
pub(crate) struct Typing(Vec<(Person, u64)>);

impl Typing {
    /// Somebody is writing. Tells whether that is news.
    pub(crate) fn heard(&mut self, now: u64, person: Person) -> bool {
        let end = now + STAYS_MS;
        if let Some((_, until)) = self.find(&person.user_id) {
            *until = end;
            return false;
        }
        if self.0.len() < MOST {
            self.0.push((person, end));
        }
        true
    }

    /// They have said it, or are gone.
    pub(crate) fn done(&mut self, user: &UserId) -> bool {
        let before = self.0.len();
        self.0.retain(|(person, _)| person.user_id != *user);
        self.0.len() != before
    }

    /// Time passes.
    pub(crate) fn elapse(&mut self, now: u64) {
        self.0.retain(|(_, until)| *until > now);
    }

    /// When there is something to forget.
    pub(crate) fn due_at(&self) -> Option<u64> {
        self.0.iter().map(|(_, until)| *until).min()
    }

    /// "Ana and Ben are writing…"; nothing where nobody is.
    pub(crate) fn sentence(&self) -> Option<String> {
        let all: Vec<_> = self.0.iter().map(|(who, _)| who.name.as_str()).collect();
        let verb = if all.len() == 1 { "is" } else { "are" };
        Some(format!("{} {verb} writing…", names(&all, all.len())?))
    }

    fn find(&mut self, user: &UserId) -> Option<&mut (Person, u64)> {
        self.0.iter_mut().find(|(known, _)| known.user_id == *user)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn person(n: usize) -> Person {
        Person {
            user_id: format!("0abcdef{n}").parse().unwrap(),
            handle: "someone".parse().unwrap(),
            name: ["Ana", "Ben", "Cem", "Dora"][n].into(),
        }
    }

    #[test]
    fn whoever_writes_is_named_until_they_stop_or_have_said_it() {
        let mut typing = Typing::default();
        assert_eq!(typing.sentence(), None);
        assert!(typing.heard(0, person(0)));
        assert!(typing.heard(1_000, person(1)));
        assert!(!typing.heard(2_000, person(0)));
        assert_eq!(
            typing.sentence().as_deref(),
            Some("Ana and Ben are writing…")
        );
        assert_eq!(typing.due_at(), Some(1_000 + STAYS_MS));
        typing.elapse(1_000 + STAYS_MS);
        assert_eq!(typing.sentence().as_deref(), Some("Ana is writing…"));
        assert!(typing.done(&person(0).user_id));
        assert!(!typing.done(&person(0).user_id));
        assert_eq!(typing.sentence(), None);
    }

    #[test]
    fn many_are_summed_up() {
        let mut typing = Typing::default();
        assert!((0..4).all(|n| typing.heard(0, person(n))));
        assert_eq!(
            typing.sentence().as_deref(),
            Some("Ana, Ben and 2 others are writing…")
        );
    }
}
