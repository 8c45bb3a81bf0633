//! The path and the query of a request, names and values decoded.

/// The prefix of every path.
pub(crate) const PREFIX: &str = "/netbackup";

/// The path and the parameters of a request.
pub(crate) struct Query {
    /// As it was requested, with the prefix.
    path: String,
    /// Names are decoded too: clients write `page%5Blimit%5D`.
    pairs: Vec<(String, String)>,
}

impl Query {
    pub(crate) fn parse(path: &str, query: Option<&str>) -> Self {
        let pairs = form_urlencoded::parse(query.unwrap_or("").as_bytes())
            .into_owned()
            .collect();
        Self {
            path: path.to_owned(),
            pairs,
        }
    }

    /// The first value of a parameter.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.pairs
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.as_str())
    }

    /// The parameters as they were received.
    pub(crate) fn pairs(&self) -> &[(String, String)] {
        &self.pairs
    }

    /// The name of the first unknown parameter.
    pub(crate) fn unknown(&self, known: &[&str]) -> Option<&str> {
        self.pairs
            .iter()
            .map(|(name, _)| name.as_str())
            .find(|name| !known.contains(name))
    }

    /// The same request with some parameters changed; `None` omits one.
    pub(crate) fn href(&self, changes: &[(&str, Option<String>)]) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        for (name, value) in &self.pairs {
            if !changes.iter().any(|(changed, _)| changed == name) {
                query.append_pair(name, value);
            }
        }
        for (name, value) in changes {
            if let Some(value) = value {
                query.append_pair(name, value);
            }
        }
        format!("{}?{}", self.path, query.finish())
    }
}
