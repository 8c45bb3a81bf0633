//! Certificates and API keys.

use jiff::SignedDuration;
use simulator::{Release, Truth};

use super::Series;

pub(super) fn security(truth: &Truth, _: Release) -> Series {
    let mut series = Series::default();
    let day = SignedDuration::from_hours(24);
    for one in truth.host_certificates().iter().filter(|it| !it.revoked) {
        let left = one.expires.duration_since(truth.now());
        let bucket = match left {
            left if left <= SignedDuration::ZERO => "expired",
            left if left <= day * 7 => "7d",
            left if left < day * 30 => "30d",
            left if left < day * 90 => "90d",
            _ => "later",
        };
        series.add("nbu_host_certificates", &[("expires", bucket)], 1);
        if left < day * 30 {
            let name = "nbu_host_certificate_expiry_timestamp_seconds";
            let seconds = one.expires.as_second() as f64;
            series.set(name, &[("host", &*one.host)], seconds);
        }
    }
    for one in truth.authorities() {
        let name = "nbu_ca_certificate_expiry_timestamp_seconds";
        let labels = [("subject", &*one.subject), ("state", &*one.state)];
        series.set(name, &labels, one.expires.as_second() as f64);
    }
    for state in ["NO_MIGRATION", "INITIATED", "ACTIVATED"] {
        let is = f64::from(u8::from(state == "NO_MIGRATION"));
        series.set("nbu_ca_migration_state", &[("state", state)], is);
    }
    for one in truth.api_keys() {
        let name = "nbu_api_key_expiry_timestamp_seconds";
        let labels = [("user", &*one.user), ("tag", &*one.tag)];
        series.set(name, &labels, one.expires.as_second() as f64);
    }
    series
}
