//! A Redis that is filled, a server on it, and two people.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddrV4, TcpStream};
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;
use tempfile::TempDir;

use super::{LIMIT, PATIENCE};
use crate::peers::{Places, quad_command};
use crate::process::{Process, free_address, output, start_redis, status};
use crate::resp::{Redis, Reply};

/// How much one call fills in.
const PART: u64 = 5_000;

/// Somebody who is logged in.
pub struct Person {
    /// Their id.
    pub id: String,
    token: String,
}

/// All of it ends with this value.
pub struct House {
    /// Whose data is filled in.
    pub me: Person,
    other: Person,
    program: String,
    redis: Redis,
    address: SocketAddrV4,
    server: Process,
    quad: Box<dyn Fn() -> Command>,
    store: SocketAddrV4,
    _redis: Process,
    folder: TempDir,
}

impl House {
    /// Starts everything. What Redis writes to disk is no matter here, so it writes nothing.
    pub fn start(places: &Places) -> Result<Self> {
        let folder = TempDir::new()?;
        let (redis, store) = start_redis(folder.path())?;
        let mut connection = Redis::connect(store)?;
        for setting in [
            "appendonly no",
            "slowlog-log-slower-than 500",
            "slowlog-max-len 100000",
        ] {
            let (name, value) = setting.split_once(' ').unwrap_or_default();
            connection.ask(&["CONFIG", "SET", name, value])?;
        }
        let address = free_address()?;
        let (program, data) = (places.quad.clone(), folder.path().to_owned());
        let quad = move || {
            let mut command = quad_command(&program, &data, address, store);
            command.env("QUAD_INBOX_MAX", "20000");
            command
        };
        let people = seeded(&quad, folder.path(), 2)?;
        let printed = output(quad().args(["token", "create", "--name", "b", "--scope", "stats"]))?;
        let mut server = Process::start("quad", quad().arg("serve"), folder.path())?;
        server.wait_until(|| status(address, "/readyz") == Some(200))?;
        let mut people = people.into_iter();
        let mut next = || people.next().context("two people");
        Ok(Self {
            me: next()?,
            other: next()?,
            program: printed.lines().last().unwrap_or_default().trim().to_owned(),
            redis: connection,
            address,
            server,
            quad: Box::new(quad),
            store,
            _redis: redis,
            folder,
        })
    }

    /// Makes sure that there is the post `1` of ours.
    pub fn publish(&mut self) -> Result<()> {
        self.ask("GET", &self.path_of_post(), "").map(drop)
    }

    /// Our post.
    pub fn path_of_post(&self) -> String {
        format!("/api/v1/posts/{}.1", self.me.id)
    }

