//! Mangled components are rejected, or loaded and kept within their limits.

use std::time::Duration;

use fastrand::Rng;
use nbu_exporter::guest::{CallTarget, Guest, GuestLimits};
use nbu_exporter::site::SiteName;
use tests::guests;

use super::{egress, mangle, settings, window};

fn limits() -> GuestLimits {
    let brief = Duration::from_millis(200);
    GuestLimits {
        offline: brief,
        collect: brief,
        probe: brief,
        memory_bytes: 16 << 20,
        ..GuestLimits::default()
    }
}

/// A component with all parts of a component, small enough to be compiled very often.
fn small() -> Vec<u8> {
    let text = r#"(component
        (core module $m
            (memory (export "memory") 1)
            (table 2 funcref) (elem (i32.const 0) $f $f)
            (data (i32.const 8) "text")
            (global $g (mut i32) (i32.const 7))
            (func $f (export "f") (result i32)
                (local i32)
                (loop (br_if 0 (i32.lt_u (local.tee 0 (i32.add (local.get 0) (i32.const 1))) (i32.const 9))))
                (global.set $g (i32.load (i32.const 8)))
                (call_indirect (result i32) (i32.const 1)))
            (func (export "realloc") (param i32 i32 i32 i32) (result i32) (i32.const 64)))
        (core instance $i (instantiate $m))
        (type $r (record (field "a" string) (field "b" (list u8))))
        (func $f (result u32) (canon lift (core func $i "f")))
        (instance $c (export "describe" (func $f)))
        (export "nbu:collector/collector@0.1.0" (instance $c)))"#;
    wat::parse_str(text).unwrap()
}

/// Loads the component and calls all exports; returns whether it could be loaded.
async fn tried(bytes: Vec<u8>) -> bool {
    let engine = tests::engine();
    let guest = match Guest::load_within(&engine, bytes.into(), limits()).await {
        Ok(guest) => guest,
        Err(refused) => {
            let said = refused.to_string();
            let lines = said.replace("\n  ", " ");
            assert!(!lines.contains('\n') && said.len() < 12_000, "{said}");
            assert!(said.lines().all(|line| line.len() < 4000), "{said}");
            assert!(said.lines().count() <= 24, "{said}");
            assert!(!said.contains("panicked"), "{said}");
            return false;
        }
    };
    let site = SiteName::new("paris").unwrap();
    // Nothing listens there.
    let (egress, settings) = (egress(&site, 9), settings(9));
    let target = CallTarget {
        site: &site,
        egress: &egress,
        limits: limits(),
    };
    // Both a fault and a result are fine.
    let _ = guest.check(&settings).await.map(drop);
    let _ = guest.probe(target, &settings, None).await.map(drop);
    let _ = guest
        .collect(target, &settings, |_| true, window(0), vec![])
        .await
        .map(drop);
    true
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mangled_small_component_does_not_end_the_process() {
    let mut rng = Rng::with_seed(1);
    let whole = small();
    for end in 0..whole.len() {
        assert!(!tried(whole[..end].to_vec()).await, "{end} bytes of it");
    }
    for _ in 0..600 {
        let mut bytes = whole.clone();
        mangle(&mut bytes, &mut rng);
        tried(bytes).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mangled_guest_is_rejected_or_stays_within_its_limits() {
    let mut rng = Rng::with_seed(2);
    let (carried, other) = (guests::good(), guests::behaving("steady", 1));
    for _ in 0..30 {
        let end = rng.usize(..carried.len());
        assert!(!tried(carried[..end].to_vec()).await, "{end} bytes of it");
        // The beginning of one and the end of another.
        let tail = rng.usize(..other.len());
        tried([&carried[..end], &other[tail..]].concat()).await;
    }
    let mut loaded = 0;
    for _ in 0..12 {
        let mut bytes = other.clone();
        mangle(&mut bytes, &mut rng);
        loaded += u32::from(tried(bytes).await);
    }
    // Changes in text and padding keep the component valid, so that some are compiled
    // and run.
    for _ in 0..3 {
        let mut bytes = other.clone();
        let text = bytes
            .windows(9)
            .position(|window| window == b"nbu_test_")
            .unwrap();
        bytes[text + rng.usize(..9)] = rng.u8(..);
        loaded += u32::from(tried(bytes).await);
    }
    assert!(loaded > 0, "none was ever run");
}
