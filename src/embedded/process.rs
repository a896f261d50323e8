//! The `redis-server` process: finding the program, starting it, and ending it.

use std::{
    env,
    ffi::OsStr,
    fs::{self, File, OpenOptions},
    io::{Read, Seek, SeekFrom},
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};

use rustix::process::{Pid, Signal, kill_process, test_kill_process};
use tokio::{
    io::AsyncReadExt,
    net::UnixStream,
    process::{Child, Command},
    time,
};

use super::{
    EmbeddedError,
    place::{Place, file_error},
    probe,
};

/// Valkey is Redis under another name.
const PROGRAMS: [&str; 2] = ["redis-server", "valkey-server"];

/// Sharded channels came with it.
const OLDEST_MAJOR_VERSION: u32 = 7;

/// How long it may take to end before it is killed. Everything is on disk at any moment, so this
/// costs no data.
const STOP_PATIENCE: Duration = Duration::from_secs(5);

/// A log that is longer is put aside when the store starts.
const LONGEST_LOG: u64 = 8 << 20;

/// The program to start. Errors: `NoRedis`, `TooOld`.
pub(super) async fn find_program(path: Option<&OsStr>) -> Result<PathBuf, EmbeddedError> {
    let program = path.and_then(on_path).ok_or(EmbeddedError::NoRedis)?;
    let output = Command::new(&program)
        .arg("--version")
        .output()
        .await
        .map_err(file_error(&program))?;
    let output = String::from_utf8_lossy(&output.stdout);
    let version = output
        .split_whitespace()
        .find_map(|word| word.strip_prefix("v="));
    let major = version.and_then(|version| version.split('.').next()?.parse::<u32>().ok());
    match (version, major) {
        (Some(version), Some(major)) if major < OLDEST_MAJOR_VERSION => {
            Err(EmbeddedError::TooOld {
                program,
                version: version.to_owned(),
            })
        }
        _ => Ok(program),
    }
}

/// A store that runs.
#[derive(Debug)]
pub(super) enum Redis {
    /// We started it.
    Started {
        child: Child,
        /// How long its log was before it began.
        log_from: u64,
    },
    /// A Quad that is gone started it.
    Adopted {
        /// Its process, where the system shows such things.
        pid: Option<Pid>,
    },
}

impl Redis {
    /// Starts one. Errors: `File`.
    pub(super) fn launch(program: &Path, place: &Place) -> Result<Self, EmbeddedError> {
        put_long_log_aside(&place.log);
        let mut options = OpenOptions::new();
        let log = options
            .create(true)
            .append(true)
            .open(&place.log)
            .map_err(file_error(&place.log))?;
        let log_from = log.metadata().map_or(0, |found| found.len());
        // What is wrong with its settings, it says before it opens its log.
        let early = || log.try_clone().map_or_else(|_| Stdio::null(), Stdio::from);
        let mut command = Command::new(program);
        command
            .args([OsStr::new("--dir"), place.folder.as_os_str()])
            .args([OsStr::new("--unixsocket"), place.socket.as_os_str()])
            .args([OsStr::new("--pidfile"), place.pid_file.as_os_str()])
            .args([OsStr::new("--logfile"), place.log.as_os_str()])
            .args(["--port", "0", "--unixsocketperm", "700", "--databases", "1"])
            .args([
                "--daemonize",
                "no",
                "--supervised",
                "no",
                "--always-show-logo",
                "no",
            ])
            .args(["--save", ""])
            .args(["--appendonly", "yes", "--appendfsync", "always"])
            .args([
                "--aof-use-rdb-preamble",
                "yes",
                "--aof-load-truncated",
                "yes",
            ])
            .args(["--maxmemory", "0", "--maxmemory-policy", "noeviction"])
            .args([
                "--enable-debug-command",
                "no",
                "--enable-module-command",
                "no",
            ])
            .current_dir(&place.folder)
            .stdin(Stdio::null())
            .stdout(early())
            .stderr(early())
            // Ctrl-C in a terminal goes to the whole group: only Quad is to have it, and to stop
            // the store when it has drained.
            .process_group(0);
        let child = command.spawn().map_err(file_error(program))?;
        tracing::info!(pid = child.id(), folder = %place.folder.display(), "started the embedded store");
        Ok(Self::Started { child, log_from })
    }

    /// Takes over what a Quad that is gone has left: adopts it, or ends it. Errors: `Silent` for
    /// one that cannot be ended.
    pub(super) async fn adopt(place: &Place) -> Result<Option<Self>, EmbeddedError> {
        let pid = left_over(place);
        let mut left = Self::Adopted { pid };
        match probe::ask(&place.socket).await {
            probe::State::Nobody if pid.is_none() => return Ok(None),
            probe::State::Ready | probe::State::Loading(_) => {
                let ready = probe::until_ready(&place.socket).await;
                if ready && probe::is_sound(place).await.unwrap_or(false) {
                    tracing::info!("adopted the embedded store that was left running");
                    return Ok(Some(left));
                }
            }
            probe::State::Nobody | probe::State::Silent => {}
        }
        tracing::warn!("replacing the embedded store that was left running: it is not sound");
        left.end(place).await?;
        Ok(None)
    }