    /// Makes a public room of ours.
    pub fn make_room(&mut self, name: &str) -> Result<()> {
        let body = format!(r#"{{"name":"{name}","private":false}}"#);
        self.expect("POST", "/api/v1/rooms", &body, 201)
    }

    /// Fills in so many of something for us.
    pub fn fill(&mut self, what: &str, size: u64, of: &str) -> Result<()> {
        let me = self.me.id.clone();
        self.fill_for(what, &me, size, of)
    }

    /// The same, for the other one.
    pub fn fill_for_other(&mut self, what: &str, size: u64) -> Result<()> {
        let other = self.other.id.clone();
        self.fill_for(what, &other, size, "")
    }

    fn fill_for(&mut self, what: &str, whom: &str, size: u64, of: &str) -> Result<()> {
        let script = include_str!("fill.lua");
        let now = SystemTime::now()
            .duration_since(UNIX_EPOCH)?
            .as_millis()
            .to_string();
        let mut from = 1;
        while from <= size {
            let to = (from + PART - 1).min(size);
            let (first, last) = (from.to_string(), to.to_string());
            self.redis
                .ask(&["EVAL", script, "0", what, whom, &first, &last, &now, of])?;
            from = to + 1;
        }
        self.redis.ask(&["SLOWLOG", "RESET"]).map(drop)
    }

    /// Waits until nothing of `pattern` is left, and no work that was noted.
    pub fn swept(&mut self, pattern: &str) -> Result<()> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            std::thread::sleep(Duration::from_millis(200));
            let script = "return #redis.call('KEYS', ARGV[1])";
            // The whole keyspace is large; a name without a pattern is asked for directly.
            let left = match pattern.contains('*') {
                true => self.redis.ask(&["EVAL", script, "0", pattern])?.number(),
                false => self.redis.ask(&["EXISTS", pattern])?.number(),
            };
            let noted = self.redis.ask(&["EXISTS", "cleanup", "ended"])?.number();
            if left == 0 && noted == 0 {
                return Ok(());
            }
            ensure!(Instant::now() < deadline, "{pattern} is still there");
        }
    }

    /// The longest entry of the slow log that is the product's.
    pub fn longest(&mut self) -> Result<String> {
        let log = self.redis.ask(&["SLOWLOG", "GET", "-1"])?;
        let product = |entry: &&Reply| {
            let words = entry.list()[3].list();
            let of_ours = ["EVAL", "SLOWLOG", "CONFIG", "KEYS"];
            !of_ours.contains(&words.first().map_or("", Reply::text))
        };
        let mut entries: Vec<&Reply> = log.list().iter().filter(product).collect();
        entries.sort_by_key(|entry| -entry.list()[2].number());
        let over = entries
            .iter()
            .filter(|entry| entry.list()[2].number() > LIMIT)
            .count();
        let Some(first) = entries.first() else {
            return Ok("under 0.5 ms".into());
        };
        let (took, words) = (first.list()[2].number(), first.list()[3].list());
        let words: Vec<&str> = words.iter().take(5).map(Reply::text).collect();
        let mark = if over > 0 { "*" } else { " " };
        let said: String = words.join(" ").chars().take(90).collect();
        Ok(format!(
            "{:>8.2} ms {mark} ({over} over) {said}",
            took as f64 / 1e3
        ))
    }

    /// Asks as ourselves, and answers the JSON of a 2xx.
    pub fn ask(&self, method: &str, path: &str, body: &str) -> Result<Value> {
        let (status, text) = request(self.address, &self.me.token, method, path, body)?;
        ensure!(
            (200..300).contains(&status),
            "{method} {path}: {status} {text}\n{}",
            self.server.log_end()
        );
        Ok(serde_json::from_str(&text).unwrap_or(Value::Null))
    }

    /// Asks as ourselves.
    pub fn expect(&self, method: &str, path: &str, body: &str, wanted: u16) -> Result<()> {
        self.expect_with(&self.me.token, method, path, body, wanted)
    }

    /// Asks as the other one.
    pub fn expect_of_other(&self, method: &str, path: &str, wanted: u16) -> Result<()> {
        self.expect_with(&self.other.token, method, path, "", wanted)
    }

    /// Asks as a program.
    pub fn expect_of_program(&self, path: &str) -> Result<()> {
        self.expect_with(&self.program, "GET", path, "", 200)
    }

    fn expect_with(
        &self,
        token: &str,
        method: &str,
        path: &str,
        body: &str,
        wanted: u16,
    ) -> Result<()> {
        let (status, text) = request(self.address, token, method, path, body)?;
        let log = self.server.log_end();
        ensure!(status == wanted, "{method} {path}: {status} {text}\n{log}");
        Ok(())
    }

    /// A stream of ours that listens to `channels`; it ends with this value.
    pub fn stream(&self, channels: &str) -> Result<TcpStream> {
        let path = format!("/events?channels={channels}");
        let mut stream = TcpStream::connect(self.address)?;
        let head = head(self.address, &self.me.token, "GET", &path, 0);
        stream.write_all(head.as_bytes())?;
        let mut line = String::new();
        BufReader::new(stream.try_clone()?).read_line(&mut line)?;
        ensure!(line.contains("200"), "{line}");
        Ok(stream)
    }

    /// A connection to Redis that listens to so many channels, as a server would.
    pub fn listen_in_store(&self, size: u64) -> Result<Redis> {
        let mut listener = Redis::connect(self.store)?;
        for n in 0..size {
            let topic = format!("{{ch:news{n}}}:live");
            listener.send(&[&["SSUBSCRIBE", &topic]])?;
            listener.read()?;
        }
        Ok(listener)
    }

    /// Runs `quad` with these arguments to its end.
    pub fn command(&self, arguments: &[&str]) -> Result<()> {
        output((self.quad)().args(arguments)).map(drop)
    }

    /// Lets so many people sign up.
    pub fn seed(&self, size: u64) -> Result<()> {
        seeded(&self.quad, self.folder.path(), size).map(drop)
    }
}

fn seeded(quad: &dyn Fn() -> Command, folder: &Path, count: u64) -> Result<Vec<Person>> {
    let file = folder.join("people.tsv");
    let mut command = quad();
    output(
        command
            .args(["seed", "--users", &count.to_string(), "--credentials"])
            .arg(&file),
    )?;
    let text = std::fs::read_to_string(&file)?;
    let people = text.lines().filter_map(|line| {
        let mut fields = line.split('\t').map(str::to_owned);
        Some(Person {
            id: fields.next()?,
            token: fields.next()?,
        })
    });
    Ok(people.collect())
}

fn head(address: SocketAddrV4, token: &str, method: &str, path: &str, length: usize) -> String {
    format!(
        "{method} {path} HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer {token}\r\nAccept: application/json, \
         text/event-stream\r\nContent-Type: application/json\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n"
    )
}

/// One request on a connection of its own: status and body.
fn request(
    address: SocketAddrV4,
    token: &str,
    method: &str,
    path: &str,
    body: &str,
) -> Result<(u16, String)> {
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(Duration::from_secs(60)))?;
    stream.write_all((head(address, token, method, path, body.len()) + body).as_bytes())?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer)?;
    let text = String::from_utf8_lossy(&answer);
    let Some((head, body)) = text.split_once("\r\n\r\n") else {
        bail!("no answer to {method} {path}");
    };
    let status = head.get(9..12).context("a status")?.parse()?;
    Ok((status, body.to_owned()))
}
