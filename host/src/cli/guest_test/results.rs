//! The results of the tests, for people and as JUnit XML.

use std::fmt::Write as _;
use std::fs::File;
use std::io::{ErrorKind, Write as _};
use std::path::Path;
use std::time::{Duration, Instant};

use super::verdicts::{Verdict, report_text};
use crate::app::ExitError;
use crate::file::{self, Links, ReadError};
use crate::guest::Report;
use crate::telemetry::is_control_like;

/// Prints the lines of a test.
type Printer<'p> = Box<dyn FnMut(&str) -> Result<(), ExitError> + 'p>;

/// The results so far. Each is printed at once, after what the guest printed in the test.
pub(super) struct Results<'p> {
    all: Vec<(String, Duration, Verdict)>,
    printer: Printer<'p>,
    printed: Result<(), ExitError>,
    /// When the last test ended.
    ended: Instant,
}

impl<'p> Results<'p> {
    pub(super) fn new(printer: impl FnMut(&str) -> Result<(), ExitError> + 'p) -> Self {
        Self {
            all: Vec::new(),
            printer: Box::new(printer),
            printed: Ok(()),
            ended: Instant::now(),
        }
    }

    /// Adds a test. Its time is that since the last one, with the collections that it looks
    /// at.
    pub(super) fn add(&mut self, name: &str, test: impl FnOnce() -> Verdict) {
        let result = test();
        let took = self.ended.elapsed();
        self.ended = Instant::now();
        if self.printed.is_ok() {
            self.printed = (self.printer)(&text(name, &result));
        }
        self.all.push((name.to_owned(), took, result));
    }

    pub(super) fn failed(&self) -> usize {
        self.all
            .iter()
            .filter(|(.., result)| result.is_err())
            .count()
    }

    /// Prints the number of tests. Fails if a test failed or could not be printed.
    pub(super) fn finish(mut self) -> Result<(), ExitError> {
        let tests = |count| match count {
            1 => "1 test".to_owned(),
            count => format!("{count} tests"),
        };
        let failed = self.failed();
        self.printed?;
        match failed {
            0 => (self.printer)(&format!("{} passed\n", tests(self.all.len()))),
            failed => Err(ExitError::Command(format!("{} failed", tests(failed)))),
        }
    }

    /// As continuous integration reads it.
    pub(super) fn junit(&self) -> String {
        let (tests, failed) = (self.all.len(), self.failed());
        let mut xml = format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
             <testsuite name=\"guest\" tests=\"{tests}\" failures=\"{failed}\">\n"
        );
        for (name, took, result) in &self.all {
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

/// One line for a test, and further ones for what is wrong.
fn text(name: &str, result: &Verdict) -> String {
    match result {
        Ok(figures) if figures.is_empty() => format!("ok      {name}\n"),
        Ok(figures) => format!(
            "ok      {name} ({})\n",
            figures.replace(is_control_like, " ")
        ),
        Err(why) => {
            let why = why.replace(is_control, " ").replace('\n', "\n  ");
            format!("FAILED  {name}\n  {why}\n")
        }
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
pub(super) fn golden(path: &Path, report: &Report) -> Verdict {
    let text = report_text(report)?;
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
        let mut printed = String::new();
        let mut results = Results::new(|text| {
            printed.push_str(text);
            Ok(())
        });
        results.add("a & b", || Ok("3 series".to_owned()));
        results.add("c", || Err("x < y\nz".to_owned()));
        assert_eq!(results.failed(), 1);
        let xml = results.junit();
        let failed = results.finish().unwrap_err();
        assert_eq!(failed.to_string(), "1 test failed");
        assert_eq!(
            printed,
            "ok      a & b (3 series)\nFAILED  c\n  x < y\n  z\n"
        );
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
        let controls = || "x\u{1b}[31m\ny".to_owned();
        assert_eq!(text("a", &Err(controls())), "FAILED  a\n  x [31m\n  y\n");
        assert_eq!(text("a", &Ok(controls())), "ok      a (x [31m y)\n");
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