    /// Waits until it takes commands. Errors: `Start`, `Silent`.
    pub(super) async fn ready(&mut self, place: &Place) -> Result<(), EmbeddedError> {
        let silent = || EmbeddedError::Silent(place.socket.clone());
        match self {
            Self::Adopted { .. } => match probe::until_ready(&place.socket).await {
                true => Ok(()),
                false => Err(silent()),
            },
            Self::Started { child, log_from } => tokio::select! {
                _ = child.wait() => Err(EmbeddedError::Start {
                    reason: last_words(&place.log, *log_from),
                    log: place.log.clone(),
                }),
                ready = probe::until_ready(&place.socket) => match ready {
                    true => Ok(()),
                    false => Err(silent()),
                },
            },
        }
    }

    /// Returns when it has ended, for whatever reason.
    pub(super) async fn ended(&mut self, place: &Place) {
        match self {
            Self::Started { child, .. } => match child.wait().await {
                Ok(status) => tracing::debug!(%status, "the embedded store ended"),
                Err(error) => tracing::error!(%error, "cannot watch the embedded store"),
            },
            Self::Adopted { pid } => {
                // Only its parent can wait for a process. But a connection ends when it does.
                while alive(*pid, place).await {
                    if let Ok(mut connection) = UnixStream::connect(&place.socket).await {
                        connection.read_u8().await.ok();
                    }
                    time::sleep(Duration::from_millis(20)).await;
                }
            }
        }
    }

    /// Ends it: asks first, then kills. Errors: `Silent` where even that does not help.
    pub(super) async fn end(&mut self, place: &Place) -> Result<(), EmbeddedError> {
        if let Err(error) = probe::shut_down(&place.socket).await {
            tracing::debug!(%error, "the embedded store does not take the command to stop");
            self.signal(Signal::TERM);
        }
        if time::timeout(STOP_PATIENCE, self.ended(place))
            .await
            .is_ok()
        {
            return Ok(());
        }
        tracing::warn!("the embedded store does not stop; killing it");
        self.signal(Signal::KILL);
        let ended = time::timeout(STOP_PATIENCE, self.ended(place)).await;
        ended.map_err(|_| EmbeddedError::Silent(place.socket.clone()))
    }

    fn signal(&self, signal: Signal) {
        let pid = match self {
            Self::Started { child, .. } => child
                .id()
                .and_then(|pid| i32::try_from(pid).ok())
                .and_then(Pid::from_raw),
            Self::Adopted { pid } => *pid,
        };
        if let Some(Err(error)) = pid.map(|pid| kill_process(pid, signal)) {
            tracing::debug!(%error, "cannot signal the embedded store");
        }
    }
}

async fn alive(pid: Option<Pid>, place: &Place) -> bool {
    match pid {
        Some(pid) => test_kill_process(pid).is_ok() && is_left_over(pid, place),
        None => !matches!(probe::ask(&place.socket).await, probe::State::Nobody),
    }
}

/// The process that the folder's last Redis wrote down, if that is still a Redis that works in
/// this folder. A process id alone proves nothing: it may be somebody else's by now.
fn left_over(place: &Place) -> Option<Pid> {
    let text = fs::read_to_string(&place.pid_file).ok()?;
    let pid = Pid::from_raw(text.trim().parse().ok()?)?;
    is_left_over(pid, place).then_some(pid)
}

fn is_left_over(pid: Pid, place: &Place) -> bool {
    let process = PathBuf::from(format!("/proc/{}", pid.as_raw_nonzero()));
    // A Redis works in the folder of its files. The kernel follows it where the folder is moved.
    let works_here = fs::read_link(process.join("cwd")).is_ok_and(|folder| folder == place.folder);
    let title = fs::read(process.join("cmdline")).unwrap_or_default();
    let title = String::from_utf8_lossy(&title);
    works_here && PROGRAMS.iter().any(|name| title.contains(name))
}

fn on_path(path: &OsStr) -> Option<PathBuf> {
    let folders: Vec<PathBuf> = env::split_paths(path).collect();
    let mut candidates = PROGRAMS
        .iter()
        .flat_map(|name| folders.iter().map(move |folder| folder.join(name)));
    candidates.find(|path| is_executable(path))
}

fn is_executable(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|found| found.is_file() && found.permissions().mode() & 0o111 != 0)
}

fn put_long_log_aside(log: &Path) {
    if fs::metadata(log).is_ok_and(|found| found.len() > LONGEST_LOG) {
        fs::rename(log, log.with_extension("log.old")).ok();
    }
}

/// What it logged last since it began, as one line: its warnings, or whatever there is.
fn last_words(log: &Path, from: u64) -> String {
    let mut text = String::new();
    if let Ok(mut file) = File::open(log)
        && file.seek(SeekFrom::Start(from)).is_ok()
    {
        let mut bytes = Vec::new();
        file.take(1 << 20).read_to_end(&mut bytes).ok();
        text = String::from_utf8_lossy(&bytes).into_owned();
    }
    let lines: Vec<&str> = text
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .collect();
    let warned: Vec<&str> = lines
        .iter()
        .copied()
        .filter_map(|line| Some(line.split_once(" # ")?.1))
        .collect();
    let telling = if warned.is_empty() { lines } else { warned };
    let last = telling.len().saturating_sub(3);
    match telling[last..].join("; ") {
        words if words.is_empty() => "it ended without a word".to_owned(),
        words => words,
    }
}
