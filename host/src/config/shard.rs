//! `--shard.count` and `--shard.index`: several replicas share the configured sites.

use std::num::NonZeroU32;

use sha2::{Digest, Sha256};

use super::problem::{Findings, Problem};
use crate::site::SiteName;

/// The flags.
#[derive(Clone, Copy, Debug)]
pub struct ShardFlags {
    /// Number of replicas.
    pub count: NonZeroU32,
    /// This replica, from 0. Without it, the number at the end of the pod's name.
    pub index: Option<u32>,
}

/// One replica of several.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Shard {
    index: u32,
    count: NonZeroU32,
}

impl Shard {
    /// `None` if a problem was reported.
    pub(super) fn read(
        flags: ShardFlags,
        environment: &dyn Fn(&str) -> Option<String>,
        findings: &Findings,
    ) -> Option<Self> {
        let count = flags.count;
        let last = count.get() - 1;
        let Some(index) = flags.index.or_else(|| ordinal(environment)) else {
            let message = "is required, since neither `POD_NAME` nor `HOSTNAME` ends in a number";
            let hint = format!("write the number of this replica, from 0 to {last}");
            findings.problem(problem(message.into(), hint));
            return None;
        };
        if index > last {
            let message = format!("`{index}` is no replica of `--shard.count={count}`");
            let hint = format!("write a number from 0 to {last}, or a higher count");
            findings.problem(problem(message, hint));
            return None;
        }
        Some(Self { index, count })
    }

    /// Whether this replica collects the site.
    pub(super) fn owns(self, site: &SiteName) -> bool {
        owner(site, self.count) == self.index
    }
}

fn problem(message: String, hint: String) -> Problem {
    Problem {
        file: None,
        at: "--shard.index".into(),
        line: None,
        message,
        hint: Some(hint),
    }
}

/// The number that a StatefulSet puts at the end of a pod's name.
fn ordinal(environment: &dyn Fn(&str) -> Option<String>) -> Option<u32> {
    let name = environment("POD_NAME").or_else(|| environment("HOSTNAME"))?;
    name.rsplit_once('-')?.1.parse().ok()
}

/// The replica with the highest hash for the site (rendezvous hashing). One more replica
/// takes over only the sites for which it has the highest hash.
fn owner(site: &SiteName, count: NonZeroU32) -> u32 {
    let weight = |index: &u32| {
        let hash = Sha256::new().chain_update(index.to_be_bytes());
        hash.chain_update(site.as_str()).finalize()
    };
    (0..count.get()).max_by_key(weight).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count(count: u32) -> NonZeroU32 {
        NonZeroU32::new(count).unwrap()
    }

    fn sites() -> impl Iterator<Item = SiteName> {
        (0..500).map(|it| SiteName::new(&format!("site-{it}")).unwrap())
    }

    fn read(index: Option<u32>, name: &str, of: u32) -> Result<u32, String> {
        let findings = Findings::default();
        let flags = ShardFlags {
            count: count(of),
            index,
        };
        let environment = |key: &str| (key == "HOSTNAME").then(|| name.to_owned());
        let shard = Shard::read(flags, &environment, &findings);
        let (problems, ..) = findings.into_parts();
        shard.map(|it| it.index).ok_or_else(|| {
            let all = problems.iter();
            all.map(|it| it.in_file("config.yaml".as_ref()).to_string())
                .collect()
        })
    }

    #[test]
    fn every_replica_has_about_its_share() {
        for of in 1..=6 {
            let mut shares = vec![0_usize; of as usize];
            sites().for_each(|site| shares[owner(&site, count(of)) as usize] += 1);
            let fair = 500 / of as usize;
            let uneven = shares.iter().any(|it| it.abs_diff(fair) > fair / 4);
            assert!(!uneven, "{shares:?}");
        }
    }

    #[test]
    fn sites_move_only_to_the_added_replica() {
        let moved: Vec<_> = sites()
            .filter(|site| owner(site, count(5)) != owner(site, count(6)))
            .collect();
        assert!(moved.iter().all(|site| owner(site, count(6)) == 5));
        assert!((60..=100).contains(&moved.len()), "{}", moved.len());
    }

    #[test]
    fn the_index_is_the_flag_or_the_ordinal_of_the_pod() {
        assert_eq!(read(Some(2), "exporter-4", 5), Ok(2));
        assert_eq!(read(None, "exporter-4", 5), Ok(4));
        insta::assert_snapshot!(
            [read(Some(5), "", 5), read(None, "exporter-7", 5), read(None, "exporter", 5)]
                .map(Result::unwrap_err)
                .join("\n"), @"
            config.yaml: --shard.index: `5` is no replica of `--shard.count=5`
              hint: write a number from 0 to 4, or a higher count
            config.yaml: --shard.index: `7` is no replica of `--shard.count=5`
              hint: write a number from 0 to 4, or a higher count
            config.yaml: --shard.index: is required, since neither `POD_NAME` nor `HOSTNAME` ends in a number
              hint: write the number of this replica, from 0 to 4
            "
        );
    }
}
