//! The name or address of a NetBackup server.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use serde_yaml::Value as Yaml;

use super::setting::{Complaint, Setting, complaint};

/// A name, an IPv4 address or an IPv6 address.
pub(super) struct HostName(String);

impl HostName {
    /// As written, without brackets. The Go exporter used it as `site` label.
    pub(super) fn as_written(&self) -> &str {
        &self.0
    }

    /// Whether it is this machine, so that no network is used.
    pub(super) fn is_loopback(&self) -> bool {
        let address = self.0.parse::<IpAddr>();
        address.map_or(self.0.eq_ignore_ascii_case("localhost"), |it| {
            it.is_loopback()
        })
    }

    /// For a URL: in lower case, an IPv6 address in brackets.
    pub(super) fn in_url(&self) -> String {
        match self.0.parse::<Ipv6Addr>() {
            Ok(address) => format!("[{address}]"),
            Err(_) => self.0.to_ascii_lowercase(),
        }
    }
}

impl Setting for HostName {
    const KIND: &'static str = "host";

    fn read(text: &str) -> Result<Self, Complaint> {
        let text = text.trim();
        let bracketed = text.strip_prefix('[').and_then(|t| t.strip_suffix(']'));
        let bare = bracketed.unwrap_or(text);
        let letters = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_');
        let is_name = !text.is_empty() && text.chars().all(letters) && !is_invalid_address(text);
        if is_name || bare.parse::<Ipv6Addr>().is_ok() {
            return Ok(Self(bare.to_owned()));
        }
        let hint = if text.contains('/') || (text.contains(':') && !text.contains("::")) {
            "write only the name here; `scheme`, `port` and `uri` are keys of their own"
        } else if text.starts_with('[') {
            "write only the address here, and the port in `port`"
        } else {
            "write a name such as `nbu1.example.com`, or an address"
        };
        Err(complaint("is not a host name", hint))
    }

    fn show(&self) -> Yaml {
        self.0.as_str().into()
    }
}

/// Digits and dots that are not an IPv4 address. URL parsers disagree on them.
fn is_invalid_address(text: &str) -> bool {
    let numeric = text.chars().all(|c| c.is_ascii_digit() || c == '.');
    numeric && text.parse::<Ipv4Addr>().is_err()
}
