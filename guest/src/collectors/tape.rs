//! Tape drives, cartridges, volume pools and hosts of robots.
//!
//! The four lists fail separately. NetBackup 10.3 has drives only; 10.4 added the
//! others. With 10.3 the collector reports drives and three failures with the reason
//! `unsupported`. The API version does not tell which endpoints exist, so the guest
//! requests all of them.

mod drives;
mod media;
mod pools;
mod robots;

use futures::future::{LocalBoxFuture, join4};

use crate::collector::{Collected, Collector, Context};
use crate::contract::DeclaredFamily;
use crate::options;

/// The collector.
pub(super) const COLLECTOR: Collector = Collector {
    name: "tape",
    summary: "Tape drives, cartridges, volume pools and hosts of robots",
    enabled_by_default: false,
    paths: &[
        drives::ENDPOINT,
        media::ENDPOINT,
        pools::ENDPOINT,
        robots::ENDPOINT,
    ],
    permissions: &[
        "|STORAGE|TAPE-DEVICES|",
        "|STORAGE|TAPE-MEDIA|",
        "|STORAGE|TAPE-MEDIA|VOLUME-POOLS|",
    ],
    cached: true,
    default_interval: None,
    experimental: false,
    state_version: 0,
    families,
    options: || vec![options::legacy_names()],
    collect,
};

fn families() -> Vec<DeclaredFamily> {
    [
        drives::describe(),
        media::describe(),
        pools::describe(),
        robots::describe(),
    ]
    .concat()
}

fn collect<'a>(context: &'a Context<'a>) -> LocalBoxFuture<'a, Collected> {
    Box::pin(async {
        let (client, legacy_names) = (context.client, context.legacy_names);
        let (drives, media, pools, robots) = join4(
            drives::read(client),
            media::read(client),
            pools::read(client),
            robots::read(client),
        )
        .await;
        let mut collected = Collected::of(drives.map(|drives| drives.families(legacy_names)));
        let pool_media = match (&pools, &media) {
            (Ok(pools), Ok(media)) => Some(pools::media(pools, media)),
            _ => None,
        };
        collected.add(media.map(|media| media::families(&media, legacy_names)));
        collected.add(pools.map(|pools| pools::families(&pools)));
        collected.families.extend(pool_media);
        collected.add(robots.map(|robots| robots::families(&robots)));
        collected
    })
}
