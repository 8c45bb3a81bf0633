//! The results of the tests, for people and as JUnit XML.

use std::fmt::Write as _;
use std::fs;
use std::io::ErrorKind;
use std::path::Path;
use std::time::{Duration, Instant};

use crate::guest::Report;
use crate::metrics::{Format, Page, RenderedFamily};
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
                Err(why) => writeln!(text, "FAILED  {name}\n  {}", why.replace('\n', "\n  ")),
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
        .replace(|c: char| is_control_like(c) && c != '\n', " ")
}

/// Compares the metrics of a report with a file. A missing file is written.
pub(super) fn golden(path: &Path, report: &Report) -> TestResult {
    let site = SiteName::new("test").ok_or("invalid site name")?;
    let families = report.outcomes.iter().flat_map(|it| &it.families).cloned();
    let rendered: Vec<_> = families.map(|it| RenderedFamily::new(&site, it)).collect();
    let page = Page::new(&[(site, rendered.iter().collect())], &Page::default());
    let text = String::from_utf8_lossy(&page.plain(Format::Text).to_vec()).into_owned();
    match fs::read_to_string(path) {
        Ok(expected) if expected == text => Ok(String::new()),
        Ok(expected) => Err(first_difference(&expected, &text)),
        Err(error) if error.kind() == ErrorKind::NotFound => {
            let written = fs::write(path, &text);
            written.map_err(|error| format!("cannot write `{}`: {error}", path.display()))?;
            Ok(format!("wrote `{}`", path.display()))
        }
        Err(error) => Err(format!("cannot read `{}`: {error}", path.display())),
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
        assert!(xml.contains("name=\"a &amp; b\""), "{xml}");
        assert!(xml.contains("<failure>x &lt; y\nz</failure>"), "{xml}");
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
