//! What `nbu_exporter check` says about mistakes that people make.
//!
//! A mistake is a file `NNN_what.yaml`, or a folder `NNN_what` with a `config.yaml`. Beside
//! it, `NNN_what.txt` has the exit status and the whole message. `MISTAKES=write` writes
//! these texts again, for a review.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use nbu_exporter::app::ConfigSource;
use nbu_exporter::cli::validate;
use nbu_exporter::config::Overrides;
use tests::engine;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("it/cli/mistakes")
}

/// The configuration of each mistake, and the names of the texts.
fn mistakes() -> (BTreeMap<String, PathBuf>, BTreeSet<String>) {
    let (mut configurations, mut texts) = (BTreeMap::new(), BTreeSet::new());
    for entry in fs::read_dir(folder()).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
        match path.extension().and_then(|it| it.to_str()) {
            Some("txt") => drop(texts.insert(name)),
            Some("yaml") => drop(configurations.insert(name, path)),
            None => drop(configurations.insert(name, path.join("config.yaml"))),
            Some(_) => panic!("`{}` is no mistake", path.display()),
        }
    }
    (configurations, texts)
}

/// The exit status and standard error of `check`, without the path of the folder.
async fn message(name: &str, path: PathBuf) -> String {
    // Another program may have the port.
    let listen = match name.contains("listen") {
        true => Vec::new(),
        false => vec!["127.0.0.1:0".to_owned()],
    };
    let source = ConfigSource {
        path: path.clone(),
        overrides: Overrides {
            listen,
            ..Overrides::default()
        },
    };
    let (warnings, validated) = validate(&source, &engine()).await;
    let code = validated
        .as_ref()
        .map_or_else(|error| error.exit_code(), |_| 0);
    assert!(
        code == 2 || !warnings.is_empty(),
        "nothing is wrong with `{name}`"
    );
    let mut text = format!("exit status {code}\n");
    for warning in &warnings {
        writeln!(text, "warning: {}", warning.in_file(&path)).unwrap();
    }
    if let Err(error) = validated {
        writeln!(text, "nbu_exporter: {error}").unwrap();
    }
    let here = path.parent().unwrap().to_str().unwrap();
    text.replace(here, "FOLDER")
}

#[tokio::test(flavor = "multi_thread")]
async fn every_mistake_is_explained() {
    let (configurations, mut unused) = mistakes();
    let mut wrong = String::new();
    for (name, path) in configurations {
        unused.remove(&name);
        let file = folder().join(format!("{name}.txt"));
        let found = message(&name, path).await;
        if std::env::var_os("MISTAKES").is_some() {
            fs::write(&file, &found).unwrap();
        }
        let expected = fs::read_to_string(&file).unwrap_or_default();
        if found != expected {
            write!(wrong, "{name}: expected\n{expected}found\n{found}\n").unwrap();
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
    assert!(unused.is_empty(), "texts without a mistake: {unused:?}");
}
