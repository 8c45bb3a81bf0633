//! The source of the configuration.

use std::path::PathBuf;

use crate::config::{self, Config, Overrides, Problem, Problems};

/// The configuration file, and the flags that override it.
#[derive(Clone, Debug)]
pub struct ConfigSource {
    /// The configuration file.
    pub path: PathBuf,
    /// Overrides from the command line.
    pub overrides: Overrides,
}

impl ConfigSource {
    /// Loads and validates on the calling thread.
    pub fn load_now(&self) -> Result<Config, Problems> {
        let environment = |name: &str| std::env::var(name).ok();
        config::load(&self.path, &self.overrides, &environment)
    }

    /// As [`load_now`](Self::load_now); beside the problems what could be read.
    pub fn load_partially(&self) -> Result<Config, (Problems, Option<Box<Config>>)> {
        let environment = |name: &str| std::env::var(name).ok();
        config::load_partially(&self.path, &self.overrides, &environment)
    }

    /// Loads and validates on a blocking thread.
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
                        message: format!("loading the configuration failed: {error}"),
                        hint: None,
                    }],
                })
            })
    }
}
