//! Quad itself, started as an operator would start it on a Redis of its own, with the rate limits off.

use std::collections::HashMap;
use std::fs;
use std::net::SocketAddrV4;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};
use memchr::memmem;
use tempfile::TempDir;

use super::{Job, Places, Server};
use crate::dialect::{Dialect, Heard, announcement, marked};
use crate::pairing::Pairing;
use crate::process::{Process, free_address, on_path, output, start_redis, status};
use crate::{http, ws};

/// What is missing here.
pub fn missing(places: &Places) -> Option<String> {
    if !places.quad.is_file() {
        return Some(format!(
            "{} is missing: build the server first",
            places.quad.display()
        ));
    }
    on_path("redis-server")
        .is_none()
        .then(|| "redis-server is not on the PATH".into())
}

/// Seeds as many people as the job needs, makes an API token, and serves.
pub fn start(job: &Job, places: &Places) -> Result<(Server, Box<dyn Dialect>)> {
    let folder = TempDir::new()?;
    let address = free_address()?;
    let (redis, redis_address) = start_redis(folder.path())?;
    let credentials = folder.path().join("credentials.tsv");
    let users = match job {
        Job::Likes(pairing) => pairing.owners + pairing.likers,
        Job::Broadcast { sockets } | Job::Idle { sockets } => *sockets,
    };
    let command = || quad(&places.quad, folder.path(), address, redis_address);
    output(
        command()
            .args(["seed", "--users", &users.to_string(), "--credentials"])
            .arg(&credentials),
    )?;
    let printed =
        output(command().args(["token", "create", "--name", "bench", "--scope", "publish"]))?;
    let api_token = printed
        .lines()
        .last()
        .context("no API token was printed")?
        .trim()
        .to_owned();

    let mut main = Process::start("quad", command().arg("serve"), folder.path())?;
    main.wait_until(|| status(address, "/readyz") == Some(200))?;
    let people = Person::read_all(&credentials)?;
    let dialect = QuadDialect::new(address, *job, people, api_token);
    let server = Server {
        address,
        main,
        redis: Some(redis),
        _folder: folder,
    };
    Ok((server, Box::new(dialect)))
}

/// The `program`, with `folder` for its data and the store at `redis`.
pub fn quad(program: &Path, folder: &Path, address: SocketAddrV4, redis: SocketAddrV4) -> Command {
    let mut command = Command::new(program);
    command
        .env("QUAD_ADDR", address.to_string())
        .env("REDIS_URL", format!("redis://{redis}"));
    command
        .env("QUAD_DATA_DIR", folder.join("data"))
        .env("QUAD_METRICS_ADDR", "off")
        .env("QUAD_RATE_LIMITS", "off");
    command
}

struct Person {
    id: String,
    token: String,
    post: String,
}

impl Person {
    fn read_all(path: &Path) -> Result<Vec<Self>> {
        let text = fs::read_to_string(path).context("the seed's credentials")?;
        text.lines()
            .map(|line| {
                let mut fields = line.split('\t').map(str::to_owned);
                let mut field = || {
                    fields
                        .next()
                        .with_context(|| format!("credentials line {line:?}"))
                };
                Ok(Self {
                    id: field()?,
                    token: field()?,
                    post: field()?,
                })
            })
            .collect()
    }
}

struct QuadDialect {
    host: String,
    job: Job,
    /// Owners first, then those who like.
    people: Vec<Person>,
    /// Those who like, by id.
    likers: HashMap<Vec<u8>, u64>,
    api_token: String,
}

impl QuadDialect {
    fn new(address: SocketAddrV4, job: Job, people: Vec<Person>, api_token: String) -> Self {
        let likers = match job {
            Job::Likes(pairing) => people
                .iter()
                .skip(pairing.owners as usize)
                .zip(0..)
                .map(|(person, index)| (person.id.clone().into_bytes(), index))
                .collect(),
            Job::Broadcast { .. } | Job::Idle { .. } => HashMap::new(),
        };
        Self {
            host: address.to_string(),
            job,
            people,
            likers,
            api_token,
        }
    }

