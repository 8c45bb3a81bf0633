//! What the sandbox costs: to compile a guest, and to call one in a fresh
//! instance.

use std::time::Instant;

use nbu_exporter::guest::{Engine, Guest, Selection, SiteSettings, built_in};

use crate::table::Table;

const CALLS: u32 = 5_000;

pub(crate) async fn measure(table: &mut Table) {
    let engine = Engine::shared().unwrap();
    let began = Instant::now();
    let guest = Guest::load(&engine, built_in()).await.unwrap();
    let figure = format!("{:.0} ms", began.elapsed().as_secs_f64() * 1000.0);
    table.add(
        "compile and describe the guest",
        figure,
        "once for each new .wasm",
    );

    let settings = settings();
    let began = Instant::now();
    for _ in 0..CALLS {
        let problems = guest.check(&settings).await.unwrap();
        assert!(problems.is_empty());
    }
    let each = began.elapsed() / CALLS;
    let figure = format!("{:.1} µs", each.as_secs_f64() * 1e6);
    table.add("instantiate, call, drop", figure, "`check`, mean of 5,000");
}

fn settings() -> SiteSettings {
    let selection = |name: &str| Selection {
        name: name.to_owned(),
        options: "{}".to_owned(),
    };
    SiteSettings {
        base_url: "http://127.0.0.1:1556/netbackup".to_owned(),
        api_version: None,
        collectors: vec![selection("storage"), selection("jobs")],
        legacy_names: false,
    }
}
