//! The disk storage of a scenario: it fills, and is cleaned up.

use jiff::Timestamp;

use super::site::Site;
use crate::estate::server::{Msdp, StorageServer};
use crate::estate::storage::{Pool, Unit, Volume};

const TERABYTE: u64 = 1 << 40;

impl Site {
    /// The pools at a moment.
    pub(in crate::estate) fn pools(self, now: Timestamp) -> Vec<Pool> {
        let hours = now.duration_since(self.created).as_secs_f64() / 3600.0;
        // Sites differ a little.
        let own = (self.seed % 7) as f64 / 100.0;
        let mut pools = vec![
            // Nears its high-water mark at a percent an hour, then is cleaned up.
            pool(
                "dp-msdp-01",
                120,
                0.80 + (0.06 + hours * 0.01).rem_euclid(0.175),
            ),
            // Rises and falls once a day.
            pool(
                "dp-msdp-02",
                240,
                0.52 + own + 0.04 * (hours * std::f64::consts::TAU / 24.0).sin(),
            ),
            pool(
                "dp-worm-01",
                60,
                (0.31 + own + hours * 0.0005).clamp(0.1, 0.9),
            ),
            with_volumes(pool("dp-adv-01", 20, 0.44 + own), self.healthy),
            cloud(0.4 + own + hours * 0.002),
        ];
        for pool in &mut pools {
            pool.server = match pool.name.as_str() {
                "dp-msdp-02" => format!("{}-media02", self.town),
                "dp-worm-01" => format!("{}-worm01", self.town),
                "dp-cloud-01" => "s3.simulated.example".to_owned(),
                _ => format!("{}-media01", self.town),
            };
        }
        pools
    }

    /// The servers of the pools, one each. Their deduplication ratio grows slowly.
    pub(in crate::estate) fn servers(self, now: Timestamp) -> Vec<StorageServer> {
        let hours = now.duration_since(self.created).as_secs_f64() / 3600.0;
        let ratio = 8.0 + (hours * 0.01).rem_euclid(6.0);
        let units = self.units(now);
        let server = |pool: Pool| {
            let id = pool.id();
            let on_pool = |unit: &&Unit| unit.pool.as_ref() == Some(&id);
            let msdp = pool.raw.zip(pool.used).map(|(raw, used)| {
                let logical = (used as f64 * ratio) as u64;
                Msdp::new(raw, used, logical)
            });
            StorageServer {
                units: units
                    .iter()
                    .filter(on_pool)
                    .map(|unit| unit.name.clone())
                    .collect(),
                worm: pool.name == "dp-worm-01",
                // Its volume is down.
                status_code: (pool.name == "dp-adv-01" && !self.healthy).then_some(2_060_019),
                msdp: msdp.filter(|_| pool.category == "MSDP"),
                ..StorageServer::without_figures(&pool.server, &pool.category, &pool.s_type)
            }
        };
        self.pools(now).into_iter().map(server).collect()
    }

    /// The units on those pools, and one on tape. Two share a pool.
    pub(in crate::estate) fn units(self, now: Timestamp) -> Vec<Unit> {
        let pools = self.pools(now);
        let on = |unit: &str, pool: &str| {
            let pool = pools.iter().find(|one| one.name == pool)?;
            let (total, used) = (pool.usable?, pool.used?);
            Some(Unit::new(unit, total, used).on(pool))
        };
        let mut units: Vec<_> = [
            on("stu-msdp-01", "dp-msdp-01"),
            on("stu-msdp-02", "dp-msdp-02"),
            on("stu-msdp-03", "dp-msdp-02"),
            on("stu-worm-01", "dp-worm-01").map(worm),
            on("stu-adv-01", "dp-adv-01").map(advanced),
        ]
        .into_iter()
        .flatten()
        .collect();
        let cloud = Unit::without_capacity("stu-cloud-01", "CLOUD", "amazon_raw");
        units.extend(
            pools
                .iter()
                .find(|pool| pool.name == "dp-cloud-01")
                .map(|pool| cloud.on(pool)),
        );
        units.push(Unit {
            max_concurrent: 4,
            ..Unit::without_capacity("stu-tape-01", "TAPE", "Tape")
        });
        units
    }
}

fn pool(name: &str, terabytes: u64, filled: f64) -> Pool {
    let raw = terabytes * TERABYTE;
    let usable = raw - raw / 50;
    Pool::new(name, raw, (usable as f64 * filled.clamp(0.0, 1.0)) as u64)
}

/// A pool may be up while one of its volumes is not.
fn with_volumes(mut pool: Pool, all_up: bool) -> Pool {
    pool.s_type = "AdvancedDisk".to_owned();
    pool.category = "ADVANCED_DISK".to_owned();
    let (raw, free) = (pool.raw.unwrap_or(0) / 2, pool.available.unwrap_or(0));
    let mut second = Volume::new("/adv/vol2", raw, 0);
    if !all_up {
        "DOWN".clone_into(&mut second.state);
    }
    pool.volumes = vec![Volume::new("/adv/vol1", raw, free), second];
    pool
}

/// A cloud has no size, only what is used.
fn cloud(terabytes: f64) -> Pool {
    let used = (TERABYTE as f64 * terabytes.max(0.1) * 40.0) as u64;
    Pool {
        s_type: "amazon_raw".to_owned(),
        category: "CLOUD".to_owned(),
        raw: None,
        usable: None,
        available: None,
        volumes: vec![Volume {
            raw: None,
            free: None,
            ..Volume::new("backup-bucket", 0, 0)
        }],
        ..Pool::new("dp-cloud-01", 0, used)
    }
}

fn worm(unit: Unit) -> Unit {
    Unit {
        worm_capable: true,
        use_worm: true,
        ..unit
    }
}

fn advanced(unit: Unit) -> Unit {
    Unit {
        category: "ADVANCED_DISK".to_owned(),
        server_type: "AdvancedDisk".to_owned(),
        max_fragment_megabytes: 524_288,
        replication: false,
        instant_access: false,
        ..unit
    }
}
