//! What a group says.

use crate::{
    model::{Group, Withheld},
    names::names,
};

/// "Ana, Ben and 3 others like your post".
pub(super) fn sentence(group: &Group) -> String {
    let named: Vec<_> = group
        .people
        .iter()
        .map(|person| person.name.as_str())
        .collect();
    let count = usize::try_from(group.count).unwrap_or(usize::MAX);
    let who = names(&named, count).unwrap_or_else(|| "Somebody".to_owned());
    let name = group.room.as_ref().map(|room| room.as_str());
    let room = group.room_title.as_deref().or(name);
    let text = group.text.as_deref();
    group.kind.sentence(&who, count > 1, room, text)
}

/// Why the newest entry of a group made no toast.
pub(super) fn reason(withheld: Withheld) -> &'static str {
    match withheld {
        Withheld::Quiet => "No toast: you were not to be disturbed.",
        Withheld::Preference => "No toast: you want these in the list alone.",
        Withheld::Muted => "No toast: you muted this.",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Kind, Person};

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
            room: None,
            room_title: None,
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
