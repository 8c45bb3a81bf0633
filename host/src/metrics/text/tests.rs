use super::*;

fn written(value: f64) -> String {
    let mut out = String::new();
    number(&mut out, value);
    out
}

#[test]
fn a_number_is_written_in_its_shortest_form() {
    let table = [
        (0.0, "0"),
        (-0.0, "0"),
        (1.0, "1"),
        (-17.0, "-17"),
        (1e6, "1000000"),
        (9_007_199_254_740_992.0, "9007199254740992"),
        (1e18, "1e18"),
        (0.1, "0.1"),
        (1.5e-9, "1.5e-9"),
        (f64::INFINITY, "+Inf"),
        (f64::NEG_INFINITY, "-Inf"),
        (f64::NAN, "NaN"),
    ];
    for (value, expected) in table {
        assert_eq!(written(value), expected);
    }
}

#[test]
fn a_number_reads_back_as_itself() {
    for value in [
        f64::MAX,
        f64::MIN_POSITIVE,
        0.1 + 0.2,
        1.0 / 3.0,
        123_456_789.125,
    ] {
        assert_eq!(written(value).parse(), Ok(value));
    }
}

#[test]
fn any_number_is_as_short_as_possible_and_reads_back() {
    let mut random = fastrand::Rng::with_seed(1);
    for _ in 0..100_000 {
        let value = match random.u32(0..3) {
            0 => f64::from_bits(random.u64(..)),
            1 => random.i64(..) as f64 / 10_f64.powi(random.i32(0..30)),
            _ => f64::from(random.i32(..)) / 1000.0,
        };
        if value.is_finite() && whole(value).is_none() {
            let text = written(value);
            assert_eq!(text.parse(), Ok(value));
            assert_eq!(text.len(), format!("{value:?}").len(), "{text}");
        }
    }
}

#[test]
fn label_values_and_help_are_escaped_as_each_format_requires() {
    let family = Family {
        name: "nbu_x".to_owned(),
        help: "C:\\ \"quoted\"\nsecond".to_owned(),
        labels: vec!["path".to_owned()],
        samples: Samples::Gauge(vec![Point {
            label_values: vec!["C:\\NB \"ü\"\nend".to_owned()],
            value: 1.0,
        }]),
    };
    let page = |format| {
        let mut out = String::new();
        head(&mut out, format, &family.name, &family.help, family.kind());
        samples(&mut out, format, &family, Some("a\"b"));
        out
    };
    insta::assert_snapshot!(page(Format::Text), @r#"
    # HELP nbu_x C:\\ "quoted"\nsecond
    # TYPE nbu_x gauge
    nbu_x{site="a\"b",path="C:\\NB \"ü\"\nend"} 1
    "#);
    insta::assert_snapshot!(page(Format::OpenMetrics), @r#"
    # HELP nbu_x C:\\ \"quoted\"\nsecond
    # TYPE nbu_x gauge
    nbu_x{site="a\"b",path="C:\\NB \"ü\"\nend"} 1
    "#);
}

#[test]
fn a_family_without_labels_has_no_braces() {
    let family = Family {
        name: "h".to_owned(),
        help: String::new(),
        labels: vec![],
        samples: Samples::Histogram(vec![Distribution {
            label_values: vec![],
            buckets: vec![],
            sum: 0.5,
            count: 1,
        }]),
    };
    let mut out = String::new();
    samples(&mut out, Format::Text, &family, None);
    assert_eq!(out, "h_bucket{le=\"+Inf\"} 1\nh_sum 0.5\nh_count 1\n");
}
