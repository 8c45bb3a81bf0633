//! A scrape configuration of Prometheus to copy.

use super::html::{Escaped, push};

/// How Prometheus reaches this exporter.
pub(super) struct ScrapeTarget {
    /// Host and port, such as `localhost:9440`.
    pub(super) address: String,
    /// The path of the metrics.
    pub(super) path: String,
    /// Whether the listener has TLS.
    pub(super) is_encrypted: bool,
    /// Whether a user and password are required.
    pub(super) has_users: bool,
}

/// The section with the configuration.
pub(super) fn scrape_config(out: &mut String, target: &ScrapeTarget) {
    let yaml = target.yaml();
    push(
        out,
        format_args!(
            "<section aria-labelledby=\"scrape\">\n\
             <h2 id=\"scrape\">Scrape configuration</h2>\n\
             <p>Select and copy this into <code>prometheus.yml</code>.</p>\n\
             <pre tabindex=\"0\" role=\"region\" aria-label=\"Scrape configuration\">\
             <code>{}</code></pre>\n</section>\n",
            Escaped(&yaml)
        ),
    );
}

/// The `Host` of a request, if it can stand in the configuration as it is.
pub(super) fn address(host: Option<&str>) -> String {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b".-_:[]".contains(&byte);
    let plain = host.filter(|host| !host.is_empty() && host.bytes().all(is_plain));
    plain.unwrap_or("nbu-exporter.example.com:9440").to_owned()
}

impl ScrapeTarget {
    fn yaml(&self) -> String {
        let mut lines = vec![
            "scrape_configs:".to_owned(),
            "  - job_name: netbackup".to_owned(),
            "    scrape_interval: 1m".to_owned(),
        ];
        if self.path != "/metrics" {
            // A JSON string is also a YAML string.
            let path = serde_json::Value::from(self.path.as_str());
            lines.push(format!("    metrics_path: {path}"));
        }
        if self.is_encrypted {
            lines.push("    scheme: https".to_owned());
            lines.push("    tls_config: { ca_file: CA.pem }".to_owned());
        }
        if self.has_users {
            lines.push("    basic_auth: { username: USER, password_file: FILE }".to_owned());
        }
        lines.push("    static_configs:".to_owned());
        lines.push(format!("      - targets: [\"{}\"]", self.address));
        lines.join("\n")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_configuration_follows_listener_and_users() {
        let mut target = ScrapeTarget {
            address: address(Some("[::1]:9440")),
            path: "/metrics".to_owned(),
            is_encrypted: false,
            has_users: false,
        };
        let open = "scrape_configs:\n  - job_name: netbackup\n    scrape_interval: 1m\n    \
                    static_configs:\n      - targets: [\"[::1]:9440\"]";
        assert_eq!(target.yaml(), open);
        target.path = "/a\"b".to_owned();
        target.is_encrypted = true;
        target.has_users = true;
        let yaml = target.yaml();
        for line in [
            "metrics_path: \"/a\\\"b\"",
            "scheme: https",
            "basic_auth: { username: USER,",
        ] {
            assert!(yaml.contains(line), "{line}\n{yaml}");
        }
    }

    #[test]
    fn an_unusual_host_is_replaced() {
        for host in [None, Some(""), Some("a\"]\nb"), Some("<b>")] {
            assert_eq!(address(host), "nbu-exporter.example.com:9440", "{host:?}");
        }
    }
}
