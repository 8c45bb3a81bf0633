//! The endpoints, one file for each resource.

mod alerts;
mod anomalies;
mod certificates;
mod device_hosts;
mod drives;
mod images;
mod jobs;
mod media;
mod media_servers;
mod pools;
mod resource;
mod scans;
mod servers;
mod slos;
mod slp_images;
mod unauthenticated;
mod units;
mod volume_pools;

pub(crate) use alerts::alerts;
pub(crate) use anomalies::anomalies;
pub(crate) use certificates::{api_keys, authorities, host_certificates, migration_summary};
pub(crate) use device_hosts::device_hosts;
pub(crate) use drives::drives;
pub(crate) use images::images;
pub(crate) use jobs::{job, jobs, jobs_count};
pub(crate) use media::media;
pub(crate) use media_servers::media_servers;
pub(crate) use pools::pools;
pub(crate) use resource::ResourceRequest;
pub(crate) use scans::{latest_scans, scans};
pub(crate) use servers::servers;
pub(crate) use slos::slos;
pub(crate) use slp_images::slp_images;
pub(crate) use unauthenticated::{cacert, ping, serverinfo, servertime, tokenkey};
pub(crate) use units::units;
pub(crate) use volume_pools::volume_pools;
