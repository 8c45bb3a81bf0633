//! Posture, licences and policies.

use std::collections::BTreeMap;

use simulator::{Release, Truth};

use super::Series;

pub(super) fn posture(truth: &Truth, release: Release) -> Series {
    let mut series = Series::default();
    let status = truth.security_status();
    if release >= Release::V10_5 {
        series.set("nbu_security_risk_score", &[], status.risk_score);
    }
    if release >= Release::V11_2 {
        series.set("nbu_freeze_mode", &[], f64::from(u8::from(status.frozen)));
    }
    series.set("nbu_server_info", &[("version", release.name())], 1.0);
    for state in [
        "PENDING",
        "APPROVED",
        "REJECTED",
        "EXPIRED",
        "CANCELED",
        "SCHEDULED",
        "DONE",
    ] {
        let tickets = truth.tickets().iter().filter(|it| it.state == state);
        series.add(
            "nbu_mpa_tickets",
            &[("state", state)],
            tickets.count() as u64,
        );
    }
    for trigger in ["AUTOMATIC", "MANUAL"] {
        let clients = truth.paused_clients().iter();
        let clients = clients.filter(|it| it.trigger == trigger).count() as u64;
        series.add("nbu_paused_clients", &[("trigger", trigger)], clients);
    }
    series
}

pub(super) fn licence(truth: &Truth, _: Release) -> Series {
    let mut series = Series::default();
    let mut amounts = BTreeMap::new();
    let mut ends: BTreeMap<_, (Vec<_>, Vec<_>)> = BTreeMap::new();
    for it in truth.entitlements() {
        let labels = [
            ("meter", &*it.meter),
            ("type", &*it.kind),
            ("status", &*it.status),
        ];
        *amounts.entry(labels).or_insert(0.0) += it.count as f64 * it.multiplier;
        if it.kind == "PERPETUAL" {
            continue;
        }
        let (active, expired) = ends.entry((&*it.product, &*it.meter)).or_default();
        let list = if it.status == "ACTIVE" {
            active
        } else {
            expired
        };
        list.push(it.ends.as_second());
    }
    for (labels, amount) in amounts {
        series.set("nbu_license_entitlements", &labels, amount);
    }
    for ((product, meter), (active, expired)) in ends {
        // The next end, or the last one if nothing is left.
        let end = active.iter().min().or(expired.iter().max());
        let name = "nbu_license_expiry_timestamp_seconds";
        let labels = [("product", product), ("meter", meter)];
        series.set(name, &labels, *end.expect("one of both has an end") as f64);
    }
    for it in truth.front_ends() {
        let labels = [("primary", &*it.primary)];
        let bytes = it.megabytes * 1024.0 * 1024.0;
        series.set("nbu_license_front_end_bytes", &labels, bytes);
    }
    series
}

pub(super) fn policies(truth: &Truth, _: Release) -> Series {
    let mut series = Series::default();
    for it in truth.policies().iter().filter(|it| it.kind != "DEPLOYMENT") {
        let active = if it.active { "true" } else { "false" };
        let labels = [("policy_type", &*it.kind), ("active", active)];
        series.add("nbu_policies", &labels, 1);
    }
    series
}
