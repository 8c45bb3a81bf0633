use std::io::Read;

use super::*;
use crate::metrics::family::{Bucket, Distribution, Point, Samples};
use crate::metrics::gzip::GzipSuffix;

fn site(name: &str) -> SiteName {
    SiteName::new(name).unwrap()
}

fn point(labels: &[&str], value: f64) -> Point {
    Point {
        label_values: labels.iter().map(|label| label.to_string()).collect(),
        value,
    }
}

fn family(name: &str, labels: &[&str], samples: Samples) -> Family {
    let labels = labels.iter().map(|label| label.to_string()).collect();
    Family {
        name: name.to_owned(),
        help: format!("About {name}."),
        labels,
        samples,
    }
}

fn gauge(name: &str, labels: &[&str], points: &[(&[&str], f64)]) -> Family {
    let points = points
        .iter()
        .map(|(labels, value)| point(labels, *value))
        .collect();
    family(name, labels, Samples::Gauge(points))
}

fn histogram(name: &str) -> Family {
    let one = Distribution {
        label_values: vec!["BACKUP".to_owned()],
        buckets: [(0.5, 1), (60.0, 1), (1e20, 3)]
            .map(|(upper_bound, cumulative_count)| Bucket {
                upper_bound,
                cumulative_count,
            })
            .to_vec(),
        sum: 1234.5,
        count: 4,
    };
    family(name, &["action"], Samples::Histogram(vec![one]))
}

fn text(page: &Page) -> String {
    String::from_utf8(page.plain(Format::Text).to_vec()).unwrap()
}

fn openmetrics(page: &Page) -> String {
    String::from_utf8(page.plain(Format::OpenMetrics).to_vec()).unwrap()
}

fn two_sites() -> Page {
    let finished = |value| {
        let points = vec![point(&["BACKUP", "0"], value)];
        family(
            "nbu_jobs_finished_total",
            &["action", "status"],
            Samples::Counter(points),
        )
    };
    let (up, one, two, duration) = (
        gauge("nbu_up", &[], &[(&[], 1.0)]),
        finished(3.0),
        finished(4.0),
        histogram("nbu_job_s"),
    );
    Page::of(&[
        (site("b"), vec![&up, &one]),
        (site("a"), vec![&duration, &two, &up]),
    ])
}

