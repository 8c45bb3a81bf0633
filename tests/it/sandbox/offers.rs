//! Candidates that are invalid or not supported by this host.

use nbu_exporter::guest::{Guest, GuestLimits, InstanceLimits};
use tests::{Bench, Exposition, guests};

use super::{simulator, site};

/// Core modules above the limits.
const MEMORY: &str = "(module (memory 1))";
const LARGE_MEMORY: &str = "(module (memory 8000))";
const TABLE: &str = "(module (table 1 funcref))";
const LARGE_TABLE: &str = "(module (table 30000 funcref))";
const GROWING_TABLE: &str = "(module (table 1 funcref) (func $grow \
    (drop (table.grow 0 (ref.null func) (i32.const 30000)))) (start $grow))";
const SPINNING: &str = "(module (func $spin (loop (br 0))) (start $spin))";
const TRAPPING: &str = "(module (func $trap unreachable) (start $trap))";

/// A component that exports the interface with these functions, each of this type.
fn exporting(functions: &[&str]) -> Vec<u8> {
    let exports: String = functions
        .iter()
        .map(|name| format!("(export \"{name}\" (func $f))"))
        .collect();
    wat::parse_str(format!(
        "(component
            (core module $m (func (export \"f\") (result i32) (i32.const 1)))
            (core instance $i (instantiate $m))
            (func $f (result u32) (canon lift (core func $i \"f\")))
            (instance $c {exports})
            (export \"nbu:collector/collector@0.1.0\" (instance $c)))"
    ))
    .unwrap()
}

fn truncated() -> Vec<u8> {
    let mut bytes = guests::behaving("steady", 1);
    bytes.truncate(bytes.len() / 2);
    bytes
}

/// Every invalid candidate, and the expected message.
fn offers() -> Vec<(&'static str, Vec<u8>, &'static str)> {
    let wanting = guests::wanting;
    let with = guests::with_module;
    let all = ["describe", "check", "probe", "collect"];
    vec![
        ("nothing", Vec::new(), "not a WebAssembly component"),
        (
            "text",
            b"not wasm at all".to_vec(),
            "not a WebAssembly component",
        ),
        (
            "a core module",
            guests::core_module(),
            "not a WebAssembly component",
        ),
        ("half a file", truncated(), "not a WebAssembly component"),
        ("no exports", guests::without_exports(), "collector@0.2.0"),
        ("a missing export", exporting(&all[1..]), "`describe`"),
        ("a wrong type", exporting(&all), "its contract differs"),
        (
            "an older contract",
            guests::of_contract("0.0.9"),
            "does not fit this host",
        ),
        (
            "a newer contract",
            guests::of_contract("0.3.0"),
            "does not fit this host",
        ),
        (
            "sockets",
            wanting("wasi:sockets/tcp@0.3.0"),
            "does not fit this host",
        ),
        ("many memories", with(MEMORY, 10), "memory count too high"),
        (
            "a large memory",
            with(LARGE_MEMORY, 1),
            "bytes of memory, the limit is",
        ),
        ("many tables", with(TABLE, 30), "table count too high"),
        (
            "a large table",
            with(LARGE_TABLE, 1),
            "a table of `30000` elements",
        ),
        (
            "a growing table",
            with(GROWING_TABLE, 1),
            "a table of `30001` elements",
        ),
        (
            "many instances",
            with("(module)", 100),
            "instance count too high",
        ),
        (
            "a start that spins",
            with(SPINNING, 1),
            "did not finish within 0.3 s",
        ),
        ("a start that traps", with(TRAPPING, 1), "unreachable"),
    ]
}

fn limits() -> GuestLimits {
    GuestLimits {
        offline: std::time::Duration::from_millis(300),
        ..GuestLimits::default()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_invalid_candidate_is_rejected_with_the_reason() {
    let engine = tests::engine();
    for (what, bytes, reason) in offers() {
        let loaded = Guest::load_within(&engine, bytes.into(), limits()).await;
        let said = loaded.err().expect(what).to_string();
        assert!(said.contains(reason), "{what}: {said}");
        let lines = said.replace("\n  hint: ", " ");
        assert!(!lines.contains('\n') && said.len() < 1000, "{what}: {said}");
    }
}

/// The appended modules are then rejected only for their size.
#[tokio::test(flavor = "multi_thread")]
async fn modules_within_the_limits_are_accepted() {
    let engine = tests::engine();
    for module in [MEMORY, TABLE, "(module)"] {
        let bytes = guests::with_module(module, 2);
        let loaded = Guest::load_within(&engine, bytes.into(), limits()).await;
        assert!(loaded.is_ok(), "{module}: {}", loaded.err().unwrap());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_running_guest_and_its_page_survive_every_invalid_candidate() {
    let simulator = simulator().await;
    let rest = "guest: { path: guest.wasm, limits: { checkTimeout: 300ms } }\n\
                server: { collectionInterval: 200ms }\n";
    let sites = [site("paris", &simulator)];
    let bench = Bench::start_on(&guests::behaving("steady", 7), &sites, rest).await;
    bench.until_read(&["paris"]).await;
    let refused =
        |e: &Exposition| e.sum("nbu_exporter_guest_swaps_total", &[("result", "refused")]);
    for (what, bytes, _) in offers() {
        let before = refused(&bench.scrape().await);
        bench.install(&bytes);
        let page = bench.until(what, |e| refused(e) > before).await;
        let labels = [("site", "paris"), ("stamp", "7")];
        assert_eq!(page.value("nbu_test_jobs", &labels), Some(7.0), "{what}");
        assert_eq!(
            page.value("nbu_exporter_guest_generation", &[]),
            Some(1.0),
            "{what}"
        );
    }
    let reads = |e: &Exposition| {
        let labels = [("site", "paris"), ("result", "success")];
        e.sum("nbu_exporter_collections_total", &labels)
    };
    let before = reads(&bench.scrape().await);
    bench
        .until("it is still collected", |e| reads(e) > before)
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_limits_of_an_instance_are_the_configured_ones() {
    let engine = tests::engine();
    let usual = GuestLimits::default().instance;
    for (instance, module, reason) in [
        (
            InstanceLimits {
                instances: 1,
                ..usual
            },
            "(module)",
            "instance count",
        ),
        (
            InstanceLimits {
                memories: 1,
                ..usual
            },
            MEMORY,
            "memory count",
        ),
        (InstanceLimits { tables: 1, ..usual }, TABLE, "table count"),
        (
            InstanceLimits {
                table_elements: 1,
                ..usual
            },
            TABLE,
            "the limit is `1`",
        ),
        (
            InstanceLimits {
                host_call_bytes: 100,
                ..usual
            },
            "(module)",
            "hostcalls",
        ),
    ] {
        let limits = GuestLimits {
            instance,
            ..GuestLimits::default()
        };
        let bytes = guests::with_module(module, 1);
        let loaded = Guest::load_within(&engine, bytes.into(), limits).await;
        let said = loaded.err().expect(reason).to_string();
        assert!(said.contains(reason), "{said}");
    }
}
