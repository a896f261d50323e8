//! `quad seed`: people, posts and likes to look at, or many people for load tests.

use std::{io::Write as _, path::Path, sync::Arc};

use app::{
    backend::Session,
    error::QuadError,
    model::{Handle, NewMessage, NewPost, NewRoom, Person},
};

use crate::{
    security::{password::Passwords, random, token::SessionToken},
    service::Service,
    store::{StoreError, accounts::NewUser, now, sessions::NewSession},
};

/// The demo's people: handle and name.
pub const PEOPLE: [(&str, &str); 8] = [
    ("ana", "Ana Duarte"),
    ("bob", "Bob Lindqvist"),
    ("chidi", "Chidi Okafor"),
    ("dana", "Dana Levi"),
    ("emeka", "Emeka Obi"),
    ("farah", "Farah Aziz"),
    ("goro", "Goro Tanaka"),
    ("hanna", "Hanna Vogel"),
];

/// What they wrote, in this order: who, and what.
const POSTS: [(&str, &str); 12] = [
    (
        "ana",
        "The library stays open until two during exams. Coffee on the third floor is free after ten.",
    ),
    (
        "bob",
        "Lost: one blue bicycle helmet, last seen outside the sports hall. It has a sticker of a cat.",
    ),
    (
        "chidi",
        "Chess tonight at seven in the small common room. Beginners very welcome, we have spare boards.",
    ),
    (
        "dana",
        "My tomato plants on the roof garden have their first flowers. Come and see, mind the bees.",
    ),
    (
        "emeka",
        "Slides of yesterday's talk on rivers are up. Thank you all for the questions, I learned a lot.",
    ),
    (
        "farah",
        "Does anybody want to share a ride to the coast on Saturday? Two seats left, leaving at eight.",
    ),
    (
        "goro",
        "The repair café fixed eleven laptops, two toasters and a clarinet last night.",
    ),
    (
        "hanna",
        "Choir needs a bass! We sing on Tuesdays and nobody will ask you to read music.",
    ),
    (
        "ana",
        "A heron stood in the fountain this morning, as if it had a lecture to give.",
    ),
    (
        "chidi",
        "Result of last week's tournament: Hanna won. Nobody saw the knight coming.",
    ),
    (
        "farah",
        "Found a blue helmet with a cat on it. Bob, it is at the front desk.",
    ),
    (
        "dana",
        "First tomatoes! There is a bowl in the kitchen of house C. Take one, leave one story.",
    ),
];

/// A room: name, title, and who says what. The first one owns it.
type Talk = (
    &'static str,
    &'static str,
    &'static [(&'static str, &'static str)],
);

/// Where they talk.
const ROOMS: [Talk; 2] = [
    (
        "lobby",
        "The lobby",
        &[
            (
                "ana",
                "Welcome to the lobby! Say hello, somebody is always about.",
            ),
            ("bob", "Has anybody seen the good stapler?"),
            ("hanna", "@bob it is in the choir room, sorry!"),
            (
                "goro",
                "The repair café opens at six. Bring your sad toasters.",
            ),
        ],
    ),
    (
        "chess",
        "Chess club",
        &[
            (
                "chidi",
                "Seven o'clock, small common room. I bring the clocks.",
            ),
            ("hanna", "I bring the knight that nobody sees coming."),
            ("emeka", "See you there."),
        ],
    ),
];

