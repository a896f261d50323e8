//! nginx with the nchan module: likes are published through Redis, broadcasts from its own memory.

use std::fs;
use std::process::Command;

use anyhow::{Context, Result};
use tempfile::TempDir;

use super::{Job, Places, Server};
use crate::dialect::{Dialect, Heard, mark, marked, ready_made};
use crate::process::{Process, free_address, on_path, start_redis, status};
use crate::{http, ws};

const MODULES: [&str; 3] = [
    "/usr/lib/nginx/modules",
    "/usr/lib64/nginx/modules",
    "/usr/share/nginx/modules",
];

/// What is missing here.
pub fn missing() -> Option<String> {
    if on_path("nginx").is_none() || module().is_none() {
        return Some(
            "nginx with nchan is missing: apt-get install nginx libnginx-mod-nchan".into(),
        );
    }
    on_path("redis-server")
        .is_none()
        .then(|| "redis-server is not on the PATH".into())
}

fn module() -> Option<String> {
    MODULES
        .iter()
        .map(|folder| format!("{folder}/ngx_nchan_module.so"))
        .find(|path| fs::exists(path).unwrap_or(false))
}

/// Starts one worker, with a Redis of its own if the job is likes.
pub fn start(job: &Job, places: &Places) -> Result<(Server, Box<dyn Dialect>)> {
    let folder = TempDir::new()?;
    let address = free_address()?;
    let redis = match job {
        Job::Likes(_) => Some(start_redis(folder.path())?),
        Job::Broadcast { .. } | Job::Idle { .. } => None,
    };
    let (redis, redis_address) = redis.map_or((None, address), |(redis, at)| (Some(redis), at));
    let template = places.peers.join("nchan/nginx.conf");
    let config = fs::read_to_string(&template).with_context(|| template.display().to_string())?;
    let config = config
        .replace(
            "@MODULE@",
            &module().context("the nchan module is missing")?,
        )
        .replace("@ADDRESS@", &address.to_string())
        .replace("@REDIS@", &redis_address.to_string())
        .replace("@FOLDER@", &folder.path().display().to_string());
    let config_path = folder.path().join("nginx.conf");
    fs::write(&config_path, config)?;
    let mut command = Command::new(on_path("nginx").context("nginx is not on the PATH")?);
    command
        .arg("-p")
        .arg(folder.path())
        .arg("-c")
        .arg(&config_path)
        .args(["-e", "stderr"]);
    let mut main = Process::start("nginx", &mut command, folder.path())?;
    // Until it has its Redis it answers 503; then, that there is no such channel.
    let probe = if redis.is_some() {
        "/redis/pub/nobody"
    } else {
        "/memory/pub/nobody"
    };
    main.wait_until(|| status(address, probe) == Some(404))?;
    let server = Server {
        address,
        main,
        redis,
        _folder: folder,
    };
    Ok((
        server,
        Box::new(NchanDialect {
            host: address.to_string(),
            job: *job,
        }),
    ))
}

struct NchanDialect {
    host: String,
    job: Job,
}

impl Dialect for NchanDialect {
    fn upgrade(&self, socket: usize) -> String {
        let path = match self.job {
            Job::Likes(_) => format!("/redis/sub/u{socket}"),
            Job::Broadcast { .. } => "/memory/sub/bench".into(),
            Job::Idle { .. } => format!("/memory/sub/u{socket}"),
        };
        ws::upgrade(&path, &self.host, "")
    }

    fn hello(&self, _: usize) -> Option<String> {
        None
    }

    fn hear(&self, _: usize, text: &[u8]) -> Heard {
        marked(text).map_or(Heard::Nothing, Heard::Event)
    }

    fn request(&self, operation: u64) -> Vec<u8> {
        match self.job {
            Job::Likes(pairing) => {
                let (owner, liker) = pairing.of(operation);
                let body = format!(
                    r#"{{"type":"notification","kind":"like","post":"{}","actor":{{"user_id":"l{liker}","name":"Person number {liker}"}}}}"#,
                    mark(operation)
                );
                http::request(
                    "POST",
                    &format!("/redis/pub/u{owner}"),
                    &self.host,
                    "",
                    &body,
                )
            }
            Job::Broadcast { .. } | Job::Idle { .. } => http::request(
                "POST",
                "/memory/pub/bench",
                &self.host,
                "",
                &ready_made(operation),
            ),
        }
    }
}
