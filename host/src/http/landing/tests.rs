use super::*;
use crate::http::testing::{TestApp, state};

#[test]
fn every_site_is_shown_and_no_name_can_become_markup() {
    let state = state(TestApp::default());
    state
        .metrics_path
        .store(std::sync::Arc::new("/a\"><script>".to_owned()));
    let html = page(&state);
    for part in [
        "<p>Version 1.2.3</p>",
        "<a href=\"/a&quot;&gt;&lt;script&gt;\">",
        "<td>&lt;b&gt;&amp;&quot;prod&quot;</td><td>storage</td><td class=\"up\">succeeded</td>\
         <td>1 min 15 s ago</td>",
        "<td>lab</td><td>storage</td><td class=\"down\">failed</td><td>never</td>",
    ] {
        assert!(html.contains(part), "{part}\n{html}");
    }
    assert!(!html.contains("<script>"), "{html}");
}

#[test]
fn an_age_has_at_most_two_units() {
    for (seconds, expected) in [
        (0, "0 s ago"),
        (59, "59 s ago"),
        (61, "1 min 1 s ago"),
        (7384, "2 h 3 min ago"),
    ] {
        assert_eq!(ago(Duration::from_secs(seconds)), expected);
    }
}
