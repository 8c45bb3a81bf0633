use http::Request;

use super::*;
use crate::http::testing::{TestApp, state};

fn page_at(uri: &str, change: impl FnOnce(&ServerState)) -> String {
    let state = state(TestApp::default());
    change(&state);
    let (parts, ()) = Request::get(uri).body(()).unwrap().into_parts();
    StatusPage::new(&state, &parts).render()
}

#[test]
fn every_site_is_shown_and_no_name_can_become_markup() {
    let html = page_at("/?site=", |state| {
        let path = "/a\"><script>".to_owned();
        state.metrics_path.store(Arc::new(path));
    });
    for part in [
        "<p>Version 1.2.3. 2 sites: 1 down, 1 warning.</p>",
        "<a href=\"/a&quot;&gt;&lt;script&gt;\">",
        "&lt;b&gt;&amp;&quot;prod&quot; <span class=\"badge\">warning</span>",
        "<th scope=\"row\">storage</th><td class=\"good\">succeeded 1 min 15 s ago</td>\
         <td>1 min 15 s ago</td><td>in 45 s</td><td class=\"number\">3</td>",
        "<td class=\"bad\">failed 5 s ago</td><td>never</td>",
    ] {
        assert!(html.contains(part), "{part}\n{html}");
    }
    assert!(!html.contains("<script>"), "{html}");
}

#[test]
fn texts_of_guest_and_server_cannot_become_markup() {
    let html = page_at("/?site=%3Cimg%3E", |_| ());
    assert!(html.contains("Only site &lt;img&gt;."), "{html}");
    let html = page_at("/", |_| ());
    for part in [
        "<li><strong>storage</strong>: unreachable: &lt;img src=x onerror=alert(1)&gt;</li>",
        "<p class=\"hint\">Hint: check <code>&lt;host&gt;</code></p>",
        "<dt>&lt;i&gt;Jobs&lt;/i&gt;</dt><dd><data value=\"1500\">",
        "<dd>1.0&lt;u&gt;</dd>",
    ] {
        assert!(html.contains(part), "{part}\n{html}");
    }
    for tag in ["<img", "<i>", "<u>", "<host>", " style=", "<script"] {
        assert!(!html.contains(tag), "{tag}\n{html}");
    }
}

#[test]
fn the_worst_site_is_first() {
    let html = page_at("/", |_| ());
    let at = |text: &str| html.find(text).unwrap();
    assert!(at("lab <span") < at("prod&quot; <span"), "{html}");
}

#[test]
fn a_number_above_its_threshold_says_so() {
    let html = page_at("/", |_| ());
    assert!(html.contains("<div class=\"tile over\">"), "{html}");
    assert!(
        html.contains("<span class=\"note\">above 1\u{202f}000 &lt;b&gt;</span>"),
        "{html}"
    );
}

#[test]
fn one_site_can_be_shown_alone() {
    let html = page_at("/?site=lab", |_| ());
    assert!(html.contains("lab <span") && !html.contains("prod&quot; <span"));
    assert!(html.contains("2 sites: 1 down"), "{html}");
}
