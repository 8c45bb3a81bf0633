//! `nbuserver:` and `nbuservers:` how each site is reached and what is asked.

use std::collections::HashSet;
use std::path::Path;

use serde_yaml::Value as Yaml;

use super::host_name::HostName;
use super::section::Section;
use super::setting::{Complaint, Port, Setting, complaint};
use super::{amounts, credentials, proxy, tls};
use crate::egress::{self, Origin, Scheme, Timeouts};
use crate::guest::{Selection, SiteSettings};
use crate::site::SiteName;
use crate::swap::Site;

/// NetBackup's own port for its REST API (`securitySchemes` and `servers` of
/// every specification name 1556, the PBX port).
const PORT: Port = Port(1556);

/// What all sites have in common.
pub(super) struct Common<'c> {
    /// Where relative paths start.
    pub(super) directory: &'c Path,
    /// The variables that the process was started with.
    pub(super) environment: &'c dyn Fn(&str) -> Option<String>,
    pub(super) collectors: &'c [Selection],
    pub(super) legacy_names: bool,
}

/// Every site that could be read; what is wrong with the others was reported.
pub(super) fn read(root: &mut Section<'_>, common: &Common<'_>) -> Vec<Site> {
    match (root.has("nbuserver"), root.has("nbuservers")) {
        (true, true) => {
            let hint = "move the one under `nbuserver` into the list, with a `site` of its own";
            root.problem("nbuservers", "`nbuserver` is given too", hint);
        }
        (false, false) => {
            let hint = "add `nbuserver:` with at least `host` and `apiKey`";
            root.problem("", "no site is given", hint);
        }
        _ => {}
    }
    let single = root.given("nbuserver", |section| {
        let name = section.optional::<SiteName>("site");
        site(section, name, common)
    });
    let mut names = HashSet::new();
    let several = root.each("nbuservers", |section| {
        let name = section.required::<SiteName>("site", "each site of a list needs a name");
        if let Some(name) = &name
            && !names.insert(name.clone())
        {
            let hint = "give each site a name of its own";
            section.problem("site", format!("a site before is named `{name}` too"), hint);
        }
        site(section, name, common)
    });
    if several.as_ref().is_some_and(Vec::is_empty) {
        root.problem("nbuservers", "holds no site", "add one");
    }
    let several = several.into_iter().flatten();
    single.into_iter().chain(several).flatten().collect()
}

/// Reads all keys before it gives up, so that all problems are found. Without a
/// name the site is named after its host.
fn site(section: &mut Section<'_>, name: Option<SiteName>, common: &Common<'_>) -> Option<Site> {
    let scheme = section.value("scheme", Scheme::Https);
    let host = section.required::<HostName>("host", "write the name of the primary server");
    let port = section.value("port", PORT).0;
    if port == 0 {
        let hint = "write a number from 1 to 65535";
        section.problem("port", "`0` is not a port number", hint);
    }
    let base = section.value("uri", BasePath("/netbackup".into())).0;
    let api_version = section.optional::<ApiVersion>("apiVersion");
    let credential = credentials::key(section, common);
    let tls = tls::tls(section, scheme, common.directory);
    let origin = host.as_ref().map(|host| Origin {
        scheme,
        host: host.in_url(),
        port,
    });
    let proxy = proxy::read(section, common, origin.as_ref());
    let allow_local_addresses = section.value("allowLocalAddresses", false);
    let timeouts = section.nested("timeouts", timeouts);
    let limits = amounts::read(section);
    section.unused(&["domain", "domainType", "contentType"]);
    let (host, origin) = (host?, origin?);
    Some(Site {
        name: name.or_else(|| SiteName::new(host.as_written()))?,
        guest: SiteSettings {
            base_url: format!("{}{base}", origin.url()),
            api_version: api_version.map(|version| version.0),
            collectors: common.collectors.to_vec(),
            legacy_names: common.legacy_names,
        },
        egress: egress::Settings {
            origin,
            base_path: base,
            credential: credential?,
            tls,
            proxy,
            allow_local_addresses,
            timeouts,
            limits,
        },
    })
}

fn timeouts(section: &mut Section<'_>) -> Timeouts {
    let default = Timeouts::default();
    Timeouts {
        connect: section.value("connect", default.connect),
        tls: section.value("tls", default.tls),
        first_byte: section.value("firstByte", default.first_byte),
        between_bytes: section.value("betweenBytes", default.between_bytes),
        total: section.value("total", default.total),
    }
}

impl Setting for SiteName {
    fn read(text: &str) -> Result<Self, Complaint> {
        Self::new(text).ok_or_else(|| complaint("is empty", "write a name for the site"))
    }

    fn show(&self) -> Yaml {
        self.as_str().into()
    }
}

impl Setting for Scheme {
    fn read(text: &str) -> Result<Self, Complaint> {
        match text.trim().to_lowercase().as_str() {
            "https" => Ok(Self::Https),
            "http" => Ok(Self::Http),
            _ => Err(complaint("is not a scheme", "write `https` or `http`")),
        }
    }

    fn show(&self) -> Yaml {
        self.as_str().into()
    }
}

/// The path before every API path, without a `/` at its end.
struct BasePath(String);

impl Setting for BasePath {
    fn read(text: &str) -> Result<Self, Complaint> {
        let text = text.trim();
        let whole = text.starts_with('/') && !text.contains(['?', '#', ' ', '\\']);
        let path = whole.then(|| Self(text.trim_end_matches('/').to_owned()));
        path.ok_or_else(|| complaint("is not a path", "begin it with `/`, such as `/netbackup`"))
    }

    fn show(&self) -> Yaml {
        self.0.as_str().into()
    }
}

/// A version of the NetBackup API, such as `13.0`: the number in the media type
/// `application/vnd.netbackup+json;version=13.0`.
struct ApiVersion(String);

impl Setting for ApiVersion {
    fn read(text: &str) -> Result<Self, Complaint> {
        let text = text.trim();
        let number = |n: &str| !n.is_empty() && n.bytes().all(|b| b.is_ascii_digit());
        match text.split_once('.') {
            Some((major, minor)) if number(major) && number(minor) => Ok(Self(text.to_owned())),
            _ => Err(complaint(
                "is not an API version",
                "write one such as `13.0`, or remove the key to have it found out",
            )),
        }
    }

    fn show(&self) -> Yaml {
        self.0.as_str().into()
    }
}
