//! The effect of every key.

use std::time::Duration;

use super::*;
use crate::egress::{RequestLimits, Scheme, TlsVersion};
use crate::guest::{self, CollectorKeys, OptionKey};
use crate::telemetry::{LogFormat, LogTarget};

fn minutes(n: u64) -> Duration {
    Duration::from_secs(n * 60)
}

#[test]
fn the_predecessors_file_loads_unchanged() {
    let variables = |name: &str| match name {
        "NBU1_HOSTNAME" => Some("nbu1".to_owned()),
        "NBU1_APIKEY" => Some("k1".to_owned()),
        _ => None,
    };
    let text = include_str!("files/predecessor.yaml");
    let file = Path::new("config.yaml");
    let config = parse(text, file, &Overrides::default(), &variables).unwrap();
    let site = &config.swap.sites[0];
    assert_eq!(site.name.as_str(), "nbu1");
    assert_eq!(site.guest.base_url, "https://nbu1:1556/netbackup");
    assert_eq!(site.guest.api_version.as_deref(), Some("13.0"));
    assert_eq!(site.egress.credential.header(), "k1");
    assert_eq!(config.http.listen, ["0.0.0.0:9440".parse().unwrap()]);
    assert_eq!(config.collect, collect::CollectSettings::default());
    assert!(config.warnings.is_empty(), "{:?}", config.warnings);
    insta::assert_snapshot!(config.masked);
}

#[test]
fn defaults_fill_in_what_is_left_out() {
    let config = good(SITE);
    assert_eq!(config.http.metrics_path, "/metrics");
    assert_eq!(config.log, telemetry::LogSettings::default());
    assert_eq!(config.swap.limits, guest::GuestLimits::default());
    assert_eq!(config.swap.guest_path, None);
    let site = &config.swap.sites[0];
    assert_eq!(site.egress.timeouts, crate::egress::Timeouts::default());
    assert!(!site.guest.legacy_names && !site.egress.tls.insecure_skip_verify);
    insta::assert_snapshot!(config.masked);
}

#[test]
fn every_key_of_the_server_has_an_effect() {
    let config = good(
        "nbuserver: { host: nbu1, apiKey: k1 }
server:
  host: 127.0.0.1
  port: 9441
  uri: /other
  scrapingInterval: 2h
  collectionInterval: 1m
  cacheTTL: 1.5h
  staleGrace: 0s
  collectionTimeout: 90s
  probeTimeout: 500ms
  shutdownTimeout: 1s
  logLevel: warn
  logFormat: json
  logName: /var/log/exporter.log
",
    );
    assert_eq!(config.http.listen, ["127.0.0.1:9441".parse().unwrap()]);
    assert!(config.http.names.contains(&"127.0.0.1".to_owned()));
    assert_eq!(config.http.metrics_path, "/other");
    assert_eq!(config.http.shutdown_timeout, Duration::from_secs(1));
    let expected = collect::CollectSettings {
        interval: minutes(1),
        cache_ttl: minutes(90),
        stale_grace: Duration::ZERO,
        lookback: minutes(120),
    };
    assert_eq!(config.collect, expected);
    assert_eq!(config.swap.limits.collect, Duration::from_secs(90));
    assert_eq!(config.swap.limits.probe, Duration::from_millis(500));
    assert_eq!(config.log.filter.as_str(), "warn");
    assert_eq!(config.log.format, LogFormat::Json);
    assert_eq!(
        config.log.target,
        LogTarget::File("/var/log/exporter.log".into())
    );
}

