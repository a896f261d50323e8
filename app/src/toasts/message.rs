//! What a toast says: the entries that it counts, and the sentence that they make.

use std::collections::HashSet;

use crate::{
    event::Notification,
    model::{Epoch, Kind, Level, Outcome, Person},
    text::{balanced, beginning, isolated},
};

/// A toast that counts more entries than this forgets the oldest ones, and only counts them.
const ENTRIES: usize = 500;
/// Nobody listens to more than this of what a program says.
const SPOKEN: usize = 200;
/// Characters of a name in a toast: with two of them, what happened still fits on a small screen.
const NAME: usize = 20;

/// An entry of the inbox that a toast counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) epoch: Epoch,
    pub(crate) seq: u64,
    pub(crate) group: String,
    pub(crate) kind: Kind,
    pub(crate) actor: Option<Person>,
    /// Whether it was on screen.
    pub(crate) told: bool,
}

/// What sort of sentence a toast makes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Form {
    /// The page's own words.
    Said(String),
    /// Likes of one post.
    Likes,
    /// What happened in a room.
    Room(String),
    /// What another program says.
    Program { text: String, level: Level },
    /// What came while this page had no connection.
    Away,
    /// What there is no room for.
    More,
}

/// What a toast says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Message {
    pub(crate) form: Form,
    /// In the order in which they came. Only the page's own words have none.
    pub(crate) entries: Vec<Entry>,
    /// The beginning of the post.
    pub(crate) detail: Option<String>,
    /// Where it leads.
    pub(crate) href: Option<String>,
    forgotten: u64,
}

/// An entry that was on screen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Told {
    pub(crate) epoch: Epoch,
    pub(crate) seq: u64,
    pub(crate) outcome: Outcome,
}

impl Entry {
    fn of(event: Notification) -> Self {
        Self {
            epoch: event.epoch,
            seq: event.seq,
            group: event.group,
            kind: event.kind,
            actor: event.actor,
            told: false,
        }
    }
}

impl Message {
    /// What the page itself has to say.
    pub(crate) fn said(text: String) -> Self {
        Self::new(Form::Said(text), Vec::new(), None)
    }

    /// A new entry. `detail` is how its post begins.
    pub(crate) fn of(mut event: Notification, detail: Option<String>) -> Self {
        let form = match event.kind {
            Kind::Like => Form::Likes,
            Kind::Mention | Kind::Invitation => {
                let who = event.actor.as_ref().map(|actor| actor.name.as_str());
                let who = short(who.unwrap_or("Somebody"));
                let name = event.room.as_ref().map(|room| room.as_str());
                let title = event.room_title.as_deref().map(short);
                Form::Room(
                    event
                        .kind
                        .sentence(&who, false, title.as_deref().or(name), None),
                )
            }
            Kind::Message | Kind::Announcement => Form::Program {
                text: event.text.take().unwrap_or_default(),
                level: event.level.unwrap_or_default(),
            },
        };
        let href = match (&event.post_id, &event.room) {
            (Some(post), _) => format!("/posts/{post}"),
            (None, Some(room)) => format!("/rooms/{room}"),
            (None, None) => "/notifications".to_owned(),
        };
        let detail = detail.or(event.text.take());
        Self {
            detail,
            ..Self::new(form, vec![Entry::of(event)], Some(href))
        }
    }

    /// One line for all that came during an absence.
    pub(crate) fn away(missed: impl IntoIterator<Item = Notification>, forgotten: u64) -> Self {
        let entries = missed.into_iter().map(Entry::of).collect();
        Self {
            forgotten,
            ..Self::new(Form::Away, entries, Some("/notifications".into()))
        }
    }

    /// One line for all that there is no room for.
    pub(super) fn more() -> Self {
        Self {
            detail: Some("All of it is on your notifications page.".into()),
            ..Self::new(Form::More, Vec::new(), Some("/notifications".into()))
        }
    }

    fn new(form: Form, entries: Vec<Entry>, href: Option<String>) -> Self {
        Self {
            form,
            entries,
            detail: None,
            href,
            forgotten: 0,
        }
    }

    /// Whether the page itself says it, which no other tab can do.
    pub(super) fn is_own(&self) -> bool {
        matches!(self.form, Form::Said(_))
    }

    /// Whether all of it is about one line of the inbox.
    pub(super) fn is_of_one_group(&self) -> bool {
        matches!(
            self.form,
            Form::Likes | Form::Room(_) | Form::Program { .. }
        )
    }

