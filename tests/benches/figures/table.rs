//! The results of the measurements, as a table.

use std::fs;
use std::time::Duration;

const COLUMNS: usize = 4;

/// Rows with a figure, its target and how it was measured.
#[derive(Default)]
pub(crate) struct Table(Vec<[String; COLUMNS]>);

impl Table {
    /// Adds a row and prints progress. `aim` may be empty.
    pub(crate) fn add(&mut self, what: impl Into<String>, figure: String, aim: &str, how: &str) {
        let line = [what.into(), figure, aim.to_owned(), how.to_owned()];
        eprintln!("{}: {}", line[0], line[1]);
        self.0.push(line);
    }

    /// Prints the machine, then all lines as Markdown, their columns aligned.
    pub(crate) fn print(&self) {
        println!("\n{}\n", machine());
        let head = ["What", "Figure", "Aim", "How"].map(str::to_owned);
        let width = |column: usize| {
            let all = self.0.iter().chain([&head]);
            all.map(|line| line[column].chars().count()).max().unwrap()
        };
        let widths: [usize; COLUMNS] = std::array::from_fn(width);
        let rule = widths.map(|width| "-".repeat(width));
        for [what, figure, aim, how] in [&head, &rule].into_iter().chain(&self.0) {
            let [a, b, c, d] = widths;
            println!("| {what:a$} | {figure:>b$} | {aim:>c$} | {how:d$} |");
        }
    }
}

/// The median.
pub(crate) fn median(mut all: Vec<Duration>) -> Duration {
    all.sort();
    all[all.len() / 2]
}

pub(crate) fn milliseconds(duration: Duration) -> String {
    format!("{:.1} ms", duration.as_secs_f64() * 1e3)
}

pub(crate) fn seconds(duration: Duration) -> String {
    format!("{:.3} s", duration.as_secs_f64())
}

/// The processor, and the profile of this build.
fn machine() -> String {
    let info = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = info
        .lines()
        .find_map(|line| line.strip_prefix("model name"));
    let model = model.map_or("unknown processor", |rest| {
        rest.trim_matches([' ', '\t', ':'])
    });
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let profile = if cfg!(debug_assertions) {
        "NOT optimised: for trying the bench out"
    } else {
        "release build"
    };
    format!("{cores} cores, {model}; {profile}")
}
