//! What was measured, as lines of a table.

use std::fs;

/// Lines of a figure and how it was come by.
#[derive(Default)]
pub(crate) struct Table(Vec<[String; 3]>);

impl Table {
    /// Adds a line, and shows that something happens.
    pub(crate) fn add(&mut self, what: impl Into<String>, figure: String, how: &str) {
        let line = [what.into(), figure, how.to_owned()];
        eprintln!("{}: {}", line[0], line[1]);
        self.0.push(line);
    }

    /// Prints the machine, then all lines as Markdown, their columns aligned.
    pub(crate) fn print(&self) {
        println!("\n{}\n", machine());
        let head = ["What", "Figure", "How"].map(str::to_owned);
        let width = |column: usize| {
            let all = self.0.iter().chain([&head]);
            all.map(|line| line[column].chars().count()).max().unwrap()
        };
        let widths = [width(0), width(1), width(2)];
        let rule = widths.map(|width| "-".repeat(width));
        for [what, figure, how] in [&head, &rule].into_iter().chain(&self.0) {
            let [a, b, c] = widths;
            println!("| {what:a$} | {figure:>b$} | {how:c$} |");
        }
    }
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
