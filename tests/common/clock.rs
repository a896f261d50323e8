//! Processes whose clock is wrong.

use std::process::Command;

use tempfile::TempDir;

/// What makes the clock of a process show another time. It has to outlive the start of the process.
pub struct Shifted(TempDir);

impl Shifted {
    /// By so many seconds.
    pub fn by(seconds: i64) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let source = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/common/shifted_clock.c");
        let built = Command::new("cc")
            .args(["-shared", "-fPIC", &format!("-DSHIFT={seconds}"), "-o"])
            .arg(folder.path().join("clock.so"))
            .args([source, "-ldl"])
            .output()
            .expect("cc can be started");
        let said = String::from_utf8_lossy(&built.stderr);
        assert!(built.status.success(), "{said}");
        Self(folder)
    }

    /// The same environment, with this clock.
    pub fn in_environment(&self, environment: &[(String, String)]) -> Vec<(String, String)> {
        let library = self.0.path().join("clock.so").display().to_string();
        let mut environment = environment.to_vec();
        environment.push(("LD_PRELOAD".into(), library));
        environment
    }
}