    /// Whether nothing is left to tell of.
    pub(super) fn is_empty(&self) -> bool {
        !self.is_own() && self.count() == 0
    }

    /// How many entries it counts.
    pub(super) fn count(&self) -> u64 {
        self.entries.len() as u64 + self.forgotten
    }

    /// Whether the other one's entries belong to the same sentence.
    pub(super) fn merges(&self, other: &Self) -> bool {
        match (&self.form, &other.form) {
            (Form::Away, Form::Away) => true,
            (Form::Likes, Form::Likes) => match (self.entries.first(), other.entries.first()) {
                (Some(one), Some(two)) => one.group == two.group && one.epoch == two.epoch,
                _ => false,
            },
            _ => false,
        }
    }

    /// Takes the other one's entries over.
    pub(super) fn absorb(&mut self, other: Self) {
        self.entries.extend(other.entries);
        self.entries.sort_by_key(|entry| entry.seq);
        self.forgotten += other.forgotten;
        self.detail = self.detail.take().or(other.detail);
        let surplus = self.entries.len().saturating_sub(ENTRIES);
        self.entries.drain(..surplus);
        self.forgotten += surplus as u64;
    }

    /// Takes out what was not on screen yet; nothing where there is no such thing.
    pub(super) fn split_untold(&mut self) -> Option<Self> {
        let (told, untold) = std::mem::take(&mut self.entries)
            .into_iter()
            .partition::<Vec<_>, _>(|entry| entry.told);
        self.entries = told;
        (!untold.is_empty()).then(|| Self {
            detail: self.detail.clone(),
            ..Self::new(self.form.clone(), untold, self.href.clone())
        })
    }

    /// What to report of those entries that were not on screen before.
    pub(super) fn untold(&self) -> impl Iterator<Item = Told> {
        let outcome = match self.form {
            Form::Away => Outcome::CaughtUp,
            Form::More => Outcome::Grouped,
            _ if self.count() > 1 => Outcome::Grouped,
            _ => Outcome::Shown,
        };
        let untold = self.entries.iter().filter(|entry| !entry.told);
        untold.map(move |entry| Told {
            epoch: entry.epoch.clone(),
            seq: entry.seq,
            outcome,
        })
    }

    /// The word that stands before what a program says, where its level matters: a colour alone
    /// would not tell everybody.
    pub(super) fn label(&self) -> Option<&'static str> {
        match self.form {
            Form::Program { level, .. } => match level {
                Level::Warning => Some("Warning: "),
                Level::Error => Some("Error: "),
                Level::Info | Level::Success => self.is_announced().then_some("Announcement: "),
            },
            _ => None,
        }
    }

    /// Whether the house tells it to everybody.
    fn is_announced(&self) -> bool {
        let first = self.entries.first();
        first.is_some_and(|entry| entry.kind == Kind::Announcement)
    }

    /// Whether the sentence is somebody else's, and may be of any direction.
    pub(super) fn is_quoted(&self) -> bool {
        matches!(self.form, Form::Program { .. })
    }

    /// The class of its looks.
    pub(super) fn class(&self) -> &'static str {
        match self.form {
            Form::Program { level, .. } => match level {
                Level::Info => "toast toast-info",
                Level::Success => "toast toast-success",
                Level::Warning => "toast toast-warning",
                Level::Error => "toast toast-error",
            },
            _ => "toast",
        }
    }

    /// The sentence as it stands on screen.
    pub(super) fn text(&self) -> String {
        match &self.form {
            Form::Said(text) | Form::Room(text) | Form::Program { text, .. } => text.clone(),
            Form::Likes => {
                let (names, people) = self.people();
                match names.as_slice() {
                    [one, two] if people == 2 => format!("{one} and {two} like your post"),
                    [one, ..] if people > 1 => {
                        format!("{one} and {} others like your post", people - 1)
                    }
                    [one, ..] => format!("{one} likes your post"),
                    [] => String::new(),
                }
            }
            Form::Away => format!("While you were away: {}", self.sum()),
            Form::More => format!("And {} more", self.count()),
        }
    }

    /// The same for the ear.
    pub(super) fn spoken(&self) -> String {
        let text = match &self.form {
            Form::Likes => match self.people() {
                (_, people) if people > 1 => format!("{people} people like your post"),
                _ => self.text(),
            },
            _ => shortened(&self.text()),
        };
        let detail = self.detail.as_ref();
        let detail = detail.map(|detail| format!(": {}", isolated(detail)));
        self.label().unwrap_or_default().to_owned() + &text + &detail.unwrap_or_default()
    }

    /// The newest two names, and how many people there are.
    fn people(&self) -> (Vec<String>, u64) {
        let mut known = HashSet::new();
        let mut names = Vec::new();
        let mut people = self.forgotten;
        let likes = self.entries.iter().rev();
        for entry in likes.filter(|entry| entry.kind == Kind::Like) {
            let id = entry.actor.as_ref().map(|actor| &actor.user_id);
            if id.is_some_and(|id| !known.insert(id)) {
                continue;
            }
            people += 1;
            if names.len() < 2 {
                let name = entry.actor.as_ref().map(|actor| actor.name.as_str());
                names.push(short(name.unwrap_or("Somebody")));
            }
        }
        (names, people)
    }

    /// "4 likes from 3 people and 1 message".
    fn sum(&self) -> String {
        let messages = self.entries.iter();
        let messages = messages.filter(|entry| entry.kind != Kind::Like).count() as u64;
        let likes = self.count() - messages;
        let mut parts = Vec::new();
        if likes > 0 {
            let from = match self.people() {
                (names, 1) => names.first().cloned(),
                (_, people) => Some(format!("{people} people")),
            };
            parts.push(counted(likes, "like") + " from " + &from.unwrap_or_default());
        }
        if messages > 0 {
            parts.push(counted(messages, "message"));
        }
        parts.join(" and ")
    }
}

