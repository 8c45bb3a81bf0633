//! Where the configuration comes from, each time it is read.

use std::path::PathBuf;

use crate::config::{self, Config, Overrides, Problem, Problems};

/// A file, and the flags that win over it.
#[derive(Clone, Debug)]
pub struct ConfigSource {
    /// The configuration file.
    pub path: PathBuf,
    /// From the command line.
    pub overrides: Overrides,
}

impl ConfigSource {
    /// Reads and checks on this thread.
    pub fn load_now(&self) -> Result<Config, Problems> {
        let environment = |name: &str| std::env::var(name).ok();
        config::load(&self.path, &self.overrides, &environment)
    }

    /// Reads and checks; blocks a thread of its own, not the runtime's.
    pub async fn load(&self) -> Result<Config, Problems> {
        let source = self.clone();
        tokio::task::spawn_blocking(move || source.load_now())
            .await
            .unwrap_or_else(|error| {
                Err(Problems {
                    file: self.path.clone(),
                    files: Vec::new(),
                    problems: vec![Problem {
                        file: None,
                        at: String::new(),
                        line: None,
                        message: format!("reading it failed: {error}"),
                        hint: None,
                    }],
                })
            })
    }
}
