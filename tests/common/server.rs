//! The real `quad` as a process.

use std::{
    io::{BufRead, BufReader},
    net::SocketAddr,
    path::Path,
    process::{Child, Command, ExitStatus, Output, Stdio},
    sync::{Arc, Mutex},
    time::Instant,
};

use super::{PATIENCE, http::Http, redis::signal};

/// A running server. Killed with the test, unless it ended before.
pub struct Server {
    child: Child,
    address: SocketAddr,
    metrics: Option<SocketAddr>,
    log: Arc<Mutex<Vec<String>>>,
    pub http: Http,
}

/// `quad`, with nothing of the tests' own environment that it would heed.
pub fn quad(environment: &[(String, String)], arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_quad"));
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("QUAD_") || name == "REDIS_URL" {
            command.env_remove(name);
        }
    }
    // Servers of several tests run at once.
    command.env("QUAD_METRICS_ADDR", "127.0.0.1:0");
    command.envs(environment.iter().map(|(name, value)| (name, value)));
    command.args(arguments).stdin(Stdio::null());
    command
}

/// Runs a command that ends, and shows what it said where it fails.
pub fn run(environment: &[(String, String)], arguments: &[&str]) -> String {
    let Output {
        status,
        stdout,
        stderr,
    } = quad(environment, arguments).output().unwrap();
    let (stdout, stderr) = (
        String::from_utf8_lossy(&stdout),
        String::from_utf8_lossy(&stderr),
    );
    assert!(
        status.success(),
        "quad {arguments:?}: {status}\n{stdout}\n{stderr}"
    );
    stdout.into_owned()
}

impl Server {
    /// Starts `quad serve` on a free port and waits until it says where it is.
    pub fn start(environment: &[(String, String)]) -> Self {
        Self::try_start(environment)
            .unwrap_or_else(|log| panic!("quad does not start:\n{}", log.join("\n")))
    }

    /// The same; where it ends instead, what it said.
    pub fn try_start(environment: &[(String, String)]) -> Result<Self, Vec<String>> {
        let mut command = quad(environment, &["serve", "--addr", "127.0.0.1:0"]);
        let mut child = command
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let log: Arc<Mutex<Vec<String>>> = Arc::default();
        let lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let written = log.clone();
        // Ends with the process, whose standard error it reads.
        let reader = std::thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                written.lock().unwrap().push(line);
            }
        });
        let begin = Instant::now();
        loop {
            // What it says of its metrics comes before.
            let find = |what: &str| {
                let log = log.lock().unwrap();
                log.iter().find_map(|line| address_in(line, what))
            };
            if let Some(address) = find("Quad is at http://") {
                return Ok(Self {
                    child,
                    address,
                    metrics: find("Metrics are at http://"),
                    log: log.clone(),
                    http: Http::new(address),
                });
            }
            if child.try_wait().unwrap().is_some() {
                reader.join().unwrap();
                return Err(log.lock().unwrap().clone());
            }
            assert!(
                begin.elapsed() < PATIENCE,
                "quad neither starts nor ends: {:?}",
                log.lock().unwrap()
            );
            std::thread::sleep(std::time::Duration::from_millis(5));
        }
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where it tells how it does.
    pub fn metrics(&self) -> Http {
        Http::new(self.metrics.expect("it has metrics"))
    }

    pub fn has_metrics(&self) -> bool {
        self.metrics.is_some()
    }

    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// What it has logged until now.
    pub fn log(&self) -> String {
        self.log.lock().unwrap().join("\n")
    }

    /// Kills it at once, as a power cut would.
    pub fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Asks it to stop.
    pub fn terminate(&self) {
        signal(self.pid(), "TERM");
    }

    /// Waits until it has ended.
    pub fn ended(&mut self) -> ExitStatus {
        let begin = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status;
            }
            assert!(
                begin.elapsed() < PATIENCE,
                "quad does not end:\n{}",
                self.log()
            );
            std::thread::sleep(std::time::Duration::from_millis(5));
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        let log = self.log();
        if std::thread::panicking() {
            eprintln!("--- the log of {}:\n{log}", self.address);
        } else {
            // Whatever a test does to it, a server never panics.
            assert!(!log.contains("panicked"), "the server panicked:\n{log}");
        }
    }
}

fn address_in(line: &str, after: &str) -> Option<SocketAddr> {
    // In JSON, something follows.
    let (_, rest) = line.split_once(after)?;
    rest.split(['"', ' ', '/']).next()?.trim().parse().ok()
}

/// The process that listens in a data folder.
pub fn store_of(data_dir: &Path) -> u32 {
    let pid = std::fs::read_to_string(data_dir.join("redis/redis.pid")).unwrap();
    pid.trim().parse().unwrap()
}

/// Whether a process lives. One that has ended and that nobody has asked about does not.
pub fn runs(pid: u32) -> bool {
    std::fs::read(format!("/proc/{pid}/cmdline")).is_ok_and(|line| !line.is_empty())
}
