use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::*;
use crate::site::SiteName;

fn instruments() -> Instruments {
    Instruments::new(&BuildInfo {
        version: "1.2.3",
        revision: "abc",
        rustc: "1.95.0",
        wasmtime: "48",
    })
}

fn site(name: &str) -> SiteName {
    SiteName::new(name).unwrap()
}

/// The lines about the exporter; those about the process differ between runs.
fn ours(exposition: &str) -> String {
    let ours = exposition
        .lines()
        .filter(|line| line.contains("nbu_exporter_"));
    ours.map(|line| format!("{line}\n")).collect()
}

/// Makes the site known without creating its series.
fn configure(of: &Instruments, site: &SiteName) {
    of.0.sites.lock().unwrap().insert(site.clone());
}

fn everything(of: &Instruments, site: &SiteName) {
    of.collection(site, true, Duration::from_millis(70));
    of.collection(site, false, Duration::from_secs(200));
    of.fault(site, "deadline");
    of.peak_memory(site, 3 << 20);
    of.upstream(site, "200", Duration::from_millis(30));
    of.received(site, 4096);
    of.denied(site, "host");
    of.headers_removed(site, 3);
    of.series(site, 12);
    of.dropped(site, "duplicate", 2);
    of.state_write_failed(site);
    of.cache_hit(site, "storage");
    of.cache_miss(site, "jobs");
}

