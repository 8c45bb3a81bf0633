//! `nbuserver:` and `nbuservers:` the address and the settings of each site.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use serde_yaml::Value as Yaml;

use super::host_name::HostName;
use super::section::Section;
use super::setting::{Complaint, Port, Setting, complaint};
use super::shared::SharedSettings;
use super::{amounts, credentials, proxy, tls};
use crate::egress::{self, Origin, Scheme, Timeouts};
use crate::guest::SiteSettings;
use crate::site::SiteName;
use crate::swap::Site;

/// The PBX port, on which NetBackup serves its REST API.
const PORT: Port = Port(1556);

/// Every valid site. The problems of the others are reported.
pub(super) fn read(root: &mut Section<'_>, common: &SharedSettings<'_>) -> Vec<Site> {
    match (root.has("nbuserver"), root.has("nbuservers")) {
        (true, true) => {
            let hint = "move `nbuserver` into the list, and give it a `site`";
            root.problem("nbuservers", "conflicts with `nbuserver`", hint);
        }
        (false, false) => {
            let hint = "add `nbuserver:` with at least `host` and `apiKey`";
            root.problem("", "no site is configured", hint);
        }
        _ => {}
    }
    let text = "One NetBackup primary server. Each entry of `nbuservers` has the same keys.";
    let doc = "Value of the `site` label. Required, and unique, in `nbuservers`; otherwise the \
               default is `host`.";
    let single = root.given("nbuserver", text, |section| {
        let name = section.optional::<SiteName>("site", doc);
        site(section, name, common)
    });
    let mut names = HashSet::new();
    let mut servers = HashMap::new();
    let text = "A list of primary servers, each with the keys of `nbuserver`.";
    let several = root.each("nbuservers", text, |section| {
        let hint = "write `site: NAME`, since each server of a list needs a name";
        let name = section.required::<SiteName>("site", hint, doc);
        if let Some(name) = &name
            && !names.insert(name.clone())
        {
            let hint = "give each site its own name";
            section.problem("site", format!("duplicate site name `{name}`"), hint);
        }
        let site = site(section, name, common);
        if let Some(Site { name, egress, .. }) = &site {
            let url = format!("{}{}", egress.origin.url(), egress.base_path);
            if let Some(first) = servers.insert(url, name.clone()) {
                let message = format!("site `{first}` reads the same server");
                let hint = "remove one of the two, since sums over all sites count it twice";
                section.warning("host", message, hint);
            }
        }
        site
    });
    if root.is_empty_list("nbuservers") {
        let hint = "add a server, which begins with `- site: NAME`";
        root.problem("nbuservers", "is empty", hint);
    }
    let several = several.into_iter().flatten();
    single.into_iter().chain(several).flatten().collect()
}

