//! Lists of texts, and maps of secrets under names that are not ours to know.

use super::super::file::{Scalar, Value};
use super::super::json::typed;
use super::{MASK, Section, join, wrong_kind};

impl<'n> Section<'n> {
    /// A list of texts, each with its line; none when the key is left out or is
    /// no list.
    pub(in crate::config) fn texts(&mut self, key: &'static str) -> Option<Vec<&'n str>> {
        let node = self.node(key)?;
        let at = join(&self.at, key);
        let Value::List(items) = &node.value else {
            wrong_kind(&at, node, "a list", self.findings);
            return None;
        };
        let mut texts = Vec::new();
        let mut shown = Vec::new();
        for (index, item) in items.iter().enumerate() {
            let Value::Scalar(scalar) = &item.value else {
                let at = format!("{at}[{index}]");
                wrong_kind(&at, item, "a single value", self.findings);
                continue;
            };
            texts.push(scalar.text.trim());
            shown.push(typed(scalar, &scalar.text));
        }
        self.show(key, shown);
        Some(texts)
    }

    /// Every name with the text of its secret, which nothing ever shows.
    pub(in crate::config) fn secrets(&mut self) -> Vec<(&'n str, &'n str)> {
        let mut secrets = Vec::new();
        for (key, node) in self.entries {
            self.asked.push(&key.name);
            self.show(&key.name, MASK);
            match &node.value {
                Value::Scalar(Scalar { text, .. }) => secrets.push((key.name.as_str(), text)),
                _ => {
                    let at = join(&self.at, &key.name);
                    wrong_kind(&at, node, "a single value", self.findings);
                }
            }
        }
        secrets
            .into_iter()
            .map(|(name, text)| (name, text.as_str()))
            .collect()
    }
}
