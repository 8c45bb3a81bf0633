use http::Request;

use super::*;
use crate::http::testing::{TestApp, state};
use crate::metrics::{Point, Samples};

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
        "&lt;i&gt;Jobs&lt;/i&gt;</a></dt><dd><data value=\"1500\">",
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
    // The series name the objects that a number counts.
    let title = "<a href=\"/?site=%3Cb%3E%26%22prod%22&amp;family=nbu_hostile#families\">";
    assert!(html.contains(title), "{html}");
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

#[test]
fn events_have_their_reasons_escaped() {
    let html = page_at("/", |_| ());
    for part in [
        "<td>&lt;b&gt;</td><td class=\"reason\"><code>&lt;h&gt;</code> is gone</td>",
        "<td class=\"reason\">line 1: &lt;s&gt;bad&lt;/s&gt;\n  hint: &lt;q&gt;mend&lt;/q&gt;</td>",
        "<p class=\"reason\">Last reload: reload refused, ",
        "<p class=\"unready\">The last change of the configuration was rejected; ",
    ] {
        assert!(html.contains(part), "{part}\n{html}");
    }
    assert!(!html.contains("<s>") && !html.contains("<q>"));
}

#[test]
fn families_are_found_by_name_or_help() {
    for (query, found) in [
        ("/", "<details><summary>"),
        ("/?family=hostil", "<details open><summary>"),
        (
            "/?family=MORE.",
            "<a href=\"/?family=nbu_hostile#families\">nbu_hostile</a>",
        ),
        ("/?family=build_info", ">nbu_exporter_build_info</a>"),
        (
            "/?family=%22%3E%3Cimg%3E",
            "value=\"&quot;&gt;&lt;img&gt;\"",
        ),
        ("/?family=%22%3E%3Cimg%3E", "<p>0 families.</p>"),
        ("/?site=lab&family=hostil", "<p>1 family.</p>"),
        ("/?site=lab&family=build_info", "<p>0 families.</p>"),
    ] {
        let html = page_at(query, |_| ());
        assert!(html.contains(found), "{query}: {found}\n{html}");
        assert!(!html.contains("<img>"), "{query}");
    }
}

#[test]
fn a_complete_name_shows_the_values_of_all_sites() {
    let html = page_at("/?family=nbu_hostile", |_| ());
    for part in [
        "<p>Help &lt;img&gt; &amp; more. <span class=\"note\">gauge</span></p>",
        "<th scope=\"col\">site</th><th scope=\"col\">text</th><th scope=\"col\">Value</th>",
        "<td>lab</td><td>&lt;img&gt;lab</td><td class=\"number\">7.5</td>",
        "<p>2 samples.</p>",
    ] {
        assert!(html.contains(part), "{part}\n{html}");
    }
    assert!(!html.contains("<img>"), "{html}");
    let own = page_at("/?family=nbu_exporter_build_info", |_| ());
    assert!(own.contains("<td>1.2.3</td>"), "{own}");
}

#[test]
fn a_table_has_at_most_200_rows() {
    let point = |n: usize| Point {
        label_values: vec![n.to_string()],
        value: 0.0,
    };
    let family = Family {
        name: "nbu_many".to_owned(),
        help: String::new(),
        labels: vec!["n".to_owned()],
        samples: Samples::Gauge((0..201).map(point).collect()),
    };
    let filter = FamilyFilter {
        text: "nbu_many",
        site: None,
    };
    let mut html = String::new();
    families::families(&mut html, &[], &[family], &filter);
    assert!(html.contains("The first 200 of 201 samples"), "{html}");
    assert_eq!(html.matches("<tr>").count(), 201, "the rows and the head");
}

#[test]
fn the_scrape_configuration_names_the_requested_host() {
    let state = state(TestApp::default());
    for (host, target) in [
        ("nbu:9440", "targets: [&quot;nbu:9440&quot;]"),
        (
            "a\"b",
            "targets: [&quot;nbu-exporter.example.com:9440&quot;]",
        ),
    ] {
        let request = Request::get("/").header(HOST, host).body(()).unwrap();
        let (parts, ()) = request.into_parts();
        let html = StatusPage::new(&state, &parts).render();
        assert!(html.contains(target), "{target}\n{html}");
    }
}
