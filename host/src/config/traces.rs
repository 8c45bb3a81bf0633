//! The section `opentelemetry`.

use http::Uri;
use serde_yaml::Value as Yaml;

use super::section::Section;
use super::setting::{Complaint, Setting, complaint};
use crate::traces::{self, ReceiverAddress, TraceSettings};

/// What the section is for.
pub(super) const ABOUT: &str = "Traces, sent to an OpenTelemetry receiver. They never contain a \
     header, a query or a credential. Unsent spans wait in a queue of 2,048; the others are \
     dropped, and counted in `nbu_exporter_spans_dropped_total`. Packages and images can send \
     traces; a build from source needs `--features traces`.";

/// The path of traces, if a URL has none.
const PATH: &str = "/v1/traces";

/// Reads the section. `None` if traces are off.
pub(super) fn read(section: &mut Section<'_>) -> Option<TraceSettings> {
    let enabled = section.value("enabled", false, "Whether traces are sent.");
    let default = EndpointText("localhost:4317".to_owned());
    let doc = "The receiver: `host:port` for OTLP over gRPC, a URL for OTLP over HTTP. A URL \
               without a path gets `/v1/traces`.";
    let endpoint = section.value("endpoint", default, doc);
    let doc = "With `host:port`: whether to connect without TLS. With TLS, the authorities of the \
               system are trusted. A URL says itself what to use.";
    let insecure = section.value("insecure", true, doc);
    let doc =
        "The share of traces that are recorded, from 0 to 1. A trace has all its spans or none.";
    let Ratio(sampling_rate) = section.value("samplingRate", Ratio(0.1), doc);
    let doc = "Whether NetBackup gets a `traceparent` header with each request of a recorded \
               trace. The exporter adds it, never the guest.";
    let propagate = section.value("propagate", false, doc);
    let receiver = endpoint.address(section, insecure)?;
    if enabled && !traces::AVAILABLE {
        let hint = "install a package, build with `--features traces`, or set the key to `false`";
        let message = "traces are not exported: this program was built without them";
        section.warning("enabled", message, hint);
    }
    (enabled && traces::AVAILABLE).then_some(TraceSettings {
        receiver,
        sampling_rate,
        propagate,
    })
}

/// The text of `endpoint`.
struct EndpointText(String);

impl EndpointText {
    /// `None` if it is invalid, which is then reported.
    fn address(&self, section: &Section<'_>, insecure: bool) -> Option<ReceiverAddress> {
        let text = &self.0;
        // The message does not show the value, which may have a password.
        if text.contains('@') {
            let hint = "remove the user; the receiver must accept spans without one";
            section.problem("endpoint", "has a user name or a password", hint);
            return None;
        }
        let address = match text.split_once("://") {
            Some((scheme, _)) => self.url().map(|uri| {
                if scheme == "http" && !insecure {
                    let hint = "write `https://`, or remove `insecure`";
                    section.warning("insecure", "has no effect on an `http` URL", hint);
                }
                ReceiverAddress::Http(uri)
            }),
            None => self.authority(insecure).map(ReceiverAddress::Grpc),
        };
        if address.is_none() {
            let hint = "write `host:4317` for gRPC, or `http://host:4318` for HTTP";
            section.reject("endpoint", "is not the address of a receiver", hint);
        }
        address
    }

    fn url(&self) -> Option<Uri> {
        let uri: Uri = self.0.parse().ok()?;
        let is_web = matches!(uri.scheme_str(), Some("http" | "https"));
        if !is_web || uri.query().is_some() || uri.host().is_none_or(str::is_empty) {
            return None;
        }
        match uri.path() {
            "/" => format!("{}{PATH}", self.0.trim_end_matches('/'))
                .parse()
                .ok(),
            _ => Some(uri),
        }
    }

    fn authority(&self, insecure: bool) -> Option<Uri> {
        let scheme = if insecure { "http" } else { "https" };
        let uri: Uri = format!("{scheme}://{}", self.0).parse().ok()?;
        let is_plain = uri.path() == "/" && uri.query().is_none() && !self.0.ends_with('/');
        let is_complete = uri.host().is_some_and(|host| !host.is_empty());
        (is_plain && is_complete && uri.port_u16().is_some()).then_some(uri)
    }
}

impl Setting for EndpointText {
    const KIND: &'static str = "address";

    fn read(text: &str) -> Result<Self, Complaint> {
        String::read(text).map(Self)
    }

    fn show(&self) -> Yaml {
        self.0.show()
    }
}

/// A number from 0 to 1.
struct Ratio(f64);

impl Setting for Ratio {
    const KIND: &'static str = "ratio";

    fn read(text: &str) -> Result<Self, Complaint> {
        let ratio = text.trim().parse().ok();
        let ratio = ratio.filter(|ratio| (0.0..=1.0).contains(ratio)).map(Self);
        let hint = "write a number such as `0.1`, which is one in ten";
        ratio.ok_or_else(|| complaint("is not a number from 0 to 1", hint))
    }

    fn show(&self) -> Yaml {
        self.0.into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str, insecure: bool) -> Option<String> {
        let endpoint = EndpointText(text.to_owned());
        let address = match text.contains("://") {
            true => endpoint.url(),
            false => endpoint.authority(insecure),
        };
        address.map(|uri| uri.to_string())
    }

    #[test]
    fn a_receiver_has_a_host_and_port_or_a_url() {
        for (text, insecure, expected) in [
            ("localhost:4317", true, "http://localhost:4317/"),
            ("collector:4317", false, "https://collector:4317/"),
            ("[::1]:4317", true, "http://[::1]:4317/"),
            ("http://c:4318", true, "http://c:4318/v1/traces"),
            ("https://c/", true, "https://c/v1/traces"),
            ("https://c/otlp/traces", true, "https://c/otlp/traces"),
        ] {
            assert_eq!(address(text, insecure).as_deref(), Some(expected));
        }
        for text in [
            "localhost",
            ":4317",
            "c:4317/v1",
            "c:port",
            "ftp://c/x",
            "grpc://c:4317",
            "http://",
            "http://c/?token=x",
        ] {
            assert_eq!(address(text, true), None, "{text}");
        }
    }

    #[test]
    fn a_ratio_is_from_0_to_1() {
        for good in ["0", "1", "0.1", "1e-3"] {
            assert!(Ratio::read(good).is_ok(), "{good}");
        }
        for bad in ["-0.1", "1.1", "10%", "NaN", "", "inf"] {
            assert!(Ratio::read(bad).is_err(), "{bad}");
        }
    }
}