fn counted(count: u64, thing: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {thing}{plural}")
}

/// A name as a toast shows it. All of it stands where the toast leads.
fn short(name: &str) -> String {
    match beginning(name, NAME) {
        (begin, true) => isolated(&format!("{}…", balanced(begin.trim_end()))).into_owned(),
        (whole, false) => isolated(whole).into_owned(),
    }
}

fn shortened(text: &str) -> String {
    match beginning(text, SPOKEN) {
        (begin, true) => format!("{}…", balanced(begin)),
        (whole, false) => whole.to_owned(),
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// Somebody's like: who and whose group are letters.
    pub(crate) fn event(seq: u64, who: char, group: &str) -> Notification {
        Notification {
            epoch: "e".to_owned().into(),
            seq,
            group: group.to_owned(),
            unread: 0,
            kind: Kind::Like,
            level: None,
            room: None,
            room_title: None,
            text: None,
            post_id: None,
            excerpt: None,
            actor: Some(Person {
                user_id: format!("0abcdef{who}").parse().unwrap(),
                handle: "ana".parse().unwrap(),
                name: who.to_uppercase().to_string(),
            }),
            at: 0,
            void: false,
            withheld: None,
        }
    }

    pub(crate) fn like(seq: u64, who: char, group: &str) -> Message {
        Message::of(event(seq, who, group), None)
    }

    pub(crate) fn program(seq: u64, level: Level, text: &str) -> Notification {
        Notification {
            kind: Kind::Message,
            level: Some(level),
            text: Some(text.to_owned()),
            actor: None,
            ..event(seq, 'a', &format!("message.{seq}"))
        }
    }

    fn merged(people: &str) -> Message {
        let mut message: Option<Message> = None;
        for (seq, who) in people.chars().enumerate() {
            let next = like(seq as u64 + 1, who, "g");
            match &mut message {
                Some(message) => message.absorb(next),
                None => message = Some(next),
            }
        }
        message.unwrap()
    }

    #[test]
    fn people_are_counted_once_and_the_newest_is_named_first() {
        assert_eq!(merged("a").text(), "A likes your post");
        assert_eq!(merged("ab").text(), "B and A like your post");
        assert_eq!(merged("abab").text(), "B and A like your post");
        assert_eq!(merged("abcd").text(), "D and 3 others like your post");
        assert_eq!(merged("aa").text(), "A likes your post");
    }

    #[test]
    fn names_and_quotations_of_another_direction_are_isolated() {
        let named = |seq, who, name: &str| {
            let mut event = event(seq, who, "g");
            if let Some(actor) = &mut event.actor {
                actor.name = name.to_owned();
            }
            event
        };
        let mut both = Message::of(named(1, 'a', "דנה"), None);
        both.absorb(Message::of(named(2, 'b', "ليلى"), None));
        assert_eq!(
            both.text(),
            "\u{2068}ليلى\u{2069} and \u{2068}דנה\u{2069} like your post"
        );
        let one = Message::of(named(1, 'a', "דנה"), Some("שלום".into()));
        assert_eq!(
            one.spoken(),
            "\u{2068}דנה\u{2069} likes your post: \u{2068}שלום\u{2069}"
        );
        let mention = Notification {
            kind: Kind::Mention,
            room: "lobby".parse().ok(),
            ..named(1, 'a', "דנה")
        };
        assert_eq!(
            Message::of(mention, None).text(),
            "\u{2068}דנה\u{2069} mentioned you in lobby"
        );
    }

    #[test]
    fn long_names_are_shortened_and_what_happened_is_not() {
        let named = |seq, who, name: &str| {
            let mut event = event(seq, who, "g");
            if let Some(actor) = &mut event.actor {
                actor.name = name.repeat(49);
            }
            event
        };
        let mut likes = Message::of(named(1, 'a', "i"), None);
        likes.absorb(Message::of(named(2, 'b', "W"), None));
        let (long, wide) = ("i".repeat(NAME), "W".repeat(NAME));
        assert_eq!(likes.text(), format!("{wide}… and {long}… like your post"));
        let invited = Notification {
            kind: Kind::Invitation,
            room: Some("a-room".parse().unwrap()),
            ..named(3, 'c', "ä")
        };
        let text = Message::of(invited, None).text();
        assert_eq!(
            text,
            format!("{}… invites you into a-room", "ä".repeat(NAME))
        );
    }

    #[test]
    fn the_ear_gets_numbers() {
        assert_eq!(merged("a").spoken(), "A likes your post");
        let mut many = merged("abc");
        many.detail = Some("Hello".into());
        assert_eq!(many.spoken(), "3 people like your post: Hello");
    }

    #[test]
    fn an_absence_is_summed_up() {
        let sum = |missed: Vec<Notification>| Message::away(missed, 0).text();
        let likes = vec![
            event(1, 'a', "g"),
            event(2, 'b', "g"),
            event(3, 'a', "h"),
            event(4, 'c', "h"),
        ];
        let mut all = likes.clone();
        all.push(program(5, Level::Info, "Rain"));
        assert_eq!(sum(likes), "While you were away: 4 likes from 3 people");
        assert_eq!(
            sum(all),
            "While you were away: 4 likes from 3 people and 1 message"
        );
        assert_eq!(
            sum(vec![event(1, 'a', "g"), event(2, 'a', "h")]),
            "While you were away: 2 likes from A"
        );
        assert_eq!(
            sum(vec![
                program(1, Level::Info, "x"),
                program(2, Level::Info, "y")
            ]),
            "While you were away: 2 messages"
        );
    }

    #[test]
    fn a_level_that_matters_is_a_word() {
        let say = |level| Message::of(program(1, level, "Rain"), None).spoken();
        assert_eq!(say(Level::Warning), "Warning: Rain");
        assert_eq!(say(Level::Error), "Error: Rain");
        assert_eq!(say(Level::Success), "Rain");
        let long = Message::of(program(1, Level::Info, &"ä".repeat(2_000)), None);
        assert_eq!(long.spoken().chars().count(), SPOKEN + 1);
        assert_eq!(long.text().chars().count(), 2_000);
    }

    #[test]
    fn what_became_of_an_entry_depends_on_its_company() {
        let outcomes = |message: &Message| -> Vec<_> {
            let untold = message.untold();
            untold.map(|told| (told.seq, told.outcome)).collect()
        };
        assert_eq!(outcomes(&like(1, 'a', "g")), [(1, Outcome::Shown)]);
        let mut two = merged("ab");
        two.entries[0].told = true;
        assert_eq!(outcomes(&two), [(2, Outcome::Grouped)]);
        let away = Message::away([event(1, 'a', "g")], 0);
        assert_eq!(outcomes(&away), [(1, Outcome::CaughtUp)]);
    }

    #[test]
    fn too_many_entries_are_only_counted() {
        let mut message = like(1, 'a', "g");
        for seq in 2..=ENTRIES as u64 + 5 {
            message.absorb(like(seq, 'b', "g"));
        }
        assert_eq!(message.entries.len(), ENTRIES);
        assert_eq!(message.count(), ENTRIES as u64 + 5);
    }
}
