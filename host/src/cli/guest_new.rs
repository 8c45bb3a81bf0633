//! Write a project for a new guest: an example of this repository with the contract.

use std::borrow::Cow;
use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{ErrorKind, Write as _};
use std::path::Path;

use super::args::Language;
use super::{contract, print};
use crate::app::ExitError;

/// Paths below the folder of the project, and contents.
type Files = &'static [(&'static str, &'static str)];

/// The files of a folder of this repository.
macro_rules! files {
    ($folder:literal: $($file:literal),+ $(,)?) => {
        &[$(($file, include_str!(concat!("../../../", $folder, "/", $file)))),+]
    };
}

const RUST: Files = files!("guest/examples/rust":
    "README.md", ".gitignore", "Cargo.toml", "src/lib.rs", "src/component.rs", "src/alerts.rs",
    "src/netbackup.rs", "src/http.rs", "src/alerts_test.rs",
);

const JAVASCRIPT: Files = files!("guest/examples/javascript":
    "README.md", ".gitignore", "package.json", "guest.js", "alerts.js", "netbackup.js", "http.js",
    "checked.js", "alerts.test.js",
);

const PYTHON: Files = files!("guest/examples/python":
    "README.md", ".gitignore", "requirements.txt", "guest.py", "alerts.py", "netbackup.py",
    "transport.py", "checked.py", "test_alerts.py",
);

/// The name of the example in Rust.
const CRATE: &str = "example_guest";

fn example(language: Language) -> Files {
    match language {
        Language::Rust => RUST,
        Language::JavaScript => JAVASCRIPT,
        Language::Python => PYTHON,
    }
}

/// Writes a project into a new folder.
pub(super) fn run(folder: &Path, language: Language) -> Result<(), ExitError> {
    fs::create_dir(folder).map_err(|error| match error.kind() {
        ErrorKind::AlreadyExists => ExitError::Command(format!(
            "`{}` already exists\n  hint: name a new folder",
            folder.display()
        )),
        _ => not_written(folder, &error),
    })?;
    for (file, text) in example(language) {
        write(&folder.join(file), &named(text, folder))?;
    }
    contract::write(&folder.join("wit")).map_err(|error| not_written(folder, &error))?;
    let folder = folder.display();
    print(&format!(
        "Wrote `{folder}`; its README.md says how to build and test it\n"
    ))
}

/// The text with the name of the folder for that of the crate, if it can be one.
fn named<'t>(text: &'t str, folder: &Path) -> Cow<'t, str> {
    let name = folder
        .file_name()
        .and_then(OsStr::to_str)
        .unwrap_or_default();
    let is_name = name.starts_with(|first: char| first.is_ascii_lowercase())
        && name
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_');
    match is_name && text.contains(CRATE) {
        true => text.replace(CRATE, name).into(),
        false => text.into(),
    }
}

fn write(path: &Path, text: &str) -> Result<(), ExitError> {
    let create = || {
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        File::create_new(path)?.write_all(text.as_bytes())
    };
    create().map_err(|error| not_written(path, &error))
}

fn not_written(path: &Path, error: &std::io::Error) -> ExitError {
    ExitError::Command(format!("cannot write `{}`: {error}", path.display()))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::PathBuf;

    use super::*;

    /// The files of an example, without the contract and what a build has left.
    fn found(language: &str, below: &str, files: &mut BTreeSet<String>) {
        let examples = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../guest/examples");
        let root = examples.join(language);
        for entry in fs::read_dir(root.join(below)).unwrap() {
            let entry = entry.unwrap();
            let name = format!("{below}{}", entry.file_name().to_str().unwrap());
            let ignored = [
                "wit",
                "node_modules",
                "bindings",
                "__pycache__",
                "venv",
                "target",
                "guest.wasm",
                "package-lock.json",
                "Cargo.lock",
            ];
            match entry.path().is_dir() {
                _ if ignored.contains(&name.as_str()) => {}
                true => found(language, &format!("{name}/"), files),
                false => _ = files.insert(name),
            }
        }
    }

    #[test]
    fn every_file_of_an_example_is_written() {
        for (language, files) in [
            ("rust", RUST),
            ("javascript", JAVASCRIPT),
            ("python", PYTHON),
        ] {
            let mut expected = BTreeSet::new();
            found(language, "", &mut expected);
            let written: BTreeSet<_> = files.iter().map(|(file, _)| (*file).to_owned()).collect();
            assert_eq!(written, expected, "{language}");
        }
    }

    #[test]
    fn an_existing_folder_is_not_changed() {
        let folder = tempfile::tempdir().unwrap();
        let error = run(folder.path(), Language::Python).unwrap_err();
        assert!(error.to_string().contains("already exists"), "{error}");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }

    #[test]
    fn a_project_has_the_contract() {
        let folder = tempfile::tempdir().unwrap();
        let project = folder.path().join("new");
        run(&project, Language::Rust).unwrap();
        assert!(project.join("src/alerts.rs").exists());
        let package = fs::read_to_string(project.join("Cargo.toml")).unwrap();
        assert!(package.contains("name = \"new\""), "{package}");
        assert!(project.join("wit/deps/http.wit").exists());
    }
}