#[test]
fn sites_share_one_family_header_in_text() {
    insta::assert_snapshot!(text(&two_sites()), @r#"
    # HELP nbu_job_s About nbu_job_s.
    # TYPE nbu_job_s histogram
    nbu_job_s_bucket{site="a",action="BACKUP",le="0.5"} 1
    nbu_job_s_bucket{site="a",action="BACKUP",le="60"} 1
    nbu_job_s_bucket{site="a",action="BACKUP",le="1e20"} 3
    nbu_job_s_bucket{site="a",action="BACKUP",le="+Inf"} 4
    nbu_job_s_sum{site="a",action="BACKUP"} 1234.5
    nbu_job_s_count{site="a",action="BACKUP"} 4
    # HELP nbu_jobs_finished_total About nbu_jobs_finished_total.
    # TYPE nbu_jobs_finished_total counter
    nbu_jobs_finished_total{site="b",action="BACKUP",status="0"} 3
    nbu_jobs_finished_total{site="a",action="BACKUP",status="0"} 4
    # HELP nbu_up About nbu_up.
    # TYPE nbu_up gauge
    nbu_up{site="b"} 1
    nbu_up{site="a"} 1
    "#);
}

#[test]
fn sites_share_one_family_header_in_openmetrics() {
    insta::assert_snapshot!(openmetrics(&two_sites()), @r#"
    # HELP nbu_job_s About nbu_job_s.
    # TYPE nbu_job_s histogram
    nbu_job_s_bucket{site="a",action="BACKUP",le="0.5"} 1
    nbu_job_s_bucket{site="a",action="BACKUP",le="60.0"} 1
    nbu_job_s_bucket{site="a",action="BACKUP",le="1e20"} 3
    nbu_job_s_bucket{site="a",action="BACKUP",le="+Inf"} 4
    nbu_job_s_sum{site="a",action="BACKUP"} 1234.5
    nbu_job_s_count{site="a",action="BACKUP"} 4
    # HELP nbu_jobs_finished About nbu_jobs_finished_total.
    # TYPE nbu_jobs_finished counter
    nbu_jobs_finished_total{site="b",action="BACKUP",status="0"} 3
    nbu_jobs_finished_total{site="a",action="BACKUP",status="0"} 4
    # HELP nbu_up About nbu_up.
    # TYPE nbu_up gauge
    nbu_up{site="b"} 1
    nbu_up{site="a"} 1
    "#);
}

#[test]
fn series_are_counted_for_each_site() {
    let page = two_sites();
    assert_eq!(page.series, [(site("b"), 2), (site("a"), 8)]);
    assert_eq!(page.dropped, []);
}

#[test]
fn the_compressed_page_equals_the_page() {
    let page = two_sites();
    for format in [Format::Text, Format::OpenMetrics] {
        let (plain, gzip) = (page.plain(format).to_vec(), page.gzip(format));
        let bytes = [
            gzip.compressed().to_vec(),
            gzip.finish(&GzipSuffix::new("more")).to_vec(),
        ]
        .concat();
        let mut read = Vec::new();
        flate2::read::GzDecoder::new(&bytes[..])
            .read_to_end(&mut read)
            .unwrap();
        assert_eq!(read, [&plain[..], b"more"].concat());
    }
}

#[test]
fn a_site_with_a_different_type_or_labels_loses_only_that_family() {
    let first = gauge("nbu_x", &["a"], &[(&["1"], 1.0)]);
    let labels = gauge("nbu_x", &["b"], &[(&["1"], 1.0), (&["2"], 1.0)]);
    let kind = family("nbu_x", &["a"], Samples::Counter(vec![point(&["1"], 1.0)]));
    let up = gauge("nbu_up", &[], &[(&[], 1.0)]);
    let page = Page::of(&[
        (site("one"), vec![&first]),
        (site("two"), vec![&labels, &up]),
        (site("three"), vec![&kind]),
    ]);
    assert_eq!(
        page.dropped,
        [
            (site("two"), Reason::Conflict, 2),
            (site("three"), Reason::Conflict, 1)
        ]
    );
    assert_eq!(
        page.series,
        [(site("one"), 1), (site("two"), 1), (site("three"), 0)]
    );
    assert!(text(&page).contains("nbu_up{site=\"two\"} 1\n"));
    assert_eq!(text(&page).matches("# TYPE nbu_x ").count(), 1);
}

#[test]
fn families_of_one_site_with_the_same_name_are_merged_without_duplicates() {
    let storage = gauge("nbu_ok", &["collector"], &[(&["storage"], 1.0)]);
    let jobs = gauge(
        "nbu_ok",
        &["collector"],
        &[(&["jobs"], 0.0), (&["storage"], 0.0)],
    );
    let page = Page::of(&[(site("s"), vec![&storage, &jobs])]);
    assert_eq!(page.dropped, [(site("s"), Reason::Duplicate, 1)]);
    let text = text(&page);
    let samples: Vec<_> = text.lines().filter(|line| !line.starts_with('#')).collect();
    let expected = [
        r#"nbu_ok{site="s",collector="storage"} 1"#,
        r#"nbu_ok{site="s",collector="jobs"} 0"#,
    ];
    assert_eq!(samples, expected);
}

#[test]
fn a_family_that_collides_with_histogram_samples_is_dropped() {
    let (duration, sum) = (histogram("nbu_x"), gauge("nbu_x_sum", &[], &[(&[], 1.0)]));
    let page = Page::of(&[(site("s"), vec![&sum, &duration])]);
    assert_eq!(page.dropped, [(site("s"), Reason::NameCollision, 1)]);
    assert!(!text(&page).contains("# TYPE nbu_x_sum"));
}

#[test]
fn a_page_without_sites_or_families_is_empty() {
    assert_eq!(text(&Page::of(&[])), "");
    let empty = gauge("nbu_x", &[], &[]);
    assert_eq!(text(&Page::of(&[(site("s"), vec![&empty])])), "");
}

#[test]
fn unchanged_parts_are_shared_with_the_next_page() {
    let s = site("s");
    let points = |value| (0..1000).map(|n| point(&[&n.to_string()], value)).collect();
    let rendered_family =
        |name, value| RenderedFamily::new(&s, family(name, &["n"], Samples::Gauge(points(value))));
    let (stays, changes) = (rendered_family("nbu_a", 1.0), rendered_family("nbu_b", 1.0));
    let first = Page::new(&[(s.clone(), vec![&stays, &changes])], &Page::default());
    first.gzip(Format::Text);
    let changed = rendered_family("nbu_b", 2.0);
    let next = Page::new(&[(s.clone(), vec![&stays, &changed])], &first);
    let kept = |chunks: fn(&Page) -> &Chunks| {
        let pairs = chunks(&first)
            .as_slice()
            .iter()
            .zip(chunks(&next).as_slice());
        pairs
            .map(|(one, other)| one.as_ptr() == other.as_ptr())
            .collect::<Vec<_>>()
    };
    // HELP and TYPE are rendered again; the first compressed chunk is gzip's header.
    assert_eq!(
        kept(|page| page.plain(Format::Text)),
        [false, true, false, false]
    );
    let compressed = kept(|page| page.gzip(Format::Text).compressed());
    assert_eq!(compressed, [true, true, false]);
}

#[test]
fn a_format_is_compressed_only_after_its_first_request() {
    let up = gauge("nbu_up", &[], &[(&[], 1.0)]);
    let rendered_family = RenderedFamily::new(&site("s"), up);
    let sites = [(site("s"), vec![&rendered_family])];
    let compressed =
        |page: &Page| [Format::Text, Format::OpenMetrics].map(|format| page.is_compressed(format));
    let first = Page::new(&sites, &Page::default());
    assert_eq!(compressed(&first), [false, false]);
    first.gzip(Format::OpenMetrics);
    assert_eq!(compressed(&Page::new(&sites, &first)), [false, true]);
}
