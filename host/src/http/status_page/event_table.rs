//! The last reload and the last events.

use super::html::{Escaped, Marked, ago, push};
use crate::events::{Event, EventHistory, EventKind};

/// The section about events. `now` is the Unix time of the report.
pub(super) fn events(out: &mut String, history: &EventHistory, now: f64) {
    out.push_str("<section aria-labelledby=\"events\">\n<h2 id=\"events\">Events</h2>\n");
    match &history.last_reload {
        None => out.push_str("<p>No reload since the exporter started.</p>\n"),
        Some(event) => {
            let (kind, age) = (event.kind.as_str(), age(event, now));
            let text = Marked(&event.text);
            push(
                out,
                format_args!("<p class=\"reason\">Last reload: {kind}, {age}: {text}</p>\n"),
            );
        }
    }
    if history.events.is_empty() {
        out.push_str("<p>No events since the exporter started.</p>\n</section>\n");
        return;
    }
    out.push_str(
        "<div class=\"scroll\" role=\"region\" tabindex=\"0\" aria-label=\"Last events\">\n<table>\n\
         <thead><tr><th scope=\"col\">Time</th><th scope=\"col\">Event</th>\
         <th scope=\"col\">Site</th><th scope=\"col\">Reason or result</th></tr></thead>\n<tbody>\n",
    );
    for event in &history.events {
        row(out, event, now);
    }
    out.push_str("</tbody></table></div>\n</section>\n");
}

/// The events are below all sites, where nobody looks after a change.
pub(super) fn rejected_reload(out: &mut String, history: &EventHistory) {
    let reload = history.last_reload.as_ref();
    if reload.is_some_and(|it| it.kind == EventKind::ReloadRefused) {
        out.push_str(
            "<p class=\"unready\">The last change of the configuration was rejected; the previous \
             one is in effect: see <a href=\"#events\">events</a>.</p>\n",
        );
    }
}

fn row(out: &mut String, event: &Event, now: f64) {
    let class = if event.kind.is_bad() { "bad" } else { "good" };
    let (kind, age) = (event.kind.as_str(), age(event, now));
    let site = event.site.as_ref().map_or("all", |site| site.as_str());
    let (site, text) = (Escaped(site), Marked(&event.text));
    // An integer, since a fraction of a second helps nobody.
    let time = jiff::Timestamp::from_second(event.at as i64).unwrap_or_default();
    push(
        out,
        format_args!(
            "<tr><td><time datetime=\"{time}\">{time}</time> <span class=\"note\">{age}</span>\
             </td><th scope=\"row\" class=\"{class}\">{kind}</th><td>{site}</td>\
             <td class=\"reason\">{text}</td></tr>\n"
        ),
    );
}

fn age(event: &Event, now: f64) -> String {
    let seconds = (now - event.at).max(0.0);
    ago(std::time::Duration::try_from_secs_f64(seconds).ok())
}
