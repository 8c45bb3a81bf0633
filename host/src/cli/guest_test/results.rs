//! The results of the tests, for people and as JUnit XML.

use std::fmt::Write as _;
use std::fs::File;
use std::io::{ErrorKind, Write as _};
use std::path::Path;
use std::time::{Duration, Instant};

use super::super::replayed::report_text;
use crate::file::{self, Links, ReadError};
use crate::guest::Report;
use crate::site::SiteName;
use crate::telemetry::is_control_like;

/// The result of one test: figures, or what is wrong.
type TestResult = Result<String, String>;

#[derive(Default)]
pub(super) struct Results(Vec<(String, Duration, TestResult)>);

impl Results {
    pub(super) async fn run(&mut self, name: &str, test: impl Future<Output = TestResult>) {
        let began = Instant::now();
        let result = test.await;
        self.0.push((name.to_owned(), began.elapsed(), result));
    }

    /// Adds a test that only looks at what was collected before.
    pub(super) fn add(&mut self, name: &str, test: impl FnOnce() -> TestResult) {
        self.0.push((name.to_owned(), Duration::ZERO, test()));
    }

    pub(super) fn failed(&self) -> usize {
        self.0.iter().filter(|(.., result)| result.is_err()).count()
    }

    /// One line for each test, and further ones for what is wrong.
    pub(super) fn text(&self) -> String {
        let mut text = String::new();
        for (name, _, result) in &self.0 {
            // Writing into a `String` cannot fail.
            let _ = match result {
                Ok(figures) if figures.is_empty() => writeln!(text, "ok      {name}"),
                Ok(figures) => writeln!(text, "ok      {name} ({figures})"),
                Err(why) => {
                    let why = why.replace(is_control, " ").replace('\n', "\n  ");
                    writeln!(text, "FAILED  {name}\n  {why}")
                }
            };
        }
        text
    }

    /// As continuous integration reads it.
    pub(super) fn junit(&self) -> String {
        let (tests, failed) = (self.0.len(), self.failed());
        let mut xml = format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
             <testsuite name=\"guest\" tests=\"{tests}\" failures=\"{failed}\">\n"
        );
        for (name, took, result) in &self.0 {
            let (name, seconds) = (escaped(name), took.as_secs_f64());
            // Writing into a `String` cannot fail.
            let _ = match result {
                Ok(_) => writeln!(xml, "  <testcase name=\"{name}\" time=\"{seconds:.3}\"/>"),
                Err(why) => writeln!(
                    xml,
                    "  <testcase name=\"{name}\" time=\"{seconds:.3}\"><failure>{}</failure></testcase>",
                    escaped(why)
                ),
            };
        }
        xml + "</testsuite>\n"
    }
}

/// Text as the contents of an element or a quoted attribute.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
        .replace(|c| is_control(c) || XML_FORBIDS.contains(&c), " ")
}

/// Characters that XML 1.0 forbids, beside the control characters.
const XML_FORBIDS: [char; 2] = ['\u{fffe}', '\u{ffff}'];

fn is_control(c: char) -> bool {
    is_control_like(c) && c != '\n'
}

/// The maximum size of a file to compare with, in bytes.
const LARGEST_GOLDEN: u64 = 256 << 20;

/// Compares the metrics of a report with a file. A missing file is written.
pub(super) fn golden(path: &Path, report: &Report) -> TestResult {
    let site = SiteName::new("test").ok_or("invalid site name")?;
    let text = report_text(&site, report);
    let shown = path.display();
    match file::read(path, Links::Follow, LARGEST_GOLDEN) {
        Ok(expected) if *expected == text.as_bytes() => Ok(String::new()),
        Ok(expected) => Err(first_difference(&String::from_utf8_lossy(&expected), &text)),
        Err(ReadError::Io(error)) if error.kind() == ErrorKind::NotFound => {
            // The guest chose some of the text, so it is not written through a link.
            let created = File::create_new(path);
            created
                .and_then(|mut file| file.write_all(text.as_bytes()))
                .map_err(|error| format!("cannot create `{shown}`: {error}"))?;
            Ok(format!("wrote `{shown}`"))
        }
        Err(ReadError::Io(error)) => Err(format!("cannot read `{shown}`: {error}")),
        Err(ReadError::TooLarge { bytes, .. }) => Err(format!("`{shown}` has `{bytes}` bytes")),
    }
}

fn first_difference(expected: &str, found: &str) -> String {
    let mut pairs = expected.lines().zip(found.lines()).enumerate();
    match pairs.find(|(_, (expected, found))| expected != found) {
        Some((n, (expected, found))) => {
            format!(
                "line {} differs\nexpected: {expected}\nfound:    {found}",
                n + 1
            )
        }
        None => {
            let (expected, found) = (expected.lines().count(), found.lines().count());
            format!("expected {expected} lines, found {found}")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failures_are_counted_and_shown_in_both_formats() {
        let mut results = Results::default();
        results.add("a & b", || Ok("3 series".to_owned()));
        results.add("c", || Err("x < y\nz".to_owned()));
        assert_eq!(results.failed(), 1);
        assert_eq!(
            results.text(),
            "ok      a & b (3 series)\nFAILED  c\n  x < y\n  z\n"
        );
        let xml = results.junit();
        assert!(xml.contains("tests=\"2\" failures=\"1\""), "{xml}");
        assert_eq!(escaped("\u{1b}[31m\u{fffe}"), " [31m ");
        assert!(xml.contains("name=\"a &amp; b\""), "{xml}");
        assert!(xml.contains("<failure>x &lt; y\nz</failure>"), "{xml}");
    }

    #[test]
    fn a_golden_file_is_not_written_through_a_link() {
        let folder = tempfile::tempdir().unwrap();
        let (link, target) = (folder.path().join("golden"), folder.path().join("target"));
        std::os::unix::fs::symlink(&target, &link).unwrap();
        let said = golden(&link, &Report::default()).unwrap_err();
        assert!(said.contains("cannot create"), "{said}");
        assert!(!target.exists());
    }

    #[test]
    fn a_terminal_is_not_controlled_by_a_failure() {
        let mut results = Results::default();
        results.add("a", || Err("x\u{1b}[31m\ny".to_owned()));
        assert_eq!(results.text(), "FAILED  a\n  x [31m\n  y\n");
    }

    #[test]
    fn a_difference_names_its_line() {
        let said = first_difference("a\nb\n", "a\nc\n");
        assert_eq!(said, "line 2 differs\nexpected: b\nfound:    c");
        assert_eq!(
            first_difference("a\n", "a\nb\n"),
            "expected 1 lines, found 2"
        );
    }
}
