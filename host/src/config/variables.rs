//! `${NAME}` in the file, and the `.env` files that define such variables.
//!
//! The process environment is never written, because other threads read it.

use std::cell::Cell;
use std::collections::HashMap;
use std::io;
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use super::problem::{Findings, Problem};
use super::yaml::{Node, YamlValue};

/// Bytes that all variables together may add to a configuration.
const MAX_EXPANDED: usize = 1 << 20;
/// Bytes of a `.env` file, and of one value in it, which may refer to others.
const MAX_DOTENV: usize = 64 << 10;
/// Number of references to other values in a `.env` file.
const MAX_REFERENCES: usize = 1000;

/// The sources of variables.
pub(super) struct Variables<'e> {
    environment: &'e dyn Fn(&str) -> Option<String>,
    dotenv: HashMap<String, Zeroizing<String>>,
    /// Bytes that variables may still add.
    left: Cell<usize>,
}

impl<'e> Variables<'e> {
    /// Reads `.env` in the configuration's directory and in the working directory, if
    /// they exist. The first wins, since others may be able to write to the working
    /// directory.
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
            left: Cell::new(MAX_EXPANDED),
        }
    }

    /// The process environment wins over the files.
    fn get(&self, name: &str) -> Option<Zeroizing<String>> {
        let started_with = (self.environment)(name).map(Zeroizing::new);
        started_with.or_else(|| self.dotenv.get(name).cloned())
    }

    /// Expands the variables in every text below `node`; `at` is its key.
    pub(super) fn expand(&self, node: &mut Node, at: &str, findings: &Findings) {
        match &mut node.value {
            YamlValue::Scalar(scalar) => match self.expanded(&scalar.written) {
                Ok(text) => {
                    if let Some(name) = without_braces(&scalar.written) {
                        let hint = format!("write `${{{name}}}` if it is a variable");
                        findings.warning(Problem {
                            at: at.to_owned(),
                            ..Problem::on_line(node.line, "the value begins with `$`", hint)
                        });
                    }
                    scalar.text = text;
                }
                Err(complaints) => {
                    for (message, hint) in complaints {
                        findings.problem(Problem {
                            at: at.to_owned(),
                            ..Problem::on_line(node.line, message, hint)
                        });
                    }
                    node.value = YamlValue::Reported;
                }
            },
            YamlValue::List(items) => {
                for (index, item) in items.iter_mut().enumerate() {
                    self.expand(item, &format!("{at}[{index}]"), findings);
                }
            }
            YamlValue::Map(entries) => {
                for (key, value) in entries {
                    self.expand(value, &super::section::join(at, &key.name), findings);
                }
            }
            YamlValue::Null | YamlValue::Reported => {}
        }
    }

    fn expanded(&self, written: &str) -> Result<Zeroizing<String>, Vec<(String, String)>> {
        let (mut text, mut complaints) = (Zeroizing::new(String::new()), Vec::new());
        let mut rest = written;
        while let Some((before, after)) = rest.split_once("${") {
            text.push_str(before);
            let name = after.split_once('}').filter(|(name, _)| is_name(name));
            let Some((name, after)) = name else {
                // The text is not shown, since it may be a secret.
                complaints.push((
                    "expected `${NAME}`, found `${` without a valid name and `}`".into(),
                    "a name has letters, digits and underscores, and no default; use `apiKeyFile` \
                     for a key that contains `${`"
                        .into(),
                ));
                break;
            };
            match self.get(name) {
                Some(value) if value.len() > self.left.get() => {
                    let hint = "all variables together may add 1 MiB";
                    complaints.push((format!("variable `{name}` is too long"), hint.into()));
                    break;
                }
                Some(value) => {
                    self.left.set(self.left.get() - value.len());
                    text.push_str(&value);
                }
                None => complaints.push((
                    format!("variable `{name}` is not set"),
                    format!("set `{name}` in the environment or in a `.env` file"),
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

/// Makes paths comparable, so that the same file is read once.
fn absolute(path: &Path) -> PathBuf {
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned())
}

/// The name in a value such as `$NAME`, which looks like a variable but is not one.
fn without_braces(written: &str) -> Option<&str> {
    written.strip_prefix('$').filter(|name| is_name(name))
}

fn is_name(text: &str) -> bool {
    !text.is_empty()
        && !text.starts_with(|c: char| c.is_ascii_digit())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

/// The entries of one `.env` file; empty if it does not exist.
fn pairs(path: &Path, findings: &Findings) -> Vec<(String, Zeroizing<String>)> {
    let complain = |line: Option<usize>, message: String| {
        findings.problem(Problem {
            file: Some(path.to_owned()),
            at: String::new(),
            line,
            message,
            hint: Some("each line is `NAME=value`; quote values that contain spaces".into()),
        });
    };
    let text = match findings.read_text(path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Vec::new(),
        Err(error) => {
            complain(None, format!("cannot read the file: {error}"));
            return Vec::new();
        }
    };
    let mut pairs = Vec::new();
    if text.len() > MAX_DOTENV || text.matches('$').count() > MAX_REFERENCES {
        complain(
            None,
            "the file is too long, or contains too many `$`".into(),
        );
        return pairs;
    }
    for item in dotenvy::from_read_iter(text.trim_start_matches('\u{feff}').as_bytes()) {
        match item {
            Ok((name, value)) if value.len() > MAX_DOTENV => {
                drop(Zeroizing::new(value));
                complain(None, format!("value of `{name}` is too long"));
                break;
            }
            Ok((name, value)) => pairs.push((name, Zeroizing::new(value))),
            // Only the line number is shown, since the line may hold a secret.
            Err(dotenvy::Error::LineParse(line, _)) => {
                let number = text.lines().position(|l| l.trim() == line.trim());
                complain(
                    number.map(|before| before + 1),
                    "expected `NAME=value`".into(),
                );
            }
            Err(error) => {
                complain(None, format!("cannot read the file: {error}"));
                break;
            }
        }
    }
    pairs
}
