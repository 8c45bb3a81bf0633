use super::*;
use crate::metrics::family::{Family, Samples};
use crate::metrics::rendered_family::RenderedFamily;
use crate::site::SiteName;

const RUNS: usize = 2_000;
/// What the text escapes, separates with, or ends with.
const PARTS: [&str; 12] = [
    "\"", "\\", "\n", ",", "=", "{", "}", " ", "n", ",le=\"", "\"} 1\n", "ü",
];

fn text(random: &mut fastrand::Rng) -> String {
    let parts = (0..random.usize(0..6)).map(|_| PARTS[random.usize(0..PARTS.len())]);
    parts.collect()
}

/// Any number except NaN, which equals nothing, and -0, which is written as 0.
fn value(random: &mut fastrand::Rng) -> f64 {
    let value = match random.u32(0..3) {
        0 => f64::from_bits(random.u64(..)),
        1 => f64::from(random.i32(..)),
        _ => random.i64(..) as f64 / 1000.0,
    };
    if value.is_nan() || value == 0.0 {
        0.0
    } else {
        value
    }
}

fn distribution(random: &mut fastrand::Rng, label_values: Vec<String>) -> Distribution {
    let buckets = (0..random.usize(0..4)).map(|_| Bucket {
        upper_bound: Some(value(random))
            .filter(|it| it.is_finite())
            .unwrap_or(60.0),
        cumulative_count: random.u64(..),
    });
    Distribution {
        label_values,
        buckets: buckets.collect(),
        sum: value(random),
        count: random.u64(..),
    }
}

fn family(random: &mut fastrand::Rng) -> Family {
    let labels = random.usize(0..4);
    let sets = (0..random.usize(0..4)).map(|_| (0..labels).map(|_| text(random)).collect());
    let sets: Vec<_> = sets.collect();
    let kind = random.u32(0..3);
    let points = sets.iter().map(|set: &Vec<String>| Point {
        label_values: set.clone(),
        value: value(random),
    });
    let samples = match kind {
        0 => Samples::Gauge(points.collect()),
        1 => Samples::Counter(points.collect()),
        _ => {
            let all = sets.into_iter().map(|set| distribution(random, set));
            Samples::Histogram(all.collect())
        }
    };
    Family {
        name: "nbu_x".to_owned(),
        help: text(random),
        labels: (0..labels).map(|number| format!("l{number}")).collect(),
        samples,
    }
}

#[test]
fn every_family_reads_back_as_it_was_rendered() {
    let mut random = fastrand::Rng::with_seed(7);
    for _ in 0..RUNS {
        let site = SiteName::new(&format!("s{}", text(&mut random))).unwrap();
        let family = family(&mut random);
        let rendered = RenderedFamily::new(&site, family.clone());
        assert_eq!(rendered.read(), family);
        let mut labels = LabelRenderer::new(&site, &family);
        for (set, values) in rendered.label_sets().zip(family.label_sets()) {
            assert_eq!(labels.render(values), set, "{family:?}");
        }
    }
}
