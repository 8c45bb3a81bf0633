//! What is written for users is true of this program.

use std::fs;
use std::path::Path;

use tests::Program;

fn page(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../docs")
        .join(name);
    fs::read_to_string(path).unwrap()
}

async fn reference() -> String {
    let output = Program::output(&["inspect", "--markdown"], Path::new(".")).await;
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_metrics_reference_is_current() {
    let wanted = reference().await;
    assert!(
        page("metrics.md") == wanted,
        "docs/metrics.md is out of date: `nbu_exporter inspect --markdown > docs/metrics.md`"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn every_name_that_the_migration_page_maps_to_exists() {
    let reference = reference().await;
    let page = page("migrating.md");
    let rows = page.lines().filter(|line| line.starts_with("| `nbu_"));
    let mut names = 0;
    for row in rows {
        let quoted = row.split('`').skip(1).step_by(2);
        for name in quoted.filter(|word| word.starts_with("nbu_")) {
            assert!(
                reference.contains(&format!("| `{name}` |")),
                "`{name}` in: {row}"
            );
            names += 1;
        }
    }
    assert!(names > 20, "the table of names is not where it was");
}
