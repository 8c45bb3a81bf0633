//! The guest under test and its options.

use std::path::Path;
use std::sync::Arc;

use crate::guest::{CollectorKeys, Guest, OptionKey, Place, SiteSettings};

/// A guest, all of whose collectors are selected.
pub(super) struct TestSubject<'g> {
    pub(super) guest: &'g Guest,
    collectors: Arc<[CollectorKeys]>,
}

/// A value of `--option`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ChosenOption {
    collector: String,
    key: OptionKey,
}

impl ChosenOption {
    /// Reads `COLLECTOR.OPTION=VALUE`, with a value as in the configuration.
    pub(super) fn parse(written: &str) -> Result<Self, String> {
        let wrong = || {
            format!(
                "`--option {written}` is not an option\n  hint: write it as \
                 `alerts.pageSize=50` or `alerts.ignoredCategories=[JOB, DISK]`"
            )
        };
        let (key, value) = written.split_once('=').ok_or_else(wrong)?;
        let (collector, path) = key.split_once('.').ok_or_else(wrong)?;
        let value: serde_json::Value = serde_yaml::from_str(value).map_err(|_| wrong())?;
        Ok(Self {
            collector: collector.to_owned(),
            key: OptionKey {
                path: path.to_owned(),
                place: flag(),
                written: value.clone(),
                value,
            },
        })
    }
}

impl<'g> TestSubject<'g> {
    /// The options of a collector that the guest does not declare are for `check`.
    pub(super) fn new(guest: &'g Guest, options: &[ChosenOption]) -> Self {
        let declared = guest.manifest().collectors.iter().map(|it| &it.name);
        let mut names: Vec<_> = declared.collect();
        let others = options.iter().map(|it| &it.collector);
        names.extend(others.filter(|it| {
            !guest
                .manifest()
                .collectors
                .iter()
                .any(|one| one.name == **it)
        }));
        let keys = names.into_iter().map(|name| CollectorKeys {
            name: name.clone(),
            place: flag(),
            enabled: Some(true),
            interval: None,
            options: options
                .iter()
                .filter(|it| it.collector == *name)
                .map(|it| it.key.clone())
                .collect(),
        });
        Self {
            guest,
            collectors: keys.collect(),
        }
    }

    /// The same guest with its defaults, if options were chosen.
    pub(super) fn plain(&self) -> Option<Self> {
        let is_chosen = self.collectors.iter().any(|it| !it.options.is_empty());
        is_chosen.then(|| Self::new(self.guest, &[]))
    }

    /// With all collectors.
    pub(super) fn settings(&self, base_url: String) -> SiteSettings {
        SiteSettings {
            base_url,
            api_version: None,
            collectors: Arc::clone(&self.collectors),
            legacy_names: false,
        }
    }
}

fn flag() -> Place {
    Place {
        file: Path::new("").into(),
        line: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_option_is_written_as_in_the_configuration() {
        let read = |written: &str| {
            let option = ChosenOption::parse(written)?;
            Ok::<_, String>((option.collector, option.key.path, option.key.value))
        };
        let list = serde_json::json!(["JOB", "a b"]);
        let expected = ("alerts".to_owned(), "filter.names".to_owned(), list);
        assert_eq!(read("alerts.filter.names=[JOB, a b]"), Ok(expected));
        let expected = ("jobs".to_owned(), "overlap".to_owned(), "90s".into());
        assert_eq!(read("jobs.overlap=90s"), Ok(expected));
        for wrong in ["jobs", "jobs.overlap", "jobs=5", "jobs.a=[", "jobs.a={"] {
            let said = read(wrong).unwrap_err();
            assert!(
                said.starts_with(&format!("`--option {wrong}` is not")),
                "{said}"
            );
        }
    }
}