    /// The operation that a notification tells the owner of.
    fn like_of(&self, pairing: Pairing, socket: usize, text: &[u8]) -> Option<u64> {
        let from = memmem::find(text, br#""actor":{"#)?;
        let actor = string_after(&text[from..], br#""user_id":""#)?;
        let liker = *self.likers.get(actor)?;
        Some(pairing.operation(socket as u64, liker))
    }
}

impl Dialect for QuadDialect {
    fn upgrade(&self, socket: usize) -> String {
        let bearer = format!("Authorization: Bearer {}\r\n", self.people[socket].token);
        ws::upgrade("/ws", &self.host, &bearer)
    }

    fn hello(&self, socket: usize) -> Option<String> {
        Some(format!(
            r#"{{"type":"register","user_id":"{}"}}"#,
            self.people[socket].id
        ))
    }

    fn hear(&self, socket: usize, text: &[u8]) -> Heard {
        let event = match string_after(text, br#""type":""#) {
            Some(b"notification") => match self.job {
                Job::Likes(pairing) => self.like_of(pairing, socket, text),
                Job::Broadcast { .. } | Job::Idle { .. } => None,
            },
            Some(b"message") => marked(text),
            Some(b"registered") if matches!(self.job, Job::Broadcast { .. }) => {
                return Heard::Send(r#"{"type":"subscribe","ref":"1","channel":"bench"}"#.into());
            }
            Some(b"registered" | b"ack") => return Heard::Ready,
            Some(b"error") => return Heard::Refused,
            _ => None,
        };
        event.map_or(Heard::Nothing, Heard::Event)
    }

    fn request(&self, operation: u64) -> Vec<u8> {
        match self.job {
            Job::Likes(pairing) => {
                let (owner, liker) = pairing.of(operation);
                let path = format!("/api/v1/posts/{}/like", self.people[owner as usize].post);
                let token = &self.people[(pairing.owners + liker) as usize].token;
                http::request(
                    "PUT",
                    &path,
                    &self.host,
                    &format!("Authorization: Bearer {token}\r\n"),
                    "",
                )
            }
            Job::Broadcast { .. } | Job::Idle { .. } => {
                let extra = format!(
                    "Authorization: Bearer {}\r\nContent-Type: application/json\r\n",
                    self.api_token
                );
                let body = format!(r#"{{"message":"{}"}}"#, announcement(operation));
                http::request("POST", "/broadcast/bench", &self.host, &extra, &body)
            }
        }
    }
}

/// The text from behind `key` to the next quotation mark.
fn string_after<'a>(text: &'a [u8], key: &[u8]) -> Option<&'a [u8]> {
    let rest = &text[memmem::find(text, key)? + key.len()..];
    Some(&rest[..memchr::memchr(b'"', rest)?])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_notification_leads_back_to_its_like() {
        let person = |id: &str| Person {
            id: id.into(),
            token: "t".into(),
            post: format!("{id}.1"),
        };
        let pairing = Pairing {
            owners: 2,
            likers: 2,
        };
        let people = ["0owner00", "0owner01", "0liker00", "0liker01"]
            .map(person)
            .into();
        let address = SocketAddrV4::new(std::net::Ipv4Addr::LOCALHOST, 1);
        let dialect = QuadDialect::new(address, Job::Likes(pairing), people, "a".into());
        let frame = br#"{"type":"notification","group":"g","actor":{"user_id":"0liker01","handle":"b"},"at":1}"#;
        assert_eq!(
            dialect.hear(1, frame),
            Heard::Event(pairing.operation(1, 1))
        );
        assert_eq!(
            dialect.hear(1, br#"{"type":"position","epoch":"e","seq":1}"#),
            Heard::Nothing
        );
        assert_eq!(
            dialect.hear(0, br#"{"type":"registered","user_id":"0owner00"}"#),
            Heard::Ready
        );
    }
}
