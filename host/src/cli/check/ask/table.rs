//! The table of `check --ask`.

use std::fmt::Write as _;
use std::time::Duration;

/// A line of the table.
#[derive(Clone)]
pub(super) struct Row {
    pub(super) site: String,
    pub(super) collector: String,
    pub(super) endpoint: String,
    pub(super) result: String,
    pub(super) is_missing: bool,
    /// Of the whole collector, in its first line.
    pub(super) series: Option<usize>,
    pub(super) requests: usize,
    pub(super) took: Duration,
}

/// The lines of a site: one if nothing can be read, for one reason.
pub(super) fn shown(rows: &[Row]) -> Vec<Row> {
    let mut missing = rows.iter().filter(|it| it.is_missing);
    let first = missing.next();
    let same = |it: &Row| first.is_some_and(|first| it.result == first.result);
    let is_nothing_read = rows.iter().all(|it| it.is_missing || it.requests == 0);
    match first {
        Some(first) if rows.len() > 1 && is_nothing_read && missing.all(same) => vec![Row {
            collector: "(all)".to_owned(),
            endpoint: "(all)".to_owned(),
            series: None,
            requests: rows.iter().map(|it| it.requests).sum(),
            took: rows.iter().map(|it| it.took).sum(),
            ..first.clone()
        }],
        _ => rows.to_vec(),
    }
}

/// Columns of equal width.
pub(super) fn table(rows: &[Row]) -> String {
    let head = [
        "SITE",
        "COLLECTOR",
        "ENDPOINT",
        "SERIES",
        "REQUESTS",
        "SECONDS",
        "RESULT",
    ];
    let mut lines = vec![head.map(str::to_owned)];
    lines.extend(rows.iter().map(|row| {
        [
            row.site.clone(),
            row.collector.clone(),
            row.endpoint.clone(),
            row.series
                .map_or_else(|| "-".to_owned(), |it| it.to_string()),
            row.requests.to_string(),
            format!("{:.3}", row.took.as_secs_f64()),
            row.result.clone(),
        ]
    }));
    let width = |column: usize| {
        let cells = lines.iter().filter_map(|line| line.get(column));
        cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
    };
    let widths: [usize; 7] = std::array::from_fn(width);
    let mut text = String::new();
    for line in &lines {
        let cells = line.iter().zip(widths);
        let cells: Vec<_> = cells
            .map(|(cell, width)| format!("{cell:width$}"))
            .collect();
        // Writing into a `String` cannot fail.
        let _ = writeln!(text, "{}", cells.join("  ").trim_end());
    }
    text
}
