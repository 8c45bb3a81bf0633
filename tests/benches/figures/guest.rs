//! The cost of the sandbox: compiling a guest, calling it in a fresh instance,
//! collecting in it, and swapping it.

use std::fs;
use std::time::{Duration, Instant};

use nbu_exporter::guest::{Guest, GuestLimits, LoadError, SiteSettings, built_in};
use tempfile::TempDir;
use tests::{Client, Program, eventually, guests};

use crate::sandbox::{Direct, Sandbox, window};
use crate::site::{self, Site};
use crate::table::{Table, median, milliseconds, seconds};

const CALLS: u32 = 5_000;
const SWAPS: u32 = 5;
const JOBS: u64 = 100_000;

pub(crate) async fn measure(table: &mut Table) {
    compile_and_call(table).await;
    bomb(table).await;
    swap(table).await;
    native(table).await;
}

async fn compile_and_call(table: &mut Table) {
    let engine = tests::engine();
    let began = Instant::now();
    let guest = Guest::load(&engine, built_in()).await.unwrap();
    let figure = milliseconds(began.elapsed());
    let how = "once for each new .wasm";
    table.add("compile and describe the guest", figure, "", how);

    let settings = settings();
    let began = Instant::now();
    for _ in 0..CALLS {
        let problems = guest.check(&settings).await.unwrap();
        assert!(problems.is_empty());
    }
    let each = began.elapsed() / CALLS;
    let figure = format!("{:.1} µs", each.as_secs_f64() * 1e6);
    table.add(
        "instantiate, call, drop",
        figure,
        "",
        "`check`, mean of 5,000",
    );
}

/// A component that takes minutes to compile is stopped at its deadline.
async fn bomb(table: &mut Table) {
    const DEADLINE: Duration = Duration::from_secs(1);
    let engine = tests::engine();
    let bomb = guests::bomb(300, 400);
    let mut limits = GuestLimits::default();
    limits.component.compile = DEADLINE;
    let mut late = Vec::new();
    for _ in 0..5 {
        let began = Instant::now();
        let refused = Guest::load_within(&engine, bomb.clone().into(), limits).await;
        assert!(matches!(refused.err(), Some(LoadError::TooSlow(_))));
        late.push(began.elapsed().saturating_sub(DEADLINE));
    }
    let how = "past its deadline of 1 s, until it is refused and its process is gone; median of 5";
    let figure = milliseconds(median(late));
    table.add("compile bomb is stopped", figure, "< 100 ms", how);
}

/// Time from replacing the file until the new guest is current.
async fn swap(table: &mut Table) {
    let site = Site::of(100).await;
    let folder = TempDir::new().unwrap();
    let file = folder.path().join(guests::FILE);
    guests::install(&guests::good(), &file);
    let configuration = crate::configuration(site.child.address.port()) + guests::GUEST;
    fs::write(folder.path().join("config.yaml"), configuration).unwrap();
    let mut program: Program = crate::exporter(folder.path());
    let client = Client::new(program.address().await);
    eventually("the site is read", async || {
        client.scrape().await.value("nbu_up", &[]) == Some(1.0)
    })
    .await;
    let mut took = Vec::new();
    for number in 0..SWAPS {
        let other = guests::good_with(&format!("bench {number}"));
        let began = Instant::now();
        guests::install(&other, &file);
        // The host may also have noticed the change by itself.
        assert!(client.post("/-/reload").await.status.is_success());
        took.push(began.elapsed());
    }
    let how = "from the file's change: compile, check, a canary of 100 jobs; median of 5";
    table.add("swap the guest", milliseconds(median(took)), "", how);
}

/// The same collection in the sandbox and natively, in processor time: other
/// processes and the server do not affect it.
async fn native(table: &mut Table) {
    let site = Site::of(JOBS).await;
    site.set(site.first(), 0).await;
    let sandbox = Sandbox::new(&site, "").await;
    let direct = Direct::to(&site);
    let (mut inside, mut outside) = (Vec::new(), Vec::new());
    let mut state = Vec::new();
    for _ in 0..3 {
        let hour = window(site::now(), 3600);
        outside.push(sandbox.natively(&hour, &direct).await);
        let collection = sandbox.collect(hour, Vec::new()).await;
        inside.push(collection.used);
        state = collection.state;
    }
    let (inside, outside) = (median(inside), median(outside));
    let ratio = inside.as_secs_f64() / outside.as_secs_f64();
    let how = format!(
        "processor: {} in the sandbox with its way out, {} natively with a plain HTTP client; \
         first collection of {JOBS} jobs, median of 3",
        seconds(inside),
        seconds(outside),
    );
    table.add(
        "guest against native",
        format!("{ratio:.2} ×"),
        "≤ 2 ×",
        &how,
    );
    for saved in &state {
        let what = format!("state of `{}`, {JOBS} jobs", saved.collector);
        let figure = format!("{:.1} KB", saved.bytes.len() as f64 / 1e3);
        table.add(what, figure, "", "after the first collection");
    }
}

fn settings() -> SiteSettings {
    SiteSettings {
        base_url: "http://127.0.0.1:1556/netbackup".to_owned(),
        api_version: None,
        collectors: Vec::new().into(),
        legacy_names: false,
    }
}
