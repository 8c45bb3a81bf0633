//! `${NAME}` in the file, and the `.env` files that give such names a value.
//!
//! The process environment is read through a function and never written: other
//! threads read it too.

use std::cell::Cell;
use std::collections::HashMap;
use std::io;
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use super::file::{Node, Value};
use super::problem::{Findings, Problem};

/// Bytes that all variables of a configuration may put into it.
const LONGEST: usize = 1 << 20;
/// Bytes of a `.env` file, and of one value there, which may name others.
const DOTENV: usize = 64 << 10;
/// How often values there may be named.
const NAMED: usize = 1000;

/// Where a name's value comes from.
pub(super) struct Variables<'e> {
    environment: &'e dyn Fn(&str) -> Option<String>,
    dotenv: HashMap<String, Zeroizing<String>>,
    /// Bytes that variables may still put in.
    left: Cell<usize>,
}

impl<'e> Variables<'e> {
    /// Reads the `.env` beside the configuration and the one of the working
    /// directory, where they exist. The first wins: it belongs to the
    /// configuration, while others may write to a working directory.
    pub(super) fn read(
        environment: &'e dyn Fn(&str) -> Option<String>,
        directory: &Path,
        findings: &Findings,
    ) -> Self {
        let mut files = vec![absolute(&directory.join(".env"))];
        let working = absolute(Path::new(".env"));
        if !files.contains(&working) {
            files.push(working);
        }
        let mut dotenv = HashMap::new();
        for path in files {
            for (name, value) in pairs(&path, findings) {
                dotenv.entry(name).or_insert(value);
            }
        }
        Self {
            environment,
            dotenv,
            left: Cell::new(LONGEST),
        }
    }

    /// A variable that the process was started with wins over a file.
    fn get(&self, name: &str) -> Option<Zeroizing<String>> {
        let started_with = (self.environment)(name).map(Zeroizing::new);
        started_with.or_else(|| self.dotenv.get(name).cloned())
    }

    /// Replaces the variables in every text below `node`; `at` is its key.
    pub(super) fn expand(&self, node: &mut Node, at: &str, findings: &Findings) {
        match &mut node.value {
            Value::Scalar(scalar) => match self.expanded(&scalar.written) {
                Ok(text) => scalar.text = text,
                Err(complaints) => {
                    for (message, hint) in complaints {
                        findings.problem(Problem {
                            file: None,
                            at: at.to_owned(),
                            line: Some(node.line),
                            message,
                            hint: Some(hint),
                        });
                    }
                    node.value = Value::Broken;
                }
            },
            Value::List(items) => {
                for (index, item) in items.iter_mut().enumerate() {
                    self.expand(item, &format!("{at}[{index}]"), findings);
                }
            }
            Value::Map(entries) => {
                for (key, value) in entries {
                    self.expand(value, &super::section::join(at, &key.name), findings);
                }
            }
            Value::Null | Value::Broken => {}
        }
    }

    fn expanded(&self, written: &str) -> Result<Zeroizing<String>, Vec<(String, String)>> {
        let (mut text, mut complaints) = (Zeroizing::new(String::new()), Vec::new());
        let mut rest = written;
        while let Some((before, after)) = rest.split_once("${") {
            text.push_str(before);
            let name = after.split_once('}').filter(|(name, _)| is_name(name));
            let Some((name, after)) = name else {
                // The text is not shown: it may be a key.
                complaints.push((
                    "`${` without the name of a variable and a `}`".into(),
                    "write `${NAME}`, of letters, digits and underscores; a key that holds `${` \
                     goes into a file named by `apiKeyFile`"
                        .into(),
                ));
                break;
            };
            match self.get(name) {
                Some(value) if value.len() > self.left.get() => {
                    let hint = "variables may put a megabyte into it";
                    complaints.push((format!("`{name}` is too long here"), hint.into()));
                    break;
                }
                Some(value) => {
                    self.left.set(self.left.get() - value.len());
                    text.push_str(&value);
                }
                None => complaints.push((
                    format!("the variable `{name}` is not set"),
                    format!("set `{name}` in the environment, or in a `.env` file"),
                )),
            }
            rest = after;
        }
        text.push_str(rest);
        if complaints.is_empty() {
            Ok(text)
        } else {
            Err(complaints)
        }
    }
}

/// So that one file by two names is read once.
fn absolute(path: &Path) -> PathBuf {
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned())
}

fn is_name(text: &str) -> bool {
    !text.is_empty()
        && !text.starts_with(|c: char| c.is_ascii_digit())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

/// The entries of one `.env` file; none when it does not exist.
fn pairs(path: &Path, findings: &Findings) -> Vec<(String, Zeroizing<String>)> {
    let complain = |line: Option<usize>, message: String| {
        findings.problem(Problem {
            file: Some(path.to_owned()),
            at: String::new(),
            line,
            message,
            hint: Some("each line is `NAME=value`; quote a value that holds spaces".into()),
        });
    };
    let text = match findings.read_text(path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Vec::new(),
        Err(error) => {
            complain(None, format!("cannot be read: {error}"));
            return Vec::new();
        }
    };
    let mut pairs = Vec::new();
    if text.len() > DOTENV || text.matches('$').count() > NAMED {
        complain(None, "it is too long, or holds too many `$`".into());
        return pairs;
    }
    for item in dotenvy::from_read_iter(text.trim_start_matches('\u{feff}').as_bytes()) {
        match item {
            Ok((name, value)) if value.len() > DOTENV => {
                drop(Zeroizing::new(value));
                complain(None, format!("`{name}` is too long"));
                break;
            }
            Ok((name, value)) => pairs.push((name, Zeroizing::new(value))),
            // Only the line's number is said: the line may hold a key.
            Err(dotenvy::Error::LineParse(line, _)) => {
                let number = text.lines().position(|l| l.trim() == line.trim());
                complain(
                    number.map(|before| before + 1),
                    "a line is not `NAME=value`".into(),
                );
            }
            Err(error) => {
                complain(None, format!("cannot be read: {error}"));
                break;
            }
        }
    }
    pairs
}