#[test]
fn every_key_of_a_site_has_an_effect() {
    let config = good(
        "nbuservers:
- site: paris
  scheme: http
  uri: /nb/
  host: NBU1.example.com
  port: '8080'
  apiVersion: 14.0
  apiKey: k1
  insecureSkipVerify: 'true'
  timeouts: { connect: 1s, tls: 2s, firstByte: 3s, betweenBytes: 4s, total: 5s }
  maxResponseBytes: 1MiB
  maxUrlBytes: 1KiB
  maxRequestHeaders: 1
  maxRequestHeaderBytes: 2KiB
  maxRequestBytes: 3KiB
  maxResponseHeaderBytes: 4KiB
  maxRequestsPerCollection: 2
  maxBytesPerCollection: 5KiB
  maxConcurrentRequests: 3
  serverName: primary
  minVersion: 1.3
  allowLocalAddresses: true
- { site: lyon, host: '::1', apiKey: k2 }
",
    );
    let [paris, lyon] = config.swap.sites.as_slice() else {
        panic!("expected two sites: {:?}", config.swap.sites);
    };
    assert_eq!(paris.name.as_str(), "paris");
    assert_eq!(paris.egress.origin.scheme, Scheme::Http);
    assert_eq!(paris.guest.base_url, "http://nbu1.example.com:8080/nb");
    assert_eq!(paris.guest.api_version.as_deref(), Some("14.0"));
    assert!(paris.egress.tls.insecure_skip_verify);
    let t = paris.egress.timeouts;
    let all = [t.connect, t.tls, t.first_byte, t.between_bytes, t.total];
    assert_eq!(all, [1, 2, 3, 4, 5].map(Duration::from_secs));
    assert_eq!(paris.egress.limits.response_bytes, 1 << 20);
    assert_eq!(paris.egress.base_path, "/nb");
    let expected = RequestLimits {
        url_bytes: 1 << 10,
        request_headers: 1,
        request_header_bytes: 2 << 10,
        request_bytes: 3 << 10,
        response_header_bytes: 4 << 10,
        response_bytes: 1 << 20,
        requests: 2,
        bytes: 5 << 10,
        concurrent: 3,
    };
    assert_eq!(paris.egress.limits, expected);
    assert_eq!(paris.egress.tls.server_name.as_deref(), Some("primary"));
    assert_eq!(paris.egress.tls.min_version, TlsVersion::Tls13);
    assert!(paris.egress.allow_local_addresses && !lyon.egress.allow_local_addresses);
    assert_eq!(lyon.egress.limits, RequestLimits::default());
    assert_eq!(lyon.guest.base_url, "https://[::1]:1556/netbackup");
    assert_eq!(lyon.egress.credential.header(), "k2");
}

#[test]
fn every_key_of_the_guest_has_an_effect() {
    let config = good(&format!(
        "{SITE}guest: {{ path: own.wasm, memoryLimit: 64MiB }}\nmetrics: {{ legacyNames: true }}"
    ));
    assert_eq!(config.swap.guest_path, Some(PathBuf::from("own.wasm")));
    assert_eq!(config.swap.limits.memory_bytes, 64 << 20);
    assert!(config.swap.sites[0].guest.legacy_names);
}

#[test]
fn every_key_about_another_guest_has_an_effect() {
    let digest = "0123456789abcdef".repeat(4);
    let key = format!("RWQ{}", "A".repeat(53));
    let config = good(&format!(
        "{SITE}guest:
  path: own.wasm
  sha256: {digest}
  publicKey: {key}
  allowDowngrade: true
  allowNewCapabilities: true
  canary: {{ sites: 2, timeout: 9s, seriesFactor: 1.5, timeFactor: 2, memoryFactor: 4,
    seriesFloor: 7, timeFloor: 8s, memoryFloor: 3MiB }}
  probation: {{ collections: 5 }}
"
    ));
    let swap = &config.swap;
    let bound = |factor, floor| crate::swap::GrowthLimit { factor, floor };
    let canary = crate::swap::Canary {
        sites: 2,
        timeout: Duration::from_secs(9),
        series: bound(1.5, 7.0),
        seconds: bound(2.0, 8.0),
        memory: bound(4.0, f64::from(3 << 20)),
    };
    assert_eq!(swap.canary, canary);
    assert_eq!(swap.probation, 5);
    assert!(swap.allow_new_capabilities && swap.provenance.allow_downgrade);
    assert_eq!(swap.provenance.sha256.unwrap().to_string(), digest);
    assert_eq!(swap.provenance.public_key, Some(key.parse().unwrap()));
    assert!(config.warnings.is_empty());
    let every = good(&format!("{SITE}guest: {{ canary: {{ sites: all }} }}"));
    assert_eq!(every.swap.canary, crate::swap::Canary::default());
}

