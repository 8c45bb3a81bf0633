//! The most recent events, for the status page. They are recorded beside the log, which
//! keeps all of them.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::clock::Timestamp;
use crate::site::SiteName;

/// The number of events that are kept.
const KEPT: usize = 20;
/// Maximum length of a text in bytes. A rejected configuration can have many problems.
const LONGEST: usize = 2000;

/// The most recent events. Clones share them.
#[derive(Clone, Debug, Default)]
pub struct RecentEvents(Arc<Mutex<EventHistory>>);

/// The events, the newest first.
#[derive(Clone, Debug, Default)]
pub struct EventHistory {
    /// The last ones of all kinds.
    pub events: VecDeque<Event>,
    /// The last reload, also if other events have replaced it above.
    pub last_reload: Option<Event>,
}

/// Something that happened to the exporter or a site.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    /// The Unix time in seconds.
    pub at: f64,
    /// What happened.
    pub kind: EventKind,
    /// The site; `None` if it concerns the exporter.
    pub site: Option<SiteName>,
    /// The reason or the result.
    pub text: String,
}

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EventKind {
    /// The configuration was reloaded.
    Reloaded,
    /// A reload was refused, and nothing changed.
    ReloadRefused,
    /// The guest was replaced.
    Swapped,
    /// A candidate guest was refused.
    GuestRefused,
    /// The guest was replaced by the previous one.
    RolledBack,
    /// Collectors began to fail, or fail for another reason.
    Failed,
    /// Collectors succeed again.
    Recovered,
}

impl EventKind {
    /// What happened, in words.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Reloaded => "reload",
            Self::ReloadRefused => "reload refused",
            Self::Swapped => "guest swapped",
            Self::GuestRefused => "guest refused",
            Self::RolledBack => "guest rolled back",
            Self::Failed => "failure",
            Self::Recovered => "recovery",
        }
    }

    /// Whether somebody should look at it.
    pub fn is_bad(self) -> bool {
        !matches!(self, Self::Reloaded | Self::Swapped | Self::Recovered)
    }
}

impl RecentEvents {
    /// Records an event that happens now. Record it before it is logged or counted, so
    /// that a reader of the line or the metric finds it on the page.
    pub fn record(&self, kind: EventKind, site: Option<&SiteName>, text: impl Into<String>) {
        let mut text = text.into();
        if text.len() > LONGEST {
            text.truncate(text.floor_char_boundary(LONGEST));
            text.push('…');
        }
        let event = Event {
            at: Timestamp::now().unix,
            kind,
            site: site.cloned(),
            text,
        };
        let mut known = self.lock();
        if matches!(kind, EventKind::Reloaded | EventKind::ReloadRefused) {
            known.last_reload = Some(event.clone());
        }
        known.events.truncate(KEPT - 1);
        known.events.push_front(event);
    }

    /// A copy of the events.
    pub fn history(&self) -> EventHistory {
        self.lock().clone()
    }

    fn lock(&self) -> MutexGuard<'_, EventHistory> {
        // No code panics while holding the lock.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_twenty_events_and_the_last_reload_are_kept() {
        let events = RecentEvents::default();
        events.record(EventKind::Reloaded, None, "generation 2");
        for n in 0..30 {
            events.record(EventKind::Failed, None, n.to_string());
        }
        let history = events.history();
        let texts: Vec<_> = history.events.iter().map(|it| it.text.clone()).collect();
        let expected: Vec<_> = (10..30).rev().map(|n| n.to_string()).collect();
        assert_eq!(texts, expected);
        assert_eq!(history.last_reload.unwrap().text, "generation 2");
    }

    #[test]
    fn a_long_text_is_cut_at_a_character() {
        let events = RecentEvents::default();
        events.record(EventKind::ReloadRefused, None, "é".repeat(LONGEST));
        let text = &events.history().events[0].text;
        assert!(text.len() <= LONGEST + '…'.len_utf8() && text.ends_with("é…"));
    }
}
