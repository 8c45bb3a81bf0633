//! Replaces names, paths and addresses in a bundle by pseudonyms, the same in every
//! place. Numbers and times stay.
//!
//! A text is replaced unless its attribute is known to hold a word, a number or a
//! version, and it looks like one (`redact/vocabulary.txt`). An unknown key of an
//! object is replaced as well, because some objects are keyed by names. Free texts,
//! such as messages of the server, are replaced as a whole.
//!
//! Two passes make the same decisions: the first collects all names, the second
//! replaces them.

mod address;
pub(super) mod decode;
mod exposition;
mod filter;
mod json;
mod names;
mod shape;
mod vocabulary;

use self::names::NameTable;
use self::vocabulary::{ValueKind, Vocabulary};
use super::exchange::{Exchange, RecordedBody, RecordedRequest, RecordedResponse};
use super::exchange::{RequestHeaders, ResponseHeaders};
use super::model::{
    Bundle, RecordedCollection, RecordedSelection, RecordedSettings, RecordedWindow,
};

/// What to keep.
#[derive(Clone, Debug, Default)]
pub struct Redaction {
    /// Attributes, options and labels whose values stay as they are. The names compare
    /// without case.
    pub keep: Vec<String>,
    /// Options whose values the guest declares, so they are no names. They stay as well.
    pub choices: Vec<String>,
}

/// The bundle with pseudonyms.
pub fn redact(bundle: &Bundle, redaction: &Redaction) -> Bundle {
    let mut collecting = Scrubber {
        vocabulary: Vocabulary::new(redaction),
        names: NameTable::collecting(),
    };
    collecting.bundle(bundle);
    let mut assigned = Scrubber {
        vocabulary: collecting.vocabulary,
        names: collecting.names.assign(),
    };
    assigned.bundle(bundle)
}

/// One pass over a bundle.
struct Scrubber {
    vocabulary: Vocabulary,
    names: NameTable,
}

impl Scrubber {
    fn bundle(&mut self, bundle: &Bundle) -> Bundle {
        let collections = bundle.collections.iter();
        let collections = collections.map(|it| self.collection(it)).collect();
        let mut guest = bundle.guest.clone();
        if !shape::is_version(&guest.version) {
            guest.version = self.names.replace(&guest.version);
        }
        if !shape::is_digest(&guest.digest) {
            guest.digest = self.names.replace(&guest.digest);
        }
        Bundle {
            redacted: true,
            guest,
            settings: self.settings(&bundle.settings),
            collections,
        }
    }

    fn collection(&mut self, collection: &RecordedCollection) -> RecordedCollection {
        let exchanges = collection.exchanges.iter();
        let exchanges = exchanges.map(|it| self.exchange(it)).collect();
        let window = &collection.window;
        RecordedCollection {
            window: RecordedWindow {
                last_api_version: self.version(window.last_api_version.as_deref()),
                ..window.clone()
            },
            exchanges,
            report: self.exposition(&collection.report),
        }
    }

    fn settings(&mut self, settings: &RecordedSettings) -> RecordedSettings {
        let selection = |selection: &RecordedSelection| RecordedSelection {
            name: self.identifier(&selection.name),
            options: self.options(&selection.options),
        };
        let collectors = settings.collectors.iter().map(selection).collect();
        RecordedSettings {
            site: self.value(ValueKind::Text, &settings.site),
            base_url: self.address(&settings.base_url),
            api_version: self.version(settings.api_version.as_deref()),
            legacy_names: settings.legacy_names,
            collectors,
        }
    }

    /// The name of a collector, which is an identifier of the guest.
    fn identifier(&mut self, name: &str) -> String {
        if shape::is_identifier(name) {
            name.to_owned()
        } else {
            self.names.replace(name)
        }
    }

    fn options(&mut self, options: &str) -> String {
        let json = self.options_json(options);
        json.unwrap_or_else(|| self.names.replace(options))
    }

    fn version(&mut self, version: Option<&str>) -> Option<String> {
        version.map(|version| self.value(ValueKind::Version, version))
    }

    fn exchange(&mut self, exchange: &Exchange) -> Exchange {
        let request = &exchange.request;
        let headers = &request.headers;
        let request = RecordedRequest {
            method: request.method.clone(),
            path_and_query: self.address(&request.path_and_query),
            headers: RequestHeaders {
                accept: self.media_type(headers.accept.as_deref()),
                content_type: self.media_type(headers.content_type.as_deref()),
                monitored_devices_only: self.number(headers.monitored_devices_only.as_deref()),
            },
            body: self.body(&request.body),
        };
        let response = exchange.response.as_ref();
        Exchange {
            request,
            response: response.map(|response| self.response(response)),
            failure: exchange.failure,
        }
    }

    fn response(&mut self, response: &RecordedResponse) -> RecordedResponse {
        let headers = &response.headers;
        RecordedResponse {
            status: response.status,
            headers: ResponseHeaders {
                content_type: self.media_type(headers.content_type.as_deref()),
                retry_after: self.number(headers.retry_after.as_deref()),
                api_version: self.version(headers.api_version.as_deref()),
            },
            body: self.body(&response.body),
        }
    }

    /// Rewrites JSON. Any other body, such as a page of a proxy, is replaced as a whole.
    fn body(&mut self, body: &RecordedBody) -> RecordedBody {
        let text = String::from_utf8_lossy(&body.0);
        if text.trim().is_empty() {
            return body.clone();
        }
        let json = self.json(&text);
        let text = json.unwrap_or_else(|| self.names.replace(&text));
        RecordedBody(text.into_bytes())
    }

    fn media_type(&mut self, value: Option<&str>) -> Option<String> {
        value.map(|value| match shape::is_media_type(value) {
            true => value.to_owned(),
            false => self.names.replace(value),
        })
    }

    fn number(&mut self, value: Option<&str>) -> Option<String> {
        value.map(|value| self.value(ValueKind::Number, value))
    }

    /// A text of this kind, replaced unless it is known to be harmless.
    fn value(&mut self, kind: ValueKind, text: &str) -> String {
        if shape::is_harmless(text) {
            return text.to_owned();
        }
        let stays = match kind {
            ValueKind::Kept => true,
            ValueKind::Word => {
                shape::is_word(text) || shape::is_version(text) || shape::is_number(text)
            }
            ValueKind::Number | ValueKind::Identifier => shape::is_number(text),
            ValueKind::Duration => shape::is_number(text) || shape::is_duration(text),
            ValueKind::Version => shape::is_version(text),
            ValueKind::Text | ValueKind::Address => false,
        };
        if stays {
            self.names.keep(text);
            return text.to_owned();
        }
        match (kind, text.split_once(':')) {
            (ValueKind::Address, _) => self.address(text),
            (ValueKind::Identifier, Some((before, after))) if self.names.splits(text) => {
                let before = self.value(ValueKind::Text, before);
                format!("{before}:{}", self.value(ValueKind::Text, after))
            }
            _ => self.names.replace(text),
        }
    }
}

#[cfg(test)]
mod tests;