#[test]
fn requirements_on_a_guest_without_a_path_are_warnings() {
    let digest = "0".repeat(64);
    let config = good(&format!("{SITE}guest: {{ sha256: {digest} }}"));
    let at: Vec<_> = config.warnings.iter().map(|w| w.at.as_str()).collect();
    assert_eq!(at, ["guest.sha256"]);
}

#[test]
fn the_guests_path_is_relative_to_the_configuration() {
    let text = format!("{SITE}guest: {{ path: own.wasm }}");
    let file = Path::new("/etc/nbu/config.yaml");
    let config = parse(&text, file, &Overrides::default(), &nothing).unwrap();
    assert_eq!(config.swap.guest_path, Some("/etc/nbu/own.wasm".into()));
}

#[test]
fn collectors_keep_their_keys_and_lines() {
    let selected = |collectors: &str| {
        let config = good(&format!("{SITE}collectors: {collectors}"));
        let option = |key: &OptionKey| format!("{}={}", key.path, key.value);
        let text = |keys: &CollectorKeys| {
            let options: Vec<_> = keys.options.iter().map(option).collect();
            let CollectorKeys {
                name,
                enabled,
                interval,
                place,
                ..
            } = keys;
            format!(
                "{place} {name} {enabled:?} {interval:?} {}",
                options.join(" ")
            )
        };
        let list = &config.swap.sites[0].guest.collectors;
        list.iter().map(text).collect::<Vec<_>>()
    };
    assert_eq!(selected("{}"), [""; 0]);
    let off = "config.yaml:2 jobs Some(false) Some(90s) ";
    assert_eq!(
        selected("{ jobs: { enabled: false, interval: 90s } }"),
        [off]
    );
    let one = "{ perClient: { enabled: true, top: 5, names: [a, '7'], deep: { on: true } } }";
    let keys = r#"config.yaml:2 perClient Some(true) None top=5 names=["a","7"] deep.on=true"#;
    assert_eq!(selected(one), [keys]);
    // Without any options, or with all of them commented out.
    let bare = [
        "config.yaml:2 slo None None ",
        "config.yaml:2 tape None None ",
    ];
    assert_eq!(selected("{ slo: {}, tape: }"), bare);
}

#[test]
fn flags_take_precedence_over_the_file() {
    let flags = Overrides {
        listen: vec![":0".into(), "127.0.0.1:1".into()],
        metrics_path: Some("/nbu".into()),
        max_requests: Some(7),
        disable_exporter_metrics: true,
        collectors: vec![
            CollectorFlag {
                name: "tape".into(),
                enabled: true,
            },
            CollectorFlag {
                name: "jobs".into(),
                enabled: false,
            },
        ],
        log_level: Some("error".parse().unwrap()),
        log_format: Some(LogFormat::Json),
        ..Overrides::default()
    };
    let text = format!(
        "{SITE}server: {{ logLevel: debug, host: no.such.host.invalid, uri: /other }}\n\
         collectors: {{ jobs: {{ enabled: true }} }}"
    );
    let config = parse(&text, Path::new("config.yaml"), &flags, &nothing).unwrap();
    let listen = ["0.0.0.0:0", "127.0.0.1:1"].map(|it| it.parse().unwrap());
    assert_eq!(config.http.listen, listen);
    assert_eq!(config.http.metrics_path, "/nbu");
    assert_eq!(config.http.limits.scrapes, 7);
    assert!(!config.process_metrics);
    let collectors = config.swap.sites[0].guest.collectors.iter();
    let enabled: Vec<_> = collectors
        .map(|it| (it.name.as_str(), it.enabled))
        .collect();
    assert_eq!(enabled, [("jobs", Some(false)), ("tape", Some(true))]);
    assert_eq!(config.log.filter.as_str(), "error");
    assert_eq!(config.log.format, LogFormat::Json);
    assert!(
        config
            .masked
            .starts_with("# on the command line: --web.listen-address=:0\n")
    );
    assert!(
        config
            .masked
            .contains("# on the command line: --no-collector.jobs\n")
    );
    for flag in ["max-requests=7", "disable-exporter-metrics"] {
        let line = format!("# on the command line: --web.{flag}\n");
        assert!(config.masked.contains(&line), "{}", config.masked);
    }
}

