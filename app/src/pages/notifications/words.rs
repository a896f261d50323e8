//! What a group says.

use crate::model::{Group, Withheld};

/// "Ana, Ben and 3 others like your post".
pub(super) fn sentence(group: &Group) -> String {
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
    let (room, text) = (group.room.as_ref(), group.text.as_deref());
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
