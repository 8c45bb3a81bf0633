//! Lists of texts and of maps.

use serde_yaml::Value as Yaml;

use super::super::documented::{DefaultValue, Doc};
use super::super::json::typed;
use super::super::yaml::{Node, YamlValue};
use super::{Section, join, wrong_kind};

impl<'n> Section<'n> {
    /// Texts: a list of them, or one text separated by commas. Empty if the key is
    /// left out.
    pub(in crate::config) fn separated(
        &mut self,
        key: &'static str,
        doc: impl Into<Doc>,
    ) -> Vec<String> {
        let kind = "list, or text with commas";
        self.document(key, kind, || DefaultValue::Unset, doc);
        let Some(node) = self.node(key) else {
            return Vec::new();
        };
        let scalars: Option<Vec<_>> = match &node.value {
            YamlValue::List(items) => items.iter().map(Node::scalar).collect(),
            _ => node.scalar().map(|scalar| vec![scalar]),
        };
        let Some(scalars) = scalars else {
            wrong_kind(&join(&self.at, key), node, "a list of texts", self.findings);
            return Vec::new();
        };
        let texts = scalars
            .into_iter()
            .flat_map(|scalar| scalar.text.split(','));
        let texts: Vec<_> = texts.map(|text| text.trim().to_owned()).collect();
        self.show(key, &texts);
        texts
    }

    /// A list of texts; `None` if the key is left out or is not a list.
    pub(in crate::config) fn texts(
        &mut self,
        key: &'static str,
        doc: impl Into<Doc>,
    ) -> Option<Vec<&'n str>> {
        self.document(key, "list", || DefaultValue::Unset, doc);
        let items = self.items(key)?;
        let at = join(&self.at, key);
        let mut texts = Vec::new();
        let mut shown = Vec::new();
        for (index, item) in items.iter().enumerate() {
            let YamlValue::Scalar(scalar) = &item.value else {
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

    /// A list of maps; `None` if the key is left out or is not a list.
    pub(in crate::config) fn each<R>(
        &mut self,
        key: &'static str,
        text: &'static str,
        mut read: impl FnMut(&mut Section<'n>) -> R,
    ) -> Option<Vec<R>> {
        self.findings.document_map(&join(&self.at, key), text);
        let items = self.items(key)?;
        let (mut results, mut all_shown) = (Vec::new(), Vec::new());
        for (index, item) in items.iter().enumerate() {
            let at = format!("{}[{index}]", join(&self.at, key));
            let YamlValue::Map(entries) = &item.value else {
                wrong_kind(&at, item, "a map", self.findings);
                continue;
            };
            let mut section = Section::new(at, item.line, entries, self.findings);
            results.push(read(&mut section));
            all_shown.push(section.finish());
        }
        self.show(key, Yaml::Sequence(all_shown));
        Some(results)
    }

    fn items(&mut self, key: &'static str) -> Option<&'n [Node]> {
        let node = self.node(key)?;
        let YamlValue::List(items) = &node.value else {
            wrong_kind(&join(&self.at, key), node, "a list", self.findings);
            return None;
        };
        Some(items)
    }
}