/// The warning is about the missing feature.
#[cfg(not(feature = "traces"))]
#[test]
fn settings_without_an_effect_are_warnings() {
    let config = good(&format!("{SITE}opentelemetry: {{ enabled: true }}"));
    let said = config.warnings.iter().map(|w| (w.at.as_str(), w.line));
    assert_eq!(Vec::from_iter(said), [("opentelemetry.enabled", Some(2))]);
}

#[test]
fn a_site_inherits_missing_keys_from_an_anchor() {
    let config = good(
        "nbuservers:
- &first { site: paris, host: nbu1, port: 1, apiKey: k1 }
- { <<: *first, site: lyon, host: nbu2 }
",
    );
    let lyon = &config.swap.sites[1];
    assert_eq!(lyon.guest.base_url, "https://nbu2:1/netbackup");
    assert_eq!(lyon.egress.credential.header(), "k1");
}

#[test]
fn the_digest_is_computed_from_the_file() {
    assert_eq!(good(SITE).sha256.len(), 64);
    assert_eq!(good(SITE).sha256, good(SITE).sha256);
    assert_ne!(good(SITE).sha256, good(&format!("{SITE}# more")).sha256);
}

#[test]
fn every_limit_of_the_guest_has_an_effect() {
    let config = good(&format!(
        "{SITE}guest:
  limits:
    {{ collections: 1, busyCalls: 2, checkTimeout: 3s, functions: 4, functionSize: 5B,
      compileTimeout: 6s, compileMemory: 500MiB, instances: 7, memories: 8, tables: 9, tableElements: 10,
      handles: 11, callSize: 12B, logLines: 13, logSize: 14B, logLineSize: 15B,
      collectors: 16, paths: 17, families: 18, seriesPerFamily: 19,
      seriesPerCollector: 20, seriesPerSite: 21, sizePerSite: 28B, labels: 22, nameSize: 23B,
      labelSize: 24B, helpSize: 25B, failures: 26, stateSize: 27B }}"
    ));
    let l = config.swap.limits;
    assert_eq!(l.offline, Duration::from_secs(3));
    assert_eq!(l.component.compile, Duration::from_secs(6));
    let (i, m, r) = (l.instance, l.manifest, l.report);
    let numbers = [
        l.collections,
        l.busy,
        l.component.functions,
        l.component.function_bytes,
        i.instances,
        i.memories,
        i.tables,
        i.table_elements,
        i.handles,
        i.host_call_bytes,
        l.log.lines,
        l.log.bytes,
        l.log.line_bytes,
        m.collectors,
        m.paths,
        m.families,
        r.family_series,
        r.collector_series,
        l.site.series,
        r.labels,
        r.name_bytes,
        r.value_bytes,
        r.help_bytes,
        l.failures,
        l.state_bytes,
        r.families,
        l.site.bytes,
    ];
    let expected = [
        1, 2, 4, 5, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26,
        27, 18, 28,
    ];
    assert_eq!(numbers, expected);
}

/// As files they would be pipes, which are rejected.
#[test]
fn the_names_of_the_standard_streams_are_rejected_as_files() {
    for (name, target) in [
        ("/dev/stdout", telemetry::LogTarget::Stdout),
        ("/dev/stderr", telemetry::LogTarget::Stderr),
        ("/proc/self/fd/1", telemetry::LogTarget::Stdout),
    ] {
        let config = good(&format!("{SITE}server: {{ logName: {name} }}"));
        assert_eq!(config.log.target, target);
        assert!(config.warnings.is_empty());
    }
}