/// Why seeding failed.
#[derive(Debug, thiserror::Error)]
pub enum SeedError {
    /// The store.
    #[error("{0}")]
    Store(#[from] StoreError),
    /// What the service refused.
    #[error("{0}")]
    Refused(#[from] QuadError),
    /// The credentials cannot be written.
    #[error("cannot write the credentials: {0}")]
    Write(#[from] std::io::Error),
}

/// Fills in the demo. Whoever is there already stays as they are, so a second run changes nothing.
/// Answers how many people are new.
pub async fn demo(service: &Service) -> Result<usize, SeedError> {
    let mut sessions = Vec::new();
    let mut new = 0;
    let passwords = Passwords::default();
    for (handle, name) in PEOPLE {
        let handle: Handle = handle.parse()?;
        if service.store().find_handle(&handle).await?.is_some() {
            continue;
        }
        // Nobody logs in as one of them: the password is forgotten at once.
        let password = passwords.hash(random::id()?).await?;
        let person = Person {
            user_id: random::user_id()?,
            handle,
            name: name.to_owned(),
        };
        let epoch = random::epoch()?;
        let user = NewUser {
            person: &person,
            password: &password,
            epoch: epoch.as_str(),
            now: now(),
        };
        if service.store().create_user(&user).await? {
            new += 1;
            sessions.push(Session {
                person,
                id: "seed".into(),
            });
        }
    }
    let find = |handle: &str| sessions.iter().find(|s| s.person.handle.as_str() == handle);
    for (turn, (author, text)) in POSTS.iter().enumerate() {
        let Some(author) = find(author) else { continue };
        let post = service
            .create_post(
                author,
                NewPost {
                    text: (*text).into(),
                },
                None,
            )
            .await?;
        // Some like much, some little; the same in every demo.
        for (place, fan) in sessions.iter().enumerate() {
            if fan.person != author.person && (turn * 5 + place * 3) % 7 < 3 {
                service.set_like(fan, &post.post_id, true).await?;
            }
        }
    }
    for (name, title, said) in ROOMS {
        furnish(service, name, title, said, find).await?;
    }
    if new > 0 {
        service.store().rebuild().await?;
    }
    Ok(new)
}

/// Makes a room where people have talked, unless there is one of this name, or its owner is not new.
async fn furnish<'s>(
    service: &Service,
    name: &str,
    title: &str,
    said: &[(&str, &str)],
    find: impl Fn(&str) -> Option<&'s Session>,
) -> Result<(), SeedError> {
    let room = NewRoom {
        name: name.to_owned(),
        title: Some(title.to_owned()),
        private: false,
    };
    let owner = said.first().and_then(|(owner, _)| find(owner));
    let Some(owner) = owner else { return Ok(()) };
    let room = match service.create_room(owner, room).await {
        Ok(room) => room.name,
        Err(QuadError::RoomTaken) => return Ok(()),
        Err(error) => return Err(error.into()),
    };
    for (handle, _) in PEOPLE {
        if let Some(person) = find(handle) {
            service.join_room(person, &room).await?;
        }
    }
    for (handle, text) in said {
        let Some(person) = find(handle) else { continue };
        let message = NewMessage {
            id: None,
            text: (*text).to_owned(),
        };
        service.say_and_tell(person, &room, message).await?;
    }
    Ok(())
}

/// People made at a time: enough to fill the connection, few enough to bound what waits.
const TOGETHER: usize = 200;

/// Makes `count` people with a session and a post each, and writes a line each to `credentials`:
/// user id, session token, post id, separated by tabs. They have no password.
pub async fn users(
    service: &Arc<Service>,
    count: u32,
    credentials: &Path,
) -> Result<(), SeedError> {
    let mut file = std::io::BufWriter::new(private_file(credentials)?);
    let mut made = 0;
    while made < count {
        let batch = (count - made).min(TOGETHER as u32);
        let lines = (0..batch).map(|_| user(service));
        for line in futures_util::future::try_join_all(lines).await? {
            writeln!(file, "{line}")?;
        }
        made += batch;
    }
    file.flush()?;
    Ok(())
}

async fn user(service: &Service) -> Result<String, SeedError> {
    let user_id = random::user_id()?;
    let handle: Handle = format!("u{}", user_id.as_str()).parse()?;
    let person = Person {
        name: format!("User {}", &user_id.as_str()[..6]),
        user_id,
        handle,
    };
    let (epoch, token) = (
        random::epoch()?,
        SessionToken::generate(person.user_id.clone())?,
    );
    let user = NewUser {
        person: &person,
        password: "!",
        epoch: epoch.as_str(),
        now: now(),
    };
    let store = service.store();
    if !store.create_user(&user).await? {
        return Err(QuadError::HandleTaken.into());
    }
    let session = NewSession {
        id: &token.hash(),
        now: now(),
        ..NewSession::default()
    };
    store.begin_session(&person.user_id, &session).await?;
    let text = format!("A post by {}", person.name);
    let (post, _) = store
        .create_post(&person.user_id, &text, &text, now(), None)
        .await?
        .ok_or(QuadError::Internal)?;
    Ok(format!("{}\t{}\t{post}", person.user_id, token.reveal()))
}

/// Tokens are for their owner's eyes.
fn private_file(path: &Path) -> std::io::Result<std::fs::File> {
    use std::os::unix::fs::OpenOptionsExt;
    std::fs::OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(path)
}
