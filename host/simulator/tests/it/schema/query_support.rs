//! Whether filters and sorts match the vendor's tables: every name of a
//! release is supported, and no name that only other releases have.

use std::collections::BTreeSet;

use simulator::{Options, Release, Simulator};

use super::bundle::{self, Bundles, RELEASES};
use super::endpoint::ENDPOINTS;
use super::exchange;
use super::operation::Operation;
use super::vocabulary::{LITERALS, OPERATORS, Vocabulary};
use crate::client::start;

/// The table of media servers misspells operators and omits types. The lists of keys and
/// capacity are answered with 404 if the estate has none.
const UNCHECKED: [&str; 3] = [
    "/config/media-servers",
    "/licensing/capacity",
    "/security/api-keys",
];

#[tokio::test(flavor = "multi_thread")]
async fn filters_and_sorts_match_the_vendors_tables() {
    let Some(folder) = bundle::folder() else {
        eprintln!("skipped: no OpenAPI files here; NBU_OPENAPI_DIR says where they are");
        return;
    };
    let mut bundles = Bundles::new(folder);
    let simulator = start(Options::default()).await;
    let paged = ENDPOINTS.iter().filter(|endpoint| endpoint.is_paged());
    let paged = paged.filter(|endpoint| !UNCHECKED.contains(&endpoint.path));
    let lists: BTreeSet<_> = paged.map(|list| (list.file, list.path)).collect();
    let mut wrong = Vec::new();
    for (file, path) in lists {
        let mut known = Vec::new();
        for release in RELEASES {
            let file = bundles.file(release, file);
            let operation = Operation::find(&file, &file, path, &http::Method::GET);
            known.extend(operation.map(|one| (release, Vocabulary::of(&one))));
        }
        let names = known.iter().flat_map(|(_, vocabulary)| vocabulary.names());
        let names: BTreeSet<&String> = names.collect();
        for (release, vocabulary) in &known {
            assert!(!vocabulary.filters.is_empty(), "no filters of `{path}`");
            let list = QueriedList {
                simulator: &simulator,
                release: *release,
                path,
            };
            for name in &names {
                wrong.extend(list.filters(vocabulary, name).await);
                wrong.extend(list.sorts(vocabulary, name).await);
            }
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

/// One list of one release.
struct QueriedList<'a> {
    simulator: &'a Simulator,
    release: Release,
    path: &'a str,
}

impl QueriedList<'_> {
    /// The mismatches of the filters of a name.
    async fn filters(&self, vocabulary: &Vocabulary, name: &str) -> Vec<String> {
        let mut wrong = Vec::new();
        match vocabulary.filters.get(name) {
            Some(known) => {
                for operator in OPERATORS {
                    let filter = known.filter(name, operator);
                    wrong.extend(self.ask("filter", &filter, known.allows(operator)).await);
                }
            }
            None => {
                for literal in LITERALS {
                    let filter = format!("{name} eq {literal}");
                    wrong.extend(self.ask("filter", &filter, false).await);
                }
            }
        }
        wrong
    }

    /// The mismatch of sorting by a name.
    async fn sorts(&self, vocabulary: &Vocabulary, name: &str) -> Option<String> {
        let known = vocabulary.sorts.as_ref()?.iter().any(|sort| sort == name);
        self.ask("sort", &format!("-{name}"), known).await
    }

    /// Sends a query, and returns a message if it is not accepted or rejected as expected.
    async fn ask(&self, parameter: &str, value: &str, taken: bool) -> Option<String> {
        self.simulator.set_release(self.release);
        let encoded: String = form_urlencoded::byte_serialize(value.as_bytes()).collect();
        let target = format!("{}?{parameter}={encoded}", self.path);
        let status = exchange::status(self.simulator, self.release, target).await;
        let wanted = if taken { 200 } else { 400 };
        let (release, path) = (self.release.name(), self.path);
        let told = format!("{release} {path} {parameter} `{value}`: {status}, not {wanted}");
        (status.as_u16() != wanted).then_some(told)
    }
}