/// Reads all keys before it returns, so that all problems are found.
fn site(
    section: &mut Section<'_>,
    name: Option<SiteName>,
    common: &SharedSettings<'_>,
) -> Option<Site> {
    let doc = "URL scheme.";
    let scheme = section.value("scheme", Scheme::Https, doc);
    let doc = "Name or address of the primary server.";
    let hint = "write the name of the primary server";
    let host = section.required::<HostName>("host", hint, doc);
    if let Some(host) = host
        .as_ref()
        .filter(|it| scheme == Scheme::Http && !it.is_loopback())
    {
        let message = format!(
            "the API key is sent to `{}` without encryption",
            host.as_written()
        );
        section.warning("scheme", message, "write `https`, which NetBackup serves");
    }
    let doc = "TCP port of the REST API.";
    let port = section.value("port", PORT, doc).0;
    if port == 0 {
        let hint = "write a number from 1 to 65535";
        section.reject("port", "is not a port number", hint);
    }
    let doc = "Path before every API path.";
    let base = section.value("uri", BasePath("/netbackup".into()), doc).0;
    let doc = "API version to use, such as `13.0`. By default the newest that both sides support; \
               an upgrade of NetBackup is noticed by `jobs` or `perClient`.";
    let api_version = section.optional::<ApiVersion>("apiVersion", doc);
    let credential = credentials::key(section, common);
    let tls = tls::tls(section, scheme, common.directory);
    let origin = host.as_ref().map(|host| Origin {
        scheme,
        host: host.in_url(),
        port,
    });
    let proxy = proxy::read(section, common, origin.as_ref());
    let doc = "Whether the host name may resolve to loopback, link-local, cloud metadata or this \
               machine's own addresses. A literal address and `localhost` are always allowed.";
    let allow_local_addresses = section.value("allowLocalAddresses", false, doc);
    let doc = "The timeouts of each request.";
    let timeouts = section.nested("timeouts", doc, |s| timeouts(s, common.collection_timeout));
    let limits = amounts::read(section);
    section.unused(&["domain", "domainType", "contentType"]);
    let (host, origin) = (host?, origin?);
    Some(Site {
        name: name.or_else(|| SiteName::new(host.as_written()))?,
        guest: SiteSettings {
            base_url: format!("{}{base}", origin.url()),
            api_version: api_version.map(|version| version.0),
            collectors: Arc::clone(&common.collectors),
            legacy_names: common.legacy_names,
        },
        egress: egress::EgressSettings {
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

fn timeouts(section: &mut Section<'_>, collection: Duration) -> Timeouts {
    let default = Timeouts::default();
    let mut value = |key, default, doc: &'static str| section.value(key, default, doc);
    let timeouts = Timeouts {
        connect: value("connect", default.connect, "Connecting over TCP."),
        tls: value("tls", default.tls, "The TLS handshake."),
        first_byte: value(
            "firstByte",
            default.first_byte,
            "Waiting for the first byte of a response.",
        ),
        between_bytes: value(
            "betweenBytes",
            default.between_bytes,
            "Waiting for further bytes of a response.",
        ),
        total: value("total", default.total, "The whole request."),
    };
    let parts = [
        ("connect", timeouts.connect),
        ("tls", timeouts.tls),
        ("firstByte", timeouts.first_byte),
        ("betweenBytes", timeouts.between_bytes),
    ];
    for (key, part) in parts {
        if section.has(key) && part > timeouts.total {
            let hint = "write a shorter time, or a longer `total`";
            section.warning(key, "has no effect, since it is longer than `total`", hint);
        }
    }
    if section.has("total") && timeouts.total > collection {
        let message = "has no effect, since it is longer than `server.collectionTimeout`";
        let hint = "write a shorter time, or a longer `server.collectionTimeout`";
        section.warning("total", message, hint);
    }
    timeouts
}

impl Setting for SiteName {
    const KIND: &'static str = "text";

    fn read(text: &str) -> Result<Self, Complaint> {
        Self::new(text).ok_or_else(|| complaint("is empty", "write a name for the site"))
    }

    fn show(&self) -> Yaml {
        self.as_str().into()
    }
}

impl Setting for Scheme {
    const KIND: &'static str = "`https` or `http`";

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

/// The path before every API path, without a trailing `/`.
struct BasePath(String);

impl Setting for BasePath {
    const KIND: &'static str = "URL path";

    fn read(text: &str) -> Result<Self, Complaint> {
        let text = text.trim();
        let whole = text.starts_with('/') && !text.contains(['?', '#', ' ', '\\']);
        let path = whole.then(|| Self(text.trim_end_matches('/').to_owned()));
        path.ok_or_else(|| complaint("is not a path", "begin with `/`, such as `/netbackup`"))
    }

    fn show(&self) -> Yaml {
        self.0.as_str().into()
    }
}

/// A version of the NetBackup API, such as `13.0` in the media type
/// `application/vnd.netbackup+json;version=13.0`.
struct ApiVersion(String);

impl Setting for ApiVersion {
    const KIND: &'static str = "version";

    fn read(text: &str) -> Result<Self, Complaint> {
        let text = text.trim();
        let number = |n: &str| !n.is_empty() && n.bytes().all(|b| b.is_ascii_digit());
        match text.split_once('.') {
            Some((major, minor)) if number(major) && number(minor) => Ok(Self(text.to_owned())),
            _ => Err(complaint(
                "is not an API version",
                "write the version of the API and not of NetBackup, such as `13.0`, or remove the key",
            )),
        }
    }

    fn show(&self) -> Yaml {
        self.0.as_str().into()
    }
}
