//! The landing page.

use std::fmt::{self, Display, Write};
use std::time::Duration;

use super::state::{Freshness, ServerState};

pub(super) const STYLE: &str = "body{font:16px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:48rem;\
padding:0 1rem}table{border-collapse:collapse;width:100%}th,td{text-align:left;\
padding:.25rem .75rem .25rem 0;border-bottom:1px solid #8884}.down{color:#b00020}";

/// The whole page as HTML.
pub(super) fn page(state: &ServerState) -> String {
    let metrics_path = state.metrics_path.load();
    let version = Escaped(state.version);
    let mut out = format!(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width\">\
         <title>NetBackup exporter</title><style>{STYLE}</style></head><body>\n\
         <h1>NetBackup exporter</h1>\n<p>Version {version}</p>\n<ul>\n"
    );
    let links = [
        (metrics_path.as_str(), "metrics"),
        ("/health", "whether NetBackup answers"),
        ("/-/healthy", "whether the exporter runs"),
        ("/-/ready", "whether the exporter collects"),
        ("/config", "the configuration in effect, secrets masked"),
    ];
    for (path, what) in links {
        let path = Escaped(path);
        push(
            &mut out,
            format_args!("<li><a href=\"{path}\">{path}</a>: {what}</li>\n"),
        );
    }
    out.push_str("</ul>\n<h2>Sites</h2>\n");
    sites(&mut out, &state.status.freshness());
    out.push_str("</body></html>\n");
    out
}

fn sites(out: &mut String, rows: &[Freshness]) {
    if rows.is_empty() {
        out.push_str("<p>Nothing has been collected yet.</p>\n");
        return;
    }
    out.push_str(
        "<table><tr><th>Site</th><th>Collector</th><th>Last attempt</th>\
         <th>Last success</th></tr>\n",
    );
    for row in rows {
        let (site, collector) = (Escaped(row.site.as_str()), Escaped(&row.collector));
        let (class, attempt) = if row.up {
            ("up", "succeeded")
        } else {
            ("down", "failed")
        };
        let age = row.age.map_or_else(|| "never".to_owned(), ago);
        push(
            out,
            format_args!(
                "<tr><td>{site}</td><td>{collector}</td>\
                 <td class=\"{class}\">{attempt}</td><td>{age}</td></tr>\n"
            ),
        );
    }
    out.push_str("</table>\n");
}

fn ago(age: Duration) -> String {
    let seconds = age.as_secs();
    match (seconds / 3600, seconds / 60 % 60, seconds % 60) {
        (0, 0, seconds) => format!("{seconds} s ago"),
        (0, minutes, seconds) => format!("{minutes} min {seconds} s ago"),
        (hours, minutes, _) => format!("{hours} h {minutes} min ago"),
    }
}

fn push(out: &mut String, arguments: fmt::Arguments<'_>) {
    // Writing into a `String` cannot fail.
    let _ = out.write_fmt(arguments);
}

/// Text escaped for HTML, between tags and in quoted attributes.
struct Escaped<'a>(&'a str);

impl Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.chars().try_for_each(|char| match char {
            '&' => f.write_str("&amp;"),
            '<' => f.write_str("&lt;"),
            '>' => f.write_str("&gt;"),
            '"' => f.write_str("&quot;"),
            '\'' => f.write_str("&#39;"),
            char => f.write_char(char),
        })
    }
}

#[cfg(test)]
mod tests;