#[test]
fn series_known_at_the_start_begin_at_zero() {
    insta::assert_snapshot!(ours(&instruments().render(Format::Text)), @r#"
    # HELP nbu_exporter_build_info Versions of the program, its compiler and its WebAssembly runtime; constant 1.
    # TYPE nbu_exporter_build_info gauge
    nbu_exporter_build_info{revision="abc",rustc="1.95.0",version="1.2.3",wasmtime="48"} 1
    # HELP nbu_exporter_config_last_reload_successful Whether the last reload of the configuration was successful.
    # TYPE nbu_exporter_config_last_reload_successful gauge
    nbu_exporter_config_last_reload_successful 0
    # HELP nbu_exporter_config_reloads_total Reloads of the configuration by result.
    # TYPE nbu_exporter_config_reloads_total counter
    nbu_exporter_config_reloads_total{result="failure"} 0
    nbu_exporter_config_reloads_total{result="success"} 0
    # HELP nbu_exporter_guest_swaps_total Guests offered as replacement by result.
    # TYPE nbu_exporter_guest_swaps_total counter
    nbu_exporter_guest_swaps_total{result="promoted"} 0
    nbu_exporter_guest_swaps_total{result="refused"} 0
    nbu_exporter_guest_swaps_total{result="rolled_back"} 0
    # HELP nbu_exporter_log_lines_dropped_total Log lines dropped because they could not be written, or not in time.
    # TYPE nbu_exporter_log_lines_dropped_total counter
    nbu_exporter_log_lines_dropped_total 0
    # HELP nbu_exporter_spans_dropped_total Spans dropped because the receiver of traces is unreachable or too slow.
    # TYPE nbu_exporter_spans_dropped_total counter
    nbu_exporter_spans_dropped_total 0
    "#);
}

#[test]
fn every_call_is_counted_in_its_own_series() {
    let instruments = instruments();
    let at = UNIX_EPOCH + Duration::from_millis(1_700_000_000_500);
    instruments.config_loaded("c0ffee", UNIX_EPOCH);
    instruments.reload_succeeded(at);
    instruments.guest_current("0.1.0", "beef", true, 1);
    instruments.guest_current("0.2.0", "cafe", false, 2);
    instruments.swap(SwapResult::Promoted);
    instruments.swap(SwapResult::RolledBack);
    configure(&instruments, &site("prod"));
    everything(&instruments, &site("prod"));
    let text = instruments.render(Format::Text);
    let samples = text
        .lines()
        .filter(|line| line.starts_with("nbu_exporter_"));
    let samples: String = samples.map(|line| format!("{line}\n")).collect();
    insta::assert_snapshot!(samples, @r#"
    nbu_exporter_build_info{revision="abc",rustc="1.95.0",version="1.2.3",wasmtime="48"} 1
    nbu_exporter_cache_lookups_total{site="prod",collector="jobs",result="miss"} 1
    nbu_exporter_cache_lookups_total{site="prod",collector="storage",result="hit"} 1
    nbu_exporter_collection_duration_seconds_bucket{site="prod",le="0.05"} 0
    nbu_exporter_collection_duration_seconds_bucket{site="prod",le="0.1"} 1
    nbu_exporter_collection_duration_seconds_bucket{site="prod",le="0.25"} 1
    nbu_exporter_collection_duration_seconds_bucket{site="prod",le="0.5"} 1
    nbu_exporter_collection_duration_seconds_bucket{site="prod",le="1"} 1
    nbu_exporter_collection_duration_seconds_bucket{site="prod",le="2.5"} 1
    nbu_exporter_collection_duration_seconds_bucket{site="prod",le="5"} 1
    nbu_exporter_collection_duration_seconds_bucket{site="prod",le="10"} 1
    nbu_exporter_collection_duration_seconds_bucket{site="prod",le="30"} 1
    nbu_exporter_collection_duration_seconds_bucket{site="prod",le="60"} 1
    nbu_exporter_collection_duration_seconds_bucket{site="prod",le="120"} 1
    nbu_exporter_collection_duration_seconds_bucket{site="prod",le="+Inf"} 2
    nbu_exporter_collection_duration_seconds_sum{site="prod"} 200.07
    nbu_exporter_collection_duration_seconds_count{site="prod"} 2
    nbu_exporter_collections_total{site="prod",result="failure"} 1
    nbu_exporter_collections_total{site="prod",result="success"} 1
    nbu_exporter_config_info{sha256="c0ffee"} 1
    nbu_exporter_config_last_reload_success_timestamp_seconds 1700000000.5
    nbu_exporter_config_last_reload_successful 1
    nbu_exporter_config_reloads_total{result="failure"} 0
    nbu_exporter_config_reloads_total{result="success"} 1
    nbu_exporter_egress_denied_total{site="prod",reason="host"} 1
    nbu_exporter_egress_headers_removed_total{site="prod"} 3
    nbu_exporter_guest_faults_total{site="prod",reason="deadline"} 1
    nbu_exporter_guest_generation 2
    nbu_exporter_guest_info{sha256="cafe",signed="false",version="0.2.0"} 1
    nbu_exporter_guest_peak_memory_bytes{site="prod"} 3145728
    nbu_exporter_guest_swaps_total{result="promoted"} 1
    nbu_exporter_guest_swaps_total{result="refused"} 0
    nbu_exporter_guest_swaps_total{result="rolled_back"} 1
    nbu_exporter_log_lines_dropped_total 0
    nbu_exporter_series{site="prod"} 12
    nbu_exporter_series_dropped_total{site="prod",reason="duplicate"} 2
    nbu_exporter_spans_dropped_total 0
    nbu_exporter_state_write_failures_total{site="prod"} 1
    nbu_exporter_upstream_received_bytes_total{site="prod"} 4096
    nbu_exporter_upstream_request_duration_seconds_bucket{site="prod",le="0.005"} 0
    nbu_exporter_upstream_request_duration_seconds_bucket{site="prod",le="0.01"} 0
    nbu_exporter_upstream_request_duration_seconds_bucket{site="prod",le="0.025"} 0
    nbu_exporter_upstream_request_duration_seconds_bucket{site="prod",le="0.05"} 1
    nbu_exporter_upstream_request_duration_seconds_bucket{site="prod",le="0.1"} 1
    nbu_exporter_upstream_request_duration_seconds_bucket{site="prod",le="0.25"} 1
    nbu_exporter_upstream_request_duration_seconds_bucket{site="prod",le="0.5"} 1
    nbu_exporter_upstream_request_duration_seconds_bucket{site="prod",le="1"} 1
    nbu_exporter_upstream_request_duration_seconds_bucket{site="prod",le="2.5"} 1
    nbu_exporter_upstream_request_duration_seconds_bucket{site="prod",le="5"} 1
    nbu_exporter_upstream_request_duration_seconds_bucket{site="prod",le="10"} 1
    nbu_exporter_upstream_request_duration_seconds_bucket{site="prod",le="30"} 1
    nbu_exporter_upstream_request_duration_seconds_bucket{site="prod",le="+Inf"} 1
    nbu_exporter_upstream_request_duration_seconds_sum{site="prod"} 0.03
    nbu_exporter_upstream_request_duration_seconds_count{site="prod"} 1
    nbu_exporter_upstream_requests_total{site="prod",code="200"} 1
    "#);
}

#[test]
fn a_failed_reload_is_shown_and_keeps_the_time_of_the_last_success() {
    let instruments = instruments();
    instruments.config_loaded("c0ffee", UNIX_EPOCH + Duration::from_secs(7));
    instruments.reload_failed();
    let text = instruments.render(Format::Text);
    for line in [
        "nbu_exporter_config_last_reload_successful 0",
        "nbu_exporter_config_last_reload_success_timestamp_seconds 7",
        r#"nbu_exporter_config_reloads_total{result="failure"} 1"#,
        r#"nbu_exporter_config_info{sha256="c0ffee"} 1"#,
    ] {
        assert!(text.lines().any(|other| other == line), "{line}\n{text}");
    }
}

#[test]
fn removing_a_site_removes_only_its_series() {
    let instruments = instruments();
    let (gone, kept) = (site("gone"), site("kept"));
    configure(&instruments, &kept);
    everything(&instruments, &kept);
    let before = ours(&instruments.render(Format::Text));
    instruments.expect_site(&gone);
    everything(&instruments, &gone);
    assert!(instruments.render(Format::Text).contains("site=\"gone\""));
    instruments.forget_site(&gone);
    // As canceled requests and a late collection record them.
    everything(&instruments, &gone);
    instruments.expect_state(&gone);
    instruments.tls_insecure(&gone, true);
    assert_eq!(ours(&instruments.render(Format::Text)), before);
}

#[test]
fn openmetrics_names_counters_without_their_suffix() {
    let openmetrics = instruments().render(Format::OpenMetrics);
    assert!(openmetrics.contains("# TYPE nbu_exporter_guest_swaps counter\n"));
    assert!(openmetrics.contains("nbu_exporter_guest_swaps_total{result=\"refused\"} 0\n"));
}

#[test]
#[cfg(target_os = "linux")]
fn metrics_of_the_process_are_reported() {
    let text = instruments().render(Format::Text);
    let memory = text
        .lines()
        .find_map(|line| line.strip_prefix("process_resident_memory_bytes "));
    assert!(memory.unwrap().parse::<f64>().unwrap() > 0.0, "{text}");
}

#[test]
#[cfg(target_os = "linux")]
fn the_start_time_of_the_process_needs_no_proc_stat() {
    let before = SystemTime::now();
    let text = instruments().render(Format::Text);
    let start = text
        .lines()
        .find_map(|line| line.strip_prefix("process_start_time_seconds "));
    let start = UNIX_EPOCH + Duration::from_secs_f64(start.unwrap().parse().unwrap());
    // The start from `/proc/stat` would be a whole second.
    let lasted = start.duration_since(before - Duration::from_millis(1));
    assert!(lasted.is_ok(), "{text}");
}

#[test]
fn recorded_values_are_in_the_next_suffix_and_rendered_once() {
    let instruments = instruments();
    let plain = || String::from_utf8(instruments.suffix(Format::Text).plain().to_vec()).unwrap();
    let site = site("s");
    configure(&instruments, &site);
    for number in 1..200 {
        instruments.denied(&site, "path");
        let expected =
            format!("nbu_exporter_egress_denied_total{{site=\"s\",reason=\"path\"}} {number}\n");
        assert!(plain().contains(&expected), "{}", plain());
    }
    let again = || instruments.suffix(Format::OpenMetrics);
    // On a slow machine a rendering may be too old to be reused.
    assert!((0..100).any(|_| Arc::ptr_eq(&again(), &again())));
    assert!(again().plain().ends_with(b"# EOF\n"));
}

#[test]
fn concurrent_rendering_never_replaces_newer_values_with_older_ones() {
    let instruments = instruments();
    let [text, _] = &instruments.0.written;
    std::thread::scope(|scope| {
        let turn = text.writing.lock().unwrap();
        let waiting = scope.spawn(|| instruments.suffix(Format::Text));
        // Enough time for a thread that does not wait.
        (0..1000).for_each(|_| std::thread::yield_now());
        assert!(text.written.load().is_none());
        instruments.fault(&site("s"), "trap");
        instruments.write(Format::Text, text);
        drop(turn);
        let shown = waiting.join().unwrap();
        let last = text.written.load_full().unwrap();
        assert!(Arc::ptr_eq(&shown, &last.suffix));
    });
}
