//! A `redis-server` of a test's own.

use std::{
    net::TcpListener,
    path::Path,
    process::{Child, Command, Stdio},
    sync::atomic::{AtomicU16, Ordering},
    time::Instant,
};

use tempfile::TempDir;

use super::PATIENCE;

/// How the store is reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Plain,
    Tls,
    Cluster,
}

/// A private Redis, which syncs before it answers. Ends with the test.
pub struct Redis {
    kind: Kind,
    port: u16,
    /// Where nodes of a Cluster talk to each other.
    bus: u16,
    folder: TempDir,
    child: Option<Child>,
}

impl Redis {
    pub fn start(kind: Kind) -> Self {
        let redis = Self::start_empty(kind);
        if kind == Kind::Cluster {
            redis.ask(&["CLUSTER", "ADDSLOTSRANGE", "0", "16383"]);
            redis.wait_until_whole();
        }
        redis
    }

    /// One that, in a Cluster, has no slots yet.
    fn start_empty(kind: Kind) -> Self {
        let folder = tempfile::tempdir().unwrap();
        if kind == Kind::Tls {
            make_certificates(folder.path());
        }
        let mut redis = Self {
            kind,
            port: free_port(),
            bus: free_port(),
            folder,
            child: None,
        };
        redis.run();
        redis
    }

    fn wait_until_whole(&self) {
        self.wait_until("the cluster is whole", |redis| {
            let info = redis.try_ask(&["CLUSTER", "INFO"]);
            info.is_some_and(|info| info.contains("cluster_state:ok"))
        });
    }

    /// Another node of this Cluster, which has no slots yet.
    pub fn join(&self) -> Self {
        let node = Self::start_empty(Kind::Cluster);
        let (port, bus) = (self.port.to_string(), self.bus.to_string());
        node.ask(&["CLUSTER", "MEET", "127.0.0.1", &port, &bus]);
        for (one, other) in [(self, &node), (&node, self)] {
            let id = other.node_id();
            one.wait_until("the nodes know each other", |one| {
                one.ask(&["CLUSTER", "NODES"]).contains(&id)
            });
        }
        node.wait_until_whole();
        node
    }

    /// Moves the slot of a key to another node, as an operator does who adds one.
    pub fn move_slot_of(&self, key: &str, to: &Self) {
        let slot = self.ask(&["CLUSTER", "KEYSLOT", key]);
        let (here, there) = (self.node_id(), to.node_id());
        to.ask(&["CLUSTER", "SETSLOT", &slot, "IMPORTING", &here]);
        self.ask(&["CLUSTER", "SETSLOT", &slot, "MIGRATING", &there]);
        let port = to.port.to_string();
        let assign = ["CLUSTER", "SETSLOT", &slot, "NODE", &there];
        // A script may still write a key here that it does not name. A node that holds one does not give
        // the slot away.
        self.wait_until("the slot has moved", |node| {
            let keys = node.ask(&["CLUSTER", "GETKEYSINSLOT", &slot, "1000"]);
            if !keys.is_empty() {
                let to = ["MIGRATE", "127.0.0.1", &port, "", "0", "5000"];
                let mut migrate = [&to[..], &["REPLACE", "KEYS"]].concat();
                migrate.extend(keys.lines());
                node.ask(&migrate);
                return false;
            }
            node.try_ask(&assign).is_some()
        });
        to.ask(&assign);
    }

    fn node_id(&self) -> String {
        self.ask(&["CLUSTER", "MYID"])
    }

    /// What `REDIS_URL` says.
    pub fn url(&self) -> String {
        let port = self.port;
        match self.kind {
            Kind::Plain => format!("redis://127.0.0.1:{port}"),
            Kind::Tls => format!("rediss://127.0.0.1:{port}"),
            Kind::Cluster => format!("redis+cluster://127.0.0.1:{port}"),
        }
    }

    /// What a server needs in its environment to use it.
    pub fn environment(&self) -> Vec<(String, String)> {
        let mut environment = vec![("REDIS_URL".into(), self.url())];
        if self.kind == Kind::Tls {
            let ca = self.folder.path().join("ca.crt");
            environment.push(("SSL_CERT_FILE".into(), ca.display().to_string()));
        }
        environment
    }

    /// Starts it, on the same port and files as before, and waits until it answers.
    pub fn run(&mut self) {
        let mut command = Command::new("redis-server");
        let port = self.port.to_string();
        command.args(["--bind", "127.0.0.1", "--save", "", "--appendonly", "yes"]);
        command.args([
            "--appendfsync",
            "always",
            "--maxmemory-policy",
            "noeviction",
        ]);
        command.arg("--dir").arg(self.folder.path());
        command.arg("--logfile").arg(self.folder.path().join("log"));
        match self.kind {
            Kind::Plain => drop(command.args(["--port", &port])),
            Kind::Cluster => {
                let bus = self.bus.to_string();
                command.args([
                    "--port",
                    &port,
                    "--cluster-enabled",
                    "yes",
                    "--cluster-port",
                    &bus,
                ]);
            }
            Kind::Tls => {
                command.args([
                    "--port",
                    "0",
                    "--tls-port",
                    &port,
                    "--tls-auth-clients",
                    "no",
                ]);
                for (setting, file) in [
                    ("cert", "redis.crt"),
                    ("key", "redis.key"),
                    ("ca-cert", "ca.crt"),
                ] {
                    command
                        .arg(format!("--tls-{setting}-file"))
                        .arg(self.folder.path().join(file));
                }
            }
        }
        let child = command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        self.child = Some(child.expect("redis-server can be started"));
        self.wait_until("redis-server answers", |redis| {
            redis.try_ask(&["PING"]).as_deref() == Some("PONG")
        });
    }

