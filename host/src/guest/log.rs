//! What guests say, on its way into the host's log.

use tracing::{debug, error, info, warn};

use super::bindings::nbu::collector::log::{Host, Level};
use super::instance::Instance;
use crate::site::SiteName;

/// Lines of one call that reach the log.
const LINES: usize = 1000;
/// Bytes of one message, and of its fields.
const LONGEST: usize = 4 << 10;

/// The log of one call: whose it is, and how much of it was said.
pub(super) struct Journal {
    site: Option<SiteName>,
    lines: usize,
}

impl Journal {
    /// `site` is none for calls that concern no site, such as `describe`.
    pub(super) fn new(site: Option<SiteName>) -> Self {
        Self { site, lines: 0 }
    }

    fn say(&mut self, level: Level, message: &str, fields: &[(String, String)]) {
        self.lines += 1;
        if self.lines > LINES {
            return;
        }
        let site = self.site();
        let mut fields_text = String::new();
        for (name, value) in fields {
            fields_text.push_str(&format!("{name}={value} "));
        }
        let message = cut(message);
        let fields = cut(fields_text.trim_end());
        match level {
            Level::Debug => debug!(site, fields, "{message}"),
            Level::Info => info!(site, fields, "{message}"),
            Level::Warn => warn!(site, fields, "{message}"),
            Level::Error => error!(site, fields, "{message}"),
        }
    }

    /// Says how much was left out, and what came on standard error.
    pub(super) fn close(&self, stderr: &[u8]) {
        let site = self.site();
        if self.lines > LINES {
            let dropped = self.lines - LINES;
            warn!(site, dropped, "The guest said too much; lines were dropped");
        }
        let text = String::from_utf8_lossy(stderr);
        for line in text.lines().filter(|line| !line.is_empty()).take(50) {
            warn!(site, "{}", cut(line));
        }
    }

    fn site(&self) -> &str {
        self.site.as_ref().map_or("-", SiteName::as_str)
    }
}

impl Host for Instance {
    fn emit(&mut self, level: Level, message: String, fields: Vec<(String, String)>) {
        self.journal.say(level, &message, &fields);
    }
}

/// The beginning of a text, on a character's border.
fn cut(text: &str) -> &str {
    text.get(..text.floor_char_boundary(LONGEST))
        .unwrap_or(text)
}
