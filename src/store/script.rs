//! Lua scripts: sent once, then called by their hash.

use redis::Cmd;
use sha1_smol::Sha1;

/// A script and its hash.
pub struct Script {
    code: String,
    hash: String,
}

impl Script {
    /// Joins `parts`: libraries of local functions first, the script itself last.
    pub fn new(parts: &[&str]) -> Self {
        let code = parts.join("\n");
        let hash = Sha1::from(&code).digest().to_string();
        Self { code, hash }
    }

    /// Calls it with one key; `arguments` adds what follows.
    pub fn invocation(&self, key: &str, arguments: impl FnOnce(&mut Cmd)) -> Cmd {
        let mut command = redis::cmd("EVALSHA");
        command.arg(&self.hash).arg(1).arg(key);
        arguments(&mut command);
        command
    }

    /// Makes it known to the store.
    pub fn load(&self) -> Cmd {
        let mut command = redis::cmd("SCRIPT");
        command.arg("LOAD").arg(&self.code);
        command
    }
}