    /// Shuts it down; its files stay.
    pub fn stop(&mut self) {
        let mut child = self.child.take().expect("it runs");
        signal(child.id(), "TERM");
        child.wait().unwrap();
    }

    /// Stops it in its tracks: connections stay, nothing is answered.
    pub fn pause(&self) {
        signal(self.pid(), "STOP");
    }

    /// Lets it go on.
    pub fn go_on(&self) {
        signal(self.pid(), "CONT");
    }

    fn pid(&self) -> u32 {
        self.child.as_ref().expect("it runs").id()
    }

    /// Runs a command and answers what `redis-cli` prints.
    pub fn ask(&self, arguments: &[&str]) -> String {
        self.answer(arguments)
            .unwrap_or_else(|error| panic!("redis-server refused {arguments:?}: {error}"))
    }

    /// Every key and what it holds, except for those by which servers say that they live.
    pub fn contents(&self) -> String {
        let script = "
            local read = { string = { 'GET' }, hash = { 'HGETALL' }, set = { 'SMEMBERS' },
              list = { 'LRANGE', 0, -1 }, zset = { 'ZRANGE', 0, -1, 'WITHSCORES' },
              stream = { 'XLEN' } }
            local keys = redis.call('KEYS', '*')
            table.sort(keys)
            for i, key in ipairs(keys) do
              local kind = redis.call('TYPE', key).ok
              local how = read[kind]
              local held = key ~= 'servers' and redis.call(how[1], key, unpack(how, 2)) or ''
              -- The fields of a hash have an order that may change by itself, and when a session or a
              -- token was used last is noted from time to time.
              if kind == 'hash' then
                local fields = {}
                for n = 1, #held, 2 do
                  if held[n] ~= 'used' then fields[#fields + 1] = held[n] .. '=' .. held[n + 1] end
                end
                held = fields
              end
              if kind == 'hash' or kind == 'set' then table.sort(held) end
              keys[i] = key .. ' ' .. cjson.encode(held)
            end
            return table.concat(keys, '\\n')";
        self.ask(&["EVAL", script, "0"])
    }

    /// What its clock shows, in milliseconds since 1970.
    pub fn time(&self) -> u64 {
        let time = self.ask(&["TIME"]);
        let mut parts = time.lines().map(|part| part.parse::<u64>().unwrap());
        parts.next().unwrap() * 1_000 + parts.next().unwrap() / 1_000
    }

    fn try_ask(&self, arguments: &[&str]) -> Option<String> {
        self.answer(arguments).ok()
    }

    /// What `redis-cli` prints, or how it complains.
    fn answer(&self, arguments: &[&str]) -> Result<String, String> {
        let mut command = Command::new("redis-cli");
        command.args(["-e", "-p", &self.port.to_string()]);
        if self.kind == Kind::Tls {
            command
                .arg("--tls")
                .arg("--cacert")
                .arg(self.folder.path().join("ca.crt"));
        }
        let output = command
            .args(arguments)
            .stdin(Stdio::null())
            .output()
            .expect("redis-cli can be started");
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim().to_owned();
        if output.status.success() {
            Ok(text(&output.stdout))
        } else {
            Err(text(&output.stderr) + &text(&output.stdout))
        }
    }

    fn wait_until(&self, what: &str, mut done: impl FnMut(&Self) -> bool) {
        let begin = Instant::now();
        while !done(self) {
            assert!(begin.elapsed() < PATIENCE, "never happened: {what}");
            std::thread::sleep(std::time::Duration::from_millis(20));
        }
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        if let Some(mut child) = self.child.take() {
            // Also ends one that is paused.
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// Sends a signal by name.
pub fn signal(pid: u32, name: &str) {
    let sent = Command::new("kill")
        .args([&format!("-{name}"), &pid.to_string()])
        .status()
        .unwrap();
    assert!(sent.success(), "cannot send SIG{name} to {pid}");
}

/// A port that nobody listens on, outside of the range from which the kernel takes its own.
fn free_port() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    loop {
        let step = NEXT.fetch_add(1, Ordering::Relaxed);
        let port = 12_000
            + (std::process::id() as u16)
                .wrapping_mul(7)
                .wrapping_add(step)
                % 20_000;
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
}

/// A certificate authority, and a certificate of it for 127.0.0.1.
pub fn make_certificates(folder: &Path) {
    let openssl = |arguments: &str| {
        let output = Command::new("openssl")
            .args(arguments.split(' '))
            .current_dir(folder)
            .output();
        let output = output.expect("openssl can be started");
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
    };
    let key = "-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes";
    openssl(&format!(
        "req -x509 {key} -days 2 -subj /CN=Tests -keyout ca.key -out ca.crt"
    ));
    openssl(&format!(
        "req {key} -subj /CN=redis -keyout redis.key -out redis.csr"
    ));
    std::fs::write(
        folder.join("names"),
        "subjectAltName=IP:127.0.0.1,DNS:localhost\n",
    )
    .unwrap();
    openssl(
        "x509 -req -in redis.csr -CA ca.crt -CAkey ca.key -CAcreateserial -days 2 -extfile names -out redis.crt",
    );
}
