//! A chart of the last collections of a site, as inline SVG.

use std::time::Duration;

use super::html::{push, span};
use crate::http::status_report::CollectionTime;

/// Width of a bar with its gap, and height of the chart, in units of the drawing.
const STEP: usize = 6;
/// The number of bars for which there is room.
const BARS: usize = 60;
const HEIGHT: f64 = 40.0;
/// The height of the shortest bar, so that each collection is visible.
const SHORTEST: f64 = 2.0;

/// One bar for each collection, the newest at the right.
pub(super) fn chart(out: &mut String, times: &[CollectionTime], number: usize) {
    let times = &times[times.len().saturating_sub(BARS)..];
    let Some(longest) = times.iter().map(|it| it.took).max() else {
        return;
    };
    let failed = times.iter().filter(|it| !it.complete).count();
    let count = times.len();
    let of = if count == 1 {
        "collection"
    } else {
        "collections"
    };
    let last = times.last().map_or_else(Default::default, |it| it.took);
    let (slowest, last) = (short(longest), short(last));
    push(
        out,
        format_args!(
            "<figure>\n<figcaption id=\"chart-{number}\">Last {count} {of}: the slowest took \
             {slowest}, the last {last}; {failed} incomplete</figcaption>\n\
             <svg viewBox=\"0 0 {} {HEIGHT}\" preserveAspectRatio=\"none\" role=\"img\" aria-labelledby=\"chart-{number}\">\n",
            BARS * STEP
        ),
    );
    for (n, time) in times.iter().enumerate() {
        let share = time.took.as_secs_f64() / longest.as_secs_f64().max(f64::MIN_POSITIVE);
        let height = (share * HEIGHT).clamp(SHORTEST, HEIGHT);
        let class = if time.complete { "bar" } else { "bar cut" };
        let (x, y, width) = ((BARS - count + n) * STEP, HEIGHT - height, STEP - 1);
        push(
            out,
            format_args!(
                "<rect class=\"{class}\" x=\"{x}\" y=\"{y:.1}\" width=\"{width}\" \
                 height=\"{height:.1}\"/>"
            ),
        );
    }
    out.push_str("</svg>\n</figure>\n");
}

/// A duration that is often less than a second.
fn short(time: Duration) -> String {
    if time.as_secs() >= 60 {
        return span(time);
    }
    format!("{:.2} s", time.as_secs_f64())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_slowest_collection_has_the_full_height() {
        let time = |millis, complete| CollectionTime {
            took: Duration::from_millis(millis),
            complete,
        };
        let mut out = String::new();
        chart(
            &mut out,
            &[time(500, true), time(2000, false), time(0, true)],
            0,
        );
        for part in [
            "Last 3 collections: the slowest took 2.00 s, the last 0.00 s; 1 incomplete",
            "viewBox=\"0 0 360 40\"",
            "<rect class=\"bar\" x=\"342\" y=\"30.0\" width=\"5\" height=\"10.0\"/>",
            "<rect class=\"bar cut\" x=\"348\" y=\"0.0\" width=\"5\" height=\"40.0\"/>",
            "<rect class=\"bar\" x=\"354\" y=\"38.0\" width=\"5\" height=\"2.0\"/>",
        ] {
            assert!(out.contains(part), "{part}\n{out}");
        }
    }

    #[test]
    fn a_site_without_collections_has_no_chart() {
        let mut out = String::new();
        chart(&mut out, &[], 0);
        assert_eq!(out, "");
    }
}
