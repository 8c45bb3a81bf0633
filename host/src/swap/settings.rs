//! Which guest, and which sites it collects.

use std::path::PathBuf;

use crate::site::SiteName;
use crate::{egress, guest};

/// What a generation is made from.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The component; none means the one that the program carries.
    pub guest_path: Option<PathBuf>,
    /// What each call of the guest may use.
    pub limits: guest::Limits,
    /// Every site, in the order of the configuration.
    pub sites: Vec<Site>,
}

/// One site, as a generation holds it.
#[derive(Clone, Debug)]
pub struct Site {
    /// The `site` label.
    pub name: SiteName,
    /// For the host: how it is reached.
    pub egress: egress::Settings,
    /// For the guest: what is asked.
    pub guest: guest::SiteSettings,
}
