//! Storage units, disk pools and storage servers: the same in every release.

use simulator::{Pool, Release, StorageServer, Truth, Unit};

use super::Series;

pub(super) fn storage(truth: &Truth, _: Release) -> Series {
    let mut series = Series::default();
    let disks = truth.units().iter().filter(|unit| unit.category != "TAPE");
    disks.for_each(|one| unit(&mut series, one, truth.pools()));
    truth.pools().iter().for_each(|one| pool(&mut series, one));
    truth
        .servers()
        .iter()
        .for_each(|one| server(&mut series, one));
    series
}

fn unit(series: &mut Series, unit: &Unit, pools: &[Pool]) {
    let labels = [("name", &*unit.name), ("type", &*unit.server_type)];
    for (size, bytes) in [("free", unit.free), ("used", unit.used)] {
        let [name, kind] = labels;
        series.maybe("nbu_disk_bytes", &[name, kind, ("size", size)], bytes);
    }
    series.maybe("nbu_disk_capacity_bytes", &labels, unit.total);
    let jobs = Some(u64::from(unit.max_concurrent));
    series.maybe("nbu_storage_max_concurrent_jobs", &labels, jobs);
    let fragment = Some(unit.max_fragment_megabytes * 1024 * 1024);
    series.maybe("nbu_storage_max_fragment_size_bytes", &labels, fragment);
    let is_cloud = unit.category.starts_with("CLOUD").to_string();
    let [worm_capable, use_worm, replication, instant_access] = [
        unit.worm_capable,
        unit.use_worm,
        unit.replication,
        unit.instant_access,
    ]
    .map(|flag| flag.to_string());
    let pool = pools.iter().find(|it| unit.pool == Some(it.id()));
    let more = [
        ("subtype", &*unit.sub_type),
        ("is_cloud", &*is_cloud),
        ("worm_capable", &*worm_capable),
        ("use_worm", &*use_worm),
        ("replication_capable", &*replication),
        ("instant_access", &*instant_access),
        ("pool", pool.map_or("", |it| &*it.name)),
        ("server", pool.map_or("", |it| &*it.server)),
    ];
    series.set("nbu_storage_info", &[&labels[..], &more].concat(), 1.0);
}

fn pool(series: &mut Series, pool: &Pool) {
    let name = ("pool", &*pool.name);
    for (size, bytes) in [
        ("raw", pool.raw),
        ("usable", pool.usable),
        ("used", pool.used),
        ("available", pool.available),
    ] {
        series.maybe("nbu_disk_pool_bytes", &[name, ("size", size)], bytes);
    }
    for state in ["UP", "DOWN", "TRANSIENT"] {
        let is = f64::from(u8::from(pool.state == state));
        series.set("nbu_disk_pool_state", &[name, ("state", state)], is);
    }
    for (mark, percent) in [("high", pool.high_water_mark), ("low", pool.low_water_mark)] {
        let ratio = f64::from(percent) / 100.0;
        let labels = [name, ("mark", mark)];
        series.set("nbu_disk_pool_water_mark_ratio", &labels, ratio);
    }
    for volume in &pool.volumes {
        let category = ("storage_category", &*pool.category);
        let state = ("state", &*volume.state);
        series.add("nbu_disk_pool_volumes", &[name, category, state], 1);
        let legacy = [("pool_name", &*pool.name), category, state];
        series.add("nbu_disk_pool_volume_count", &legacy, 1);
        let up = f64::from(u8::from(volume.state == "UP"));
        series.set("nbu_disk_volume_up", &[name, ("volume", &*volume.name)], up);
    }
    let info = [
        name,
        ("storage_category", &*pool.category),
        ("worm_capable", "false"),
        ("read_only", "false"),
    ];
    series.set("nbu_disk_pool_info", &info, 1.0);
}

fn server(series: &mut Series, server: &StorageServer) {
    let name = ("server", &*server.name);
    for state in ["UP", "DOWN"] {
        let labels = [name, ("type", &*server.s_type), ("state", state)];
        let is = f64::from(u8::from(server.state == state));
        series.set("nbu_storage_server_state", &labels, is);
    }
    series.maybe(
        "nbu_storage_server_status_code",
        &[name],
        server.status_code,
    );
    let Some(msdp) = &server.msdp else { return };
    let saved = msdp.saved_percent() / 100.0;
    series.set("nbu_msdp_dedup_saved_ratio", &[name], saved);
    for (kind, bytes) in [
        ("logical", msdp.logical),
        ("size", msdp.size()),
        ("used", msdp.used),
        ("available", msdp.available()),
        ("reserved", msdp.reserved),
    ] {
        series.maybe("nbu_msdp_bytes", &[name, ("kind", kind)], Some(bytes));
    }
}
